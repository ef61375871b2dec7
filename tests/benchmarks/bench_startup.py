"""How long commands take to start, as ratios to `python -c pass` in the same run: medians of interleaved rounds.

    python tests/benchmarks/bench_startup.py [--rounds 21]

Prints the goal beside each and ends with 1 where one is missed. A terminal is a real one.
"""

import argparse
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

PYTHON = sys.executable
KIRIN = shutil.which("kirin", path=str(Path(sys.executable).parent)) or "kirin"
CASES = (
    ("--version", 1.3, False),
    ("--help", 4.5, False),
    ("v1-t2v --help", 4.5, False),
    ("video-o1 --help", 4.5, False),
    ("run --help", 4.5, False),
    ("list --help", 4.5, False),
    ("--help", 18.0, True),
    ("v1-t2v --help", 18.0, True),
    ("v1-t2v boat --dry-run", 8.5, False),
    ("list", 8.5, False),
    ("config", 8.5, False),
    ("models v1-t2v", 8.5, False),
)


def piped(command: list[str], environ: dict[str, str]) -> float:
    """Seconds of one process whose output nobody sees."""
    begin = time.perf_counter()
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def on_a_terminal(command: list[str], environ: dict[str, str]) -> float:
    """Seconds of one process that draws on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        while os.read(ours, 65536):
            pass
    except OSError:
        pass
    process.wait()
    taken = time.perf_counter() - begin
    os.close(ours)
    return taken


def measured(rounds: int, environ: dict[str, str]) -> tuple[float, list[float]]:
    """Median seconds of `pass`, and of each case."""
    passes: list[float] = []
    times: list[list[float]] = [[] for _ in CASES]
    for _ in range(rounds):
        passes.append(piped([PYTHON, "-c", "pass"], environ))
        for found, (arguments, _, terminal) in zip(times, CASES, strict=True):
            run = on_a_terminal if terminal else piped
            found.append(run([KIRIN, *arguments.split()], environ))
    return median(passes), [median(found) for found in times]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    with tempfile.TemporaryDirectory() as folder:
        own = {"KIRIN_CONFIG_DIR": folder, "KIRIN_STATE_DIR": folder, "COLUMNS": "80", "TERM": "xterm-256color"}
        base, times = measured(parser.parse_args().rounds, {**os.environ, **own})
    sys.stdout.write(f"python -c pass: {base * 1000:.1f} ms\n")
    missed = 0
    for (arguments, goal, terminal), taken in zip(CASES, times, strict=True):
        ratio, place = taken / base, "on a terminal" if terminal else "piped"
        missed += ratio > goal
        words = f"goal {goal:4.1f}{', MISSED' * (ratio > goal)}"
        sys.stdout.write(f"{ratio:6.2f}  ({words})  kirin {arguments}, {place}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
