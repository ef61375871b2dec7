"""Progress on a terminal: live rows below, finished jobs scrolling away above. The only module here that needs Rich.

Decides nothing of what is shown (rows.py, sentences.py), only when and where.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Self, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from kirin_cli.run.events import Ended, Event, Noted, Retrying
from kirin_cli.ui.board import Board
from kirin_cli.ui.cells import cells
from kirin_cli.ui.console import Streams, Style
from kirin_cli.ui.rows import Piece, frame
from kirin_cli.ui.sentences import ENDINGS, named, result, sentence
from kirin_cli.ui.view import Progress

_STYLES: dict[Style, str] = {
    "error": "bold red",
    "warning": "yellow",
    "good": "green",
    "strong": "bold",
    "faint": "dim",
    "none": "",
}
REFRESHES_PER_SECOND = 5


class LiveProgress(Progress):
    """A live view on standard error, refreshed by a thread of its own between `__enter__` and `close`."""

    def __init__(self, streams: Streams, clock: Callable[[], float], total: int) -> None:
        self._streams = streams
        self._board = Board(total, clock)
        self._board_lock = threading.RLock()
        self._screen_lock = threading.RLock()  # taken before the board's, never after it
        self._console = _console(streams)
        self._live = Live(self, console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        self._closed = threading.Event()
        self._hidden = False
        self._longest = 8
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._live)
        self._open.enter_context(self._streams.drawing(self._aside))
        ticker = threading.Thread(target=self._tick_on, name="kirin-live", daemon=True)
        ticker.start()
        self._open.callback(ticker.join)
        self._open.callback(self._closed.set)
        return self

    def close(self) -> None:
        """Draw the last frame and let it stand."""
        self._open.close()

    def __call__(self, event: Event) -> None:
        """Take the event in; one that lasts becomes a line above the rows."""
        with self._board_lock:
            news = self._board.apply(event)
            if event.job in self._board.rows:
                self._longest = max(self._longest, cells(self._streams.err.shown(event.job, limit=200)))
        if news and (line := self._line(event)):
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
    def _aside(self) -> Iterator[None]:
        """Clear the rows away while somebody else writes to the terminal."""
        with self._screen_lock:
            self._hidden = True
            self._live.refresh()
            try:
                yield
            finally:
                self._hidden = False
                self._live.refresh()

    def _line(self, event: Event) -> list[Piece]:
        shown = self._streams.err.shown
        if isinstance(event, Ended):
            mark, ascii_mark, _, style = ENDINGS[event.state]
            mark = mark if self._streams.err.unicode else ascii_mark
            told = result(event) if event.state == "done" and event.paths else sentence(event)
            return [(f"{mark} ", style), (shown(event.job), "strong"), (f"  {shown(told)}", "none")]
        if isinstance(event, Noted | Retrying):
            return [("! ", "warning"), (shown(named(event)), "none")]
        return []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The live rows, for Rich."""
        if self._hidden:
            return
        with self._board_lock:
            lines = frame(self._board, self._streams.err, options.max_width, console.height, self._longest)
        yield from map(_text, lines)


class _Console(Console):
    """A console that never hides the cursor: whatever ends the program, even kill -9, there is nothing to restore."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002 - Rich's signature
        return False


def _console(streams: Streams) -> Console:
    terminal = streams.err
    return _Console(
        file=cast("TextIO", streams.stderr),
        force_terminal=True,
        force_interactive=True,
        color_system="standard" if terminal.colour else None,
        no_color=not terminal.colour,
        width=None if terminal.is_tty else terminal.width,
        height=None if terminal.is_tty else terminal.height,
    )


def _text(pieces: list[Piece]) -> Text:
    """Pieces as Rich's text: nothing in it is ever read as markup (H2)."""
    return Text.assemble(*((text, _STYLES[style]) for text, style in pieces), no_wrap=True, end="\n")
