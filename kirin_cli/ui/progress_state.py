"""The state of a run as its events tell it: rows, counts, time left; and events as sentences. Draws nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from kirin_cli.formatting import format_clock, format_size, format_usd, fraction, median
from kirin_cli.ledger.states import JobState
from kirin_cli.run.events import (
    Accepted,
    Downloading,
    Generated,
    JobEnded,
    Notice,
    Pause,
    Progressed,
    Queued,
    Retrying,
    RunEvent,
    Submitting,
)
from kirin_cli.ui.console import Style
from kirin_cli.ui.eta import EtaEstimator, JobDurations, batch_seconds_left

_COUNTED_AS: dict[JobState, str] = {"rejected": "failed", "expired": "failed"}
_ORDER = ("done", "skipped", "failed", "unknown", "pending")


@dataclass(slots=True)
class JobRow:
    """A running job. `fraction` (0.0-1.0) is of the generation, or of the download once `fetching`; None: not known.

    `title` is what people see; `likely_seconds` how long it takes, None where nobody knows. `since` is when the row
    appeared, `begun` when the service was first known to have the task, None: not yet;
    `retry_at` when something is tried again, where `is_retrying`.
    """

    job: str
    model: str
    since: float
    eta: EtaEstimator
    title: str = ""
    likely_seconds: float | None = None
    status: str = "sending"
    fraction: float | None = None
    fetching: bool = False
    cost: Decimal = Decimal(0)
    is_retrying: bool = False
    retry_at: float = 0.0
    retry_reason: str = ""
    begun: float | None = None

    def status_text(self, now: float) -> str:
        """What becomes of it now: its status, or in how many seconds something is tried again."""
        return f"again in {max(0.0, self.retry_at - now):.0f} s" if self.is_retrying else self.status

    def age(self, now: float) -> float:
        """For how many seconds the service has had it, a pause before it was sent left out."""
        return now - (self.since if self.begun is None else self.begun)

    @property
    def advance(self) -> tuple[bool, float, float]:
        """Sorts rows by how far they are."""
        return self.fetching, self.fraction or 0.0, -self.since

    def seconds_left(self, now: float) -> float | None:
        """Seconds to its end by its own pace, else by how long such jobs take; None where nothing sensible is known."""
        left = self.eta.seconds_left(now) if self.fraction is not None else None
        is_held = self.is_retrying and self.begun is None
        if left is None and self.likely_seconds is not None and not self.fetching and not is_held:
            left = self.likely_seconds - self.age(now)
        return left if left is not None and left >= 1 else None


class ProgressState:
    """Takes events in; `rows` are the running jobs by name, in the order in which they started.

    `is_sandbox`: what is spent is no money.
    """

    def __init__(self, total: int, clock: Callable[[], float], *, is_sandbox: bool = False) -> None:
        self.total = total
        self.clock = clock
        self.started = clock()
        self.rows: dict[str, JobRow] = {}
        self.spent = Decimal(0)
        self.is_sandbox = is_sandbox
        self._queued: dict[str, Queued] = {}
        self._titles: Counter[str] = Counter()
        self._durations = JobDurations()
        self._ended: Counter[str] = Counter()
        self._paused_until = 0.0
        self._max_rows = 0

    def apply(self, event: RunEvent) -> bool:
        """Take one event in; false where it only repeats a complaint that was made already.

        A row begins with the first thing that happens to a job that was queued, and ends with Ended; what comes late
        changes nothing.
        """
        match event:
            case Queued():
                self._queued[event.job] = event
            case Submitting():
                row = self._row(event.job)
                row.status, row.is_retrying = "sending", False
            case Accepted():
                row = self._row(event.job)
                row.status, row.begun, row.is_retrying = "accepted", self.clock(), False
            case Pause():
                self._paused_until = self.clock() + event.delay
            case JobEnded():
                self._end(event)
            case Notice():
                pass
            case _ if event.job in self.rows or event.job in self._queued:  # taken up, its task is known already
                return self._change(self._row(event.job), event)
        return True

    def _row(self, job: str) -> JobRow:
        if job not in self.rows:
            queued = self._queued.pop(job, None) or Queued(job=job, at=0.0, model="")
            row = JobRow(job, queued.model, self.clock(), EtaEstimator(), queued.title or job, queued.likely_seconds)
            self._titles[row.title] += 1
            if self._titles[row.title] > 1:
                row.title = f"{self._titles[row.title]}: {row.title}"
            self.rows[job] = row
            self._max_rows = max(self._max_rows, len(self.rows))
        return self.rows[job]

    def _change(self, row: JobRow, event: RunEvent) -> bool:
        if row.begun is None and isinstance(event, Progressed | Generated | Downloading):
            row.begun = self.clock()
        match event:
            case Progressed():
                row.status, row.is_retrying = event.status, False
                self._move(row, event.progress)
            case Generated():
                row.status, row.fraction, row.is_retrying = "completed", 1.0, False
                self._pay(row, event.cost)
            case Downloading():
                if not row.fetching:
                    row.fetching, row.eta = True, EtaEstimator()
                row.status, row.is_retrying = "downloading", False
                self._move(row, event.received / event.total if event.total else None)
            case Retrying():
                row.retry_at, row.is_retrying = self.clock() + event.delay, True
                before, row.retry_reason = row.retry_reason, f"{event.what} {event.reason}"
                return row.retry_reason != before
        return True

    def _move(self, row: JobRow, progress: float | None) -> None:
        row.fraction = fraction(progress)
        if row.fraction is not None:
            row.eta.add(self.clock(), row.fraction)

    @property
    def cost(self) -> str:
        """What was spent; in a sandbox, what it would have been."""
        return format_usd(self.spent) + (" pretended" if self.is_sandbox else "")

    def _pay(self, row: JobRow, cost: Decimal | None) -> None:
        if cost is not None:
            self.spent += cost - row.cost
            row.cost = cost

    def _end(self, event: JobEnded) -> None:
        row = self.rows.pop(event.job, None)
        if row and event.state == "done":
            self._durations.add(row.model, row.age(self.clock()), row.likely_seconds)
        row = row or JobRow(event.job, "", 0.0, EtaEstimator())
        self._queued.pop(event.job, None)
        self._ended[_COUNTED_AS.get(event.state, event.state)] += 1
        if event.state != "skipped":
            self._pay(row, event.cost)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.started

    @property
    def seconds_left(self) -> float | None:
        """Seconds until every job has ended; None where it is not known how long some of them take.

        After a pause half as many run at once as did before, for a start.
        """
        now, pause = self.clock(), self.pause_left
        lefts = [(row, row.seconds_left(now)) for row in self.rows.values()]
        projected = [row.age(now) + left for row, left in lefts if left is not None]
        fallback = median(projected) if projected else None
        running, waiting = [left for _, left in lefts if left is not None], []
        jobs = Counter((job.model, job.likely_seconds) for job in self._queued.values())
        for (model, likely), number in jobs.items():
            seconds = self._durations.typical(model, likely) or fallback
            if seconds is None:
                return None
            waiting += [seconds] * number
        for row in (row for row, left in lefts if left is None):
            seconds = self._durations.typical(row.model, row.likely_seconds) or fallback
            if seconds is None:
                return None
            if pause and row.begun is None:
                waiting.append(seconds)
            else:
                running.append(max(0.0, seconds - row.age(now)))
        left = batch_seconds_left(running, () if pause else waiting, max(1, len(running)))
        if pause and waiting:
            in_flight = max(1, len(running), self._max_rows // 2)
            left = max(left, pause + batch_seconds_left((), waiting, in_flight))
        return left if left >= 1 else None

    @property
    def pause_left(self) -> float:
        """For how many seconds what is left to be sent waits, since the service takes no more; 0.0: not at all."""
        is_left = self._queued or any(row.begun is None for row in self.rows.values())
        return max(0.0, self._paused_until - self.clock()) if is_left else 0.0

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many jobs are done (always there), skipped, failed, unknown, pending, running and waiting."""
        waiting = max(0, self.total - len(self.rows) - self._ended.total())
        counts = [*((state, self._ended[state]) for state in _ORDER), ("running", len(self.rows)), ("waiting", waiting)]
        return [(state, number) for state, number in counts if number or state == "done"]

    @property
    def time_left(self) -> str:
        """How long it takes until all jobs have ended: about 9:10 left; "" where that is not known.

        And for how long nothing is sent, where the service takes no more.
        """
        left, pause = self.seconds_left, self.pause_left
        texts = ["" if left is None else f"about {format_clock(left)} left"]
        texts += [f"nothing is sent for {format_clock(pause)}"] if pause >= 1 else []
        return ", ".join(filter(None, texts))

    def summary(self) -> str:
        """The run in one line: 2 of 6 done, 1 failed, 3 running in 4:30, $0.56, about 1:10 left."""
        (_, done), *rest = self.counts
        counts = ", ".join((f"{done} of {self.total} done", *(f"{number} {state}" for state, number in rest)))
        cost = self.cost if self.spent else ""
        return ", ".join(filter(None, (f"{counts} in {format_clock(self.elapsed)}", cost, self.time_left)))


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

_RETRIES = {
    "submit": "sending failed, again in", "poll": "a query failed, again in",
    "download": "the download failed, again in",
    "reconcile": "it is not known whether it was accepted; asking in",
}  # fmt: skip


def describe(event: RunEvent) -> str:
    """What happened, without the job's name; "" for what needs no line."""
    text = ""
    match event:
        case Submitting():
            text = f"sending as {event.external_task_id}"
        case Accepted():
            text = f"accepted as {event.task_id}{' (the service had it already)' if event.adopted else ''}"
        case Progressed():
            text = event.status
        case Generated():
            text = f"completed {_cost(event.cost)}".rstrip()
        case Downloading():
            text = "downloading" if event.total is None else f"downloading {format_size(event.total)}"
        case Retrying():
            text = f"{_RETRIES[event.what]} {event.delay:.0f} s: {event.reason}"
        case JobEnded():
            colon = "" if event.paths or not event.reason else ":"
            text = f"{ENDINGS[event.state][2]}{colon} {describe_result(event)}".rstrip()
        case Notice():
            text = event.text
    return text


def describe_with_name(event: RunEvent) -> str:
    """The same with the job's name before it."""
    text = describe(event)
    return f"{event.job}: {text}" if event.job and text else text


def describe_result(event: JobEnded) -> str:
    """What came of a job: the paths, the reason, the cost."""
    cost = _cost(event.cost) if event.state != "skipped" else ""
    reason = event.reason.removeprefix(f"{ENDINGS[event.state][2]}: ")  # which stands before it already
    return " ".join(filter(None, (*event.paths, reason, cost)))


def _cost(cost: Decimal | None) -> str:
    return "" if cost is None else f"({format_usd(cost)})"
