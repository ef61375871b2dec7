"""Reconciliation by external id: what the service has under an id, asked before it is sent and after a lost answer."""

from typing import Final

from kirin_cli.api.client import CreateResult, CreateStatus, QueryResult, QueryStatus
from kirin_cli.api.retry import RETRIES
from kirin_cli.errors import BalanceInsufficient, KirinError, NotPermitted, ServiceUnreachable
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.queries import entries_with_id
from kirin_cli.ledger.states import MAY_BE_CHARGED, LedgerEvent, LedgerState, grace_seconds_left, is_allowed
from kirin_cli.run.events import Accepted
from kirin_cli.run.job_run import Finished, Hold, JobRun, NextStep, Wait, describe_reply
from kirin_cli.run.outcomes import (
    SENT_TWICE,
    failure_text,
    finish,
    finish_conflict,
    finish_pending,
    finish_rejected,
    finish_unknown,
    recorded_failure,
    was_sent_twice,
)
from kirin_cli.wire.responses import ServiceFailure, Task

KEY_HINT: Final = "kirin auth status says which key that is; with another one the same command again goes on"
BALANCE_HINT: Final = "top up the account; then the same command again goes on"
DENIALS: Final = frozenset({QueryStatus.DENIED, QueryStatus.NO_BALANCE})
NOT_YET_FOUND: Final = "the service does not know the task yet"
MAX_ABSENCE_AGE: Final = 30.0
"""Seconds for which an answer "no such task" permits a submission: an upload, or a pause, may take longer."""
FIREWALL_HINT: Final = (
    "a web page is the answer of a firewall or a proxy, not of the service: the key was not even looked at"
)
ELSEWHERE: Final = "already made elsewhere, taken up"


def denial_error(result: CreateResult | QueryResult) -> KirinError:
    """Why the run stops: the key, or the balance."""
    status = result.verdict if isinstance(result, CreateResult) else result.kind
    if status in {CreateStatus.NO_BALANCE, QueryStatus.NO_BALANCE}:
        return BalanceInsufficient(f"the balance is insufficient: {describe_reply(result)}", hint=BALANCE_HINT)
    if result.is_page:
        message = f"something on the way to the service refuses the request: {describe_reply(result)}"
        return ServiceUnreachable(message, hint=FIREWALL_HINT)
    return NotPermitted(f"the service refuses the key: {describe_reply(result)}", hint=KEY_HINT)


def stop_run(job_run: JobRun, result: CreateResult | QueryResult) -> Finished:
    """The key or the balance will not do: nothing more is submitted, and this job waits for a better day."""
    error = denial_error(result)
    job_run.context.limits.stop(error)
    return finish_pending(job_run, error)


def retry_unreached(job_run: JobRun, result: CreateResult | QueryResult) -> NextStep:
    """Nothing has left, for certain: try again a few times, unless that cannot help."""
    policy = RETRIES["create"]
    is_final = result.fault is not None and result.fault.kind not in policy.errors
    if is_final or policy.gives_up(job_run.failures + 1) or not job_run.context.limits.take_retry():
        message = f"the service could not be reached: {describe_reply(result)}"
        hint = result.fault.hint if result.fault else ""
        return finish_pending(job_run, ServiceUnreachable(message, hint=hint))
    return job_run.retry("submit", describe_reply(result))


def asks_first(job_run: JobRun) -> bool:
    """Whether the id may be known to the service before this process sends it, so that a query comes first.

    That of a job in a file is the same on every machine, one that a person gave may be any task's, an earlier owner or
    an earlier key may have sent it. Only the random id of a one-off is nobody else's (promise 6).
    """
    job, entry = job_run.job, job_run.entry
    return bool(job.file or job.has_own_id or job_run.inherited or entry.counters.exposed or _twins(job_run))


def is_absent(job_run: JobRun) -> bool:
    """Whether the service said a moment ago that it has no task of this id."""
    return job_run.absent_at is not None and job_run.context.clock.now() - job_run.absent_at <= MAX_ABSENCE_AGE


def _twins(job_run: JobRun) -> list[LedgerEntry]:
    """Entries of the same id under earlier keys that were sent, or may have been."""
    entry = job_run.entry
    if entry.counters.posts:
        return []
    twins = entries_with_id(job_run.context.ledger.store, entry.origin, entry.external_id, besides=entry.id)
    return [twin for twin in twins if twin.counters.exposed]


def _paid_twin(job_run: JobRun, twins: list[LedgerEntry]) -> LedgerEntry | None:
    """That of the twins which became a task, of another account it seems; None where a new video is asked for."""
    paid = (twin for twin in twins if twin.task_id and twin.state is not LedgerState.FAILED)
    return None if job_run.job.redo_round else next(paid, None)


def _query(job_run: JobRun) -> QueryResult:
    """Ask for the external id. Under one that a person gave, and that was never sent, any task is found (fault S23)."""
    state, counters = job_run.entry.state, job_run.entry.counters
    if job_run.job.has_own_id and counters.exposed <= 1 and state in {LedgerState.INTENT, LedgerState.REFUSED}:
        return job_run.query_id(job_run.job.external_id)
    return job_run.query()


def query_before_send(job_run: JobRun) -> NextStep:
    """Ask for an id that the service may know, before it is sent from here; without an answer nothing is sent."""
    twins = _twins(job_run)
    unclear = [twin.last_sent or 0.0 for twin in twins if twin.state in MAY_BE_CHARGED]
    if unclear:
        _start_grace_period(job_run, max(unclear))
    result, now = _query(job_run), job_run.context.clock.now()
    match result.kind:
        case QueryStatus.FOUND if result.task:
            return _on_found_before_send(job_run, result.task, twins)
        case QueryStatus.DENIED | QueryStatus.NO_BALANCE:
            return stop_run(job_run, result)
        case QueryStatus.ABSENT if now < (job_run.grace_until or 0.0):
            return job_run.retry("reconcile", NOT_YET_FOUND, result.retry_after)
        case QueryStatus.ABSENT if paid := _paid_twin(job_run, twins):
            message = f"it was sent with another key, as task {paid.task_id}, and this key does not find that"
            anew = "another external_task_id" if job_run.job.has_own_id else "--again"
            hint = f"with that key the same command goes on; {anew} makes a new video, at new cost"
            return finish_pending(job_run, NotPermitted(f"{message}; nothing was sent", hint=hint))
        case QueryStatus.ABSENT:
            # Refusals to send, for a rate or for the network, stay counted: their pauses go on growing.
            job_run.absent_at, job_run.failures = now, job_run.failures - job_run.unanswered
            job_run.unanswered = 0
            return Wait(0)
        case _:
            return _on_no_answer(job_run, result)


def _on_no_answer(job_run: JobRun, result: QueryResult) -> NextStep:
    """Ask again within bounds; then the job is left unsent."""
    if result.fault and result.fault.certainly_not_sent:
        return retry_unreached(job_run, result)
    is_limited = result.status in RETRIES["create"].statuses
    if not is_limited and RETRIES["query first"].gives_up(job_run.unanswered + 1):
        reason = f"the service does not say whether it has the task already ({describe_reply(result)})"
        if job_run.entry.counters.exposed:
            return finish_unknown(job_run, reason)
        return finish_pending(job_run, ServiceUnreachable(f"{reason}, so nothing was sent"))
    job_run.unanswered += 1
    wait = job_run.retry("poll", describe_reply(result), result.retry_after)
    if not is_limited:
        return wait
    job_run.context.limits.pause(wait.seconds)  # it says nothing of tasks: as many as before may run
    return Hold(wait.seconds, to_the_end=True)


def _on_found_before_send(job_run: JobRun, task: Task, twins: list[LedgerEntry]) -> NextStep:
    counters, job = job_run.entry.counters, job_run.job
    is_ours = counters.exposed or any(twin.request == job.request for twin in twins)
    if job.has_own_id and not is_ours:
        return refuse_taken_id(job_run, task)
    if not is_ours:
        job_run.remark = ELSEWHERE
        job_run.notify_once("elsewhere", f"{ELSEWHERE}: task {task.id or job.external_id}; nothing was sent")
    return adopt(job_run, task.id)


def refuse_taken_id(job_run: JobRun, task: Task | None, reason: str = "") -> NextStep:
    """An id that a person gave is another task's: the old clip is not the new prompt (promise 10)."""
    what = f"calls it a duplicate ({reason})"
    if task:
        facts = ", ".join(filter(None, (str(task.raw.get("model") or ""), task.status)))
        what = f"has task {task.id or job_run.job.external_id} under it" + (f" ({facts})" if facts else "")
    message = f"external_task_id {job_run.job.external_id} is taken: the service {what}, and it was not sent from here"
    facts_text = failure_text(ServiceFailure(task.id if task else "", message))
    if not job_run.transition(LedgerEvent.TAKEN, message, error=facts_text):
        return Wait(0)
    return finish_conflict(job_run)


def mark_accepted(job_run: JobRun, task_id: str, *, adopted: bool) -> NextStep:
    """The service has the task: say so before anything else, then wait for it (promise 3)."""
    job_run.failures = 0
    job_run.running_at = None if adopted else job_run.context.clock.now()
    job_run.emit(Accepted, task_id=task_id, adopted=adopted)
    if was_sent_twice(job_run.entry):
        job_run.notify_once("twice", SENT_TWICE)
    if not job_run.context.wait:
        return finish(job_run, "pending", reason="accepted")
    return Wait(0 if adopted else job_run.context.schedule.first_poll(job_run.task_class))


def adopt(job_run: JobRun, task_id: str) -> NextStep:
    """The service has the task under our external id: go on with it."""
    job_run.transition(LedgerEvent.FOUND, task_id=task_id or job_run.job.external_id, error="")
    return mark_accepted(job_run, job_run.entry.task_id or task_id, adopted=True)


def reconcile(job_run: JobRun) -> NextStep:
    """Ask for the external id of a submission whose outcome is unknown, or which was refused in whatever words.

    Of a refusal on an id that was never sent before one answer 404 is enough; else an absence has to settle.
    """
    result, counters = _query(job_run), job_run.entry.counters
    was_refused = job_run.entry.state is LedgerState.REFUSED
    if result.kind is QueryStatus.FOUND and result.task:
        if was_refused and job_run.job.has_own_id and counters.exposed <= 1:
            return refuse_taken_id(job_run, result.task)
        return adopt(job_run, result.task.id)
    if result.kind in DENIALS:
        job_run.context.limits.stop(denial_error(result))
        return finish_unknown(job_run, describe_reply(result))
    # A service that finds not even what it has accepted finds nothing: its 404 is no absence (fault P12).
    absent = result.kind is QueryStatus.ABSENT and not job_run.context.outages.finds_nothing
    if not job_run.transition(LedgerEvent.NOT_FOUND if absent else LedgerEvent.NO_ANSWER, describe_reply(result)):
        return Wait(0)
    if absent and _is_settled(job_run):
        event = LedgerEvent.DISMISSED if was_refused else LedgerEvent.SETTLED
        if is_allowed(job_run.entry.state, event, job_run.entry.counters):
            job_run.transition(event)
            job_run.absent_at, job_run.failures = job_run.context.clock.now(), 0
            return finish_rejected(job_run, recorded_failure(job_run.entry)) if was_refused else Wait(0)
    return job_run.retry("reconcile", describe_reply(result) or NOT_YET_FOUND, result.retry_after)


def _is_settled(job_run: JobRun) -> bool:
    """Whether an absence counts now: of a refusal on a new id at once, nothing is under way that could still arrive."""
    if job_run.entry.state is LedgerState.REFUSED and job_run.entry.counters.exposed <= 1:
        return True
    _start_grace_period(job_run, job_run.entry.last_sent or 0.0)
    return job_run.context.clock.now() >= (job_run.grace_until or 0.0)


def _start_grace_period(job_run: JobRun, last_sent: float) -> None:
    """Note when an absence counts, by the steady clock: that of the wall may be set meanwhile (fault L6)."""
    if job_run.grace_until is None:
        clock = job_run.context.clock
        left = grace_seconds_left(last_sent, clock.time(), job_run.context.grace_period)
        job_run.grace_until = clock.now() + left
