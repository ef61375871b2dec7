"""Waiting for a task that the service has: poll until it ends. A failed poll never fails a task (fault P1)."""

from typing import Final

from kirin_cli.api.client import Found, Queried
from kirin_cli.ledger.journal import Facts
from kirin_cli.ledger.states import Event
from kirin_cli.run import ends
from kirin_cli.run.course import Course, Fetch, Later, Next
from kirin_cli.run.events import Generated, Noted, Progressed
from kirin_cli.run.replies import reason, refused
from kirin_cli.wire.answers import Task, TaskState
from kirin_cli.wire.states import is_known

GRACE: Final = 60.0
"""Seconds of 404 in a row after which an accepted task counts as lost (fault P2)."""


def poll(course: Course) -> Next:
    """Ask once for the task."""
    queried = course.world.client.query(course.entry.task_id or course.job.external_id)
    match queried.kind:
        case Found.FOUND if queried.task:
            course.failures = 0
            course.missing_since = None
            return _told(course, queried.task)
        case Found.ABSENT:
            return _missing(course, queried)
        case Found.DENIED | Found.NO_BALANCE:
            return refused(course, queried)
        case _:
            return course.again("poll", reason(queried), queried.retry_after)


def _told(course: Course, task: Task) -> Next:
    course.task = task
    if task.state is TaskState.COMPLETED:
        known: Facts = {} if task.cost is None else {"cost": task.cost}
        course.move(Event.COMPLETED, **known)
        course.emit(Generated, cost=task.cost)
        return Fetch()
    if task.state is TaskState.FAILED:
        course.move(Event.FAILED, task.failure.message if task.failure else "", error=ends.failure_text(task.failure))
        return ends.failed(course, task.failure)
    if not is_known(task.status) and task.status not in course.said:
        course.said.add(task.status)
        course.emit(Noted, text=f"unknown status {task.status!r}; taken as still running")
    course.move(Event.PROGRESSED)
    course.emit(Progressed, status=task.status or "running", progress=task.progress)
    return Later(course.world.pace.next_poll(ends.task_class(course.job)))


def _missing(course: Course, queried: Queried) -> Next:
    now = course.world.clock.now()
    if course.missing_since is None:
        course.missing_since = now
    if now - course.missing_since > GRACE * course.world.pace.scale:
        course.move(Event.VANISHED, "not found for over a minute")
        return ends.lost(course)
    return course.again("poll", reason(queried) or "the service does not find the task", queried.retry_after)
