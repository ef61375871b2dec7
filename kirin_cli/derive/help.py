"""Help screens as data: headings with rows of what is written, what it does, and its bounds. Draws nothing."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.derive.commands import Argument, Command, Commands, Option, parts
from kirin_cli.spec.record import Record

WIDEST_CHOICES: Final = 20
ARGUMENTS: Final = "Arguments"
OPTIONS: Final = "Options"


class Row(Record):
    """What is written, what it does, and notes about it: bounds, default, environment variable."""

    written: str
    does: str
    note: str = ""


class Panel(Record):
    """Rows under a heading."""

    title: str
    rows: tuple[Row, ...]


class Screen(Record, kw_only=True):
    """A page of help. `about` are paragraphs; `examples` are command lines; `more` says where to read on."""

    usage: str
    about: tuple[str, ...]
    examples: tuple[str, ...] = ()
    panels: tuple[Panel, ...]
    more: str = ""


def program_screen(commands: Commands, about: Iterable[str], examples: Iterable[str], more: str) -> Screen:
    """The help of the program itself: its commands in their panels."""
    before, named = parts(commands)
    titles = dict.fromkeys(command.panel for command in named)
    panels = [
        Panel(title, tuple(Row(command.name, command.help) for command in named if command.panel == title))
        for title in titles
    ]
    return Screen(
        usage="kirin COMMAND [ARGUMENTS] [FLAGS]", about=tuple(about), examples=tuple(examples),
        panels=(*panels, Panel(OPTIONS, tuple(_option(option, aligned=True) for option in before))), more=more,
    )  # fmt: skip


def command_screen(command: Command, more: str) -> Screen:
    """The help of one command: arguments first, then the flags in the order of their panels."""
    titles = dict.fromkeys(option.panel for option in command.options)
    panels = [_panel(title, command.options) for title in titles]
    if command.arguments:
        panels.insert(0, Panel(ARGUMENTS, tuple(_argument(argument) for argument in command.arguments)))
    return Screen(
        usage=f"kirin {command.synopsis} [FLAGS]", about=tuple(paragraphs(command.about)), examples=command.examples,
        panels=tuple(panels), more=more,
    )  # fmt: skip


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a docstring, each on one line."""
    return [" ".join(part.replace("`", "").split()) for part in text.split("\n\n") if part.strip()]


def written(option: Option) -> str:
    """A flag as help shows it: `-o, --output DIR`, `--[no-]wait`."""
    name = f"--[no-]{option.spelled[2:]}" if option.negative else option.spelled
    value = "" if option.switch else f" {_value(option)}"
    return (f"{option.short}, " if option.short else "") + name + value


def notes(option: Option) -> str:
    """Bounds, default and environment variable in a few words; "" where there are none."""
    choices = ", ".join(option.choices) if len("|".join(option.choices)) > WIDEST_CHOICES else ""
    facts = (
        choices, option.bounds, "required" * option.required, option.usual and f"default: {option.usual}",
        "repeatable" * (option.repeats and "epeatable" not in option.help), option.env,
    )  # fmt: skip
    return "; ".join(filter(None, facts))


def _value(option: Option) -> str:
    choices = "|".join(option.choices)
    if choices and len(choices) <= WIDEST_CHOICES:
        return choices
    return option.spelled.rpartition("-")[2].upper() if choices else option.metavar or "VALUE"


def _panel(title: str, options: Iterable[Option]) -> Panel:
    mine = [option for option in options if option.panel == title]
    aligned = any(option.short for option in mine)
    return Panel(title or OPTIONS, tuple(_option(option, aligned=aligned) for option in mine))


def _option(option: Option, *, aligned: bool) -> Row:
    indent = "    " if aligned and not option.short else ""
    return Row(indent + written(option), option.help.replace("`", ""), notes(option))


def _argument(argument: Argument) -> Row:
    return Row(argument.written, argument.help, "required" * argument.required)


def as_data(commands: Commands) -> dict[str, object]:
    """Every command with its arguments and flags, as it goes into JSON. The shape only grows."""
    before, named = parts(commands)
    return {"name": "kirin", "options": [_as_data(option) for option in before], "commands": list(map(_tree, named))}


def _tree(command: Command) -> dict[str, object]:
    return {
        "name": command.name,
        "also": list(command.also),
        "panel": command.panel,
        "help": command.help,
        "about": paragraphs(command.about),
        "examples": list(command.examples),
        "arguments": [
            {
                "name": one.name, "help": one.help, "choices": list(one.choices), "required": one.required,
                "repeats": one.repeats,
            }
            for one in command.arguments
        ],
        "options": [_as_data(option) for option in command.options],
    }  # fmt: skip


def _as_data(option: Option) -> dict[str, object]:
    return {
        "flags": list(option.spellings), "help": option.help, "takes_value": not option.switch,
        "metavar": option.metavar or None, "choices": list(option.choices), "repeats": option.repeats,
        "required": option.required, "default": option.usual or None, "bounds": option.bounds or None,
        "env": option.env or None, "panel": option.panel or None,
    }  # fmt: skip
