"""Progress without drawing: plain lines, nothing but failures, or NDJSON for programs."""

import json
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import fields
from decimal import Decimal
from heapq import nlargest
from math import isfinite
from threading import RLock
from types import TracebackType
from typing import Final

from kirin_cli.run.events import Accepted, Downloading, JobEnded, Notice, Progressed, Retrying, RunEvent, Submitting
from kirin_cli.ui.console import OutputStreams, Style
from kirin_cli.ui.progress_state import ENDINGS, ProgressState, describe_with_name
from kirin_cli.ui.terminal_text import escape_untrusted


class ProgressView(AbstractContextManager["ProgressView"]):
    """Shows a run on standard error: a listener of its events, called from several threads, and a context manager."""

    def __init__(self, streams: OutputStreams) -> None:
        self._streams = streams

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def __call__(self, event: RunEvent) -> None:
        """Show what happened."""

    def tick(self) -> None:
        """Time has passed: to be called about once a second."""

    def close(self) -> None:
        """Say the last word and leave the terminal as it was; may be called twice."""


HEARTBEAT_SECONDS = 30.0
_MAX_HEARTBEAT_ROWS = 3
MAX_DETAILED_JOBS: Final = 20
"""Above it a log says of each job when it is accepted and how it ends, not every state between."""


class PlainProgress(ProgressView):
    """Lines on standard error; the heartbeat comes with `tick()`."""

    def __init__(
        self, streams: OutputStreams, clock: Callable[[], float], total: int, *, is_sandbox: bool = False
    ) -> None:
        super().__init__(streams)
        self._state = ProgressState(total, clock, is_sandbox=is_sandbox)
        self._lock = RLock()
        self._due = clock() + HEARTBEAT_SECONDS
        self._statuses: dict[str, str] = {}
        self._complaints: dict[str, float] = {}
        self._closed = False

    def __call__(self, event: RunEvent) -> None:
        """A line, where a state is new; of many jobs, where the state matters to somebody who reads it later."""
        with self._lock:
            if self._state.apply(event) and self._is_news(event):
                print_event(self._streams, event)

    def _is_news(self, event: RunEvent) -> bool:
        """Whether a state is another one than before; of many jobs one complaint of a kind a heartbeat is enough."""
        if isinstance(event, JobEnded):
            self._statuses.pop(event.job, None)
        elif isinstance(event, Submitting | Progressed | Downloading):
            status = event.status if isinstance(event, Progressed) else type(event).__name__
            before, self._statuses[event.job] = self._statuses.get(event.job), status
            if status == before:
                return False
        if self._state.total <= MAX_DETAILED_JOBS:
            return True
        if isinstance(event, Retrying):
            now = self._state.clock()
            last, self._complaints[event.what] = self._complaints.get(event.what), now
            return last is None or now - last >= HEARTBEAT_SECONDS
        return isinstance(event, Accepted | JobEnded | Notice)

    def tick(self) -> None:
        """The heartbeat, where it is due."""
        with self._lock:
            now = self._state.clock()
            if now < self._due:
                return
            self._due = now + HEARTBEAT_SECONDS
            rows = nlargest(_MAX_HEARTBEAT_ROWS, self._state.rows.values(), key=lambda row: row.advance)
            texts = [f"{row.job} {row.status_text(now)}" for row in rows]
            if len(texts) < len(self._state.rows):
                texts.append(f"{len(self._state.rows) - len(texts)} more")
            line = self._state.summary() + (": " if texts else "") + ", ".join(texts)
            self._streams.info(escape_untrusted(line))

    def close(self) -> None:
        """The total, where there was more than one job."""
        with self._lock:
            if self._state.total > 1 and not self._closed:
                self._streams.info(escape_untrusted(self._state.summary()))
            self._closed = True


class QuietProgress(ProgressView):
    """Nothing but the jobs that went wrong."""

    event_types = frozenset({JobEnded})

    def __call__(self, event: RunEvent) -> None:
        """A line for a job that failed, was refused, expired or whose outcome is unknown."""
        if isinstance(event, JobEnded) and ENDINGS[event.state][3] == "error":
            print_event(self._streams, event)


def print_event(streams: OutputStreams, event: RunEvent) -> None:
    """Write an event as one harmless line, or nothing where it needs none."""
    if line := escape_untrusted(describe_with_name(event)):
        style: Style = ENDINGS[event.state][3] if isinstance(event, JobEnded) else "none"
        streams.info(streams.err.paint(line, style))


EVENT_TYPES: Final[dict[type[RunEvent], str]] = {JobEnded: "ended", Notice: "noted"}
"""The words for events in NDJSON where they are not the names of their classes: scripts rely on them."""


class JsonProgress(ProgressView):
    """One object per event: `type` (the event's name in lower case), `job`, `at`, and the event's own fields."""

    def __call__(self, event: RunEvent) -> None:
        """Write the event."""
        self._streams.info(event_json(event))


def event_json(event: RunEvent) -> str:
    """The event as JSON: sums of money are strings, a number that is not finite is null.

    A second `#` in a row is escaped: `##vso[` is a command to Azure wherever in a line it stands (fault H3).
    """
    facts: dict[str, object] = {"type": EVENT_TYPES.get(type(event)) or type(event).__name__.lower()}
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, Decimal):
            value = f"{value:f}"
        elif isinstance(value, float) and not isfinite(value):
            value = None
        facts[field.name] = value
    return json.dumps(facts, allow_nan=False).replace("##", r"#\u0023")
