"""The steps up to the service's acceptance: send, and find out what became of a sending (SUBMISSION "States")."""

from typing import Final

from kirin_cli import media
from kirin_cli.api.client import Found, Posted, Queried
from kirin_cli.api.verdict import Verdict
from kirin_cli.errors import BalanceInsufficient, KirinError, LocalFault, NotPermitted, ServiceUnreachable
from kirin_cli.ledger.journal import Facts
from kirin_cli.ledger.states import Event, State, allowed, refusal, seconds_to_settle
from kirin_cli.run import ends
from kirin_cli.run.course import Course, Later, Next
from kirin_cli.run.events import Accepted, Submitting

UNREACHABLE_AFTER: Final = 5
KEY_HINT: Final = "check KIRIN_API_KEY; `kirin run` again goes on with the jobs that were not sent"
BALANCE_HINT: Final = "top up the account; `kirin run` again goes on with the jobs that were not sent"

DENIALS: Final = frozenset({Found.DENIED, Found.NO_BALANCE})
_EVENTS: Final = {
    Verdict.ACCEPTED: Event.ACCEPTED,
    Verdict.NOT_SENT: Event.NOT_SENT,
    Verdict.RATE_LIMITED: Event.RATE_LIMITED,
    Verdict.DENIED: Event.BLOCKED,
    Verdict.NO_BALANCE: Event.BLOCKED,
    Verdict.DUPLICATE: Event.DUPLICATE,
    Verdict.AMBIGUOUS: Event.AMBIGUOUS,
}


def send(course: Course) -> Next:
    """Commit the intent to send, send, and write down what came of it (promise 1)."""
    halted = course.world.gate.halted()
    if halted is not None:
        return ends.pending(course, halted)
    if course.inherited:
        return _ask_first(course)
    if course.job.unsendable:
        return ends.pending(course, LocalFault(course.job.unsendable, hint="run its job file again"))
    body = media.json_body(course.world.dialect.wrap(course.job.model, course.job.sent))
    body.verify()
    course.move(Event.RESEND if course.entry.state is State.ABSENT else Event.SEND)
    if course.entry.state is not State.SENDING:
        return Later(0)
    course.emit(Submitting, external_task_id=course.job.external_id)
    posted = course.world.client.create(body, sent_before=course.entry.tally.exposed > 1)
    event = refusal(course.entry.tally) if posted.verdict is Verdict.REFUSED else _EVENTS[posted.verdict]
    course.move(event, reason(posted), **_facts(posted))
    return _after(course, posted)


def _ask_first(course: Course) -> Next:
    """The first act after taking over from a dead process is a query, never a POST."""
    queried = course.world.client.query(course.job.external_id)
    if queried.kind is Found.FOUND and queried.task:
        return _adopt(course, queried.task.id)
    if queried.kind is not Found.ABSENT:
        return course.again("submit", reason(queried), queried.retry_after)
    course.inherited = False
    return Later(0)


def _adopt(course: Course, task_id: str) -> Next:
    course.inherited = False
    course.move(Event.FOUND, task_id=task_id or course.job.external_id)
    return accepted(course, course.entry.task_id or task_id, adopted=True)


def _facts(posted: Posted) -> Facts:
    return {"task_id": posted.task.id} if posted.verdict is Verdict.ACCEPTED and posted.task else {}


def _after(course: Course, posted: Posted) -> Next:
    match posted.verdict:
        case Verdict.ACCEPTED if posted.task:
            return accepted(course, posted.task.id, adopted=False)
        case Verdict.NOT_SENT:
            return _unreached(course, posted)
        case Verdict.RATE_LIMITED:
            course.world.gate.limited()
            return course.again("submit", reason(posted), posted.retry_after)
        case Verdict.DENIED | Verdict.NO_BALANCE:
            halted = denied(posted)
            course.world.gate.halt(halted)
            return ends.pending(course, halted)
        case Verdict.REFUSED if course.entry.state is State.REJECTED:
            return ends.rejected(course, posted.failure)
        case _:
            return course.again("submit", reason(posted))


def reason(answer: Posted | Queried) -> str:
    """What came back, in a few words."""
    if answer.fault:
        return answer.fault.message
    said = answer.failure.message if answer.failure else ""
    return ": ".join(filter(None, (f"HTTP {answer.status}", said)))


def is_final(posted: Posted) -> bool:
    """Whether trying again cannot help: the other side could not prove who it is (fault S2)."""
    return posted.fault is not None and posted.fault.kind in {"tls", "forbidden_address"}


def denied(answer: Posted | Queried) -> KirinError:
    """Why the batch stops: the key, or the balance."""
    about_balance = isinstance(answer, Posted) and answer.verdict is Verdict.NO_BALANCE
    if about_balance or (isinstance(answer, Queried) and answer.kind is Found.NO_BALANCE):
        return BalanceInsufficient(f"the balance is insufficient: {reason(answer)}", hint=BALANCE_HINT)
    return NotPermitted(f"the service refuses the key: {reason(answer)}", hint=KEY_HINT)


def _unreached(course: Course, posted: Posted) -> Next:
    final = is_final(posted) or course.failures + 1 >= UNREACHABLE_AFTER or not course.world.gate.spend_retry()
    if final:
        return ends.pending(course, ServiceUnreachable(f"the service could not be reached: {reason(posted)}"))
    return course.again("submit", reason(posted))


def accepted(course: Course, task_id: str, *, adopted: bool) -> Next:
    """The service has the task: say so before anything else, then wait for it (promise 3)."""
    course.failures = 0
    course.emit(Accepted, task_id=task_id, adopted=adopted)
    if not course.world.waits:
        return ends.accepted(course)
    return Later(0 if adopted else course.world.pace.first_poll(ends.task_class(course.job)))


def inquire(course: Course) -> Next:
    """Ask the service for the external id of a sending whose outcome is unknown. Never sends."""
    queried = course.world.client.query(course.job.external_id)
    if queried.kind is Found.FOUND and queried.task:
        return _adopt(course, queried.task.id)
    if queried.kind in DENIALS:
        course.world.gate.halt(denied(queried))
        return ends.unknown(course, reason(queried))
    return _not_found(course, queried)


def _not_found(course: Course, queried: Queried) -> Next:
    absent = queried.kind is Found.ABSENT
    course.move(Event.NOT_FOUND if absent else Event.NO_ANSWER, reason(queried))
    wait = seconds_to_settle(course.entry.last_sent or 0.0, course.world.clock.time(), course.world.settle)
    if absent and wait <= 0 and allowed(course.entry.state, Event.SETTLED, course.entry.tally):
        course.move(Event.SETTLED)
        course.failures = 0
        return Later(0)
    return course.again("submit", reason(queried) or "the service does not know the task yet", queried.retry_after)


def decide(course: Course) -> Next:
    """A settled absence: send the same id again, or leave it to the person."""
    if allowed(course.entry.state, Event.CONTRADICTED, course.entry.tally):
        course.move(Event.CONTRADICTED, "called a duplicate, yet nowhere to be found")
        return Later(0)
    if not allowed(course.entry.state, Event.RESEND, course.entry.tally):
        return ends.unknown(course, "sent three times and never found")
    return send(course)


def take_over(course: Course) -> Next:
    """An entry that was being sent when its process died: it may have arrived, so ask before anything else."""
    course.move(Event.OWNER_DIED, "the process that sent it has ended")
    return Later(0)
