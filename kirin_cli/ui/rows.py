"""The live view as pieces of text with styles, laid out for a width and a height. Draws nothing, needs no Rich.

From 100 columns on there are the model and the time left; below 60 the bar goes, below 40 all but name and percent.
"""

from dataclasses import dataclass
from heapq import nlargest
from itertools import chain

from kirin_cli.run.amounts import money
from kirin_cli.ui.amounts import duration, percent
from kirin_cli.ui.board import Board, Row
from kirin_cli.ui.cells import cells, fill, shorten
from kirin_cli.ui.console import Style, Terminal

Piece = tuple[str, Style]
_COUNT_STYLES: dict[str, Style] = {"done": "good", "failed": "error", "unknown": "error", "pending": "warning"}
_PULSES_PER_SECOND = 6


@dataclass(frozen=True, slots=True)
class Layout:
    """How many cells each column has; 0: the column is left out."""

    name: int
    model: int
    word: int
    bar: int
    elapsed: int
    left: int


def layout(width: int, longest: int) -> Layout:
    """The columns for a screen `width` cells wide and names of up to `longest` cells."""
    model, left = (20, 12) if width >= 100 else (0, 0)
    word, elapsed = (13, 7) if width >= 40 else (0, 0)
    least_bar = 0 if width < 60 else 12 if width >= 100 else 16
    fixed = sum(column + 2 for column in (model, word, elapsed, left, least_bar) if column) + 5
    name = max(4, min(longest, width - fixed - 2))
    spare = max(0, width - fixed - 2 - name)
    return Layout(name, model, word, min(least_bar + spare, 32) if least_bar else 0, elapsed, left)


def frame(board: Board, terminal: Terminal, width: int, height: int, longest: int) -> list[list[Piece]]:
    """The lines of the live view: as many running jobs as the screen has room for, the rest as a number, the total."""
    room = max(0, height - 2)
    rows = list(board.rows.values())
    hidden = len(rows) - room if len(rows) > room else 0
    shown = _most_advanced(rows, room - 1) if hidden else rows
    columns = layout(width, longest)
    lines = [_row(row, columns, terminal, board.clock()) for row in shown]
    if hidden and room:
        text = f"{terminal.ellipsis} and {len(rows) - len(shown)} more running"
        lines.append([(shorten(text, width, terminal.ellipsis), "faint")])
    return [*lines, _total(board, width)]


def _most_advanced(rows: list[Row], room: int) -> list[Row]:
    """Chosen by how far they are, but in the order in which they started: rows should not jump about."""
    chosen = {id(row) for row in nlargest(room, rows, key=lambda row: row.advance)}
    return [row for row in rows if id(row) in chosen]


def _row(row: Row, columns: Layout, terminal: Terminal, now: float) -> list[Piece]:
    left = row.pace.left(now) if row.fraction is not None else None
    done = "" if row.fraction is None else percent(row.fraction)
    columned: list[list[Piece]] = [
        _cell(row.job, columns.name, terminal, "strong"),
        _cell(row.model, columns.model, terminal, "faint"),
        _cell(row.word, columns.word, terminal, "warning" if row.troubled else "none"),
        _bar(row, columns.bar, terminal, now),
        [(fill(done, 5, right=True), "none")],
        [(fill(duration(now - row.since), columns.elapsed, right=True), "faint")] if columns.elapsed else [],
        _cell("" if left is None else f"{duration(left)} left", columns.left, terminal, "none"),
    ]
    return list(chain.from_iterable([*pieces, ("  ", "none")] for pieces in columned if pieces))[:-1]


def _cell(text: str, width: int, terminal: Terminal, style: Style) -> list[Piece]:
    shown = shorten(terminal.shown(text, limit=200), width, terminal.ellipsis)
    return [(fill(shown, width), style)] if width else []


def _bar(row: Row, width: int, terminal: Terminal, now: float) -> list[Piece]:
    """A bar, or a short stretch that wanders where nothing is known."""
    full, rest = ("━", "─") if terminal.unicode else ("#", ".")
    if row.fraction is not None:
        done = int(row.fraction * width + 1e-9)
        pieces: list[Piece] = [(full * done, "good"), (rest * (width - done), "faint")]
    else:
        stretch = width // 4
        at = int(now * _PULSES_PER_SECOND) % (2 * (width - stretch) or 1)
        at = min(at, 2 * (width - stretch) - at)
        pieces = [(rest * at, "faint"), (full * stretch, "none"), (rest * (width - stretch - at), "faint")]
    return [piece for piece in pieces if piece[0]]


def _total(board: Board, width: int) -> list[Piece]:
    """The counts, the time and the cost; on a narrow screen as many of them as fit."""
    pieces: list[Piece] = []
    for word, number in board.counts:
        pieces += [(", " if pieces else "", "none"), (f"{number} {word}", _COUNT_STYLES.get(word, "none"))]
    pieces += [(f" of {board.total}", "none"), (f"  {duration(board.elapsed)}", "faint")]
    if board.spent:
        pieces.append((f"  {money(board.spent)}", "strong"))
    while sum(cells(text) for text, _ in pieces) > width:
        pieces.pop()
    return pieces
