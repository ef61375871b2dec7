"""Progress on a terminal: live rows below, finished jobs scrolling away above. The only module here that needs Rich."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain
from pathlib import PurePath
from typing import Self, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from kirin_cli.formatting import format_clock, format_percent
from kirin_cli.run.events import JobEnded, Notice, Retrying, RunEvent
from kirin_cli.ui.console import OutputStreams, Style, TerminalInfo
from kirin_cli.ui.progress import ProgressView
from kirin_cli.ui.progress_state import ENDINGS, JobRow, ProgressState, describe, describe_result, describe_with_name
from kirin_cli.ui.terminal_text import cell_width, ellipsize, pad

Piece = tuple[str, Style]
_COUNT_STYLES: dict[str, Style] = {"failed": "error", "unknown": "error", "pending": "warning"}
_DROP_ORDER = ("waiting", "running", "time", "skipped", "left", "cost", "pending", "unknown", "failed")
"""What of the total a narrow screen does without, in this order."""
_CELLS_PER_SECOND = 6


@dataclass(frozen=True, slots=True)
class Layout:
    """How many cells each column has; 0: the column is left out."""

    name: int
    model: int
    status: int
    bar: int
    elapsed: int
    left: int


def layout(width: int, longest_name: int) -> Layout:
    """The columns for a screen `width` cells wide and names of up to `longest_name` cells: the bar goes first."""
    model = 20 if width >= 100 else 0
    status, elapsed = (13, 7) if width >= 40 else (0, 0)
    left = 0 if width < 60 else 10 if width < 80 else 12
    min_bar = 0 if width < 80 else 10 if width < 100 else 12
    fixed = sum(column + 2 for column in (model, status, elapsed, left, min_bar) if column) + 5
    name = max(4, min(longest_name, width - fixed - 2))
    spare = max(0, width - fixed - 2 - name)
    return Layout(name, model, status, min(min_bar + spare, 32) if min_bar else 0, elapsed, left)


def render_rows(
    state: ProgressState, terminal: TerminalInfo, width: int, height: int, longest_name: int
) -> list[list[Piece]]:
    """The lines of the live view: as many running jobs as the screen has room for, the rest as a number, the total."""
    max_rows = max(0, height - 2)
    rows = shown = list(state.rows.values())
    if len(rows) > max_rows:
        # Chosen by how far they are, but in the order in which they started: rows should not jump about.
        chosen = {id(row) for row in nlargest(max_rows - 1, rows, key=lambda row: row.advance)}
        shown = [row for row in rows if id(row) in chosen]
    columns = layout(width, longest_name)
    lines = [_row(row, columns, terminal, state.clock()) for row in shown]
    if len(rows) > max_rows > 0:
        text = f"{terminal.ellipsis} and {len(rows) - len(shown)} more running"
        lines.append([(ellipsize(text, width, terminal.ellipsis), "faint")])
    return [*lines, _total(state, width)]


def _row(row: JobRow, columns: Layout, terminal: TerminalInfo, now: float) -> list[Piece]:
    done = "" if row.fraction is None else format_percent(row.fraction)
    cells: list[list[Piece]] = [
        _cell(row.title, columns.name, terminal, "strong"),
        _cell(row.model, columns.model, terminal, "faint"),
        _cell(row.status_text(now), columns.status, terminal, "warning" if row.is_retrying else "none"),
        _bar(row, columns.bar, terminal, now),
        [(pad(done, 5, right=True), "none")],
        [(pad(format_clock(now - row.since), columns.elapsed, right=True), "faint")] if columns.elapsed else [],
        _cell(_time_left(row.seconds_left(now), columns.left), columns.left, terminal, "none"),
    ]
    return list(chain.from_iterable([*pieces, ("  ", "none")] for pieces in cells if pieces))[:-1]


def _time_left(seconds: float | None, width: int) -> str:
    clock = "" if seconds is None else format_clock(seconds)
    return f"{clock} left" if clock and len(clock) + 5 <= width else clock


def _cell(text: str, width: int, terminal: TerminalInfo, style: Style) -> list[Piece]:
    shown = ellipsize(terminal.escape(text, limit=200), width, terminal.ellipsis)
    return [(pad(shown, width), style)] if width else []


def _bar(row: JobRow, width: int, terminal: TerminalInfo, now: float) -> list[Piece]:
    """A bar, or a short stretch that wanders where nothing is known."""
    full, rest = ("━", "─") if terminal.unicode else ("#", ".")
    if row.fraction is not None:
        done = int(row.fraction * width + 1e-9)
        pieces: list[Piece] = [(full * done, "good"), (rest * (width - done), "faint")]
    else:
        stretch = width // 4
        start = int(now * _CELLS_PER_SECOND) % (2 * (width - stretch) or 1)
        start = min(start, 2 * (width - stretch) - start)
        pieces = [(rest * start, "faint"), (full * stretch, "none"), (rest * (width - stretch - start), "faint")]
    return [piece for piece in pieces if piece[0]]


def _total(state: ProgressState, width: int) -> list[Piece]:
    """Done of all, the other counts, times and cost; on a narrow screen without the waiting, the running, the time."""
    (_, done), *counts = state.counts
    parts: list[tuple[str, Piece]] = [("done", (f"{done} of {state.total} done", "good" if done else "none"))]
    parts += [(name, (f", {number} {name}", _COUNT_STYLES.get(name, "none"))) for name, number in counts]
    parts.append(("time", (f"  {format_clock(state.elapsed)}", "faint")))
    parts += [("cost", (f"  {state.cost}", "strong"))] if state.spent else []
    parts += [("left", (f"  {state.time_left}", "none"))] if state.time_left else []
    for name in _DROP_ORDER:
        if sum(cell_width(text) for _, (text, _) in parts) > width:
            parts = [part for part in parts if part[0] != name]
    return [piece for _, piece in parts]


_RICH_STYLES: dict[Style, str] = {
    "error": "bold red",
    "warning": "yellow",
    "good": "green",
    "strong": "bold",
    "faint": "dim",
    "none": "",
}
REFRESHES_PER_SECOND = 5


class LiveProgress(ProgressView):
    """A live view on standard error, refreshed by a thread of its own between `__enter__` and `close`."""

    def __init__(
        self, streams: OutputStreams, clock: Callable[[], float], total: int, *, is_sandbox: bool = False
    ) -> None:
        super().__init__(streams)
        self._state = ProgressState(total, clock, is_sandbox=is_sandbox)
        self._state_lock = threading.RLock()
        self._screen_lock = threading.RLock()  # taken before the state's, never after it
        terminal = streams.err
        self._console = _Console(
            file=cast("TextIO", streams.stderr),
            force_terminal=True,
            force_interactive=True,
            color_system="standard" if terminal.colour else None,
            no_color=not terminal.colour,
            width=None if terminal.is_tty else terminal.width,
            height=None if terminal.is_tty else terminal.height,
        )
        self._live = Live(self, console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        self._closed = threading.Event()
        self._hidden = False
        self._longest_name = 8
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._live)
        self._open.enter_context(self._streams.exclusive(self._make_room))
        ticker = threading.Thread(target=self._tick_on, name="kirin-live", daemon=True)
        ticker.start()
        self._open.callback(ticker.join)
        self._open.callback(self._closed.set)
        return self

    def close(self) -> None:
        """Draw the last frame and let it stand."""
        self._open.close()

    def __call__(self, event: RunEvent) -> None:
        """Take the event in; one that lasts becomes a line above the rows."""
        with self._state_lock:
            is_news = self._state.apply(event)
            if row := self._state.rows.get(event.job):
                self._longest_name = max(self._longest_name, cell_width(self._streams.err.escape(row.title, limit=200)))
        if is_news and (line := self._line(event)):
            with self._screen_lock:
                self._console.print(_text(line), soft_wrap=True)

    def tick(self) -> None:
        """Draw the rows anew."""
        with self._screen_lock:
            self._live.refresh()

    def _tick_on(self) -> None:
        while not self._closed.wait(1 / REFRESHES_PER_SECOND):
            self.tick()

    @contextmanager
    def _make_room(self) -> Iterator[None]:
        """Clear the rows away while somebody else writes to the terminal."""
        with self._screen_lock:
            self._hidden = True
            self._live.refresh()
            try:
                yield
            finally:
                self._hidden = False
                self._live.refresh()

    def _line(self, event: RunEvent) -> list[Piece]:
        escape = self._streams.err.escape
        if isinstance(event, JobEnded):
            mark, ascii_mark, _, style = ENDINGS[event.state]
            mark = mark if self._streams.err.unicode else ascii_mark
            if event.state != "done" or not event.paths:
                return [(f"{mark} ", style), (escape(event.job), "strong"), (f"  {escape(describe(event))}", "none")]
            name, text = escape(event.job), escape(describe_result(event))
            fits = cell_width(f"{mark} {name}  {text}") <= self._streams.err.width
            if not fits and PurePath(event.paths[0]).stem == event.job:  # the path says which job it is
                return [(f"{mark} ", style), (text, "none")]
            return [(f"{mark} ", style), (name, "strong"), (f"  {text}", "none")]
        if isinstance(event, Notice | Retrying):
            return [("! ", "warning"), (escape(describe_with_name(event)), "none")]
        return []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The live rows, for Rich."""
        if self._hidden or not self._state.total:
            return
        with self._state_lock:
            lines = render_rows(self._state, self._streams.err, options.max_width, console.height, self._longest_name)
        yield from map(_text, lines)


class _Console(Console):
    """A console that never hides the cursor: whatever ends the program, even kill -9, there is nothing to restore."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002 - Rich's signature
        return False


def _text(pieces: list[Piece]) -> Text:
    """Pieces as Rich's text: nothing in it is ever read as markup (fault H2)."""
    return Text.assemble(*((text, _RICH_STYLES[style]) for text, style in pieces), no_wrap=True, end="\n")
