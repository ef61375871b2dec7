"""One submission as it stands in the ledger, and its way into and out of a row. Knows no transaction and no clock."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from kirin_cli.errors import LocalFault
from kirin_cli.ledger.states import State, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Whose task it is: service origin, fingerprint of the account's key, external task id."""

    origin: str
    account: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Key):
    """What is about to be asked for.

    `request` is JSON text with media by hash (never Base64, never the key); `mode` and `duration` name the class
    of jobs whose times are alike; `plan` is JSON text that says where the file goes and where its media are, so that
    the job can be taken up without the command that began it; `job_file` is "" for a one-off command; `take` counts
    from 1.
    """

    model: str
    request: str
    mode: str = ""
    duration: str = ""
    job: str = ""
    job_file: str = ""
    scope: str = ""
    take: int = 1
    plan: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Intent):
    """A submission at one moment (`version`). Times are seconds since the epoch; None: not yet.

    `outputs` and `error` are JSON text, "" for none. `owner` is the id of the lease that looks after it. `accepted_at`
    is set where the answer to the POST itself was seen, not by adoption: only then is it the beginning of the work.
    """

    id: int
    state: State
    version: int
    tally: Tally
    first_sent: float | None
    last_sent: float | None
    accepted_at: float | None
    generated_at: float | None
    task_id: str | None
    cost: Decimal | None
    outputs: str
    error: str
    owner: int | None
    created: float
    updated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the history: `event` led from `before` to `after` at `at`; `task_id` as it was known then.

    An event outside the table ("taken over", "second task") changes no state.
    """

    at: float
    event: str
    before: State
    after: State
    why: str
    task_id: str | None


_TALLY = tuple(field.name for field in fields(Tally))
COLUMNS = tuple(name for field in fields(Entry) for name in (_TALLY if field.name == "tally" else (field.name,)))
SELECT = f"SELECT {', '.join(COLUMNS)} FROM entries"  # noqa: S608 - the names are the fields above
LOG = "INSERT INTO events (entry, at, event, before, after, why, task_id) VALUES (?, ?, ?, ?, ?, ?, ?)"
_FIRST = COLUMNS.index(_TALLY[0])
_LAST = _FIRST + len(_TALLY)
_NAMES = (*COLUMNS[:_FIRST], *COLUMNS[_LAST:])


def from_row(row: sqlite3.Row) -> Entry:
    """The entry in `row` (of `SELECT`). Raises LocalFault if somebody wrote there what no kirin writes (L3)."""
    values = tuple(row)
    named: dict[str, object] = dict(zip(_NAMES, (*values[:_FIRST], *values[_LAST:]), strict=True))
    posts, exposed, resends, misses, duplicate_seen = values[_FIRST:_LAST]
    try:
        named["state"] = State(str(named["state"]))
        named["cost"] = None if named["cost"] is None else Decimal(str(named["cost"]))
    except (ValueError, ArithmeticError) as error:
        raise LocalFault(f"The ledger holds an entry that makes no sense: {error}.") from error
    tally = Tally(posts, exposed, resends, misses, bool(duplicate_seen))
    return Entry(tally=tally, **named)  # type: ignore[arg-type]


def to_row(entry: Entry) -> Mapping[str, object]:
    """The columns of `entry`, by name."""
    return {name: getattr(entry, name) for name in _NAMES} | {name: getattr(entry.tally, name) for name in _TALLY}


def record_from_row(row: sqlite3.Row) -> Record:
    """The line of history in `row` (at, event, before, after, why, task_id)."""
    at, event, before, after, why, task_id = row
    return Record(at=at, event=event, before=State(before), after=State(after), why=why, task_id=task_id)


def fresh(intent: Intent, now: float) -> Entry:
    """The entry that a new intent becomes; `id` is 0 until it is written."""
    given = {field.name: getattr(intent, field.name) for field in fields(Intent)}
    return Entry(
        **given, id=0, state=State.INTENT, version=0, tally=Tally(), first_sent=None, last_sent=None, accepted_at=None,
        generated_at=None, task_id=None, cost=None, outputs="", error="", owner=None, created=now, updated=now,
    )  # fmt: skip
