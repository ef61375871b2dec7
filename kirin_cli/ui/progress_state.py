"""The state of a run as its events tell it: rows, counts, ETA; and events as sentences. Draws nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kirin_cli.formatting import format_clock, format_percent, format_size, format_usd, fraction
from kirin_cli.run.events import (
    Accepted,
    Downloading,
    Generated,
    JobEnded,
    JobState,
    Notice,
    Progressed,
    Queued,
    Retrying,
    RunEvent,
    Submitting,
)
from kirin_cli.ui.console import Style

_MIN_SECONDS = 5.0
_MIN_FRACTION = 0.04
_MAX_SECONDS = 24 * 3600.0
_FIRST_FRACTION = 0.02


class EtaEstimator:
    """The pace of one thing from 0.0 to 1.0; times are seconds of one steady clock."""

    __slots__ = ("_first", "_last")

    def __init__(self) -> None:
        self._first = self._last = (0.0, 1.0)

    def note(self, now: float, fraction: float) -> None:
        """It is `fraction` done at `now`. The first note, waiting at the beginning and going backwards start anew."""
        if fraction < self._last[1] or fraction <= _FIRST_FRACTION:
            self._first = (now, fraction)
        self._last = (now, fraction)

    def left(self, now: float) -> float | None:
        """Seconds still to go; None where nothing sensible can be said (too early, overdue, over a day)."""
        (started, low), (seen, high) = self._first, self._last
        if seen - started < _MIN_SECONDS or high - low < _MIN_FRACTION or high >= 1:
            return None
        left = (1 - high) * (seen - started) / (high - low) - (now - seen)
        return left if 1 <= left < _MAX_SECONDS else None


_GROUPS: dict[JobState, str] = {"rejected": "failed", "expired": "failed"}
_ORDER = ("done", "skipped", "failed", "unknown", "pending")


@dataclass(slots=True)
class JobRow:
    """A running job. `fraction` (0.0-1.0) is of the generation, or of the download once `fetching`; None: not known."""

    job: str
    model: str
    since: float
    pace: EtaEstimator
    word: str = "sending"
    fraction: float | None = None
    fetching: bool = False
    cost: Decimal = Decimal(0)
    troubled: bool = False
    complaint: str = ""

    @property
    def advance(self) -> tuple[bool, float, float]:
        """Sorts rows by how far they are."""
        return self.fetching, self.fraction or 0.0, -self.since


class ProgressState:
    """Takes events in; `rows` are the running jobs by name, in the order in which they started."""

    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        self.total = total
        self.clock = clock
        self.started = clock()
        self.rows: dict[str, JobRow] = {}
        self.spent = Decimal(0)
        self._models: dict[str, str] = {}
        self._ended: Counter[str] = Counter()

    def apply(self, event: RunEvent) -> bool:
        """Take one event in; false where it only repeats a complaint that was made already.

        A row begins with the first thing that happens to a job that was queued, and ends with Ended; what comes late
        changes nothing.
        """
        match event:
            case Queued():
                self._models[event.job] = event.model
            case Submitting():
                self._row(event.job).word = "sending"
            case Accepted():
                self._row(event.job).word = "accepted"
            case JobEnded():
                self._end(event)
            case Notice():
                pass
            case _ if event.job in self.rows or event.job in self._models:  # taken up, its task is known already
                return self._change(self._row(event.job), event)
        return True

    def _row(self, job: str) -> JobRow:
        if job not in self.rows:
            now = self.clock()
            self.rows[job] = JobRow(job, self._models.pop(job, ""), now, EtaEstimator())
        return self.rows[job]

    def _change(self, row: JobRow, event: RunEvent) -> bool:
        match event:
            case Progressed():
                row.word, row.troubled = event.status, False
                self._move(row, event.progress)
            case Generated():
                row.word, row.fraction = "completed", 1.0
                self._pay(row, event.cost)
            case Downloading():
                self._fetch(row, event)
            case Retrying():
                row.word, row.troubled = f"again in {event.delay:.0f} s", True
                known, row.complaint = row.complaint, f"{event.what} {event.reason}"
                return row.complaint != known
        return True

    def _move(self, row: JobRow, progress: float | None) -> None:
        row.fraction = fraction(progress)
        if row.fraction is not None:
            row.pace.note(self.clock(), row.fraction)

    def _fetch(self, row: JobRow, event: Downloading) -> None:
        if not row.fetching:
            row.fetching, row.pace = True, EtaEstimator()
        row.word, row.troubled = "downloading", False
        self._move(row, event.received / event.total if event.total else None)

    def _pay(self, row: JobRow, cost: Decimal | None) -> None:
        if cost is not None:
            self.spent += cost - row.cost
            row.cost = cost

    def _end(self, event: JobEnded) -> None:
        row = self.rows.pop(event.job, None) or JobRow(event.job, "", 0.0, EtaEstimator())
        self._models.pop(event.job, None)
        self._ended[_GROUPS.get(event.state, event.state)] += 1
        if event.state != "skipped":
            self._pay(row, event.cost)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.started

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many jobs are done (always there), skipped, failed, unknown, pending, running and waiting."""
        waiting = max(0, self.total - len(self.rows) - self._ended.total())
        now = [("running", len(self.rows)), ("waiting", waiting)]
        return [(word, n) for word, n in [*((word, self._ended[word]) for word in _ORDER), *now] if n or word == "done"]

    def total_words(self) -> str:
        """The run in one line: 2 done, 1 failed, 3 running of 6 in 4:30, $0.56."""
        counted = ", ".join(f"{number} {word}" for word, number in self.counts)
        cost = f", {format_usd(self.spent)}" if self.spent else ""
        return f"{counted} of {self.total} in {format_clock(self.elapsed)}{cost}"


ENDINGS: dict[JobState, tuple[str, str, str, Style]] = {
    "done": ("✓", "+", "done", "good"),
    "skipped": ("·", "-", "skipped", "faint"),
    "failed": ("✗", "x", "failed", "error"),
    "rejected": ("✗", "x", "refused", "error"),
    "expired": ("✗", "x", "paid, but the file could not be had", "error"),
    "unknown": ("?", "?", "outcome unknown", "error"),
    "pending": ("…", "~", "not finished", "warning"),
}
"""How a job ended: its mark, the same in ASCII, in words, and the style."""

_WHAT = {"submit": "sending", "poll": "a query", "download": "the download"}


def describe(event: RunEvent) -> str:
    """What happened, without the job's name; "" for what needs no line."""
    tell = _SENTENCES.get(type(event))
    return tell(event) if tell else ""


def describe_with_name(event: RunEvent) -> str:
    """The same with the job's name before it."""
    said = describe(event)
    return f"{event.job}: {said}" if event.job and said else said


def describe_result(event: JobEnded) -> str:
    """What came of a job: the paths, the reason, the cost."""
    cost = _cost(event.cost) if event.state != "skipped" else ""
    return " ".join(part for part in (*event.paths, event.reason, cost) if part)


def _ended(event: JobEnded) -> str:
    word, told = ENDINGS[event.state][2], describe_result(event)
    return f"{word}{' ' if event.paths or not event.reason else ': '}{told}".rstrip()


def _accepted(event: Accepted) -> str:
    return f"accepted as {event.task_id}{' (the service had it already)' if event.adopted else ''}"


def _progressed(event: Progressed) -> str:
    done = fraction(event.progress)
    return event.status if done is None else f"{event.status} {format_percent(done)}"


def _downloading(event: Downloading) -> str:
    return "downloading" if event.total is None else f"downloading {format_size(event.total)}"


def _retrying(event: Retrying) -> str:
    return f"{_WHAT[event.what]} failed, again in {event.delay:.0f} s: {event.reason}"


def _cost(cost: Decimal | None) -> str:
    return "" if cost is None else f"({format_usd(cost)})"


_SENTENCES: dict[type[RunEvent], Callable[[Any], str]] = {
    Submitting: lambda event: f"sending as {event.external_task_id}",
    Accepted: _accepted,
    Progressed: _progressed,
    Generated: lambda event: f"completed {_cost(event.cost)}".rstrip(),
    Downloading: _downloading,
    Retrying: _retrying,
    JobEnded: _ended,
    Notice: lambda event: event.text,
}
