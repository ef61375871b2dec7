"""Which step a job takes next: one function per state of the ledger."""

from collections.abc import Callable, Mapping
from typing import Final

from kirin_cli.ledger.states import State
from kirin_cli.run import ends, fetching, inquiry, polling, submission
from kirin_cli.run.course import Course, Next


def ended_before(course: Course) -> Next:
    """An entry that an earlier run, or another process, brought to its end."""
    match course.entry.state:
        case State.REJECTED:
            return ends.rejected(course, ends.failure_of(course.entry))
        case State.FAILED:
            return ends.failed(course, ends.failure_of(course.entry))
        case State.CONFLICT:
            return ends.conflict(course)
        case State.LOST:
            return ends.lost(course)
        case State.ABANDONED:
            return ends.unknown(course, "abandoned by hand")
        case _:
            return ends.expired(course, "its URLs had expired")


STEPS: Final[Mapping[State, Callable[[Course], Next]]] = {
    State.INTENT: submission.send,
    State.SENDING: inquiry.take_over,
    State.UNKNOWN: inquiry.inquire,
    State.ABSENT: submission.decide,
    State.ACCEPTED: polling.poll,
    State.RUNNING: polling.poll,
    State.SUCCEEDED: fetching.fetch,
    State.FETCHING: fetching.fetch,
    State.DONE: fetching.look_again,
    **dict.fromkeys(
        (State.REJECTED, State.FAILED, State.CONFLICT, State.LOST, State.ABANDONED, State.EXPIRED), ended_before
    ),
}
FETCHES: Final = frozenset({State.SUCCEEDED, State.FETCHING, State.DONE})


def step(course: Course) -> Next:
    """Take one step. Raises LocalFault where the ledger or the disk fails."""
    return STEPS[course.entry.state](course)
