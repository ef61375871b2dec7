"""Help as it is printed: in panels on a terminal, plain elsewhere. Reads the width, prints nothing itself."""

import sys
from collections.abc import Iterator
from functools import partial
from textwrap import fill
from typing import Final

from kirin_cli.cli.described import HELP, described
from kirin_cli.cli.rows import COMMANDS, Row
from kirin_cli.derive.commands import Command, Option
from kirin_cli.derive.help import Screen, command_screen, program_screen
from kirin_cli.ui.panels import NARROWEST, WIDEST, Paint, boxed, left_width, listed, plain

PIPED_WIDTH: Final = 80
VERSION: Final = Option(spelled="--version", short="-V", help="Print the version.", switch=True)
ROOT: Final = Command(name="", help="", options=(VERSION, HELP))
ABOUT: Final = "Make videos with five AI models, from flags or job files, and never pay twice."
STARTS: Final = (
    'kirin v1-t2v "a paper boat" --sandbox     try it: no key, no cost',
    "kirin run jobs.yaml                       make what a file describes",
)
PROGRAM_MORE: Final = "All flags: kirin COMMAND --help. More: kirin help exit-codes, environment, job-files or sandbox."
COMMAND_MORE: Final = (
    "Exit codes: kirin help exit-codes. Settings in the environment and files: kirin help environment."
)


def program() -> Screen:
    """The help of the program itself."""
    rows = [Command(name=row.name, help=row.help, panel=row.panel) for row in COMMANDS if not row.hidden]
    return program_screen((ROOT, *rows), (ABOUT,), STARTS, PROGRAM_MORE)


def command(row: Row, loaded: object) -> Screen:
    """The help of one command, as the parser has it."""
    return command_screen(described(row, loaded), COMMAND_MORE)


def text_of(screen: Screen) -> str:
    """The screen for standard output as it is."""
    if sys.stdout is None or not sys.stdout.isatty():
        return "\n".join(_lines(screen, PIPED_WIDTH, plain, framed=False))
    import os  # noqa: PLC0415  (all of this only on a terminal)

    from kirin_cli.ui.console import terminal  # noqa: PLC0415

    out = terminal(sys.stdout, os.environ)
    width = max(NARROWEST, min(out.width, WIDEST))
    return "\n".join(_lines(screen, width, out.paint, framed=out.unicode and out.draws))


def _lines(screen: Screen, width: int, paint: Paint, *, framed: bool) -> Iterator[str]:
    panels = [(panel.title, [(row.written, row.does, row.note) for row in panel.rows]) for panel in screen.panels]
    left = left_width(row for _, rows in panels for row in rows)
    paragraph = partial(fill, width=width - 1, initial_indent=" ", subsequent_indent=" ", break_on_hyphens=False)
    yield f" {paint('Usage:', 'strong')} {screen.usage}"
    for text in screen.about:
        yield from ("", paragraph(text))
    if screen.examples:
        yield ""
        yield from (f"   {paint('$', 'faint')} {line}" for line in screen.examples)
    yield ""
    for title, rows in panels:
        yield from _panel(title, rows, left, width, paint, framed=framed)
    if screen.more:
        yield paragraph(screen.more)


def _panel(
    title: str, rows: list[tuple[str, str, str]], left: int, width: int, paint: Paint, *, framed: bool
) -> list[str]:
    return boxed(title, rows, left, width, paint) if framed else [*listed(title, rows, left, width, paint), ""]
