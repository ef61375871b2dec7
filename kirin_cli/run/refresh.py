"""The refresh of ledger entries: each task is asked for once. Sends nothing, fetches nothing, waits for nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from kirin_cli.errors import KirinError
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.states import LedgerState
from kirin_cli.models import MODELS
from kirin_cli.modelspec.record import Record
from kirin_cli.run.events import EventListener, Retrying, RunEvent
from kirin_cli.run.job import Job, OutputTarget
from kirin_cli.run.job_run import JobRun, NextStep, RunContext, Wait
from kirin_cli.run.poll import poll
from kirin_cli.run.reconcile import reconcile
from kirin_cli.run.submit import mark_owner_died
from kirin_cli.run.work_queue import ask_all

QUERIES: Final[Mapping[LedgerState, Callable[[JobRun], NextStep]]] = {
    LedgerState.SENDING: mark_owner_died,
    LedgerState.UNKNOWN: reconcile,
    LedgerState.REFUSED: reconcile,
    LedgerState.ACCEPTED: poll,
    LedgerState.RUNNING: poll,
    LedgerState.LOST: poll,
}
"""The step that asks, for each state in which there is something to ask."""
MAX_STEPS: Final = 3
SHUTDOWN_SECONDS: Final = 1.0
"""Seconds that answers under way get after an interruption."""


class RefreshResult(Record):
    """How many tasks were asked for, how many of them without an answer, and why; `error` is of the key or balance.

    `held` are under way too, and left to another living process.
    """

    asked: int
    unanswered: int = 0
    reason: str = ""
    error: KirinError | None = None
    held: int = 0


def refresh(entries: Iterable[LedgerEntry], context: RunContext, leases: Leases) -> RefreshResult:
    """Ask for the task of each entry that is not at its end, and write down what the service says.

    One that a living process looks after is left to that. An interruption waits for no answer (fault G1). Raises
    LocalError.
    """
    reasons: list[str] = []

    def listen(event: RunEvent) -> None:
        if isinstance(event, Retrying):
            reasons.append(event.reason)

    listener: EventListener = listen
    context = replace(context, emit=listener, submits=False, fetches=False)
    open_entries = [entry for entry in entries if entry.state in QUERIES and entry.model in MODELS]
    questions = {number: partial(_ask, entry, context, leases) for number, entry in enumerate(open_entries)}
    asked = sum(ask_all(questions, name="refresh", shutdown_seconds=SHUTDOWN_SECONDS).values())
    reason = reasons[0] if reasons else ""
    return RefreshResult(asked, len(reasons), reason, context.limits.stop_reason(), held=len(open_entries) - asked)


def _ask(entry: LedgerEntry, context: RunContext, leases: Leases) -> bool:
    """Ask for one task; whether it was asked for."""
    if context.limits.stop_reason() is not None:
        return False
    lease = leases.acquire(entry)
    if not lease.granted:
        return False
    job_run = JobRun(
        job=_job_to_ask_for(entry), entry=lease.entry, context=context, has_lease=True, inherited=lease.took_over
    )
    try:
        for _ in range(MAX_STEPS):
            step = QUERIES.get(job_run.entry.state) if job_run.has_lease else None
            following = step(job_run) if step else None
            if not isinstance(following, Wait) or following.seconds:
                break
    finally:
        leases.release(job_run.entry)
    return True


def _job_to_ask_for(entry: LedgerEntry) -> Job:
    """The job of an entry without its media, which nothing is made of here."""
    return Job(
        name=entry.job, label=entry.job or entry.external_id, model=MODELS[entry.model], request=entry.request,
        values={}, external_id=entry.external_id, target=OutputTarget(Path(), DEFAULT_TEMPLATE), take=entry.take,
        attempt=entry.attempt, scope=entry.scope, file=entry.job_file,
    )  # fmt: skip
