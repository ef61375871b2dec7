"""Aligned tables and two-column panels: as wide as a terminal, or one row a line in a pipe. Needs no Rich."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Literal

from kirin_cli.ui.terminal_text import cell_width, pad, wrap

if TYPE_CHECKING:
    from kirin_cli.ui.console import TerminalInfo

_GAP = "  "
_MIN_COLUMN = 8


def render_table(headers: Sequence[str], rows: Sequence[Sequence[str]], terminal: "TerminalInfo") -> list[str]:
    """The lines of an aligned table; every row has as many cells as there are headers. Columns with nothing in them go.

    So do headers that are all empty. Where it is wider than the terminal, the widest columns are narrowed and their
    cells wrapped.
    """
    escape = cache(terminal.escape)  # most cells of a column are alike
    columns = [[escape(cell) for cell in column] for column in zip(headers, *rows, strict=True)]
    columns = [column for column in columns if any(column[1:])]
    sizes = [{text: cell_width(text) for text in set(column)} for column in columns]
    widths = [max(column.values()) for column in sizes]
    available = terminal.width - len(_GAP) * (len(widths) - 1)
    while terminal.is_tty and widths and sum(widths) > available and max(widths) > _MIN_COLUMN:
        widths[widths.index(max(widths))] -= 1
    cells = [
        {text: _cell_lines(text, size, width) for text, size in column.items()}
        for column, width in zip(sizes, widths, strict=True)
    ]
    lines = []
    for number, row in enumerate(zip(*columns, strict=True)):
        if not number and not any(row):
            continue
        blocks = [texts[text] for texts, text in zip(cells, row, strict=True)]
        for texts in zip(*blocks, strict=True) if max(map(len, blocks)) == 1 else _side_by_side(blocks, widths):
            line = _GAP.join(texts).rstrip()
            lines.append(terminal.paint(line, "none" if number else "strong"))
    return lines


def _cell_lines(text: str, size: int, width: int) -> list[str]:
    """A cell, `size` cells of the terminal wide, as lines of a column."""
    if size <= width and " ".join(text.split()) == text:
        return [text + " " * (width - size)]
    return [pad(line, width) for line in wrap(text, max(1, width))]


def _side_by_side(blocks: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[list[str]]:
    """The cells of each line of a row whose cells take several."""
    for texts in zip_longest(*blocks, fillvalue=""):
        yield [text or " " * width for text, width in zip(texts, widths, strict=True)]


PanelStyle = Literal["strong", "faint", "none"]
Paint = Callable[[str, PanelStyle], str]
PanelRow = tuple[str, str, str]
"""What is written, what it does, and a note that is drawn faint."""

MAX_LEFT_WIDTH: Final = 30
MIN_WIDTH: Final = 40
MAX_WIDTH: Final = 100
_PANEL_GAP: Final = 2


def plain_style(text: str, _: PanelStyle) -> str:
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
        for number, line in enumerate(right):
            first = pad(written if number == 0 else "", left)
            cut = max(0, len(does) - sum(len(earlier) + 1 for earlier in right[:number]))  # where the note begins
            shown = line[:cut] + (paint(line[cut:], "faint") if line[cut:] else "")
            yield paint(first, "strong") + " " * _PANEL_GAP + shown, f"{first}{' ' * _PANEL_GAP}{line}"
