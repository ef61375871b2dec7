"""The state machine of a submission as data: states, events, the transition table, and what each event counts."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from kirin_cli.errors import KirinError

MIN_MISSES = 5
"""How many 404s an absence takes, besides the settling time."""
MAX_RESENDS = 2
"""How often an absent submission is sent again without asking the person."""


class LedgerState(StrEnum):
    """Where a submission stands."""

    INTENT = "intent"
    SENDING = "sending"
    UNKNOWN = "unknown"
    REFUSED = "refused"
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


JobState = Literal["done", "skipped", "failed", "rejected", "pending", "unknown", "expired"]
"""How a job stands when a run ends, in the words that people are told."""
STATES_OF_ENTRIES: Final[Mapping[LedgerState, JobState]] = {
    **dict.fromkeys((LedgerState.INTENT, LedgerState.ACCEPTED, LedgerState.RUNNING), "pending"),
    **dict.fromkeys((LedgerState.SUCCEEDED, LedgerState.FETCHING), "pending"),
    **dict.fromkeys((LedgerState.SENDING, LedgerState.UNKNOWN, LedgerState.REFUSED, LedgerState.ABSENT), "unknown"),
    **dict.fromkeys((LedgerState.CONFLICT, LedgerState.LOST, LedgerState.ABANDONED), "unknown"),
    LedgerState.REJECTED: "rejected",
    LedgerState.FAILED: "failed",
    LedgerState.DONE: "done",
    LedgerState.EXPIRED: "expired",
}
"""The same words for what stands in the ledger, whose own states are finer."""


class LedgerEvent(StrEnum):
    """What happens to a submission; the last three are a person's decisions (`kirin resolve`)."""

    SEND = "send"  # committed before the first byte leaves
    RESEND = "resend"  # the same id again, after a settled absence
    ACCEPTED = "accepted"  # 2xx with a valid id
    NOT_SENT = "not sent"  # connection refused, DNS, connect timeout, TLS
    RATE_LIMITED = "rate limited"
    BLOCKED = "blocked"  # key or balance: certainly not created
    REFUSED = "refused"  # 400, 404, 413, 415, 422: nobody knows every wording of "duplicate", so a query decides
    AMBIGUOUS = "ambiguous"
    DUPLICATE = "duplicate"  # the service says that it has this id
    OWNER_DIED = "owner died"
    FOUND = "found"  # a query by external id was answered with a task
    NOT_FOUND = "not found"  # such a query was answered 404
    NO_ANSWER = "no answer"  # such a query told nothing
    SETTLED = "settled"  # enough 404s, and the settling time is over
    CONTRADICTED = "contradicted"  # "duplicate", yet nowhere to be found
    DISMISSED = "dismissed"  # refused, and the service has no such task: certainly not created
    TAKEN = "taken"  # an id that a person gave is another task's
    PROGRESSED = "progressed"
    COMPLETED = "completed"
    FAILED = "failed"
    VANISHED = "vanished"  # 404 for KIRIN_MISSING_WAIT, while the service finds other tasks
    FETCH = "fetch"  # also: begun anew, with fresh URLs
    SAVED = "saved"
    EXPIRED = "expired"
    FILE_GONE = "file gone"
    ADOPT = "adopt"
    SEND_AGAIN = "send again"
    ABANDON = "abandon"


TERMINAL = frozenset(
    {
        LedgerState.REJECTED,
        LedgerState.CONFLICT,
        LedgerState.FAILED,
        LedgerState.DONE,
        LedgerState.ABANDONED,
    }
)
NAMES_A_TASK = frozenset({LedgerEvent.ACCEPTED, LedgerEvent.FOUND, LedgerEvent.ADOPT})
POSTS = frozenset({LedgerEvent.SEND, LedgerEvent.RESEND})
NON_DURABLE_EVENTS = frozenset(
    {
        LedgerEvent.PROGRESSED,
        LedgerEvent.NOT_FOUND,
        LedgerEvent.NO_ANSWER,
        LedgerEvent.COMPLETED,
        LedgerEvent.FETCH,
        LedgerEvent.FILE_GONE,
        LedgerEvent.SAVED,
    }
)
"""Events that a power cut may take back without cost: a query or a look at the file tells them again."""
MAY_BE_CHARGED = frozenset(
    {
        LedgerState.SENDING,
        LedgerState.UNKNOWN,
        LedgerState.REFUSED,
        LedgerState.ABSENT,
        LedgerState.CONFLICT,
        LedgerState.LOST,
        LedgerState.ABANDONED,
    }
)
"""States without a known outcome; they count as possible cost once a POST may have arrived (`Counters.exposed` > 0)."""

_DECIDED = {
    LedgerEvent.ADOPT: LedgerState.ACCEPTED,
    LedgerEvent.SEND_AGAIN: LedgerState.INTENT,
    LedgerEvent.ABANDON: LedgerState.ABANDONED,
}
_WAITING = {
    LedgerEvent.PROGRESSED: LedgerState.RUNNING,
    LedgerEvent.COMPLETED: LedgerState.SUCCEEDED,
    LedgerEvent.FAILED: LedgerState.FAILED,
    LedgerEvent.VANISHED: LedgerState.LOST,
}
_MOVES: Mapping[LedgerState, Mapping[LedgerEvent, LedgerState]] = {
    LedgerState.INTENT: {
        LedgerEvent.SEND: LedgerState.SENDING,
        # An id that others may know is asked for before it is sent: another machine may have made the same task.
        LedgerEvent.FOUND: LedgerState.ACCEPTED,
        LedgerEvent.TAKEN: LedgerState.CONFLICT,
        LedgerEvent.ADOPT: LedgerState.ACCEPTED,
        LedgerEvent.ABANDON: LedgerState.ABANDONED,
    },
    LedgerState.SENDING: {
        LedgerEvent.ACCEPTED: LedgerState.ACCEPTED,
        LedgerEvent.NOT_SENT: LedgerState.INTENT,
        LedgerEvent.RATE_LIMITED: LedgerState.INTENT,
        LedgerEvent.BLOCKED: LedgerState.INTENT,
        LedgerEvent.REFUSED: LedgerState.REFUSED,
        LedgerEvent.AMBIGUOUS: LedgerState.UNKNOWN,
        LedgerEvent.DUPLICATE: LedgerState.UNKNOWN,
        LedgerEvent.TAKEN: LedgerState.CONFLICT,
        LedgerEvent.OWNER_DIED: LedgerState.UNKNOWN,
    },
    LedgerState.UNKNOWN: {
        LedgerEvent.FOUND: LedgerState.ACCEPTED,
        LedgerEvent.NOT_FOUND: LedgerState.UNKNOWN,
        LedgerEvent.NO_ANSWER: LedgerState.UNKNOWN,
        LedgerEvent.SETTLED: LedgerState.ABSENT,
        **_DECIDED,
    },
    LedgerState.REFUSED: {
        LedgerEvent.FOUND: LedgerState.ACCEPTED,
        LedgerEvent.TAKEN: LedgerState.CONFLICT,
        LedgerEvent.NOT_FOUND: LedgerState.REFUSED,
        LedgerEvent.NO_ANSWER: LedgerState.REFUSED,
        LedgerEvent.DISMISSED: LedgerState.REJECTED,
        **_DECIDED,
    },
    LedgerState.ABSENT: {
        LedgerEvent.FOUND: LedgerState.ACCEPTED,
        LedgerEvent.CONTRADICTED: LedgerState.CONFLICT,
        LedgerEvent.RESEND: LedgerState.SENDING,
        **_DECIDED,
    },
    LedgerState.ACCEPTED: _WAITING,
    LedgerState.RUNNING: _WAITING,
    LedgerState.SUCCEEDED: {LedgerEvent.FETCH: LedgerState.FETCHING},
    LedgerState.FETCHING: {
        LedgerEvent.FETCH: LedgerState.FETCHING,
        LedgerEvent.SAVED: LedgerState.DONE,
        LedgerEvent.EXPIRED: LedgerState.EXPIRED,
    },
    LedgerState.DONE: {LedgerEvent.FILE_GONE: LedgerState.FETCHING},
    LedgerState.CONFLICT: _DECIDED,
    # A service that forgets a task for an hour finds it again: every command that meets it asks (fault P12).
    LedgerState.LOST: {
        LedgerEvent.PROGRESSED: LedgerState.RUNNING,
        LedgerEvent.COMPLETED: LedgerState.SUCCEEDED,
        LedgerEvent.FAILED: LedgerState.FAILED,
        **_DECIDED,
    },
    LedgerState.ABANDONED: {LedgerEvent.ADOPT: LedgerState.ACCEPTED, LedgerEvent.SEND_AGAIN: LedgerState.INTENT},
    LedgerState.REJECTED: {},
    LedgerState.FAILED: {},
    LedgerState.EXPIRED: {LedgerEvent.FETCH: LedgerState.FETCHING},
}
TABLE: Mapping[tuple[LedgerState, LedgerEvent], LedgerState] = {
    (state, event): after for state, row in _MOVES.items() for event, after in row.items()
}
"""All that can happen. A pair that is not here raises `InvalidTransition`."""


class Counters(NamedTuple):
    """What is counted over the life of one external id.

    posts: POSTs begun. exposed: those of them that may have created a task (certain failures are taken off again).
    resends: automatic repetitions after an absence. misses: 404s since the last POST. duplicate_seen: for ever.
    """

    posts: int = 0
    exposed: int = 0
    resends: int = 0
    misses: int = 0
    duplicate_seen: bool = False


class InvalidTransition(KirinError):
    """A move that the table or a condition of it refuses; a bug of the caller, never of the person."""


CONDITIONS: Mapping[LedgerEvent, tuple[Callable[[Counters], bool], str]] = {
    LedgerEvent.TAKEN: (lambda counters: counters.exposed <= 1, "the id was sent before"),
    LedgerEvent.DISMISSED: (
        lambda counters: counters.misses >= (1 if counters.exposed <= 1 else MIN_MISSES),
        f"no answer was 404, or fewer than {MIN_MISSES} of an id that was sent before",
    ),
    LedgerEvent.SETTLED: (lambda counters: counters.misses >= MIN_MISSES, f"fewer than {MIN_MISSES} answers were 404"),
    LedgerEvent.CONTRADICTED: (lambda counters: counters.duplicate_seen, "no answer said duplicate"),
    LedgerEvent.RESEND: (
        lambda counters: not counters.duplicate_seen and counters.resends < MAX_RESENDS,
        f"it was called a duplicate, or sent again {MAX_RESENDS} times already",
    ),
}


def transition(state: LedgerState, event: LedgerEvent, counters: Counters) -> tuple[LedgerState, Counters]:
    """Where `event` leads from `state`, and the counters then. Raises InvalidTransition for a move that may not be."""
    if (state, event) not in TABLE:
        raise InvalidTransition(f"A submission that is {state.value} takes no event {event.value!r}.")
    holds, why = CONDITIONS.get(event, (None, ""))
    if holds is not None and not holds(counters):
        raise InvalidTransition(f"A submission that is {state.value} takes no event {event.value!r}: {why}.")
    return TABLE[state, event], _count(counters, event)


def is_allowed(state: LedgerState, event: LedgerEvent, counters: Counters) -> bool:
    """Whether `transition` would go there."""
    holds, _ = CONDITIONS.get(event, (None, ""))
    return (state, event) in TABLE and (holds is None or holds(counters))


def grace_seconds_left(last_sent: float, now: float, grace: float) -> float:
    """Seconds (0 to `grace`) until an absence counts: ask once, then wait by a clock that nobody sets (fault L6)."""
    return min(grace, max(0.0, last_sent + grace - now))


def _count(counters: Counters, event: LedgerEvent) -> Counters:
    match event:
        case LedgerEvent.SEND | LedgerEvent.RESEND:
            again = counters.resends + (event is LedgerEvent.RESEND)
            return counters._replace(posts=counters.posts + 1, exposed=counters.exposed + 1, resends=again, misses=0)
        case LedgerEvent.NOT_SENT | LedgerEvent.RATE_LIMITED | LedgerEvent.BLOCKED:
            return counters._replace(exposed=counters.exposed - 1)
        case LedgerEvent.TAKEN:
            return counters._replace(exposed=0)
        case LedgerEvent.DUPLICATE:
            return counters._replace(duplicate_seen=True)
        case LedgerEvent.NOT_FOUND:
            return counters._replace(misses=counters.misses + 1)
        case _:
            return counters
