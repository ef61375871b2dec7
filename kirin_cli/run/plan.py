"""The plan: what a run would do with each job and why, from sidecars and the ledger alone: asks the service nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from functools import cache
from heapq import heappush, heappushpop
from pathlib import Path
from typing import Final, Literal

from kirin_cli.formatting import median
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.pricing import PriceClass, input_seconds
from kirin_cli.modelspec.record import Record
from kirin_cli.run.attempts import FindEntries, was_begun
from kirin_cli.run.job import Job
from kirin_cli.run.prepare import PreparedRun
from kirin_cli.run.prices import JobPrice, PriceList, ledger_class, price_class_of

Action = Literal["send", "skip", "ask", "go on", "fetch", "leave"]
Durations = Callable[[str, str, str], Sequence[float]]
"""Seconds that earlier tasks of a class took (`prices.ledger_class`)."""

OTHER_KEY: Final = "it was sent with another key; the service is asked, and nothing is sent"
FILE_GONE: Final = "its file is gone: fetched again, free"
ACTION_BY_STATE: Final[Mapping[LedgerState, tuple[Action, str]]] = {
    LedgerState.INTENT: ("send", "it was not sent yet"),
    LedgerState.SENDING: ("ask", "it was being sent when the run ended; the service is asked before anything is sent"),
    LedgerState.UNKNOWN: ("ask", "nobody knows whether it was accepted; the service is asked"),
    LedgerState.REFUSED: ("ask", "the service refused it; it is asked whether it has the task all the same"),
    LedgerState.ABSENT: (
        "ask",
        "the service did not know it; kirin resolve decides, or it is sent again with the same id",
    ),
    LedgerState.ACCEPTED: ("go on", "taken up: it is on its way"),
    LedgerState.RUNNING: ("go on", "taken up: it is on its way"),
    LedgerState.SUCCEEDED: ("fetch", "it is generated and paid for"),
    LedgerState.FETCHING: ("fetch", "it is generated and paid for"),
    LedgerState.DONE: ("fetch", FILE_GONE),
    LedgerState.REJECTED: ("leave", "refused before: --retry-failed sends it again"),
    LedgerState.FAILED: ("leave", "failed before: --retry-failed makes a new attempt, at new cost"),
    LedgerState.CONFLICT: ("leave", "its outcome is in conflict; decide with kirin resolve"),
    LedgerState.LOST: ("ask", "the service did not find it; it is asked again"),
    LedgerState.ABANDONED: ("leave", "it was abandoned; decide with kirin resolve"),
    LedgerState.EXPIRED: ("fetch", "its file was not there yet; it is asked for again, free of charge"),
}


class PlannedJob(Record, kw_only=True, eq=True):
    """One job's fate. `price` is what it may cost, `seconds` how long it may take; None: not known yet.

    `price_detail` says in words where the price comes from, or why there is none.
    """

    job: Job
    action: Action
    reason: str
    path: Path
    price: JobPrice | None
    price_detail: str
    seconds: float | None

    @property
    def mode(self) -> str:
        """The mode of the video, "" where the model has none."""
        return self._choice("mode")

    @property
    def duration(self) -> str:
        """Seconds of video: as asked for, else the model's own, else those of the video it edits; "" if unknown."""
        if choice := self._choice("duration"):
            return choice
        seconds = input_seconds(self.job.model, self.job.values)
        return "" if seconds is None else str(seconds)

    def _choice(self, name: str) -> str:
        """What the job asks for, else what its model takes for it where that matters for the price."""
        if given := self.job.values.get(name):
            return str(given)
        default = self.job.model.field_named(name).default if name in self.job.model.names else None
        usual = str(default or "")
        return usual if usual in price_class_of(self.job).words else ""


def plan_jobs(
    prepared: PreparedRun, find_entries: FindEntries, prices: PriceList, durations: Durations,
    sent_with_other_keys: Callable[[], Collection[str]] = tuple,
) -> list[PlannedJob]:  # fmt: skip
    """What would become of each job, in order; none of them may have a finding.

    `find_entries` finds what was sent with the key of the settings; `sent_with_other_keys` gives the external ids of
    what was sent with others.
    """
    prices = PriceList(history=cache(prices.history), assumed=prices.assumed, table=prices.table)
    price_of = cache(prices.price_of_class)
    typical_seconds = cache(lambda task_class: median(times) if (times := durations(*task_class)) else None)
    entries = find_entries([job.external_id for job in prepared.jobs])
    elsewhere = () if sum(map(was_begun, entries.values())) == len(prepared.jobs) else sent_with_other_keys()
    reasons: dict[tuple[PriceClass, int | None], str] = {}
    plans = []
    for job in prepared.jobs:
        entry = entries.get(job.external_id)
        price_class = price_class_of(job)
        seconds = input_seconds(job.model, job.values)
        price = price_of(price_class, seconds or (entry.input_seconds if entry else None))
        if price is None and (price_class, seconds) not in reasons:
            reasons[price_class, seconds] = prices.ways_to_tell(job)[0]
        action, reason = _planned_action(
            job, entry, prepared, of_other_key=job.external_id in elsewhere and not job.redo_round
        )
        plans.append(
            PlannedJob(
                job=job, action=action, reason=reason, path=prepared.paths[job.external_id],
                price=price, price_detail=price.detail if price else reasons[price_class, seconds],
                seconds=typical_seconds(ledger_class(price_class)),
            )
        )  # fmt: skip
    return plans


def _planned_action(
    job: Job, entry: LedgerEntry | None, prepared: PreparedRun, *, of_other_key: bool
) -> tuple[Action, str]:
    """What would become of a job, and why."""
    if skipped := prepared.skipped.get(job.external_id):
        is_moved = any(moved.external_id == job.external_id for moved, _, _ in prepared.put_back)
        return "skip", "its earlier file is put back" if is_moved else skipped.reason
    if job.noted_task:
        return "fetch", FILE_GONE
    if entry is not None and was_begun(entry):
        return ACTION_BY_STATE[entry.state]
    if of_other_key:
        return "ask", OTHER_KEY
    if change := prepared.changes.get(job.external_id):
        return "send", change
    new = f"once more, as attempt {job.attempt}" if job.attempt > 1 else "it is new"
    return ACTION_BY_STATE[entry.state] if entry else ("send", new)


def likely_cost(plans: Sequence[PlannedJob]) -> Decimal | None:
    """What a run may cost in US dollars; None where a job that would be sent has no known price."""
    prices = [plan.price for plan in plans if plan.action == "send"]
    return None if None in prices else sum((price.usd for price in prices if price), Decimal(0))


def likely_seconds(plans: Sequence[PlannedJob], in_flight: int) -> float | None:
    """How long a run may take with so many jobs at once; None where the time of a job to be sent is not known."""
    times = [plan.seconds for plan in plans if plan.action == "send"]
    ends: list[float] = []  # of the jobs in flight
    for seconds in times:
        if seconds is None:
            return None
        start = ends[0] if len(ends) == in_flight else 0.0
        (heappushpop if len(ends) == in_flight else heappush)(ends, start + seconds)
    return max(ends, default=0.0)


SOMETHING_TO_DO: Final = 10
"""The exit code of `kirin plan --detailed-exitcode` where a run would do something."""
NOTHING_TO_DO: Final = frozenset({"skip", "leave"})


def plan_exit_code(plans: Sequence[PlannedJob]) -> int:
    """SOMETHING_TO_DO where a run would send, ask for or fetch anything: a video that is paid for waits to be had."""
    return 0 if NOTHING_TO_DO.issuperset(plan.action for plan in plans) else SOMETHING_TO_DO
