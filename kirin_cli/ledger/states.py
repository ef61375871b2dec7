"""The life of one submission as data: states, events, the table of moves, and what each event counts.

Pure: knows no database, no clock and no HTTP. The batch maps an answer of the service to an event; the table says what
that means. What the table does not hold is refused. Source: design/SUBMISSION.md, "States".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from kirin_cli.errors import KirinError

MISSES_NEEDED = 5
"""How many 404s an absence takes, besides the settling time."""
RESENDS_ALLOWED = 2
"""How often an absent submission is sent again without asking the person."""


class State(StrEnum):
    """Where a submission stands."""

    INTENT = "intent"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FETCHING = "fetching"
    REJECTED = "rejected"
    CONFLICT = "conflict"
    FAILED = "failed"
    LOST = "lost"
    DONE = "done"
    EXPIRED = "expired"
    ABANDONED = "abandoned"


class Event(StrEnum):
    """What happens to a submission; the last three are a person's decisions (`kirin resolve`)."""

    SEND = "send"  # committed before the first byte leaves
    RESEND = "resend"  # the same id again, after a settled absence
    ACCEPTED = "accepted"  # 2xx with a valid id
    NOT_SENT = "not sent"  # connection refused, DNS, connect timeout, TLS
    RATE_LIMITED = "rate limited"
    BLOCKED = "blocked"  # key or balance: certainly not created
    REFUSED = "refused"  # 400, 404, 413, 415, 422 on an id never sent before
    AMBIGUOUS = "ambiguous"
    DUPLICATE = "duplicate"  # the service says, or a refusal of an id sent before hints, that it exists
    OWNER_DIED = "owner died"
    FOUND = "found"  # a query by external id was answered with a task
    NOT_FOUND = "not found"  # such a query was answered 404
    NO_ANSWER = "no answer"  # such a query told nothing
    SETTLED = "settled"  # enough 404s, and the settling time is over
    CONTRADICTED = "contradicted"  # "duplicate", yet nowhere to be found
    PROGRESSED = "progressed"
    COMPLETED = "completed"
    FAILED = "failed"
    VANISHED = "vanished"  # 404 for more than the grace after acceptance
    FETCH = "fetch"  # also: begun anew, with fresh URLs
    SAVED = "saved"
    EXPIRED = "expired"
    FILE_GONE = "file gone"
    ADOPT = "adopt"
    SEND_AGAIN = "send again"
    ABANDON = "abandon"


TERMINAL = frozenset({
    State.REJECTED, State.CONFLICT, State.FAILED, State.LOST, State.DONE, State.EXPIRED, State.ABANDONED,
})  # fmt: skip
HUMAN = frozenset({Event.ADOPT, Event.SEND_AGAIN, Event.ABANDON})
NAMES_A_TASK = frozenset({Event.ACCEPTED, Event.FOUND, Event.ADOPT})
POSTS = frozenset({Event.SEND, Event.RESEND})
CHEAP = frozenset({
    Event.PROGRESSED, Event.NOT_FOUND, Event.NO_ANSWER, Event.COMPLETED, Event.FETCH, Event.FILE_GONE, Event.SAVED,
})  # fmt: skip
"""Events that a power cut may take back without cost: a query or a look at the file tells them again."""
MAY_BE_CHARGED = frozenset({
    State.SENDING, State.UNKNOWN, State.ABSENT, State.CONFLICT, State.LOST, State.ABANDONED,
})  # fmt: skip
"""States without a known outcome; they count as possible cost once a POST may have arrived (`Tally.exposed` > 0)."""

_DECIDED = {Event.ADOPT: State.ACCEPTED, Event.SEND_AGAIN: State.INTENT, Event.ABANDON: State.ABANDONED}
_WAITING = {
    Event.PROGRESSED: State.RUNNING,
    Event.COMPLETED: State.SUCCEEDED,
    Event.FAILED: State.FAILED,
    Event.VANISHED: State.LOST,
}
_MOVES: Mapping[State, Mapping[Event, State]] = {
    State.INTENT: {
        Event.SEND: State.SENDING,
        # A successor asks before it sends, and another machine may have made the same task.
        Event.FOUND: State.ACCEPTED,
        Event.ADOPT: State.ACCEPTED,
        Event.ABANDON: State.ABANDONED,
    },
    State.SENDING: {
        Event.ACCEPTED: State.ACCEPTED,
        Event.NOT_SENT: State.INTENT,
        Event.RATE_LIMITED: State.INTENT,
        Event.BLOCKED: State.INTENT,
        Event.REFUSED: State.REJECTED,
        Event.AMBIGUOUS: State.UNKNOWN,
        Event.DUPLICATE: State.UNKNOWN,
        Event.OWNER_DIED: State.UNKNOWN,
    },
    State.UNKNOWN: {
        Event.FOUND: State.ACCEPTED,
        Event.NOT_FOUND: State.UNKNOWN,
        Event.NO_ANSWER: State.UNKNOWN,
        Event.SETTLED: State.ABSENT,
        **_DECIDED,
    },
    State.ABSENT: {
        Event.FOUND: State.ACCEPTED,
        Event.CONTRADICTED: State.CONFLICT,
        Event.RESEND: State.SENDING,
        **_DECIDED,
    },
    State.ACCEPTED: _WAITING,
    State.RUNNING: _WAITING,
    State.SUCCEEDED: {Event.FETCH: State.FETCHING},
    State.FETCHING: {Event.FETCH: State.FETCHING, Event.SAVED: State.DONE, Event.EXPIRED: State.EXPIRED},
    State.DONE: {Event.FILE_GONE: State.FETCHING},
    State.CONFLICT: _DECIDED,
    State.LOST: _DECIDED,
    State.ABANDONED: {Event.ADOPT: State.ACCEPTED, Event.SEND_AGAIN: State.INTENT},
    State.REJECTED: {},
    State.FAILED: {},
    State.EXPIRED: {},
}
TABLE: Mapping[tuple[State, Event], State] = {
    (state, event): after for state, row in _MOVES.items() for event, after in row.items()
}
"""All that can happen. A pair that is not here raises `NotAllowed`."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted over the life of one external id.

    posts: POSTs begun. exposed: those of them that may have created a task (certain failures are taken off again).
    resends: automatic repetitions after an absence. misses: 404s since the last POST. duplicate_seen: for ever.
    """

    posts: int = 0
    exposed: int = 0
    resends: int = 0
    misses: int = 0
    duplicate_seen: bool = False


class NotAllowed(KirinError):
    """A move that the table or a condition of it refuses; a bug of the caller, never of the person."""


_CONDITIONS: Mapping[Event, tuple[Callable[[Tally], bool], str]] = {
    Event.REFUSED: (lambda tally: tally.exposed <= 1, "the id was sent before"),
    Event.SETTLED: (lambda tally: tally.misses >= MISSES_NEEDED, f"fewer than {MISSES_NEEDED} answers were 404"),
    Event.CONTRADICTED: (lambda tally: tally.duplicate_seen, "no answer said duplicate"),
    Event.RESEND: (
        lambda tally: not tally.duplicate_seen and tally.resends < RESENDS_ALLOWED,
        f"it was called a duplicate, or sent again {RESENDS_ALLOWED} times already",
    ),
}


def step(state: State, event: Event, tally: Tally) -> tuple[State, Tally]:
    """Where `event` leads from `state`, and the tally after it. Raises NotAllowed for everything not in the table."""
    if (state, event) not in TABLE:
        raise NotAllowed(f"A submission that is {state.value} takes no event {event.value!r}.")
    holds, why = _CONDITIONS.get(event, (None, ""))
    if holds is not None and not holds(tally):
        raise NotAllowed(f"A submission that is {state.value} takes no event {event.value!r}: {why}.")
    return TABLE[state, event], _counted(tally, event)


def allowed(state: State, event: Event, tally: Tally) -> bool:
    """Whether `step` would go there."""
    holds, _ = _CONDITIONS.get(event, (None, ""))
    return (state, event) in TABLE and (holds is None or holds(tally))


def refusal(tally: Tally) -> Event:
    """The event for a 400, 404, 413, 415 or 422 after a POST: on an id that may have arrived before, it may exist."""
    return Event.REFUSED if tally.exposed <= 1 else Event.DUPLICATE


def seconds_to_settle(last_sent: float, now: float, settle: float) -> float:
    """Seconds (0 to `settle`) until an absence counts: ask once, then wait by a clock that nobody sets (L6)."""
    return min(settle, max(0.0, last_sent + settle - now))


def _counted(tally: Tally, event: Event) -> Tally:
    match event:
        case Event.SEND | Event.RESEND:
            again = tally.resends + (event is Event.RESEND)
            return replace(tally, posts=tally.posts + 1, exposed=tally.exposed + 1, resends=again, misses=0)
        case Event.NOT_SENT | Event.RATE_LIMITED | Event.BLOCKED:
            return replace(tally, exposed=tally.exposed - 1)
        case Event.DUPLICATE:
            return replace(tally, duplicate_seen=True)
        case Event.NOT_FOUND:
            return replace(tally, misses=tally.misses + 1)
        case _:
            return tally
