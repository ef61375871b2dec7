"""Submission of a job, and reconciliation by its external id where the answer was lost."""

from collections.abc import Mapping
from typing import Final

from kirin_cli.api.client import CreateResult, CreateStatus, QueryResult, QueryStatus
from kirin_cli.api.retry import RETRIES
from kirin_cli.errors import (
    BalanceInsufficient,
    GenerationFailed,
    KirinError,
    LocalError,
    NotPermitted,
    ServiceUnreachable,
)
from kirin_cli.ledger.ledger import EntryUpdate
from kirin_cli.ledger.queries import entries_with_id
from kirin_cli.ledger.states import (
    MAY_BE_CHARGED,
    LedgerEvent,
    LedgerState,
    grace_seconds_left,
    is_allowed,
    refusal_event,
)
from kirin_cli.media.request_body import JsonBody
from kirin_cli.run.events import Accepted, Submitting, Uploading
from kirin_cli.run.job import Outcome
from kirin_cli.run.job_run import Finished, JobRun, NextStep, Wait
from kirin_cli.run.outcomes import (
    failure_text,
    finish,
    finish_blocked,
    finish_pending,
    finish_rejected,
    finish_stopped,
    finish_unknown,
    task_class_of,
)
from kirin_cli.run.outputs import ensure_writable, path_for_entry
from kirin_cli.run.prepare import fill_references
from kirin_cli.run.uploads import upload_local_videos
from kirin_cli.wire.responses import TaskState

KEY_HINT: Final = "check KIRIN_API_KEY; `kirin run` again goes on with the jobs that were not sent"
BALANCE_HINT: Final = "top up the account; `kirin run` again goes on with the jobs that were not sent"
DENIALS: Final = frozenset({QueryStatus.DENIED, QueryStatus.NO_BALANCE})
NOT_YET_FOUND: Final = "the service does not know the task yet"
GOOD: Final = frozenset({"done", "skipped"})
EVENTS: Final = {
    CreateStatus.ACCEPTED: LedgerEvent.ACCEPTED,
    CreateStatus.NOT_SENT: LedgerEvent.NOT_SENT,
    CreateStatus.RATE_LIMITED: LedgerEvent.RATE_LIMITED,
    CreateStatus.DENIED: LedgerEvent.BLOCKED,
    CreateStatus.NO_BALANCE: LedgerEvent.BLOCKED,
    CreateStatus.DUPLICATE: LedgerEvent.DUPLICATE,
    CreateStatus.AMBIGUOUS: LedgerEvent.AMBIGUOUS,
}


def describe_reply(result: CreateResult | QueryResult) -> str:
    """What came back, in a few words."""
    if result.fault:
        return result.fault.message
    message, request_id = (result.failure.message, result.failure.request_id) if result.failure else ("", "")
    text = ": ".join(filter(None, (f"HTTP {result.status}", message)))
    return f"{text} (request id {request_id})" if request_id else text


def denial_error(result: CreateResult | QueryResult) -> KirinError:
    """Why the run stops: the key, or the balance."""
    status = result.verdict if isinstance(result, CreateResult) else result.kind
    if status in {CreateStatus.NO_BALANCE, QueryStatus.NO_BALANCE}:
        return BalanceInsufficient(f"the balance is insufficient: {describe_reply(result)}", hint=BALANCE_HINT)
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
        return finish_pending(job_run, ServiceUnreachable(message))
    return job_run.retry("submit", describe_reply(result))


def submit(job_run: JobRun) -> NextStep:
    """Make sure that the job may and can be sent, then send it."""
    stop_reason = job_run.context.limits.stop_reason() or job_run.unaffordable
    if stop_reason is not None:
        end = finish_stopped if job_run.entry.state is LedgerState.INTENT else finish_pending
        return end(job_run, stop_reason)
    if must_query_first(job_run):
        return query_before_send(job_run)
    if job_run.job.unsendable:
        return finish_pending(job_run, LocalError(job_run.job.unsendable, hint="run its job file again"))
    values = resolve_dependencies(job_run)
    return _send(job_run, values) if isinstance(values, Mapping) else values


def must_query_first(job_run: JobRun) -> bool:
    """Whether somebody else may have sent this id: an owner who died, or this person under an earlier key."""
    if job_run.was_queried:
        return False
    entry, store = job_run.entry, job_run.context.ledger.store
    twins = [] if entry.counters.posts else entries_with_id(store, entry.origin, entry.external_id)
    sent = [twin for twin in twins if twin.counters.exposed]
    unclear = [twin.last_sent or 0.0 for twin in sent if twin.state in MAY_BE_CHARGED]
    if unclear:
        _start_grace_period(job_run, max(unclear))
    return job_run.inherited or bool(sent)


def query_before_send(job_run: JobRun) -> NextStep:
    """Ask for an id that somebody else may have sent, before it is sent from here."""
    result = job_run.context.client.query(job_run.job.external_id)
    if result.kind is QueryStatus.FOUND and result.task:
        return _adopt(job_run, result.task.id)
    if result.kind in DENIALS:
        return stop_run(job_run, result)
    if result.fault and result.fault.certainly_not_sent:
        return retry_unreached(job_run, result)
    if result.kind is not QueryStatus.ABSENT or job_run.context.clock.now() < (job_run.grace_until or 0.0):
        return job_run.retry("submit", describe_reply(result) or NOT_YET_FOUND, result.retry_after)
    job_run.was_queried, job_run.failures = True, 0
    return Wait(0)


def resolve_dependencies(job_run: JobRun) -> Mapping[str, object] | NextStep:
    """The parameters with fresh URLs in place of references, or what to do before that."""
    if not job_run.job.needs:
        return job_run.job.request_values
    bad = next((outcome for outcome in job_run.needed_outcomes.values() if outcome.state not in GOOD), None)
    if bad:
        return finish_blocked(job_run, bad)
    urls = {}
    for name, outcome in job_run.needed_outcomes.items():
        url = _fresh_url(job_run, outcome)
        if not isinstance(url, str):
            return url
        urls[name] = url
    filled = fill_references(job_run.job.request_values, urls)
    assert isinstance(filled, Mapping)  # noqa: S101  (a mapping stays one)
    return filled


def _fresh_url(job_run: JobRun, outcome: Outcome) -> str | NextStep:
    """The URL of the first output as the service gives it now; an earlier one may have expired."""
    result = job_run.context.client.query(outcome.task_id or outcome.job.external_id)
    if result.kind is QueryStatus.FOUND and result.task and result.task.outputs:
        return result.task.outputs[0].url
    if result.kind in DENIALS:
        return stop_run(job_run, result)
    if result.kind is QueryStatus.ABSENT or (result.task and result.task.state is not TaskState.RUNNING):
        return finish_blocked(job_run, outcome, "the service no longer gives its result")
    if result.fault and result.fault.certainly_not_sent:
        return retry_unreached(job_run, result)
    return job_run.retry("submit", describe_reply(result), result.retry_after)


def _send(job_run: JobRun, values: Mapping[str, object]) -> NextStep:
    """Make everything ready that can fail before anything is paid for, then post."""
    ensure_writable(path_for_entry(job_run.job, job_run.entry).parent)
    try:
        uploaded = upload_local_videos(
            values, job_run.context.uploader, lambda sent, total: job_run.emit(Uploading, sent=sent, total=total)
        )
    except NotPermitted as denial:
        job_run.context.limits.stop(denial)
        return finish_pending(job_run, denial)
    except (ServiceUnreachable, GenerationFailed) as error:
        return finish_pending(job_run, error)
    body = JsonBody(job_run.context.dialect.build_body(job_run.job.model, uploaded))
    body.verify()
    return _post(job_run, body)


def _post(job_run: JobRun, body: JsonBody) -> NextStep:
    """Commit the intent to send, send, and write down what came of it (promise 1)."""
    context = job_run.context
    event = LedgerEvent.RESEND if job_run.entry.state is LedgerState.ABSENT else LedgerEvent.SEND
    if context.limits.stop_reason() or not job_run.transition(event):
        return Wait(0)
    job_run.grace_until = context.clock.now() + context.grace_period
    job_run.emit(Submitting, external_task_id=job_run.job.external_id)
    try:
        result = context.client.create(body, sent_before=job_run.entry.counters.exposed > 1)
    except KirinError as error:
        # Raised before the first byte has left: the intent is what it was.
        job_run.transition(LedgerEvent.NOT_SENT, error.message)
        raise
    refused = result.verdict is CreateStatus.REFUSED
    event = refusal_event(job_run.entry.counters) if refused else EVENTS[result.verdict]
    update: EntryUpdate = {}
    if event is not LedgerEvent.ACCEPTED and result.failure and result.failure.message:
        update = {"error": failure_text(result.failure)}  # shown in every message about it
    elif event is LedgerEvent.ACCEPTED and result.task:
        update = {"task_id": result.task.id}
    job_run.note_answer(result)
    job_run.transition(event, describe_reply(result), **update)
    return _after_post(job_run, result)


def _after_post(job_run: JobRun, result: CreateResult) -> NextStep:
    match result.verdict:
        case CreateStatus.ACCEPTED if result.task:
            return mark_accepted(job_run, result.task.id, adopted=False)
        case CreateStatus.NOT_SENT:
            return retry_unreached(job_run, result)
        case CreateStatus.RATE_LIMITED:
            job_run.context.limits.on_rate_limited()
            return job_run.retry("submit", describe_reply(result), result.retry_after)
        case CreateStatus.DENIED | CreateStatus.NO_BALANCE:
            return stop_run(job_run, result)
        case CreateStatus.REFUSED if job_run.entry.state is LedgerState.REJECTED:
            return finish_rejected(job_run, result.failure)
        case _:
            return job_run.retry("submit", describe_reply(result))


def mark_owner_died(job_run: JobRun) -> NextStep:
    """An entry that was being sent when its process died: it may have arrived, so ask before anything else."""
    job_run.transition(LedgerEvent.OWNER_DIED, "the process that sent it has ended")
    return Wait(0)


def mark_accepted(job_run: JobRun, task_id: str, *, adopted: bool) -> NextStep:
    """The service has the task: say so before anything else, then wait for it (promise 3)."""
    job_run.failures = 0
    job_run.running_at = None if adopted else job_run.context.clock.now()
    job_run.emit(Accepted, task_id=task_id, adopted=adopted)
    if not job_run.context.wait:
        return finish(job_run, "pending", reason="accepted")
    return Wait(0 if adopted else job_run.context.schedule.first_poll(task_class_of(job_run.job)))


def _adopt(job_run: JobRun, task_id: str) -> NextStep:
    job_run.transition(LedgerEvent.FOUND, task_id=task_id or job_run.job.external_id)
    return mark_accepted(job_run, job_run.entry.task_id or task_id, adopted=True)


def reconcile(job_run: JobRun) -> NextStep:
    """Ask the service for the external id of a sending whose outcome is unknown."""
    result = job_run.context.client.query(job_run.job.external_id)
    if result.kind is QueryStatus.FOUND and result.task:
        return _adopt(job_run, result.task.id)
    if result.kind in DENIALS:
        job_run.context.limits.stop(denial_error(result))
        return finish_unknown(job_run, describe_reply(result))
    absent = result.kind is QueryStatus.ABSENT
    if not job_run.transition(LedgerEvent.NOT_FOUND if absent else LedgerEvent.NO_ANSWER, describe_reply(result)):
        return Wait(0)
    if absent:
        _start_grace_period(job_run, job_run.entry.last_sent or 0.0)
        is_over = job_run.context.clock.now() >= (job_run.grace_until or 0.0)
        if is_over and is_allowed(job_run.entry.state, LedgerEvent.SETTLED, job_run.entry.counters):
            job_run.transition(LedgerEvent.SETTLED)
            job_run.failures = 0
            return Wait(0)
    return job_run.retry("submit", describe_reply(result) or NOT_YET_FOUND, result.retry_after)


def _start_grace_period(job_run: JobRun, last_sent: float) -> None:
    """Note when an absence counts, by the steady clock: that of the wall may be set meanwhile (fault L6)."""
    if job_run.grace_until is None:
        clock = job_run.context.clock
        left = grace_seconds_left(last_sent, clock.time(), job_run.context.grace_period)
        job_run.grace_until = clock.now() + left


def _affords_resend(job_run: JobRun) -> bool:
    """Whether `--max-cost` allows what may be paid twice: the service may have lost the task from sight alone."""
    context = job_run.context
    price = context.prices.trusted_price(job_run.job, job_run.entry.input_seconds)
    return context.limits.budget.admit_resend(job_run.job.external_id, price.usd if price else None)


def resend_or_give_up(job_run: JobRun) -> NextStep:
    """A settled absence: send the same id again, or leave it to the person."""
    state, counters = job_run.entry.state, job_run.entry.counters
    if is_allowed(state, LedgerEvent.CONTRADICTED, counters):
        job_run.transition(LedgerEvent.CONTRADICTED, "called a duplicate, yet nowhere to be found")
        return Wait(0)
    if is_allowed(state, LedgerEvent.RESEND, counters):
        if _affords_resend(job_run):
            return submit(job_run)
        return finish_unknown(job_run, "it was not found, and --max-cost does not leave its price a second time")
    # It was sent as often as it may be; unless it has come to light since, a person decides.
    result = job_run.context.client.query(job_run.job.external_id)
    if result.kind is QueryStatus.FOUND and result.task:
        return _adopt(job_run, result.task.id)
    return finish_unknown(job_run, "sent three times and never found")
