"""`kirin help`: a command, a topic, or every command as JSON."""

import json
from typing import Annotated

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.help_texts import HELP_TOPICS
from kirin_cli.cli.parameters import ArgumentSpec
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean


class HelpFlags(Record):
    """Explain a command or a topic; with --json, every command with its flags as data."""

    subject: Annotated[
        str | None, ArgumentSpec(metavar="[SUBJECT]", help=f"A command, or a topic: {', '.join(HELP_TOPICS)}.")
    ] = None
    json: o.Json = False
    color: o.Color = "auto"


def run_help(flags: HelpFlags) -> int:
    """Print it; returns the exit code. Raises UsageError for a subject that there is not."""
    from kirin_cli.cli.app import all_commands
    from kirin_cli.cli.commands import BY_NAME, find_command
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.help import command_help, program_help, render_help
    from kirin_cli.docgen.commands import commands_data

    console, subject = make_console(color=flags.color), flags.subject
    if flags.json:
        console.data(json.dumps(commands_data(all_commands()), indent=2))
    elif subject is None:
        console.data(render_help(program_help()))
    elif subject in HELP_TOPICS:
        console.data(*HELP_TOPICS[subject](console.streams.out))
    elif row := find_command(subject):
        console.data(render_help(command_help(row)))
    else:
        raise UsageError(f"there is no help on {subject!r}{did_you_mean(subject, [*HELP_TOPICS, *BY_NAME])}")
    return 0


help_about = command_from(HelpFlags, run_help, examples=("kirin help exit-codes", "kirin help --json"))
