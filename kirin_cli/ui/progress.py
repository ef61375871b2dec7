"""Progress without drawing: plain lines, nothing but failures, or NDJSON for programs."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from heapq import nlargest
from math import isfinite
from threading import RLock
from types import TracebackType
from typing import Final, Self

from kirin_cli.formatting import format_percent, fraction
from kirin_cli.run.events import Downloading, JobEnded, Notice, Progressed, RunEvent
from kirin_cli.ui.console import OutputStreams, Style
from kirin_cli.ui.progress_state import ENDINGS, JobRow, ProgressState, describe_with_name
from kirin_cli.ui.terminal_text import escape_untrusted


class ProgressView(ABC):
    """Shows a run on standard error: a listener of its events, called from several threads, and a context manager."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def __call__(self, event: RunEvent) -> None:
        """Show what happened."""

    def tick(self) -> None:  # noqa: B027 - most ways have nothing to do between events
        """Time has passed: to be called about once a second."""

    def close(self) -> None:  # noqa: B027 - the same
        """Say the last word and leave the terminal as it was; may be called twice."""


HEARTBEAT = 30.0
_MAX_ROWS = 3


class PlainProgress(ProgressView):
    """Lines on standard error; the heartbeat comes with `tick()`."""

    def __init__(self, streams: OutputStreams, clock: Callable[[], float], total: int) -> None:
        self._streams = streams
        self._board = ProgressState(total, clock)
        self._lock = RLock()
        self._due = clock() + HEARTBEAT
        self._said: dict[str, tuple[str, int]] = {}
        self._closed = False

    def __call__(self, event: RunEvent) -> None:
        """A line, where a state or a quarter of the progress is new."""
        with self._lock:
            if self._board.apply(event) and self._news(event):
                print_event(self._streams, event)

    def _news(self, event: RunEvent) -> bool:
        """Whether a status is another one than before, or has come a quarter further."""
        if isinstance(event, JobEnded):
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
                self._streams.info(escape_untrusted(self._heartbeat()))

    def _heartbeat(self) -> str:
        rows = nlargest(_MAX_ROWS, self._board.rows.values(), key=lambda row: row.advance)
        more = [f"{len(self._board.rows) - len(rows)} more"] if len(rows) < len(self._board.rows) else []
        running = ", ".join([*map(_row, rows), *more])
        return f"{self._board.total_words()}{': ' if running else ''}{running}"

    def close(self) -> None:
        """The total, where there was more than one job."""
        with self._lock:
            if self._board.total > 1 and not self._closed:
                self._streams.info(escape_untrusted(self._board.total_words()))
            self._closed = True


class QuietProgress(ProgressView):
    """Nothing but the jobs that went wrong."""

    def __init__(self, streams: OutputStreams) -> None:
        self._streams = streams

    def __call__(self, event: RunEvent) -> None:
        """A line for a job that failed, was refused, expired or whose outcome is unknown."""
        if _style(event) == "error":
            print_event(self._streams, event)


def print_event(streams: OutputStreams, event: RunEvent) -> None:
    """Write an event as one harmless line, or nothing where it needs none."""
    if line := escape_untrusted(describe_with_name(event)):
        streams.info(streams.err.paint(line, _style(event)))


def _style(event: RunEvent) -> Style:
    return ENDINGS[event.state][3] if isinstance(event, JobEnded) else "none"


def _step(event: Progressed | Downloading) -> tuple[str, int]:
    if isinstance(event, Downloading):
        return "downloading", 0
    return event.status, int((fraction(event.progress) or 0) * 4)


def _row(row: JobRow) -> str:
    return f"{row.job} {row.word}" + ("" if row.fraction is None else f" {format_percent(row.fraction)}")


EVENT_TYPES: Final[dict[type[RunEvent], str]] = {JobEnded: "ended", Notice: "noted"}


class JsonProgress(ProgressView):
    """One object per event: `type` (the event's name in lower case), `job`, `at`, and the event's own fields."""

    def __init__(self, streams: OutputStreams) -> None:
        self._streams = streams

    def __call__(self, event: RunEvent) -> None:
        """Write the event."""
        self._streams.info(event_json(event))


def event_json(event: RunEvent) -> str:
    """The event as JSON: sums of money are strings, a number that is not finite is null.

    A second `#` in a row is escaped: `##vso[` is a command to Azure wherever in a line it stands (fault H3).
    """
    facts = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
    line = json.dumps({"type": event_type(event), **facts}, allow_nan=False)
    return line.replace("##", r"#\u0023")


def event_type(event: RunEvent) -> str:
    """The word for the event in NDJSON: scripts rely on it, so it does not follow the names of classes."""
    return EVENT_TYPES.get(type(event)) or type(event).__name__.lower()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if isinstance(value, float) and not isfinite(value) else value
