"""Submission of a job: what must be ready before anything is paid for, the POST itself, and what came of it."""

from collections.abc import Mapping
from typing import Final

from kirin_cli.api.client import CreateResult, CreateStatus, QueryStatus
from kirin_cli.errors import (
    GenerationFailed,
    KirinError,
    LocalError,
    NotPermitted,
    ServiceUnreachable,
    StillRunning,
)
from kirin_cli.ledger.ledger import ConcurrentUpdate, EntryUpdate
from kirin_cli.ledger.states import LedgerEvent, LedgerState, is_allowed
from kirin_cli.media.request_body import JsonBody
from kirin_cli.run.events import Submitting, Uploading
from kirin_cli.run.job import Outcome
from kirin_cli.run.job_run import Hold, JobRun, NextStep, Wait, describe_reply
from kirin_cli.run.outcomes import (
    failure_text,
    finish_blocked,
    finish_pending,
    finish_stopped,
    finish_unknown,
)
from kirin_cli.run.outputs import ensure_writable, path_for_entry
from kirin_cli.run.prepare import fill_references
from kirin_cli.run.reconcile import (
    DENIALS,
    adopt,
    asks_first,
    is_absent,
    mark_accepted,
    query_before_send,
    refuse_taken_id,
    retry_unreached,
    stop_run,
)
from kirin_cli.run.uploads import upload_local_videos
from kirin_cli.shell_words import quote_word
from kirin_cli.wire.responses import TaskState

MIN_DELAY_TOLD: Final = 5.0
"""Seconds of a pause that a person should know of."""
GOOD: Final = frozenset({"done", "skipped"})
EVENTS: Final = {
    CreateStatus.ACCEPTED: LedgerEvent.ACCEPTED,
    CreateStatus.NOT_SENT: LedgerEvent.NOT_SENT,
    CreateStatus.RATE_LIMITED: LedgerEvent.RATE_LIMITED,
    CreateStatus.DENIED: LedgerEvent.BLOCKED,
    CreateStatus.NO_BALANCE: LedgerEvent.BLOCKED,
    CreateStatus.REFUSED: LedgerEvent.REFUSED,
    CreateStatus.DUPLICATE: LedgerEvent.DUPLICATE,
    CreateStatus.AMBIGUOUS: LedgerEvent.AMBIGUOUS,
}


def submit(job_run: JobRun) -> NextStep:
    """Make sure that the job may and can be sent, then send it."""
    if not job_run.context.submits:
        return leave_unsent(job_run)
    stop_reason = job_run.context.limits.stop_reason()
    if stop_reason is not None:
        end = finish_stopped if job_run.entry.state is LedgerState.INTENT else finish_pending
        return end(job_run, stop_reason)
    if asks_first(job_run) and not is_absent(job_run):
        return query_before_send(job_run)
    if job_run.unaffordable:  # after the question: what was made elsewhere is taken up for nothing
        return finish_stopped(job_run, job_run.unaffordable)
    if job_run.job.unsendable:
        return finish_pending(job_run, LocalError(job_run.job.unsendable, hint="run its job file again"))
    values = resolve_dependencies(job_run)
    return _send(job_run, values) if isinstance(values, Mapping) else values


def leave_unsent(job_run: JobRun) -> NextStep:
    """In a command that never submits: ask once for what may have been sent, and leave the rest (promise 8)."""
    if not job_run.entry.counters.exposed:
        hint = f"kirin run {quote_word(job_run.job.file)} sends it" if job_run.job.file else ""
        return finish_stopped(job_run, StillRunning("this command submits nothing", hint=hint))
    result = job_run.query()
    if result.kind is QueryStatus.FOUND and result.task:
        return adopt(job_run, result.task.id)
    if result.kind in DENIALS:
        return stop_run(job_run, result)
    return finish_unknown(job_run, describe_reply(result))


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
    result = job_run.query_job(outcome.job, outcome.task_id)
    if result.kind is QueryStatus.FOUND and result.task and result.task.outputs:
        return result.task.outputs[0].url
    if result.kind in DENIALS:
        return stop_run(job_run, result)
    if result.kind is QueryStatus.ABSENT or (result.task and result.task.state is not TaskState.RUNNING):
        return finish_blocked(job_run, outcome, "the service no longer gives its result")
    if result.fault and result.fault.certainly_not_sent:
        return retry_unreached(job_run, result)
    return job_run.retry("poll", describe_reply(result), result.retry_after)


def _send(job_run: JobRun, values: Mapping[str, object]) -> NextStep:
    """Make everything ready that can fail before anything is paid for, then post."""
    if delay := job_run.context.limits.send_delay(job_run.job.external_id):
        if delay >= MIN_DELAY_TOLD:
            text = f"the service takes no more just now (HTTP 429): waits for {delay:.0f} s"
            job_run.notify_once("pause", f"{text}; Ctrl-C ends the wait, and what was not sent costs nothing")
        return Hold(delay)
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
    if asks_first(job_run) and not is_absent(job_run):
        return Wait(0)  # uploading took so long that somebody else may have sent it meanwhile
    return _post(job_run, body)


def _post(job_run: JobRun, body: JsonBody) -> NextStep:
    """Commit the intent to send, send, and write down what came of it (promise 1)."""
    context = job_run.context
    event = LedgerEvent.RESEND if job_run.entry.state is LedgerState.ABSENT else LedgerEvent.SEND
    if context.limits.stop_reason() or not job_run.transition(event):
        return Wait(0)
    sent_at = context.clock.time()
    job_run.grace_until, job_run.absent_at = context.clock.now() + context.grace_period, None
    job_run.emit(Submitting, external_task_id=job_run.job.external_id)
    try:
        # A process that slept until another one took over must not send beside it (promise 6).
        result = context.client.create(
            body, external_id=job_run.job.external_id,
            before_send=lambda: context.ledger.ensure_unchanged(job_run.entry),
        )  # fmt: skip
    except ConcurrentUpdate:
        job_run.reload()
        return Wait(0)
    except KirinError as error:
        # Raised before the first byte has left: the intent is what it was.
        job_run.transition(LedgerEvent.NOT_SENT, error.message)
        raise
    job_run.note_reply(result)
    if result.verdict is CreateStatus.DUPLICATE and job_run.job.has_own_id and job_run.entry.counters.exposed <= 1:
        return refuse_taken_id(job_run, context.client.query(job_run.job.external_id).task, describe_reply(result))
    event, update = EVENTS[result.verdict], EntryUpdate()
    if event is LedgerEvent.ACCEPTED and result.task:
        update = {"task_id": result.task.id, "error": ""}
    elif result.failure and result.failure.message:
        update = {"error": failure_text(result.failure)}  # shown in every message about it
    job_run.note_answer(result)
    job_run.transition(event, describe_reply(result), **update)
    if job_run.entry.state is LedgerState.INTENT:
        job_run.grace_until = None  # certainly not created: no absence has to settle
    return _after_post(job_run, result, sent_at)


def _after_post(job_run: JobRun, result: CreateResult, sent_at: float) -> NextStep:
    match result.verdict:
        case CreateStatus.ACCEPTED if result.task:
            next_step = mark_accepted(job_run, result.task.id, adopted=False)
            job_run.context.limits.on_accepted()
            return next_step
        case CreateStatus.NOT_SENT:
            return retry_unreached(job_run, result)
        case CreateStatus.RATE_LIMITED:
            delay = job_run.on_rate_limited(sent_at, result.retry_after)
            return Hold(job_run.retry("submit", describe_reply(result), delay).seconds)
        case CreateStatus.DENIED | CreateStatus.NO_BALANCE:
            return stop_run(job_run, result)
        case CreateStatus.REFUSED:
            return Wait(0)
        case _:
            return job_run.retry("reconcile", describe_reply(result))


def mark_owner_died(job_run: JobRun) -> NextStep:
    """An entry that was being sent when its process died: it may have arrived, so ask before anything else."""
    job_run.transition(LedgerEvent.OWNER_DIED, "the process that sent it has ended")
    return Wait(0)


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
        context = job_run.context
        if context.submits and not context.limits.stop_reason() and not is_absent(job_run):
            return query_before_send(job_run)
        if _affords_resend(job_run):
            return submit(job_run)
        return finish_unknown(job_run, "it was not found, and --max-cost does not leave its price a second time")
    # It was sent as often as it may be; unless it has come to light since, a person decides.
    result = job_run.query()
    if result.kind is QueryStatus.FOUND and result.task:
        return adopt(job_run, result.task.id)
    return finish_unknown(job_run, "sent three times and never found")
