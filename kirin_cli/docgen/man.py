"""Manual pages in roff: one for the program, one for each command. Writes no file."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kirin_cli.docgen.commands import (
    OPTIONS,
    CommandInfo,
    CommandInfos,
    EnvVarInfos,
    HelpPanel,
    command_screen,
    paragraphs,
    program_screen,
    split_root,
)
from kirin_cli.docgen.readme import exit_code_table

FOLDER: Final = "kirin_cli/man/man1"
ABOUT: Final = "make videos with five AI models, from flags or job files"


def man_pages(commands: CommandInfos, variables: EnvVarInfos) -> dict[str, str]:
    """Every page by its path in the repository."""
    _, named = split_root(commands)
    found = {f"{FOLDER}/kirin.1": _lines(_program(commands, variables))}
    return found | {f"{FOLDER}/kirin-{command.name}.1": _lines(_command(command)) for command in named}


def _program(commands: CommandInfos, variables: EnvVarInfos) -> Iterator[str]:
    screen = program_screen(commands, (), (), "")
    _, named = split_root(commands)
    yield from _head("kirin", ABOUT, screen.usage)
    for panel in screen.panels:
        yield from _panel(panel, page="%s" if panel.title == OPTIONS else "kirin-%s(1)")
    yield ".SH EXIT STATUS"
    for code, words in exit_code_table().items():
        yield from _entry(str(code), words.replace("`", ""))
    yield ".SH ENVIRONMENT"
    for variable in variables:
        yield from _entry(variable.name, variable.help)
    yield from _see(f"kirin-{command.name}" for command in named)


def _command(command: CommandInfo) -> Iterator[str]:
    screen = command_screen(command, "")
    yield from _head(f"kirin-{command.name}", command.help.rstrip("."), screen.usage)
    yield ".SH DESCRIPTION"
    for text in paragraphs(command.about):
        yield from (".PP", _escaped(text))
    for panel in screen.panels:
        yield from _panel(panel)
    if screen.examples:
        yield from (".SH EXAMPLES", ".EX", *map(_escaped, screen.examples), ".EE")
    yield from _see(("kirin",))


def _head(name: str, does: str, usage: str) -> Iterator[str]:
    yield r".\" Made by `python -m kirin_cli.cli.generated` from the table of commands."
    yield f'.TH {name.upper()} 1 "" kirin "User Commands"'
    yield from (".SH NAME", f"{_escaped(name)} \\- {_escaped(does)}", ".SH SYNOPSIS", _escaped(usage))


def _panel(panel: HelpPanel, page: str = "%s") -> Iterator[str]:
    yield f".SH {_escaped(panel.title.upper())}"
    for row in panel.rows:
        yield from _entry(page % row.written.strip(), f"{row.does} [{row.note}]" if row.note else row.does)


def _entry(term: str, does: str) -> Iterator[str]:
    yield from (".TP", f"\\fB{_escaped(term)}\\fR", _escaped(does))


def _see(names: Iterable[str]) -> Iterator[str]:
    yield from (".SH SEE ALSO", ", ".join(f"\\fB{_escaped(name)}\\fR(1)" for name in names))


def _escaped(text: str) -> str:
    plain = re.sub(r"[\\-]", lambda found: "\\e" if found[0] == "\\" else "\\-", " ".join(text.split()))
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
