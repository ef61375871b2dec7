"""The state of a run as its events tell it: one row per running job, the rest as counts. Draws nothing.

Times are seconds of the steady clock that is passed in, not the events' own: that one may jump. Not thread-safe.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from kirin_cli.run.amounts import money
from kirin_cli.run.events import (
    Accepted,
    Downloading,
    Ended,
    Event,
    Generated,
    Noted,
    Progressed,
    Queued,
    Retrying,
    State,
    Submitting,
)
from kirin_cli.ui.amounts import duration, fraction
from kirin_cli.ui.pace import Pace

_GROUPS: dict[State, str] = {"rejected": "failed", "expired": "failed"}
_ORDER = ("done", "skipped", "failed", "unknown", "pending")


@dataclass(slots=True)
class Row:
    """A running job. `fraction` (0.0-1.0) is of the generation, or of the download once `fetching`; None: not known."""

    job: str
    model: str
    since: float
    pace: Pace
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


class Board:
    """Takes events in; `rows` are the running jobs by name, in the order in which they started."""

    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        self.total = total
        self.clock = clock
        self.started = clock()
        self.rows: dict[str, Row] = {}
        self.spent = Decimal(0)
        self._models: dict[str, str] = {}
        self._ended: Counter[str] = Counter()

    def apply(self, event: Event) -> bool:
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
            case Ended():
                self._end(event)
            case Noted():
                pass
            case _ if event.job in self.rows or event.job in self._models:  # taken up, its task is known already
                return self._change(self._row(event.job), event)
        return True

    def _row(self, job: str) -> Row:
        if job not in self.rows:
            now = self.clock()
            self.rows[job] = Row(job, self._models.pop(job, ""), now, Pace())
        return self.rows[job]

    def _change(self, row: Row, event: Event) -> bool:
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

    def _move(self, row: Row, progress: float | None) -> None:
        row.fraction = fraction(progress)
        if row.fraction is not None:
            row.pace.note(self.clock(), row.fraction)

    def _fetch(self, row: Row, event: Downloading) -> None:
        if not row.fetching:
            row.fetching, row.pace = True, Pace()
        row.word, row.troubled = "downloading", False
        self._move(row, event.received / event.total if event.total else None)

    def _pay(self, row: Row, cost: Decimal | None) -> None:
        if cost is not None:
            self.spent += cost - row.cost
            row.cost = cost

    def _end(self, event: Ended) -> None:
        row = self.rows.pop(event.job, None) or Row(event.job, "", 0.0, Pace())
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
        cost = f", {money(self.spent)}" if self.spent else ""
        return f"{counted} of {self.total} in {duration(self.elapsed)}{cost}"
