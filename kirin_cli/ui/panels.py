"""Text in panels with headings, two columns each: drawn with lines on a terminal, plain elsewhere. Needs no Rich."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal

from kirin_cli.ui.cells import cells, fill, wrap

Style = Literal["strong", "faint", "none"]
Paint = Callable[[str, Style], str]
Row = tuple[str, str, str]
"""What is written, what it does, and a note that is drawn faint."""

WIDEST_LEFT: Final = 30
NARROWEST: Final = 40
WIDEST: Final = 100
_GAP: Final = 2


def plain(text: str, _: Style) -> str:
    """The text without a style."""
    return text


def left_width(rows: Iterable[Row]) -> int:
    """How wide the left column is: as its widest text that is not too wide to share a line."""
    return max((cells(row[0]) for row in rows if cells(row[0]) <= WIDEST_LEFT), default=0)


def boxed(title: str, rows: Sequence[Row], left: int, width: int, paint: Paint) -> list[str]:
    """The lines of a panel with a frame, `width` cells wide."""
    inner = width - 4
    head = f"─ {title} "
    top = paint("╭", "faint") + paint(head[0], "faint") + paint(head[1:], "strong")
    lines = [top + paint("─" * (width - 2 - cells(head)) + "╮", "faint")]
    bar = paint("│", "faint")
    for shown, bare in _lines(rows, left, inner, paint):
        lines.append(f"{bar} {shown}{' ' * (inner - cells(bare))} {bar}")
    return [*lines, paint("╰" + "─" * (width - 2) + "╯", "faint")]


def listed(title: str, rows: Sequence[Row], left: int, width: int, paint: Paint) -> list[str]:
    """The same without a frame."""
    return [paint(f"{title}:", "strong"), *("  " + shown for shown, _ in _lines(rows, left, width - 2, paint))]


def _lines(rows: Iterable[Row], left: int, width: int, paint: Paint) -> Iterator[tuple[str, str]]:
    """Every line as it is drawn, and without its styles."""
    for written, does, note in rows:
        text = f"{does} [{note}]" if note else does
        right = wrap(text, max(1, width - left - _GAP))
        if cells(written) > left:
            yield paint(written, "strong"), written
            written = ""  # noqa: PLW2901  (its line is full: what it does begins on the next)
        for at, line in enumerate(right):
            first = fill(written if at == 0 else "", left)
            cut = max(0, len(does) - sum(len(part) + 1 for part in right[:at]))  # where the note begins
            shown = line[:cut] + (paint(line[cut:], "faint") if line[cut:] else "")
            yield paint(first, "strong") + " " * _GAP + shown, f"{first}{' ' * _GAP}{line}"
