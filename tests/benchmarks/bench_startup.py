"""How long commands take to start, as ratios to `python -c pass` in the same run: medians of interleaved rounds.

    python tests/benchmarks/bench_startup.py [--rounds 21]

Ratios are of CPU, user and system, and in brackets of wall time. Prints the goal beside each and ends with 1 where one
is missed. A terminal is a real one. Launchers that pip writes import `re`, others (of uv) do not: both are measured.
"""

import argparse
import os
import pty
import sys
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from statistics import median

from kirin_cli.cli.commands import COMMANDS

PYTHON = sys.executable
LAUNCHER = "import sys; sys.argv[0] = 'kirin'; from kirin_cli.__main__ import main; sys.exit(main())"
LAUNCHERS = {"": [PYTHON, "-c", LAUNCHER], "re": [PYTHON, "-c", f"import re; {LAUNCHER}"]}
NAMES = (*(row.name for row in COMMANDS if not row.hidden), "models add", "auth login")
CASES: list[tuple[str, str, float, bool]] = [
    ("--version", "", 1.3, False),
    ("--version", "re", 1.9, False),
    ("--help", "re", 4.5, False),
    *((f"{name} --help", "re", 4.5, False) for name in NAMES),
    ("--help", "re", 18.0, True),
    ("v1-t2v --help", "re", 18.0, True),
    ("run --help", "re", 18.0, True),
    ("v1-t2v boat --dry-run", "re", 8.5, False),
    ("list", "re", 8.5, False),
    ("config", "re", 8.5, False),
    ("models v1-t2v", "re", 8.5, False),
]


def spent(command: list[str], environ: dict[str, str], *, terminal: bool = False) -> tuple[float, float]:
    """Seconds of CPU and of wall time of one process, on a pipe that nobody reads or a terminal of 80 columns."""
    ours, theirs = pty.openpty() if terminal else (-1, os.open(os.devnull, os.O_RDWR))
    begin = time.perf_counter()
    files = [(os.POSIX_SPAWN_DUP2, theirs, stream) for stream in (0, 1, 2)]
    child = os.posix_spawn(command[0], command, environ, file_actions=files)
    os.close(theirs)
    if terminal:
        with suppress(OSError):  # how Linux says that the other end is closed
            while os.read(ours, 65536):
                pass
        os.close(ours)
    _, status, usage = os.wait4(child, 0)
    assert status == 0, command
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin


def measured(rounds: int, environ: dict[str, str]) -> list[tuple[float, float]]:
    """Median seconds of CPU and wall time: of `pass`, then of each case."""
    commands = [([PYTHON, "-c", "pass"], False)]
    commands += [([*LAUNCHERS[launcher], *words.split()], terminal) for words, launcher, _, terminal in CASES]
    times: list[list[tuple[float, float]]] = [[] for _ in commands]
    for _ in range(rounds):
        for found, (command, terminal) in zip(times, commands, strict=True):
            found.append(spent(command, environ, terminal=terminal))
    return [(median(cpu for cpu, _ in found), median(wall for _, wall in found)) for found in times]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    with tempfile.TemporaryDirectory() as folder:
        own = {"KIRIN_CONFIG_DIR": folder, "KIRIN_STATE_DIR": folder, "COLUMNS": "80", "TERM": "xterm-256color"}
        own["PYTHONDONTWRITEBYTECODE"] = ""  # what is installed is compiled
        (base_cpu, base_wall), *times = measured(parser.parse_args().rounds, {**os.environ, **own})
    print(f"python -c pass: {base_cpu * 1000:.1f} ms of CPU, typer {version('typer')}")
    missed = 0
    for (words, launcher, goal, terminal), (cpu, wall) in zip(CASES, times, strict=True):
        ratio, place = cpu / base_cpu, "on a terminal" if terminal else "piped"
        missed += ratio > goal
        about = f"goal {goal:4.1f}{', MISSED' * (ratio > goal)}"
        no_re = "" if launcher else ", launcher without re"
        print(f"{ratio:6.2f} ({wall / base_wall:5.2f})  ({about})  kirin {words}, {place}{no_re}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
