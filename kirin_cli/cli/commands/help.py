"""`kirin help`: a command, a topic, or every command as JSON."""

import json as json_module
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.app import load_command
from kirin_cli.cli.commands import BY_NAME
from kirin_cli.cli.console import CommandConsole, make_console
from kirin_cli.cli.help import command_help, program_help, render_help
from kirin_cli.cli.help_texts import HELP_TOPICS
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.text import did_you_mean


def help_about(
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help=f"A command, or a topic: {', '.join(HELP_TOPICS)}.")
    ] = None,
    json: o.Json = False,
    color: o.Color = "auto",
) -> int:
    """Explain a command or a topic; with --json, every command with its flags as data."""
    console = make_console(color=color)
    if json:
        _tree(console)
    elif subject is None:
        console.data(render_help(program_help()))
    elif subject in HELP_TOPICS:
        console.data(*HELP_TOPICS[subject](console.streams.out))
    elif subject in BY_NAME:
        console.data(render_help(command_help(BY_NAME[subject], load_command(BY_NAME[subject]))))
    else:
        raise UsageError(f"there is no help on {subject!r}{did_you_mean(subject, [*HELP_TOPICS, *BY_NAME])}")
    return 0


def _tree(console: CommandConsole) -> None:
    from kirin_cli.cli.app import all_commands
    from kirin_cli.docgen.commands import commands_data

    console.data(json_module.dumps(commands_data(all_commands()), indent=2))
