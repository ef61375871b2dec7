"""What a job needs of others before it can be sent: their outcomes, and fresh URLs of their results."""

from collections.abc import Mapping

from kirin_cli.api.client import Found
from kirin_cli.run import chains, ends
from kirin_cli.run.course import Course, Next
from kirin_cli.run.job import Outcome
from kirin_cli.run.replies import DENIALS, reason, refused, unreached
from kirin_cli.wire.answers import TaskState

GOOD = frozenset({"done", "skipped"})


def unmet(course: Course) -> Next | None:
    """How the job ends because one that it needs did not end well; None where all did."""
    bad = next((outcome for outcome in course.needed.values() if outcome.state not in GOOD), None)
    return ends.follows(course, bad) if bad else None


def with_results(course: Course) -> Mapping[str, object] | Next:
    """The parameters with fresh URLs in place of references, or what to do before that."""
    urls = {}
    for name, outcome in course.needed.items():
        url = _fresh(course, outcome)
        if not isinstance(url, str):
            return url
        urls[name] = url
    filled = chains.filled(course.job.sent, urls)
    assert isinstance(filled, Mapping)  # noqa: S101  (a mapping stays one)
    return filled


def _fresh(course: Course, outcome: Outcome) -> str | Next:
    """The URL of the first output as the service gives it now; an earlier one may have expired."""
    queried = course.world.client.query(outcome.task_id or outcome.job.external_id)
    if queried.kind is Found.FOUND and queried.task and queried.task.outputs:
        return queried.task.outputs[0].url
    if queried.kind in DENIALS:
        return refused(course, queried)
    if queried.kind is Found.ABSENT or (queried.task and queried.task.state is not TaskState.RUNNING):
        return ends.follows(course, outcome, "the service no longer gives its result")
    if queried.fault and queried.fault.certainly_not_sent:
        return unreached(course, queried)
    return course.again("submit", reason(queried), queried.retry_after)
