"""Submission of a job, and reconciliation by its external id where the answer was lost."""

from collections.abc import Mapping
from typing import Final

from kirin_cli.api.client import CreateResult, CreateStatus, QueryResult, QueryStatus
from kirin_cli.api.retry import RETRIES
from kirin_cli.api.upload import OnBytesSent
from kirin_cli.errors import (
    BalanceInsufficient,
    GenerationFailed,
    KirinError,
    LocalFault,
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
    finish_accepted,
    finish_blocked,
    finish_pending,
    finish_rejected,
    finish_stopped,
    finish_unknown,
    task_class_of,
)
from kirin_cli.run.outputs import ensure_writable, output_path
from kirin_cli.run.prepare import fill_references
from kirin_cli.run.uploads import upload_local_videos
from kirin_cli.wire.responses import TaskState

KEY_HINT: Final = "check KIRIN_API_KEY; `kirin run` again goes on with the jobs that were not sent"
BALANCE_HINT: Final = "top up the account; `kirin run` again goes on with the jobs that were not sent"
DENIALS: Final = frozenset({QueryStatus.DENIED, QueryStatus.NO_BALANCE})


def describe_reply(answer: CreateResult | QueryResult) -> str:
    """What came back, in a few words."""
    if answer.fault:
        return answer.fault.message
    said = answer.failure.message if answer.failure else ""
    return ": ".join(filter(None, (f"HTTP {answer.status}", said)))


def denial_error(answer: CreateResult | QueryResult) -> KirinError:
    """Why the batch stops: the key, or the balance."""
    about_balance = isinstance(answer, CreateResult) and answer.verdict is CreateStatus.NO_BALANCE
    if about_balance or (isinstance(answer, QueryResult) and answer.kind is QueryStatus.NO_BALANCE):
        return BalanceInsufficient(f"the balance is insufficient: {describe_reply(answer)}", hint=BALANCE_HINT)
    return NotPermitted(f"the service refuses the key: {describe_reply(answer)}", hint=KEY_HINT)


def stop_run(job_run: JobRun, answer: CreateResult | QueryResult) -> Finished:
    """The key or the balance will not do: nothing more is submitted, and this job waits for a better day."""
    halted = denial_error(answer)
    job_run.context.limits.stop(halted)
    return finish_pending(job_run, halted)


def retry_unreached(job_run: JobRun, answer: CreateResult | QueryResult) -> NextStep:
    """Nothing has left, for certain: try again a few times, unless that cannot help."""
    retries = RETRIES["create"]
    final = answer.fault is not None and answer.fault.kind not in retries.errors
    if final or retries.gives_up(job_run.failures + 1) or not job_run.context.limits.take_retry():
        return finish_pending(
            job_run, ServiceUnreachable(f"the service could not be reached: {describe_reply(answer)}")
        )
    return job_run.retry("submit", describe_reply(answer))


NOT_YET_FOUND = "the service does not know the task yet"


def must_query_first(job_run: JobRun) -> bool:
    """Whether somebody else may have sent this id: an owner who died, or this person under an earlier key."""
    if job_run.was_queried:
        return False
    entry = job_run.entry
    twins = (
        [] if entry.counters.posts else entries_with_id(job_run.context.ledger.store, entry.origin, entry.external_id)
    )
    sent = [twin for twin in twins if twin.counters.exposed]
    unclear = [twin.last_sent or 0.0 for twin in sent if twin.state in MAY_BE_CHARGED]
    if unclear and job_run.grace_until is None:
        job_run.grace_until = _grace_left(job_run, max(unclear))
    return job_run.inherited or bool(sent)


def query_before_send(job_run: JobRun) -> NextStep:
    """Ask for an id that somebody else may have sent, before it is sent from here."""
    queried = job_run.context.client.query(job_run.job.external_id)
    if queried.kind is QueryStatus.FOUND and queried.task:
        return _adopt(job_run, queried.task.id)
    if queried.kind in DENIALS:
        return stop_run(job_run, queried)
    if queried.fault and queried.fault.certainly_not_sent:
        return retry_unreached(job_run, queried)
    if queried.kind is not QueryStatus.ABSENT or job_run.context.clock.now() < (job_run.grace_until or 0.0):
        return job_run.retry("submit", describe_reply(queried) or NOT_YET_FOUND, queried.retry_after)
    job_run.was_queried, job_run.failures = True, 0
    return Wait(0)


def reconcile(job_run: JobRun) -> NextStep:
    """Ask the service for the external id of a sending whose outcome is unknown."""
    queried = job_run.context.client.query(job_run.job.external_id)
    if queried.kind is QueryStatus.FOUND and queried.task:
        return _adopt(job_run, queried.task.id)
    if queried.kind in DENIALS:
        job_run.context.limits.stop(denial_error(queried))
        return finish_unknown(job_run, describe_reply(queried))
    return _not_found(job_run, queried)


def query_last_time(job_run: JobRun) -> NextStep:
    """It was sent as often as it may be; unless it has come to light since, a person decides."""
    queried = job_run.context.client.query(job_run.job.external_id)
    if queried.kind is QueryStatus.FOUND and queried.task:
        return _adopt(job_run, queried.task.id)
    return finish_unknown(job_run, "sent three times and never found")


def mark_owner_died(job_run: JobRun) -> NextStep:
    """An entry that was being sent when its process died: it may have arrived, so ask before anything else."""
    job_run.transition(LedgerEvent.OWNER_DIED, "the process that sent it has ended")
    return Wait(0)


def mark_accepted(job_run: JobRun, task_id: str, *, adopted: bool) -> NextStep:
    """The service has the task: say so before anything else, then wait for it (promise 3)."""
    job_run.failures = 0
    job_run.emit(Accepted, task_id=task_id, adopted=adopted)
    if not job_run.context.wait:
        return finish_accepted(job_run)
    return Wait(0 if adopted else job_run.context.schedule.first_poll(task_class_of(job_run.job)))


def _adopt(job_run: JobRun, task_id: str) -> NextStep:
    job_run.transition(LedgerEvent.FOUND, task_id=task_id or job_run.job.external_id)
    return mark_accepted(job_run, job_run.entry.task_id or task_id, adopted=True)


def _not_found(job_run: JobRun, result: QueryResult) -> NextStep:
    absent = result.kind is QueryStatus.ABSENT
    if not job_run.transition(LedgerEvent.NOT_FOUND if absent else LedgerEvent.NO_ANSWER, describe_reply(result)):
        return Wait(0)
    if absent and _grace_over(job_run) and is_allowed(job_run.entry.state, LedgerEvent.SETTLED, job_run.entry.counters):
        job_run.transition(LedgerEvent.SETTLED)
        job_run.failures = 0
        return Wait(0)
    return job_run.retry("submit", describe_reply(result) or NOT_YET_FOUND, result.retry_after)


def _grace_over(job_run: JobRun) -> bool:
    """Whether an absence counts by now, by the steady clock: that of the wall may be set meanwhile (fault L6)."""
    if job_run.grace_until is None:
        job_run.grace_until = _grace_left(job_run, job_run.entry.last_sent or 0.0)
    return job_run.context.clock.now() >= job_run.grace_until


def _grace_left(job_run: JobRun, last_sent: float) -> float:
    clock = job_run.context.clock
    return clock.now() + grace_seconds_left(last_sent, clock.time(), job_run.context.grace_period)


GOOD = frozenset({"done", "skipped"})


def failed_dependency(job_run: JobRun) -> NextStep | None:
    """How the job ends because one that it needs did not end well; None where all did."""
    bad = next((outcome for outcome in job_run.needed_outcomes.values() if outcome.state not in GOOD), None)
    return finish_blocked(job_run, bad) if bad else None


def resolve_dependencies(job_run: JobRun) -> Mapping[str, object] | NextStep:
    """The parameters with fresh URLs in place of references, or what to do before that."""
    urls = {}
    for name, outcome in job_run.needed_outcomes.items():
        url = _fresh(job_run, outcome)
        if not isinstance(url, str):
            return url
        urls[name] = url
    filled = fill_references(job_run.job.request_values, urls)
    assert isinstance(filled, Mapping)  # noqa: S101  (a mapping stays one)
    return filled


def _fresh(job_run: JobRun, outcome: Outcome) -> str | NextStep:
    """The URL of the first output as the service gives it now; an earlier one may have expired."""
    queried = job_run.context.client.query(outcome.task_id or outcome.job.external_id)
    if queried.kind is QueryStatus.FOUND and queried.task and queried.task.outputs:
        return queried.task.outputs[0].url
    if queried.kind in DENIALS:
        return stop_run(job_run, queried)
    if queried.kind is QueryStatus.ABSENT or (queried.task and queried.task.state is not TaskState.RUNNING):
        return finish_blocked(job_run, outcome, "the service no longer gives its result")
    if queried.fault and queried.fault.certainly_not_sent:
        return retry_unreached(job_run, queried)
    return job_run.retry("submit", describe_reply(queried), queried.retry_after)


_EVENTS: Final = {
    CreateStatus.ACCEPTED: LedgerEvent.ACCEPTED,
    CreateStatus.NOT_SENT: LedgerEvent.NOT_SENT,
    CreateStatus.RATE_LIMITED: LedgerEvent.RATE_LIMITED,
    CreateStatus.DENIED: LedgerEvent.BLOCKED,
    CreateStatus.NO_BALANCE: LedgerEvent.BLOCKED,
    CreateStatus.DUPLICATE: LedgerEvent.DUPLICATE,
    CreateStatus.AMBIGUOUS: LedgerEvent.AMBIGUOUS,
}


def submit(job_run: JobRun) -> NextStep:
    """Make sure that the job may and can be sent, then send it."""
    halted = job_run.context.limits.stop_reason()
    if halted is not None:
        end = finish_stopped if job_run.entry.state is LedgerState.INTENT else finish_pending
        return end(job_run, halted)
    if must_query_first(job_run):
        return query_before_send(job_run)
    if job_run.job.unsendable:
        return finish_pending(job_run, LocalFault(job_run.job.unsendable, hint="run its job file again"))
    values = (
        (failed_dependency(job_run) or resolve_dependencies(job_run))
        if job_run.job.needs
        else job_run.job.request_values
    )
    return _send(job_run, values) if isinstance(values, Mapping) else values


def _send(job_run: JobRun, values: Mapping[str, object]) -> NextStep:
    """Commit the intent to send, send, and write down what came of it (promise 1)."""
    ensure_writable(output_path(job_run.job).parent)
    try:
        sent = upload_local_videos(values, job_run.context.uploader, _upload_progress(job_run))
    except NotPermitted as denial:
        job_run.context.limits.stop(denial)
        return finish_pending(job_run, denial)
    except (ServiceUnreachable, GenerationFailed) as error:
        return finish_pending(job_run, error)
    body = JsonBody(job_run.context.dialect.build_body(job_run.job.model, sent))
    body.verify()
    again = job_run.entry.state is LedgerState.ABSENT
    if job_run.context.limits.stop_reason() or not job_run.transition(
        LedgerEvent.RESEND if again else LedgerEvent.SEND
    ):
        return Wait(0)
    job_run.grace_until = job_run.context.clock.now() + job_run.context.grace_period
    job_run.emit(Submitting, external_task_id=job_run.job.external_id)
    posted = _post(job_run, body)
    event = refusal_event(job_run.entry.counters) if posted.verdict is CreateStatus.REFUSED else _EVENTS[posted.verdict]
    job_run.transition(event, describe_reply(posted), **_facts(posted, event))
    return _after(job_run, posted)


def _upload_progress(job_run: JobRun) -> OnBytesSent:
    return lambda sent, total: job_run.emit(Uploading, sent=sent, total=total)


def _post(job_run: JobRun, body: JsonBody) -> CreateResult:
    try:
        return job_run.context.client.create(body, sent_before=job_run.entry.counters.exposed > 1)
    except KirinError as error:
        # Raised before the first byte has left: the intent is what it was.
        job_run.transition(LedgerEvent.NOT_SENT, error.message)
        raise


def _facts(result: CreateResult, event: LedgerEvent) -> EntryUpdate:
    if event is LedgerEvent.REFUSED:
        return {"error": failure_text(result.failure)}
    return {"task_id": result.task.id} if event is LedgerEvent.ACCEPTED and result.task else {}


def _after(job_run: JobRun, result: CreateResult) -> NextStep:
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


def resend_or_give_up(job_run: JobRun) -> NextStep:
    """A settled absence: send the same id again, or leave it to the person."""
    if is_allowed(job_run.entry.state, LedgerEvent.CONTRADICTED, job_run.entry.counters):
        job_run.transition(LedgerEvent.CONTRADICTED, "called a duplicate, yet nowhere to be found")
        return Wait(0)
    if not is_allowed(job_run.entry.state, LedgerEvent.RESEND, job_run.entry.counters):
        return query_last_time(job_run)
    return submit(job_run)
