"""Aligned tables and two-column panels: as wide as a terminal, or one row a line in a pipe. Needs no Rich."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Literal

from kirin_cli.ui.terminal_text import cell_width, pad, wrap

if TYPE_CHECKING:
    from kirin_cli.ui.console import TerminalInfo

_GAP = "  "
_MIN_COLUMN = 8


def render_table(headers: Sequence[str], rows: Sequence[Sequence[str]], terminal: "TerminalInfo") -> list[str]:
    """The lines of an aligned table; every row has as many cells as there are headers. Columns with nothing in them go.

    Where it is wider than the terminal, the widest columns are narrowed and their cells wrapped.
    """
    shown = [[terminal.escape(cell) for cell in row] for row in (headers, *rows)]
    kept = [at for at in range(len(headers)) if any(row[at] for row in shown[1:])]
    texts = [[row[at] for at in kept] for row in shown]
    widths = [max(cell_width(row[at]) for row in texts) for at in range(len(kept))]
    if terminal.is_tty:
        widths = _narrowed(widths, terminal.width)
    head, *body = [_lines(row, widths) for row in texts]
    return [*(terminal.paint(line, "strong") for line in head), *(line for lines in body for line in lines)]


def _narrowed(widths: list[int], width: int) -> list[int]:
    """The same widths, the widest ones made smaller until the row fits (or cannot be made smaller)."""
    narrowed = list(widths)
    room = width - len(_GAP) * (len(widths) - 1)
    while narrowed and sum(narrowed) > room and max(narrowed) > _MIN_COLUMN:
        narrowed[narrowed.index(max(narrowed))] -= 1
    return narrowed


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [wrap(text, max(1, width)) for text, width in zip(row, widths, strict=True)]
    return [_line(texts, widths) for texts in zip_longest(*columns, fillvalue="")]


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(pad(text, width) for text, width in zip(texts, widths, strict=True)).rstrip()


PanelStyle = Literal["strong", "faint", "none"]
Paint = Callable[[str, PanelStyle], str]
PanelRow = tuple[str, str, str]
"""What is written, what it does, and a note that is drawn faint."""

MAX_LEFT_WIDTH: Final = 30
MIN_WIDTH: Final = 40
MAX_WIDTH: Final = 100
_PANEL_GAP: Final = 2


def unstyled(text: str, _: PanelStyle) -> str:
    """The text without a style."""
    return text


def left_width(rows: Iterable[PanelRow]) -> int:
    """How wide the left column is: as its widest text that is not too wide to share a line."""
    return max((cell_width(row[0]) for row in rows if cell_width(row[0]) <= MAX_LEFT_WIDTH), default=0)


def boxed_panel(title: str, rows: Sequence[PanelRow], left: int, width: int, paint: Paint) -> list[str]:
    """The lines of a panel with a frame, `width` cells wide."""
    inner = width - 4
    head = f"─ {title} "
    top = paint("╭", "faint") + paint(head[0], "faint") + paint(head[1:], "strong")
    lines = [top + paint("─" * (width - 2 - cell_width(head)) + "╮", "faint")]
    bar = paint("│", "faint")
    for shown, bare in _panel_lines(rows, left, inner, paint):
        lines.append(f"{bar} {shown}{' ' * (inner - cell_width(bare))} {bar}")
    return [*lines, paint("╰" + "─" * (width - 2) + "╯", "faint")]


def plain_panel(title: str, rows: Sequence[PanelRow], left: int, width: int, paint: Paint) -> list[str]:
    """The same without a frame."""
    return [paint(f"{title}:", "strong"), *("  " + shown for shown, _ in _panel_lines(rows, left, width - 2, paint))]


def _panel_lines(rows: Iterable[PanelRow], left: int, width: int, paint: Paint) -> Iterator[tuple[str, str]]:
    """Every line as it is drawn, and without its styles."""
    for written, does, note in rows:
        text = f"{does} [{note}]" if note else does
        right = wrap(text, max(1, width - left - _PANEL_GAP))
        if cell_width(written) > left:
            yield paint(written, "strong"), written
            written = ""  # noqa: PLW2901  (its line is full: what it does begins on the next)
        for at, line in enumerate(right):
            first = pad(written if at == 0 else "", left)
            cut = max(0, len(does) - sum(len(part) + 1 for part in right[:at]))  # where the note begins
            shown = line[:cut] + (paint(line[cut:], "faint") if line[cut:] else "")
            yield paint(first, "strong") + " " * _PANEL_GAP + shown, f"{first}{' ' * _PANEL_GAP}{line}"
