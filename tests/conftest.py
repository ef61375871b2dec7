"""How the suite runs: two workers a core, and without what only a POSIX system can try on Windows."""

import gc
import os
import signal
import sys

import pytest
from hypothesis import settings

MIN_GARBAGE = 50_000
"""New objects before garbage is looked for: a syntax tree is made in a third of the time that it takes with 700."""
POSIX_ONLY = [
    "faults/*", "shells/*", "tasks/*", "recording/*", "api/test_part_file.py", "ui/test_console_streams.py",
    *(f"cli/commands/test_{name}.py" for name in ("list", "plan", "resolve", "sandbox")),
]  # fmt: skip
collect_ignore_glob = POSIX_ONLY if sys.platform == "win32" else []

# Without it every worker and every process would compile everything anew, which doubles the time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes says how busy the machine is; every run of the suite tries other ones.
settings.register_profile("busy", deadline=None, max_examples=50)
settings.load_profile("busy")

# What is ignored, processes inherit (`nohup pytest &`); what is handled they do not. So this one still passes over the
# signal, and what a test starts heeds it.
for _name in ("SIGINT", "SIGHUP", "SIGQUIT", "SIGTERM"):
    if (_number := getattr(signal, _name, None)) and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


def pytest_xdist_auto_num_workers():
    """Many tests wait for processes and sockets rather than for a core."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Nothing of what is collected is garbage; to look for some takes a fifth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(MIN_GARBAGE)
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector, name, obj):
    """A table of cases whose rows need nothing is one test where many run."""
    from support import case_tables  # noqa: PLC0415  (pytest puts this folder on the path; a test runs this file)

    is_test = name.startswith("test_") and isinstance(collector, pytest.Module) and callable(obj)
    table = case_tables.make_table(obj) if is_test and case_tables.are_wanted(collector.config) else None
    return table and pytest.Function.from_parent(collector, name=name, callobj=table)


def pytest_collection_modifyitems(items):
    """What reads all sources comes first, for then one worker has all of it, and parses them once."""
    items.sort(key=lambda item: item.nodeid.partition("::")[0].count("/") > 1)


def pytest_make_parametrize_id(val):
    from support.case_ids import case_id  # noqa: PLC0415  (pytest puts this folder on the path; a test runs this file)

    return case_id(val)
