"""The writer of all generated files: `python -m kirin_cli.cli.generated [--check]`, from its top folder.

With `--check` nothing is written: stale files are named, and the exit code is 1 where there are any.
"""

import sys
from pathlib import Path

from kirin_cli.cli.agents import PAGE, agents_page
from kirin_cli.cli.app import all_commands, environment_variables
from kirin_cli.cli.console import make_console
from kirin_cli.cli.help import MODEL_HELP_FILE, model_help_source
from kirin_cli.docgen.generated_files import stale_files, write_files


def main(arguments: list[str]) -> int:
    """Write or check the files below the current folder."""
    commands, variables = all_commands(), environment_variables()
    pages = {PAGE: "\n".join((*agents_page(commands), "")), MODEL_HELP_FILE: model_help_source(commands)}
    if arguments == ["--check"]:
        stale = stale_files(Path(), commands, variables, pages)
        make_console().data(*(f"stale: {path} (python -m kirin_cli.cli.generated)" for path in stale))
        return 1 if stale else 0
    write_files(Path(), commands, variables, pages)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
