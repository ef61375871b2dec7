"""Finding out what became of a sending, by queries for its external id. Never sends (SUBMISSION "States")."""

from kirin_cli.api.client import Found, Queried
from kirin_cli.ledger.questions import same_id
from kirin_cli.ledger.states import MAY_BE_CHARGED, Event, allowed, seconds_to_settle
from kirin_cli.run import ends
from kirin_cli.run.course import Course, Later, Next
from kirin_cli.run.events import Accepted
from kirin_cli.run.replies import DENIALS, denied, reason, refused, unreached

NOT_YET = "the service does not know the task yet"


def may_be_sent(course: Course) -> bool:
    """Whether somebody else may have sent this id: an owner who died, or this person under an earlier key."""
    if course.asked:
        return False
    entry = course.entry
    twins = [] if entry.tally.posts else same_id(course.world.ledger.store, entry.origin, entry.external_id)
    sent = [twin for twin in twins if twin.tally.exposed]
    unclear = [twin.last_sent or 0.0 for twin in sent if twin.state in MAY_BE_CHARGED]
    if unclear and course.settles is None:
        course.settles = _settling(course, max(unclear))
    return course.inherited or bool(sent)


def ask_first(course: Course) -> Next:
    """Ask for an id that somebody else may have sent, before it is sent from here."""
    queried = course.world.client.query(course.job.external_id)
    if queried.kind is Found.FOUND and queried.task:
        return _adopt(course, queried.task.id)
    if queried.kind in DENIALS:
        return refused(course, queried)
    if queried.fault and queried.fault.certainly_not_sent:
        return unreached(course, queried)
    if queried.kind is not Found.ABSENT or course.world.clock.now() < (course.settles or 0.0):
        return course.again("submit", reason(queried) or NOT_YET, queried.retry_after)
    course.asked, course.failures = True, 0
    return Later(0)


def inquire(course: Course) -> Next:
    """Ask the service for the external id of a sending whose outcome is unknown."""
    queried = course.world.client.query(course.job.external_id)
    if queried.kind is Found.FOUND and queried.task:
        return _adopt(course, queried.task.id)
    if queried.kind in DENIALS:
        course.world.gate.halt(denied(queried))
        return ends.unknown(course, reason(queried))
    return _not_found(course, queried)


def look_once_more(course: Course) -> Next:
    """It was sent as often as it may be; unless it has come to light since, a person decides."""
    queried = course.world.client.query(course.job.external_id)
    if queried.kind is Found.FOUND and queried.task:
        return _adopt(course, queried.task.id)
    return ends.unknown(course, "sent three times and never found")


def take_over(course: Course) -> Next:
    """An entry that was being sent when its process died: it may have arrived, so ask before anything else."""
    course.move(Event.OWNER_DIED, "the process that sent it has ended")
    return Later(0)


def accepted(course: Course, task_id: str, *, adopted: bool) -> Next:
    """The service has the task: say so before anything else, then wait for it (promise 3)."""
    course.failures = 0
    course.emit(Accepted, task_id=task_id, adopted=adopted)
    if not course.world.waits:
        return ends.accepted(course)
    return Later(0 if adopted else course.world.pace.first_poll(ends.task_class(course.job)))


def _adopt(course: Course, task_id: str) -> Next:
    course.move(Event.FOUND, task_id=task_id or course.job.external_id)
    return accepted(course, course.entry.task_id or task_id, adopted=True)


def _not_found(course: Course, queried: Queried) -> Next:
    absent = queried.kind is Found.ABSENT
    if not course.move(Event.NOT_FOUND if absent else Event.NO_ANSWER, reason(queried)):
        return Later(0)
    if absent and _is_settled(course) and allowed(course.entry.state, Event.SETTLED, course.entry.tally):
        course.move(Event.SETTLED)
        course.failures = 0
        return Later(0)
    return course.again("submit", reason(queried) or NOT_YET, queried.retry_after)


def _is_settled(course: Course) -> bool:
    """Whether an absence counts by now, by the steady clock: that of the wall may be set meanwhile (fault L6)."""
    if course.settles is None:
        course.settles = _settling(course, course.entry.last_sent or 0.0)
    return course.world.clock.now() >= course.settles


def _settling(course: Course, last_sent: float) -> float:
    clock = course.world.clock
    return clock.now() + seconds_to_settle(last_sent, clock.time(), course.world.settle)
