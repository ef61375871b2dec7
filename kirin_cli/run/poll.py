"""Polling of a task until it ends. A failed poll never fails a task (fault P1)."""

from kirin_cli.api.client import QueryResult, QueryStatus
from kirin_cli.api.retry import MAX_MISSING_SECONDS
from kirin_cli.ledger.ledger import EntryUpdate
from kirin_cli.ledger.states import LedgerEvent
from kirin_cli.run.events import Generated, Notice, Progressed
from kirin_cli.run.job_run import Download, JobRun, NextStep, Wait
from kirin_cli.run.outcomes import failure_text, finish_failed, finish_lost, task_class_of
from kirin_cli.run.submit import describe_reply, stop_run
from kirin_cli.wire.responses import Task, TaskState, is_known_status


def poll(job_run: JobRun) -> NextStep:
    """Ask once for the task."""
    queried = job_run.context.client.query(job_run.entry.task_id or job_run.job.external_id)
    match queried.kind:
        case QueryStatus.FOUND if queried.task:
            job_run.failures = 0
            job_run.missing_since = None
            return _on_task(job_run, queried.task)
        case QueryStatus.ABSENT:
            return _on_missing(job_run, queried)
        case QueryStatus.DENIED | QueryStatus.NO_BALANCE:
            return stop_run(job_run, queried)
        case _:
            return job_run.retry("poll", describe_reply(queried), queried.retry_after)


def _on_task(job_run: JobRun, task: Task) -> NextStep:
    job_run.task = task
    if task.state is TaskState.COMPLETED:
        known: EntryUpdate = {} if task.cost is None else {"cost": task.cost}
        job_run.transition(LedgerEvent.COMPLETED, **known)
        job_run.emit(Generated, cost=task.cost)
        return Download()
    if task.state is TaskState.FAILED:
        job_run.transition(
            LedgerEvent.FAILED, task.failure.message if task.failure else "", error=failure_text(task.failure)
        )
        return finish_failed(job_run, task.failure)
    if not is_known_status(task.status) and task.status not in job_run.reported_statuses:
        job_run.reported_statuses.add(task.status)
        job_run.emit(Notice, text=f"unknown status {task.status!r}; taken as still running")
    job_run.transition(LedgerEvent.PROGRESSED)
    job_run.emit(Progressed, status=task.status or "running", progress=task.progress)
    return Wait(job_run.context.schedule.next_poll(task_class_of(job_run.job)))


def _on_missing(job_run: JobRun, result: QueryResult) -> NextStep:
    now = job_run.context.clock.now()
    if job_run.missing_since is None:
        job_run.missing_since = now
    if now - job_run.missing_since > MAX_MISSING_SECONDS * job_run.context.schedule.scale:
        job_run.transition(LedgerEvent.VANISHED, "not found for over a minute")
        return finish_lost(job_run)
    return job_run.retry("poll", describe_reply(result) or "the service does not find the task", result.retry_after)
