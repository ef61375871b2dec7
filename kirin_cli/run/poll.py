"""Polling of a task until it ends. A failed poll never fails a task (fault P1)."""

from kirin_cli.api.client import QueryResult, QueryStatus
from kirin_cli.api.retry import RETRIES
from kirin_cli.ledger.ledger import EntryUpdate
from kirin_cli.ledger.queries import FOUND_COMPLETED
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.run.events import Generated, Progressed
from kirin_cli.run.job_run import Download, JobRun, NextStep, Wait, describe_reply
from kirin_cli.run.outcomes import failure_text, finish, finish_failed, finish_lost
from kirin_cli.run.reconcile import DENIALS, stop_run
from kirin_cli.wire.responses import Task, TaskState, is_known_status

EARLY_SHARE, MAX_EARLY_SECONDS = 0.1, 0.25
"""How much of its wait a poll may come sooner, together with those of other tasks."""


def poll(job_run: JobRun) -> NextStep:
    """Ask once for the task; with --no-wait not even that: it was accepted before."""
    context, name = job_run.context, job_run.job.external_id
    if not context.wait and job_run.entry.state is not LedgerState.LOST:
        return finish(job_run, "pending", reason="accepted")
    context.outages.on_asked(name)
    result = job_run.query()
    if result.kind is QueryStatus.FOUND and result.task:
        context.outages.on_found(name, context.clock.now())
        job_run.failures, job_run.missing_since = 0, None
        step = _on_task(job_run, result.task)
    elif result.kind in DENIALS:
        step = stop_run(job_run, result)
    else:
        step = _on_missing(job_run, result) if result.kind is QueryStatus.ABSENT else _on_no_answer(job_run, result)
    if not isinstance(step, Wait):
        context.outages.on_ended(name)
    return step


def _on_no_answer(job_run: JobRun, result: QueryResult) -> NextStep:
    """What tells nothing. A task that counts as lost is asked for a few times only, so that no command waits for it."""
    if job_run.entry.state is LedgerState.LOST and RETRIES["query lost"].gives_up(job_run.failures + 1):
        return finish_lost(job_run)
    return job_run.retry("poll", describe_reply(result), result.retry_after)


def _on_missing(job_run: JobRun, result: QueryResult) -> NextStep:
    """The task is not found: it is lost after some time, unless no other one is found either (faults P2, P12)."""
    context = job_run.context
    if job_run.entry.state is LedgerState.LOST:
        return finish_lost(job_run)
    now = context.clock.now()
    context.outages.on_missing(job_run.job.external_id, now)
    since = job_run.missing_since = now if job_run.missing_since is None else job_run.missing_since
    if now - since >= context.missing_wait:
        if not context.outages.is_outage(job_run.job.external_id, since):
            job_run.transition(LedgerEvent.VANISHED, f"not found for {context.missing_wait:.0f} s")
            return finish_lost(job_run)
        job_run.notify_once("outage", "the service finds none of its tasks: taken as an outage, still waiting")
    return job_run.retry("poll", describe_reply(result) or "the service does not find the task", result.retry_after)


def _on_task(job_run: JobRun, task: Task) -> NextStep:
    before, job_run.task = job_run.task, task
    if task.failure and task.state is not TaskState.FAILED:
        text = ": ".join(filter(None, (task.failure.code, task.failure.message)))
        beside = "a result" if task.outputs else f"status {task.status!r}"
        job_run.notify_once(text, f"the service says beside {beside}: {text}")
    if task.state is TaskState.COMPLETED:
        update: EntryUpdate = {"generated_at": _completion_time(job_run)}
        if task.cost is not None:
            update["cost"] = task.cost
        why = FOUND_COMPLETED if job_run.running_at is None else ""
        then = LedgerEvent.FETCH if job_run.context.fetches else None
        job_run.transition(LedgerEvent.COMPLETED, why, then=then, **update)
        job_run.emit(Generated, cost=task.cost)
        return Download()
    if task.state is TaskState.FAILED:
        reason = task.failure.message if task.failure else ""
        failed: EntryUpdate = {"error": failure_text(task.failure)}
        if task.cost:
            failed["cost"] = task.cost
        job_run.transition(LedgerEvent.FAILED, reason, **failed)
        return finish_failed(job_run, task.failure)
    if not is_known_status(task.status):
        job_run.notify_once(task.status, f"unknown status {task.status!r}; taken as still running")
    job_run.running_at = job_run.context.clock.now()
    is_same = before is not None and (before.status, before.failure) == (task.status, task.failure)
    if not is_same or job_run.entry.state is not LedgerState.RUNNING:
        # Of the rest the answer alone is new, by its progress: the scheduler keeps those of all tasks together.
        job_run.transition(LedgerEvent.PROGRESSED)
    job_run.emit(Progressed, status=task.status or "running", progress=task.progress)
    age = max(0.0, job_run.context.clock.time() - (job_run.entry.accepted_at or job_run.entry.created))
    seconds = job_run.context.schedule.next_poll(job_run.task_class, age)
    return Wait(seconds, early=min(EARLY_SHARE * seconds, MAX_EARLY_SECONDS))


def _completion_time(job_run: JobRun) -> float:
    """When the task was completed, in seconds since the epoch: between now and when it was last seen to run.

    Where this process saw all of it, the schedule learns how long it took: else tasks that are ready before the first
    poll would for ever seem to take as long as that.
    """
    context, now = job_run.context, job_run.context.clock.time()
    if job_run.running_at is None:
        return now
    task_class, unseen = job_run.task_class, context.clock.now() - job_run.running_at
    accepted_at = job_run.entry.accepted_at
    age = unseen if accepted_at is None else max(unseen, now - accepted_at)
    completed_at = now - context.schedule.seconds_since_end(task_class, age, unseen)
    if accepted_at is not None:
        context.schedule.observe(task_class, max(0.0, completed_at - accepted_at))
    return completed_at
