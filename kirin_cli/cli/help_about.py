"""`kirin help`: a command, a topic, or every command as JSON."""

import json as json_module
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.app import loaded
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.rows import BY_NAME
from kirin_cli.cli.screens import command, program, text_of
from kirin_cli.cli.topics import TOPICS
from kirin_cli.errors import UsageError
from kirin_cli.spec.words import nearest


def help_about(
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help=f"A command, or a topic: {', '.join(TOPICS)}.")
    ] = None,
    json: o.Json = False,
    color: o.Color = "auto",
) -> int:
    """Explain a command or a topic; with --json, every command with its flags as data."""
    voice = talk(color=color)
    if json:
        _tree(voice)
    elif subject is None:
        voice.data(text_of(program()))
    elif subject in TOPICS:
        voice.data(*TOPICS[subject](voice.streams.out))
    elif subject in BY_NAME:
        voice.data(text_of(command(BY_NAME[subject], loaded(BY_NAME[subject]))))
    else:
        raise UsageError(f"there is no help on {subject!r}{nearest(subject, [*TOPICS, *BY_NAME])}")
    return 0


def _tree(voice: Talk) -> None:
    from kirin_cli.cli.table import commands  # noqa: PLC0415  (loads every command)
    from kirin_cli.derive.help import as_data  # noqa: PLC0415

    voice.data(json_module.dumps(as_data(commands()), indent=2))
