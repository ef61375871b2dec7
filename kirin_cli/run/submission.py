"""Sending, and what follows from the answer (SUBMISSION "States" and the table below it)."""

from collections.abc import Mapping
from typing import Final

from kirin_cli import media
from kirin_cli.api.client import Posted
from kirin_cli.api.upload import Tell
from kirin_cli.api.verdict import Verdict
from kirin_cli.errors import GenerationFailed, KirinError, LocalFault, NotPermitted, ServiceUnreachable
from kirin_cli.ledger.journal import Facts
from kirin_cli.ledger.states import Event, State, allowed, refusal
from kirin_cli.run import ends, targets
from kirin_cli.run.course import Course, Later, Next
from kirin_cli.run.events import Submitting, Uploading
from kirin_cli.run.inquiry import accepted, ask_first, look_once_more, may_be_sent
from kirin_cli.run.replies import reason, refused, unreached
from kirin_cli.run.results_needed import unmet, with_results
from kirin_cli.run.uploading import uploaded

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
    """Make sure that the job may and can be sent, then send it."""
    halted = course.world.gate.halted()
    if halted is not None:
        end = ends.stopped if course.entry.state is State.INTENT else ends.pending
        return end(course, halted)
    if may_be_sent(course):
        return ask_first(course)
    if course.job.unsendable:
        return ends.pending(course, LocalFault(course.job.unsendable, hint="run its job file again"))
    values = (unmet(course) or with_results(course)) if course.job.needs else course.job.sent
    return _send(course, values) if isinstance(values, Mapping) else values


def _send(course: Course, values: Mapping[str, object]) -> Next:
    """Commit the intent to send, send, and write down what came of it (promise 1)."""
    targets.check_folder(targets.path_of(course.job).parent)
    try:
        sent = uploaded(values, course.world.uploader, _teller(course))
    except NotPermitted as denial:
        course.world.gate.halt(denial)
        return ends.pending(course, denial)
    except (ServiceUnreachable, GenerationFailed) as error:
        return ends.pending(course, error)
    body = media.json_body(course.world.dialect.wrap(course.job.model, sent))
    body.verify()
    again = course.entry.state is State.ABSENT
    if course.world.gate.halted() or not course.move(Event.RESEND if again else Event.SEND):
        return Later(0)
    course.settles = course.world.clock.now() + course.world.settle
    course.emit(Submitting, external_task_id=course.job.external_id)
    posted = _post(course, body)
    event = refusal(course.entry.tally) if posted.verdict is Verdict.REFUSED else _EVENTS[posted.verdict]
    course.move(event, reason(posted), **_facts(posted, event))
    return _after(course, posted)


def _teller(course: Course) -> Tell:
    return lambda sent, total: course.emit(Uploading, sent=sent, total=total)


def _post(course: Course, body: media.JsonBody) -> Posted:
    try:
        return course.world.client.create(body, sent_before=course.entry.tally.exposed > 1)
    except KirinError as error:
        # Raised before the first byte has left: the intent is what it was.
        course.move(Event.NOT_SENT, error.message)
        raise


def _facts(posted: Posted, event: Event) -> Facts:
    if event is Event.REFUSED:
        return {"error": ends.failure_text(posted.failure)}
    return {"task_id": posted.task.id} if event is Event.ACCEPTED and posted.task else {}


def _after(course: Course, posted: Posted) -> Next:
    match posted.verdict:
        case Verdict.ACCEPTED if posted.task:
            return accepted(course, posted.task.id, adopted=False)
        case Verdict.NOT_SENT:
            return unreached(course, posted)
        case Verdict.RATE_LIMITED:
            course.world.gate.limited()
            return course.again("submit", reason(posted), posted.retry_after)
        case Verdict.DENIED | Verdict.NO_BALANCE:
            return refused(course, posted)
        case Verdict.REFUSED if course.entry.state is State.REJECTED:
            return ends.rejected(course, posted.failure)
        case _:
            return course.again("submit", reason(posted))


def decide(course: Course) -> Next:
    """A settled absence: send the same id again, or leave it to the person."""
    if allowed(course.entry.state, Event.CONTRADICTED, course.entry.tally):
        course.move(Event.CONTRADICTED, "called a duplicate, yet nowhere to be found")
        return Later(0)
    if not allowed(course.entry.state, Event.RESEND, course.entry.tally):
        return look_once_more(course)
    return send(course)
