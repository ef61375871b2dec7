"""The writer of all generated files: `python -m kirin_cli.cli.generated [--check]`, from its top folder.

With `--check` nothing is written: stale files are named, and the exit code is 1 where there are any.
"""

import sys
from pathlib import Path

from kirin_cli.cli.agents import PAGE, agents_page
from kirin_cli.cli.app import all_commands
from kirin_cli.cli.console import make_console
from kirin_cli.cli.help import MODEL_HELP_FILE, model_help_source
from kirin_cli.cli.settings_schema import OTHER_VARIABLES, SETTINGS, setting_help
from kirin_cli.docgen.commands import EnvVarInfo
from kirin_cli.docgen.generated_files import generate_files, stale_files, write_files


def environment_variables() -> tuple[EnvVarInfo, ...]:
    """Every environment variable that means something to the program."""
    variables = []
    for setting in SETTINGS.values():
        key = setting.name if setting.place != "environment" else ""
        variables.append(EnvVarInfo(name=setting.env, key=key, flag=setting.flag, help=setting_help(setting)))
    return (*variables, *(EnvVarInfo(name=name, help=text) for name, text in OTHER_VARIABLES))


def main(arguments: list[str]) -> int:
    """Write or check the files below the current folder."""
    commands = all_commands()
    pages = {PAGE: "\n".join((*agents_page(commands), "")), MODEL_HELP_FILE: model_help_source(commands)}
    texts = generate_files(Path(), commands, environment_variables(), pages)
    if arguments == ["--check"]:
        stale = stale_files(Path(), texts)
        make_console().data(*(f"stale: {path} (python -m kirin_cli.cli.generated)" for path in stale))
        return 1 if stale else 0
    write_files(Path(), texts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
