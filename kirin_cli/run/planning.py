"""What a run would do with each job and why, from sidecars and the ledger alone: asks the service nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Final, Literal

from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.states import State
from kirin_cli.run import ends, targets
from kirin_cli.run.budget import Prices
from kirin_cli.run.job import Job
from kirin_cli.run.preparing import EntryOf, Prepared

Action = Literal["send", "skip", "ask", "go on", "fetch", "leave"]
Durations = Callable[[str, str, str], Sequence[float]]
TO_COME: Final = "{task_id}"
"""What stands in a name for the id of a task that is not there yet."""

STORIES: Final[Mapping[State, tuple[Action, str]]] = {
    State.INTENT: ("send", "it was not sent yet"),
    State.SENDING: ("ask", "it was being sent when the run ended; the service is asked before anything is sent"),
    State.UNKNOWN: ("ask", "nobody knows whether it was accepted; the service is asked"),
    State.ABSENT: ("ask", "the service did not know it; kirin resolve decides, or it is sent again with the same id"),
    State.ACCEPTED: ("go on", "the service is at it"),
    State.RUNNING: ("go on", "the service is at it"),
    State.SUCCEEDED: ("fetch", "it is generated and paid for"),
    State.FETCHING: ("fetch", "it is generated and paid for"),
    State.DONE: ("fetch", "it is paid for, but its file is gone"),
    State.REJECTED: ("leave", "the service refused it; --retry-failed sends it again"),
    State.FAILED: ("leave", "it failed; --retry-failed makes a new take, at new cost"),
    State.CONFLICT: ("leave", "its outcome is in conflict; decide with kirin resolve"),
    State.LOST: ("leave", "the service no longer knows it; decide with kirin resolve"),
    State.ABANDONED: ("leave", "it was abandoned; decide with kirin resolve"),
    State.EXPIRED: ("leave", "its file is gone from the service; --again makes a new take, at new cost"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One job's fate. `cost` is what it may cost in US dollars, `seconds` how long it may take; None: not known yet."""

    job: Job
    action: Action
    why: str
    path: Path
    cost: Decimal | None
    seconds: float | None


def planned(
    prepared: Prepared, entry_of: EntryOf, prices: Prices, durations: Durations, day: float = 0.0
) -> list[Planned]:
    """What would become of each job, in order; `day` is now, in seconds since the epoch."""

    def fate(job: Job) -> Planned:
        entry = entry_of(job.external_id)
        path = targets.place_of(job, entry, day, TO_COME)
        known, usual = prices(ends.task_class(job)), durations(*ends.task_class(job))
        cost, seconds = max(known) if known else None, median(usual) if usual else None
        action, why = _fate(job, prepared, entry)
        return Planned(job=job, action=action, why=why, path=path, cost=cost, seconds=seconds)

    return [fate(job) for job in prepared.jobs]


def likely_cost(plans: Sequence[Planned]) -> Decimal | None:
    """What a run may cost in US dollars; None where a job that would be sent has no known price."""
    costs = [plan.cost for plan in plans if plan.action == "send"]
    return None if None in costs else sum(filter(None, costs), Decimal(0))


def _fate(job: Job, prepared: Prepared, entry: Entry | None) -> tuple[Action, str]:
    skipped = prepared.skipped.get(job.external_id)
    if skipped is not None:
        return "skip", skipped.reason
    return ("send", "it is new") if entry is None else STORIES[entry.state]
