"""The help screens made of the commands as data. Draws none."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.docgen.commands import CommandInfo, CommandInfos, OptionInfo, paragraphs, split_root
from kirin_cli.modelspec.record import Record

MAX_CHOICES_WIDTH: Final = 20
OPTIONS: Final = "Options"


class HelpRow(Record):
    """What is written, what it does, and notes about it: bounds, default, environment variable."""

    term: str
    text: str
    note: str = ""


class HelpPanel(Record):
    """Rows under a heading. Of `prose` the terms are few and short, and lie in a column of their own width."""

    title: str
    rows: tuple[HelpRow, ...]
    prose: bool = False


class HelpScreen(Record, kw_only=True):
    """A page of help. `about` are paragraphs; `examples` are command lines; `more` says where to read on."""

    usage: str
    about: tuple[str, ...]
    examples: tuple[str, ...] = ()
    panels: tuple[HelpPanel, ...]
    more: str = ""


def program_screen(commands: CommandInfos, about: Iterable[str], examples: Iterable[str], more: str) -> HelpScreen:
    """The help of the program itself: its commands in their panels."""
    before, named = split_root(commands)
    titles = dict.fromkeys(command.panel for command in named)
    panels = [
        HelpPanel(title, tuple(HelpRow(command.name, command.help) for command in named if command.panel == title))
        for title in titles
    ]
    return HelpScreen(
        usage="kirin COMMAND [ARGUMENTS] [FLAGS]", about=tuple(about), examples=tuple(examples),
        panels=(*panels, HelpPanel(OPTIONS, tuple(_option_row(option, aligned=True) for option in before))), more=more,
    )  # fmt: skip


def command_screen(command: CommandInfo, more: str) -> HelpScreen:
    """The help of one command: arguments first, then the flags in the order of their panels."""
    panels = []
    if command.arguments:
        rows = [HelpRow(item.synopsis, item.help, "required" * item.required) for item in command.arguments]
        panels.append(HelpPanel("Arguments", tuple(rows)))
    for title in dict.fromkeys(option.panel for option in command.options):
        options = [option for option in command.options if option.panel == title]
        aligned = any(option.short for option in options)
        panels.append(HelpPanel(title or OPTIONS, tuple(_option_row(option, aligned=aligned) for option in options)))
    for title, texts in (("Rules", command.rules), ("Notes", command.notes)):
        if texts:
            panels.append(HelpPanel(title, tuple(HelpRow(term, text) for term, text in texts), prose=True))
    return HelpScreen(
        usage=f"kirin {command.synopsis} [FLAGS]", about=tuple(paragraphs(command.about)), examples=command.examples,
        panels=tuple(panels), more=more,
    )  # fmt: skip


def _format_option(option: OptionInfo) -> str:
    """A flag as help shows it: `-o, --output DIR`, `--[no-]wait`."""
    name = f"--[no-]{option.long[2:]}" if option.negative else option.long
    value = "|".join(option.choices)
    if option.is_switch:
        value = ""
    elif not value:
        value = option.metavar or "VALUE"
    elif len(value) > MAX_CHOICES_WIDTH:
        value = option.long.rpartition("-")[2].upper()
    return (f"{option.short}, " if option.short else "") + name + (f" {value}" if value else "")


def _option_notes(option: OptionInfo) -> str:
    """Bounds, default and environment variable in a few words; "" where there are none."""
    choices = ", ".join(option.choices) if len("|".join(option.choices)) > MAX_CHOICES_WIDTH else ""
    notes = (
        choices, option.bounds, "required" * option.required, option.default and f"default: {option.default}",
        "repeatable" * (option.repeats and "epeatable" not in option.help), option.env,
    )  # fmt: skip
    return "; ".join(filter(None, notes))


def _option_row(option: OptionInfo, *, aligned: bool) -> HelpRow:
    indent = "    " if aligned and not option.short else ""
    return HelpRow(indent + _format_option(option), option.help.replace("`", ""), _option_notes(option))
