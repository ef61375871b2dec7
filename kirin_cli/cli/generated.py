"""Writes every generated file of the repository: `python -m kirin_cli.cli.generated [--check]`, from its top folder.

With `--check` nothing is written: stale files are named, and the exit code is 1 where there are any.
"""

import sys
from pathlib import Path

from kirin_cli.cli.console import talk
from kirin_cli.cli.table import commands, variables
from kirin_cli.derive.files import stale, write


def main(arguments: list[str]) -> int:
    """Write or check the files below the current folder."""
    if arguments == ["--check"]:
        found = stale(Path(), commands(), variables())
        talk().data(*(f"stale: {path} (python -m kirin_cli.cli.generated)" for path in found))
        return 1 if found else 0
    write(Path(), commands(), variables())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
