"""How jobs end: each way as an Outcome, in words that say what it means for the money and what to do next."""

import json
from dataclasses import replace

from kirin_cli.errors import KirinError, ResultUnavailable, StillRunning
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.states import TERMINAL
from kirin_cli.ledger.states import State as LedgerState
from kirin_cli.models import error_words
from kirin_cli.run.course import Course, Over
from kirin_cli.run.events import Ended, State
from kirin_cli.run.identity import canonical
from kirin_cli.run.job import Charged, Job, JobError, Outcome, Output
from kirin_cli.run.times import times_of
from kirin_cli.wire.answers import Failure


def task_class(job: Job) -> tuple[str, str, str]:
    """Model, mode and duration: jobs alike in these take alike long and cost alike."""
    mode, duration = (str(job.values.get(name) or _default(job, name)) for name in ("mode", "duration"))
    return job.model.id, mode, duration


def _default(job: Job, name: str) -> object:
    return job.model.named(name).default or "" if name in job.model.names else ""


def failure_text(failure: Failure | None) -> str:
    """What the service said went wrong, as the ledger keeps it."""
    return canonical({"code": failure.code, "message": failure.message}) if failure else ""


def failure_of(entry: Entry) -> Failure | None:
    """What the service said went wrong when the entry came to its end."""
    return Failure(**json.loads(entry.error)) if entry.error else None


def done(course: Course, outputs: tuple[Output, ...], reason: str = "") -> Over:
    """All files are there."""
    return _over(course, "done", outputs=outputs, reason=reason)


def skipped(course: Course, outputs: tuple[Output, ...], reason: str) -> Over:
    """Nothing was to be done."""
    return _over(course, "skipped", outputs=outputs, reason=reason)


def accepted(course: Course) -> Over:
    """The service has it and nobody waits (--no-wait)."""
    return _over(course, "pending", reason="accepted")


def stopped(course: Course, error: KirinError) -> Over:
    """The run ended before the job did."""
    state, task_id = course.entry.state, course.entry.task_id
    if state in {LedgerState.SENDING, LedgerState.UNKNOWN, LedgerState.ABSENT}:
        return unknown(course, error.message)
    stands = {LedgerState.INTENT: "not sent", LedgerState.SUCCEEDED: "generated, not fetched yet"}
    words = stands.get(state, "not fetched yet" if state is LedgerState.FETCHING else f"task {task_id} goes on")
    return pending(course, type(error)(f"{error.message}: {words}", hint=error.hint))


def pending(course: Course, error: KirinError) -> Over:
    """Nothing is lost: the job goes on when the cause is gone."""
    charged = _charged(course.entry.state)
    return _over(
        course,
        "pending",
        error=JobError(exit_code=error.exit_code, message=error.message, hint=error.hint, charged=charged),
    )


def follows(course: Course, needed: Outcome, why: str = "") -> Over:
    """A job that it needs did not end well, so it was not sent."""
    said = why or (needed.error.message if needed.error else "it is only accepted")
    message = f"job {needed.job.label} has no result for it: {said}"
    if course.entry.state is not LedgerState.INTENT:
        return unknown(course, message)
    if needed.state in {"pending", "unknown"} and not why:
        code = needed.error.exit_code if needed.error else StillRunning.exit_code
        return _over(course, "pending", error=JobError(exit_code=code, message=message, hint="run the job file again"))
    return _over(course, "failed", error=JobError(exit_code=1, message=message))


def unavailable(course: Course, error: ResultUnavailable) -> Over:
    """Paid for, but the file could not be had this time; another time it may."""
    return pending(course, ResultUnavailable(_paid(course, error.message), hint=error.hint))


def unknown(course: Course, reason: str) -> Over:
    """It may have been accepted and charged, or not."""
    message = f"the outcome of the submission is unknown ({reason}); it may have been charged"
    decide = f"decide with kirin resolve {course.job.external_id}"
    hint = decide if course.entry.state in TERMINAL else f"kirin resume asks again; or {decide}"
    problem = JobError(exit_code=6, message=message, hint=hint, retry_safe=False, charged="maybe")
    return _over(course, "unknown", error=problem)


def conflict(course: Course) -> Over:
    """The service calls it a duplicate and yet does not know it."""
    return unknown(course, "the service calls it a duplicate, yet does not find it")


def lost(course: Course) -> Over:
    """The service accepted it and no longer knows it."""
    return unknown(course, f"the service no longer knows task {course.entry.task_id}")


def rejected(course: Course, failure: Failure | None) -> Over:
    """The service refused the request; nothing was generated."""
    said = failure or Failure("", "no reason given")
    problem = JobError(exit_code=1, message=f"refused: {_in_words(said)}", code=said.code)
    hint = "change the request, or --retry-failed to send it again"
    return _over(course, "rejected", error=replace(problem, hint=hint))


def failed(course: Course, failure: Failure | None) -> Over:
    """The service could not generate it."""
    said = failure or Failure("", "no reason given")
    hint = "--retry-failed makes a new take, at new cost"
    charged: Charged = "yes" if course.entry.cost else "no"
    problem = JobError(exit_code=1, message=f"failed: {_in_words(said)}", code=said.code, hint=hint, charged=charged)
    return _over(course, "failed", error=problem)


def expired(course: Course, reason: str) -> Over:
    """Paid for, but the file is gone from the service."""
    hint = "--again makes a new take, at new cost"
    error = JobError(exit_code=7, message=_paid(course, reason), hint=hint, charged="yes")
    return _over(course, "expired", error=error)


def _paid(course: Course, reason: str) -> str:
    return f"task {course.entry.task_id} was generated and paid for, but its file could not be had: {reason}"


def _charged(state: LedgerState) -> Charged:
    if state in {LedgerState.SUCCEEDED, LedgerState.FETCHING}:
        return "yes"
    return "no" if state is LedgerState.INTENT else "maybe"


def _in_words(failure: Failure) -> str:
    words = error_words(failure.code)
    said = failure.message if failure.message and failure.message != words else ""
    return ": ".join(filter(None, (words, said))) + (f" ({failure.code})" if failure.code else "")


def _over(
    course: Course,
    state: State,
    *,
    outputs: tuple[Output, ...] = (),
    error: JobError | None = None,
    reason: str = "",
) -> Over:
    cost = course.entry.cost
    why = error.message if error else reason
    course.emit(Ended, state=state, paths=tuple(str(output.path) for output in outputs), cost=cost, reason=why)
    task_id, times = course.entry.task_id or "", times_of(course.entry)
    facts = {"task_id": task_id, "cost": cost, "outputs": outputs, "error": error, "reason": reason, "times": times}
    return Over(Outcome(job=course.job, state=state, **facts))  # type: ignore[arg-type]
