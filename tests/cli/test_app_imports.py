"""What each command loads: start-up time is a goal, and an import at the wrong place breaks it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Home

from kirin_cli.cli.commands import BY_NAME

HEAVY = {
    "requests", "urllib3", "rich", "yaml", "http.server", "http.client", "ssl", "PIL", "sqlite3", "asyncio",
    "importlib.metadata", "platformdirs", "tomllib", "keyring", "pydantic",
}  # fmt: skip
PROBE = """
import json, sys
from kirin_cli.cli.app import run_command_line
code = run_command_line(sys.argv[1:])
ours = {name: vars(module) for name, module in sys.modules.items() if name.startswith("kirin_cli")}
classes = [f"{name}.{key}" for name, values in ours.items() for key, value in values.items()
           if "__dataclass_fields__" in getattr(value, "__dict__", ()) and value.__module__ == name]
sys.stderr.write("\\n" + json.dumps([code, sorted(sys.modules), classes]))
"""
PROBE_HELP = """
import sys
from kirin_cli.__main__ import print_help
assert all(print_help([name, "--help"]) for name in sys.argv[1:])
print(*sys.modules, file=sys.stderr)
"""


def loaded(home: Home, *arguments: str) -> set[str]:
    """The modules that are loaded when a command line has ended well."""
    return probe(home, *arguments)[0]


def probe(home: Home, *arguments: str) -> tuple[set[str], set[str]]:
    """The modules that are loaded when a command line has ended well, and the dataclasses that are defined in ours."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=home.work, env=home.environ(), capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    code, modules, dataclasses = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules), set(dataclasses)


def test_help_of_no_command_loads_the_parser_or_a_model_or_anything_heavy(home):
    modules = modules_of_help(home, *(name for name in BY_NAME if name != "help"))
    assert not modules & (HEAVY | {"typer", "inspect", "dataclasses", "hashlib", "kirin_cli.cli.app"})
    assert not {name for name in modules if name.startswith(("kirin_cli.models.", "kirin_cli.run"))}


def test_help_of_the_program_loads_no_command_and_no_model(home):
    modules = loaded(home, "--help")
    assert not modules & HEAVY
    unwanted = ("kirin_cli.models.", "kirin_cli.cli.commands.", "kirin_cli.run")
    assert not {name for name in modules if name.startswith(unwanted)}


def test_added_models_are_listed_without_parsing_their_files_and_not_looked_for_by_other_commands(home):
    folder = home.work / "kirin-models"
    folder.mkdir()
    for number in range(20):
        (folder / f"m{number}.yaml").write_text(f"model: m{number}\nhelp: A model.\nfields: [not, read\n")
    modules = loaded(home, "--help")
    assert not modules & HEAVY
    assert not {name for name in modules if name.startswith(("kirin_cli.jobs", "kirin_cli.model_files.model"))}
    assert not {name for name in modules_of_help(home, "v1-t2v") if name.startswith("kirin_cli.model_files")}


def test_a_model_command_loads_its_own_model_only(home):
    modules = loaded(home, "v1-t2v", "a boat", "--dry-run")
    own = {one for one in modules if one.startswith("kirin_cli.models.")}
    assert own == {"kirin_cli.models.v1_t2v", "kirin_cli.models.shared_parameters"}


@pytest.mark.parametrize("arguments", [("v1-t2v", "a boat", "--dry-run"), ("models", "v1-t2v"), ("config",)])
def test_a_command_without_network_and_ledger_loads_neither(home, arguments):
    modules = loaded(home, *arguments)
    assert not modules & HEAVY
    assert not {one for one in modules if one.startswith(("kirin_cli.ledger", "kirin_cli.sandbox", "kirin_cli.jobs."))}


@pytest.mark.parametrize("arguments", [("list",), ("usage",)])
def test_what_only_asks_the_ledger_loads_neither_network_nor_engine(home, arguments):
    modules = loaded(home, *arguments)
    assert modules & HEAVY == {"sqlite3"}
    assert not {name for name in modules if name.startswith(("kirin_cli.run", "kirin_cli.api", "kirin_cli.jobs."))}


@pytest.mark.parametrize("arguments", [("init", "v1-t2v"), ("schema",), ("models",), ("version",)])
def test_a_command_that_needs_nothing_heavy_loads_nothing_heavy(home, arguments):
    modules = loaded(home, *arguments)
    assert not modules & HEAVY
    assert not {name for name in modules if name.startswith(("kirin_cli.ledger", "kirin_cli.run"))}


def test_the_json_of_a_check_loads_no_ledger(home):
    (home.work / "jobs.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: a boat}\n", encoding="utf-8")
    modules = loaded(home, "validate", "jobs.yaml", "--json")
    assert modules & HEAVY == {"yaml"}
    assert {name for name in modules if name.startswith("kirin_cli.run.")} == {
        "kirin_cli.run.check",
        "kirin_cli.run.check_paths",
    }


def test_checking_job_files_loads_yaml_and_no_network(home):
    (home.work / "jobs.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: a boat}\n", encoding="utf-8")
    modules = loaded(home, "validate", "jobs.yaml")
    assert modules & HEAVY == {"yaml"}
    assert sum(name.startswith("kirin_cli") for name in modules) <= 61
    assert {name for name in modules if name.startswith("kirin_cli.models.")} == {
        "kirin_cli.models.shared_parameters",
        "kirin_cli.models.v1_t2v",
    }


def modules_of_help(home: Home, *commands: str) -> set[str]:
    """The modules that one process has loaded when it has printed the help of each of these commands."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE_HELP, *commands], cwd=home.work, env=home.environ(), capture_output=True,
        text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.count(" Usage: kirin ") == len(commands)
    return set(done.stderr.split())


def test_a_plan_loads_yaml_and_the_ledger_and_no_network(home):
    (home.work / "jobs.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: a boat}\n", encoding="utf-8")
    modules, dataclasses = probe(home, "plan", "jobs.yaml")
    assert modules & HEAVY == {"yaml", "sqlite3"}
    ours = {name for name in modules if name.startswith("kirin_cli")}
    assert not ours & {"kirin_cli.cli.session", "kirin_cli.run.events", "kirin_cli.run.job_run"}
    assert not {name for name in ours if name.startswith("kirin_cli.report")}
    from_pathlib = {"glob"} if sys.version_info >= (3, 13) else set()
    assert not modules & ({"graphlib", "configparser", "glob", "kirin_cli.wire.responses"} - from_pathlib)
    assert len(ours) <= 100
    # Each takes a millisecond to define.
    assert not {name for name in dataclasses if name.startswith("kirin_cli.ledger.")}
    assert all(name.startswith("kirin_cli.run.check.") for name in dataclasses if name.startswith("kirin_cli.run."))


def test_the_engine_loads_nothing_large_for_something_small(home):
    """The names of all characters in HTML take a megabyte, and `statistics` loads fractions for one median."""
    key_file = home.work / "key"
    key_file.write_text("k" * 20, encoding="utf-8")
    key_file.chmod(0o600)
    modules = loaded(home, "resume", "--api-key-file", "key")
    assert modules >= {"kirin_cli.run.scheduler", "kirin_cli.ui.progress_state"}
    assert not modules & {"html.entities", "statistics", "fractions", "rich"}


def modules_of_main(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`kirin` as it is started, with the modules that it has loaded on its last line."""
    start = f"import sys; sys.argv = ['kirin', *{arguments!r}]; from kirin_cli.__main__ import main"
    probe = f"{start}; main(); print(*sys.modules)"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_of_the_program_loads_no_parser(home, arguments):
    text, _, modules = modules_of_main(*arguments).stdout.rstrip().rpartition("\n")
    assert not {"typer", "kirin_cli.cli.app"} & set(modules.split())
    assert text == home.kirin("--help").stdout.rstrip()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("arguments", [(), ("--help",), ("v1-t2v", "--help")])
def test_help_that_cannot_be_written_is_an_error_of_the_disk(home, arguments):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kirin_cli", *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
            env=home.environ(), check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (9, "error: standard output cannot be written: No space left on device\n")


def test_the_version_loads_nothing_of_ours():
    done = modules_of_main("--version")
    ours = [name for name in done.stdout.splitlines()[-1].split() if name.startswith(("kirin_cli", "typer"))]
    assert ours == ["kirin_cli", "kirin_cli.__main__"]
