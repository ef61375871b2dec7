"""One submission as it stands in the ledger, and its way into and out of a row. Knows no transaction and no clock."""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal

from kirin_cli.errors import LocalError
from kirin_cli.ledger.states import Counters, LedgerState
from kirin_cli.ledger.store import Execute
from kirin_cli.modelspec.record import Record


class EntryKey(Record, kw_only=True, eq=True):
    """Whose task it is: service origin, fingerprint of the account's key, external task id."""

    origin: str
    account: str
    external_id: str


class Intent(EntryKey, kw_only=True, eq=True):
    """What is about to be asked for.

    `request` is JSON text with media by hash (never Base64, never the key); `mode` and `duration` name the class of
    jobs whose prices and times are alike (`prices.task_class_of`); `plan` is JSON text that says where the file goes
    and where its media are, so that the job can be taken up without the command that began it; `job_file` is "" for a
    one-off command; `take` counts from 1, and so does `attempt`: a retry, or the same once more. `redo_round` names the
    --again or --retry-failed that an attempt belongs to, "" for none. `input_seconds` is the length of the input where
    that is billed, None where it is not, or not known.
    """

    model: str
    request: str
    mode: str = ""
    duration: str = ""
    job: str = ""
    job_file: str = ""
    scope: str = ""
    take: int = 1
    attempt: int = 1
    redo_round: str = ""
    plan: str = ""
    run_id: str = ""
    input_seconds: int | None = None


class LedgerEntry(Intent, kw_only=True, eq=True):
    """A submission at one moment (`version`). Times are seconds since the epoch; None: not yet. `id` 0: not written.

    `outputs` and `error` are JSON text, "" for none. `owner` is the id of the lease that looks after it. `accepted_at`
    is set where the answer to the POST itself was seen, not by adoption: only then is it the beginning of the work.
    `has_old_id`: an earlier kirin derived the external id, and this one would derive another.
    """

    id: int = 0
    state: LedgerState = LedgerState.INTENT
    version: int = 0
    counters: Counters = Counters()
    first_sent: float | None = None
    last_sent: float | None = None
    accepted_at: float | None = None
    generated_at: float | None = None
    task_id: str | None = None
    cost: Decimal | None = None
    outputs: str = ""
    error: str = ""
    owner: int | None = None
    has_old_id: bool = False
    created: float
    updated: float

    @property
    def either_id(self) -> str:
        """What a command takes for it: the task's id, or the external one, where the service has given none."""
        return self.task_id or self.external_id


class HistoryRow(Record, kw_only=True, eq=True):
    """One line of the history: `event` led from `before` to `after` at `at`; `task_id` as it was known then.

    An event outside the table ("taken over", "second task") changes no state.
    """

    at: float
    event: str
    before: LedgerState
    after: LedgerState
    why: str
    task_id: str | None


_COUNTER_NAMES = Counters._fields
ENTRY_COLUMNS = tuple(
    name for field in LedgerEntry._fields for name in (_COUNTER_NAMES if field == "counters" else (field,))
)
SELECT_ENTRY = f"SELECT {', '.join(ENTRY_COLUMNS)} FROM entries"  # noqa: S608 - the names are the fields above
HISTORY_COLUMNS = "entry, at, event, before, after, why, task_id"
INSERT_HISTORY = f"INSERT INTO events ({HISTORY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - the names above
_STATES: Mapping[object, LedgerState] = {state.value: state for state in LedgerState}
_START = ENTRY_COLUMNS.index(_COUNTER_NAMES[0])
_END = _START + len(_COUNTER_NAMES)
_OTHER_NAMES = (*ENTRY_COLUMNS[:_START], *ENTRY_COLUMNS[_END:])


def entry_from_row(row: sqlite3.Row) -> LedgerEntry:
    """The entry in `row` (of SELECT_ENTRY). LocalError if somebody wrote there what no kirin writes (fault L3)."""
    values = tuple(row)
    named: dict[str, object] = dict(zip(_OTHER_NAMES, (*values[:_START], *values[_END:]), strict=True))
    posts, exposed, resends, misses, duplicate_seen = values[_START:_END]
    try:
        named["state"] = _STATES.get(named["state"]) or LedgerState(str(named["state"]))
        named["has_old_id"] = bool(named["has_old_id"])
        named["cost"] = None if named["cost"] is None else Decimal(str(named["cost"]))
    except (ValueError, ArithmeticError) as error:
        raise LocalError(f"The ledger holds an entry that makes no sense: {error}.") from error
    counters = Counters(posts, exposed, resends, misses, bool(duplicate_seen))
    return LedgerEntry(counters=counters, **named)  # type: ignore[arg-type]


def read_entry(execute: Execute, entry_id: int) -> LedgerEntry:
    """The entry with this id as the transaction of `execute` sees it."""
    return entry_from_row(execute(f"{SELECT_ENTRY} WHERE id = ?", (entry_id,)).fetchone())


def entry_to_row(entry: LedgerEntry) -> Mapping[str, object]:
    """The columns of `entry`, by name."""
    return {name: getattr(entry, name) for name in _OTHER_NAMES} | {
        name: getattr(entry.counters, name) for name in _COUNTER_NAMES
    }


def changed_columns(before: LedgerEntry, changes: Mapping[str, object]) -> dict[str, object]:
    """The columns that differ after the changes of fields: only these are written, and only their indexes touched."""
    row = {name: value for name, value in changes.items() if value != getattr(before, name)}
    if state := row.get("state"):
        row["state"] = str.__str__(state)  # SQLite takes a plain text at once, and looks for a way to take others
    if counters := row.pop("counters", None):
        row |= {name: getattr(counters, name) for name in _COUNTER_NAMES}
    return row


def new_entry(intent: Intent, now: float) -> LedgerEntry:
    """The entry that a new intent becomes; `id` is 0 until it is written."""
    values = {name: getattr(intent, name) for name in Intent._fields}
    return LedgerEntry(**values, created=now, updated=now)
