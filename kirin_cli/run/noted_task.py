"""The step of a job whose task is known from its sidecar, or from the service: it is asked for, and nothing is sent."""

from kirin_cli.api.client import QueryResult, QueryStatus, TaskIdentity
from kirin_cli.errors import ResultUnavailable
from kirin_cli.ledger.states import LedgerEvent
from kirin_cli.run.job import JobError
from kirin_cli.run.job_run import Finished, JobRun, NextStep, Wait, describe_reply
from kirin_cli.run.outcomes import finish
from kirin_cli.run.reconcile import DENIALS, mark_accepted, retry_unreached, stop_run


def adopt_noted(job_run: JobRun) -> NextStep:
    """Ask for the task by its id; only what the service itself calls this job's is taken up.

    A sidecar may have been written by anybody. Where an answer does not say the external id, it is asked for by that.
    """
    job = job_run.job
    about = TaskIdentity(job.noted_task, job.external_id, job.model.id)
    result = job_run.query_id(job.noted_task, about)
    if not _is_clear(result) or (result.task and not result.task.external_id):
        result = job_run.query_id(job.external_id, TaskIdentity("", job.external_id, job.model.id))
    if result.kind is QueryStatus.FOUND and result.task:
        if not job_run.transition(LedgerEvent.FOUND, "from its sidecar", task_id=result.task.id or job.noted_task):
            return Wait(0)
        return mark_accepted(job_run, job_run.entry.task_id or job.noted_task, adopted=True)
    if result.kind in DENIALS:
        return stop_run(job_run, result)
    if result.kind is QueryStatus.ABSENT:
        return _finish_unknown_to_service(job_run)
    if result.fault and result.fault.certainly_not_sent:
        return retry_unreached(job_run, result)
    return job_run.retry("poll", describe_reply(result), result.retry_after)


def _is_clear(result: QueryResult) -> bool:
    """Whether the answer leaves nothing that the external id could tell besides."""
    return result.kind is not QueryStatus.ABSENT and not result.contradiction


def _finish_unknown_to_service(job_run: JobRun) -> Finished:
    message = f"task {job_run.job.noted_task} is in its sidecar, but the service does not know it as this job's"
    hint = "the same command asks again, free of charge; --again makes a new video, at new cost"
    code = ResultUnavailable.exit_code
    return finish(job_run, "pending", error=JobError(exit_code=code, message=message, hint=hint, charged="yes"))
