"""Tables of text: on a terminal as wide as it is, with wrapped cells; in a pipe one row a line. Needs no Rich."""

from collections.abc import Sequence
from itertools import zip_longest

from kirin_cli.ui.cells import cells, fill, wrap
from kirin_cli.ui.console import Terminal

_GAP = "  "
_NARROWEST = 8


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], terminal: Terminal) -> list[str]:
    """The lines of an aligned table; every row has as many cells as there are headers. Columns with nothing in them go.

    Where it is wider than the terminal, the widest columns are narrowed and their cells wrapped.
    """
    shown = [[terminal.shown(cell) for cell in row] for row in (headers, *rows)]
    kept = [at for at in range(len(headers)) if any(row[at] for row in shown[1:])]
    texts = [[row[at] for at in kept] for row in shown]
    widths = [max(cells(row[at]) for row in texts) for at in range(len(kept))]
    if terminal.is_tty:
        widths = _narrowed(widths, terminal.width)
    head, *body = [_lines(row, widths) for row in texts]
    return [*(terminal.paint(line, "strong") for line in head), *(line for lines in body for line in lines)]


def _narrowed(widths: list[int], width: int) -> list[int]:
    """The same widths, the widest ones made smaller until the row fits (or cannot be made smaller)."""
    narrowed = list(widths)
    room = width - len(_GAP) * (len(widths) - 1)
    while narrowed and sum(narrowed) > room and max(narrowed) > _NARROWEST:
        narrowed[narrowed.index(max(narrowed))] -= 1
    return narrowed


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [wrap(text, max(1, width)) for text, width in zip(row, widths, strict=True)]
    return [_line(texts, widths) for texts in zip_longest(*columns, fillvalue="")]


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(fill(text, width) for text, width in zip(texts, widths, strict=True)).rstrip()
