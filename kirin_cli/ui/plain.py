"""Progress as lines: one per change of state, and a heartbeat every 30 s. For logs, pipes and CI. Draws nothing."""

from collections.abc import Callable
from heapq import nlargest
from threading import RLock

from kirin_cli.run.events import Downloading, Ended, Event, Progressed
from kirin_cli.ui.amounts import fraction, percent
from kirin_cli.ui.board import Board, Row
from kirin_cli.ui.console import Streams, Style
from kirin_cli.ui.escape import harmless
from kirin_cli.ui.sentences import ENDINGS, named
from kirin_cli.ui.view import Progress

HEARTBEAT = 30.0
_MOST_ROWS = 3


class PlainProgress(Progress):
    """Lines on standard error; the heartbeat comes with `tick()`."""

    def __init__(self, streams: Streams, clock: Callable[[], float], total: int) -> None:
        self._streams = streams
        self._board = Board(total, clock)
        self._lock = RLock()
        self._due = clock() + HEARTBEAT
        self._said: dict[str, tuple[str, int]] = {}
        self._closed = False

    def __call__(self, event: Event) -> None:
        """A line, where a state or a quarter of the progress is new."""
        with self._lock:
            if self._board.apply(event) and self._news(event):
                say(self._streams, event)

    def _news(self, event: Event) -> bool:
        """Whether a status is another one than before, or has come a quarter further."""
        if isinstance(event, Ended):
            self._said.pop(event.job, None)
        if not isinstance(event, Progressed | Downloading):
            return True
        word, step = _step(event)
        known, reached = self._said.get(event.job, ("", 0))
        self._said[event.job] = (word, max(step, reached) if word == known else step)
        return word != known or step > reached

    def tick(self) -> None:
        """The heartbeat, where it is due."""
        with self._lock:
            now = self._board.clock()
            if now >= self._due:
                self._due = now + HEARTBEAT
                self._streams.talk(harmless(self._heartbeat()))

    def _heartbeat(self) -> str:
        rows = nlargest(_MOST_ROWS, self._board.rows.values(), key=lambda row: row.advance)
        more = [f"{len(self._board.rows) - len(rows)} more"] if len(rows) < len(self._board.rows) else []
        running = ", ".join([*map(_row, rows), *more])
        return f"{self._board.total_words()}{': ' if running else ''}{running}"

    def close(self) -> None:
        """The total, where there was more than one job."""
        with self._lock:
            if self._board.total > 1 and not self._closed:
                self._streams.talk(harmless(self._board.total_words()))
            self._closed = True


class QuietProgress(Progress):
    """Nothing but the jobs that went wrong."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def __call__(self, event: Event) -> None:
        """A line for a job that failed, was refused, expired or whose outcome is unknown."""
        if _style(event) == "error":
            say(self._streams, event)


def say(streams: Streams, event: Event) -> None:
    """Write an event as one harmless line, or nothing where it needs none."""
    if line := harmless(named(event)):
        streams.talk(streams.err.paint(line, _style(event)))


def _style(event: Event) -> Style:
    return ENDINGS[event.state][3] if isinstance(event, Ended) else "none"


def _step(event: Progressed | Downloading) -> tuple[str, int]:
    if isinstance(event, Downloading):
        return "downloading", 0
    return event.status, int((fraction(event.progress) or 0) * 4)


def _row(row: Row) -> str:
    return f"{row.job} {row.word}" + ("" if row.fraction is None else f" {percent(row.fraction)}")
