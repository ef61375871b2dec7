"""Outcomes: every way a job ends, in words that say what it means for the money and what to do next."""

import json
from dataclasses import asdict
from typing import Final

from kirin_cli.errors import KirinError, OutcomeUnknown, ResultUnavailable, ServiceUnreachable, StillRunning
from kirin_cli.formatting import iso_utc
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import TERMINAL, JobState, LedgerState
from kirin_cli.models import error_message
from kirin_cli.redaction import mask_tree
from kirin_cli.run.events import JobEnded
from kirin_cli.run.follow_up import is_retry_safe, next_command
from kirin_cli.run.identity import canonical_json
from kirin_cli.run.job import Charged, JobError, Outcome, OutputFile
from kirin_cli.run.job_run import Finished, JobRun
from kirin_cli.wire.responses import ServiceFailure

SENT_TWICE: Final = "sent twice, may have been charged twice: the service did not know it when it was sent again"


def entry_times(entry: LedgerEntry, fetched: float | None = None) -> dict[str, str]:
    """The stages that the job has reached: intended, submitted, accepted, generated or failed, fetched; no others.

    `fetched` is in seconds since the epoch; without it, that of an entry that is done. A task that was adopted has no
    time of acceptance: nobody saw it.
    """
    if fetched is None and entry.state is LedgerState.DONE:
        fetched = entry.updated
    stages = {
        "intended": entry.created,
        "submitted": entry.last_sent,
        "accepted": entry.accepted_at,
        "generated": entry.generated_at,
        "failed": entry.updated if entry.state in {LedgerState.FAILED, LedgerState.REJECTED} else None,
        "fetched": fetched,
    }
    return {stage: iso_utc(at) for stage, at in stages.items() if at}


def failure_text(failure: ServiceFailure | None) -> str:
    """What the service said went wrong, as the ledger keeps it."""
    return canonical_json(mask_tree(asdict(failure))) if failure else ""


def recorded_failure(entry: LedgerEntry) -> ServiceFailure | None:
    """What the service said went wrong when the entry came to its end."""
    return ServiceFailure(**json.loads(entry.error)) if entry.error else None


def finish_stopped(job_run: JobRun, error: KirinError) -> Finished:
    """The run ended before the job did; where the wait ended and the service was not reached, that is the reason."""
    state, task_id = job_run.entry.state, job_run.entry.task_id
    if state in {LedgerState.SENDING, LedgerState.UNKNOWN, LedgerState.REFUSED, LedgerState.ABSENT}:
        return finish_unknown(job_run, error.message)
    standing = {
        LedgerState.INTENT: "not sent",
        **dict.fromkeys((LedgerState.SUCCEEDED, LedgerState.FETCHING), "generated, not fetched yet"),
    }.get(state, f"task {task_id} goes on")
    if isinstance(error, StillRunning) and job_run.no_answer:
        if job_run.is_heard and state is not LedgerState.INTENT:
            error = StillRunning(f"{error.message}, and the service no longer answers ({job_run.no_answer})")
        else:
            error = ServiceUnreachable(f"the service could not be reached: {job_run.no_answer}")
    return finish_pending(job_run, type(error)(f"{error.message}: {standing}", hint=error.hint))


def is_unsent(entry: LedgerEntry) -> bool:
    """Whether nothing of the entry can have reached the service."""
    return entry.state is LedgerState.INTENT and not entry.counters.exposed


def finish_pending(job_run: JobRun, error: KirinError) -> Finished:
    """Nothing is lost: the job goes on when the cause is gone."""
    state = job_run.entry.state
    generated = state in {LedgerState.SUCCEEDED, LedgerState.FETCHING}
    charged: Charged = "yes" if generated else "no" if is_unsent(job_run.entry) else "maybe"
    problem = JobError(exit_code=error.exit_code, message=error.message, hint=error.hint, charged=charged)
    return finish(job_run, "pending", error=problem)


def finish_blocked(job_run: JobRun, needed: Outcome, why: str = "") -> Finished:
    """A job that it needs did not end well, so it was not sent."""
    reason = why or (needed.error.message if needed.error else "it is only accepted")
    message = f"job {needed.job.label} has no result for it: {reason}"
    if job_run.entry.state is not LedgerState.INTENT:
        return finish_unknown(job_run, message)
    if needed.state in {"pending", "unknown"} and not why:
        code = needed.error.exit_code if needed.error else StillRunning.exit_code
        problem = JobError(exit_code=code, message=message, hint="run the job file again")
        return finish(job_run, "pending", error=problem)
    return finish(job_run, "failed", error=JobError(exit_code=1, message=message))


def finish_unavailable(job_run: JobRun, error: ResultUnavailable) -> Finished:
    """Paid for, but the file could not be had this time; another time it may."""
    return finish_pending(job_run, ResultUnavailable(_paid(job_run, error.message), hint=error.hint))


def finish_unknown(job_run: JobRun, reason: str) -> Finished:
    """It may have been accepted and charged, or not."""
    failure = recorded_failure(job_run.entry)
    if failure and failure.message and failure.message not in reason:
        reason += f"; the service had answered: {failure.message}"
    message = f"the outcome of the submission is unknown ({reason}); it may have been charged"
    decide = f"decide with kirin resolve {job_run.job.external_id}"
    hint = decide if job_run.entry.state in TERMINAL else f"kirin resume asks again, free of charge; or {decide}"
    problem = JobError(exit_code=OutcomeUnknown.exit_code, message=message, hint=hint, charged="maybe")
    return finish(job_run, "unknown", error=problem)


def finish_conflict(job_run: JobRun) -> Finished:
    """A person decides: an id is another task's and nothing was made, or it is called a duplicate and nowhere found."""
    if job_run.entry.counters.exposed:
        return finish_unknown(job_run, "the service calls it a duplicate, yet does not find it")
    taken, name = recorded_failure(job_run.entry), job_run.job.external_id
    take_up = f", or take that task up: kirin resolve {name} --adopt {taken.code}" if taken and taken.code else ""
    message = taken.message if taken else f"external_task_id {name} is taken"
    error = JobError(exit_code=OutcomeUnknown.exit_code, message=message, hint=f"give another id{take_up}")
    return finish(job_run, "unknown", error=error)


def was_sent_twice(entry: LedgerEntry) -> bool:
    """Whether an id was sent again after an absence, to a service that may not refuse a repeated one (promise 6)."""
    return entry.counters.exposed > 1 and not entry.counters.duplicate_seen and entry.task_id is not None


def finish_lost(job_run: JobRun) -> Finished:
    """The service accepted it and no longer knows it."""
    return finish_unknown(job_run, f"the service no longer knows task {job_run.entry.task_id}")


def finish_rejected(job_run: JobRun, failure: ServiceFailure | None) -> Finished:
    """The service refused the request; nothing was generated."""
    by_file = "change the request; or --retry-failed sends it again as it is"
    hint = by_file if job_run.job.file else "change the request"
    error = _service_error("refused", failure, hint)
    if job_run.entry.counters.exposed > 1:  # an earlier POST, whose answer was lost, is only held to be absent
        error = error.replace(charged="maybe")
    return finish(job_run, "rejected", error=error)


def finish_failed(job_run: JobRun, failure: ServiceFailure | None) -> Finished:
    """The service could not generate it."""
    by_file, typed = "--retry-failed makes a new attempt, at new cost", job_run.context.typed.submits
    by_flags = "the same command again makes a new one, at new cost" if typed else ""
    error = _service_error("failed", failure, by_file if job_run.job.file else by_flags)
    return finish(job_run, "failed", error=error.replace(charged="yes" if job_run.entry.cost else "no"))


def finish_expired(job_run: JobRun, reason: str) -> Finished:
    """Paid for, but the file has not been there for as long as it is waited for; another time it may."""
    hint = f"kirin download {job_run.entry.task_id} asks for it again, free of charge"
    error = JobError(exit_code=7, message=_paid(job_run, reason), hint=hint, charged="yes")
    return finish(job_run, "expired", error=error)


def _paid(job_run: JobRun, reason: str) -> str:
    return f"task {job_run.entry.task_id} was generated and paid for, but its file could not be had: {reason}"


def _service_error(verb: str, failure: ServiceFailure | None, hint: str) -> JobError:
    """What the service says went wrong: the meaning of its code, its own words, the code."""
    code, message = (failure.code, failure.message) if failure else ("", "no reason given")
    meaning = error_message(code)
    says_nothing = message == meaning or message.strip(" .!").lower() == verb
    text = ": ".join(filter(None, (meaning, "" if says_nothing else message))) or "no reason given"
    request_id = f"request id {failure.request_id}" if failure and failure.request_id else ""
    named = ", ".join(filter(None, (code, request_id)))
    return JobError(exit_code=1, message=f"{verb}: {text}" + (f" ({named})" if named else ""), code=code, hint=hint)


def finish(
    job_run: JobRun,
    state: JobState,
    *,
    outputs: tuple[OutputFile, ...] = (),
    error: JobError | None = None,
    reason: str = "",
) -> Finished:
    """The job ends in a state; say so."""
    if was_sent_twice(job_run.entry):
        reason = "; ".join(filter(None, (reason, SENT_TWICE)))
    reason = reason or job_run.remark
    cost, outputs = job_run.entry.cost, outputs or job_run.outputs
    paths = tuple(str(output.path) for output in outputs)
    if error:
        job, typed = job_run.job, job_run.context.typed
        entry = job_run.entry.replace(task_id=job_run.entry.task_id or job_run.seen_task_id)
        follow = next_command(job, entry, state, typed, is_unaffordable=job_run.unaffordable is not None)
        error = error.replace(next=follow, retry_safe=is_retry_safe(job, entry, state, typed, error.charged))
    job_run.emit(JobEnded, state=state, paths=paths, cost=cost, reason=error.message if error else reason)
    task_id, times = job_run.entry.task_id or job_run.seen_task_id, entry_times(job_run.entry)
    facts = {"task_id": task_id, "cost": cost, "outputs": outputs, "error": error, "reason": reason, "times": times}
    facts["charged"] = "maybe" if was_sent_twice(job_run.entry) else error.charged if error else "yes"
    outcome = Outcome(job=job_run.job, state=state, service=job_run.service, **facts)  # type: ignore[arg-type]
    return Finished(outcome)
