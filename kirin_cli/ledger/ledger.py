"""The ledger: intents go in before anything is sent, and every transition is written where it is made."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict, Unpack

from kirin_cli.errors import KirinError, LocalError, UsageError
from kirin_cli.ledger import recovery
from kirin_cli.ledger.entry import (
    ENTRY_COLUMNS,
    INSERT_HISTORY,
    SELECT_ENTRY,
    EntryKey,
    HistoryRow,
    Intent,
    LedgerEntry,
    entry_from_row,
    entry_to_row,
    new_entry,
)
from kirin_cli.ledger.moves import HistoryLine, MoveWriter
from kirin_cli.ledger.recent_tasks import RECENT_FILE, write_recent_tasks
from kirin_cli.ledger.states import (
    NAMES_A_TASK,
    NON_DURABLE_EVENTS,
    POSTS,
    TERMINAL,
    LedgerEvent,
    LedgerState,
    transition,
)
from kirin_cli.ledger.store import Connect, Execute, LedgerStore, connect
from kirin_cli.redaction import mask_hidden

MAX_REQUEST_LENGTH = 256 * 1024
"""Characters of a request in the ledger: far above any prompt, far below a picture in Base64."""
RECENT_SECONDS = 5.0
"""How old the list of recent tasks may be while tasks come in."""

_COLUMNS = tuple(name for name in ENTRY_COLUMNS if name != "id")
_FIXED_COLUMNS = frozenset(
    {"origin", "account", "external_id", "owner", "created", "attempt", "redo_round", "has_old_id"}
)
_VALUES = ", ".join(f":{name}" for name in _COLUMNS)
_INSERT = f"INSERT INTO entries ({', '.join(_COLUMNS)}) VALUES ({_VALUES}) ON CONFLICT DO NOTHING"  # noqa: S608
_CHANGES = ", ".join(f"{name} = :{name}" for name in _COLUMNS if name not in _FIXED_COLUMNS)
_UPDATE = f"UPDATE entries SET {_CHANGES} WHERE id = :id AND version = :version - 1"  # noqa: S608
_BY_KEY = f"{SELECT_ENTRY} WHERE external_id = ? AND origin = ? AND account = ?"
_ADOPTING_EVENTS = {
    LedgerState.INTENT: LedgerEvent.FOUND,
    LedgerState.SENDING: LedgerEvent.ACCEPTED,
    LedgerState.UNKNOWN: LedgerEvent.FOUND,
    LedgerState.REFUSED: LedgerEvent.FOUND,
    LedgerState.ABSENT: LedgerEvent.FOUND,
}


class EntryUpdate(TypedDict, total=False):
    """What a move may learn; what is not given stays. `outputs` and `error` are JSON text, `cost` is US dollars.

    `generated_at` is in seconds since the epoch; without it, a completed task was completed just now. `answer` is the
    record of the service's answer that led to the move (wire.answer_record).
    """

    answer: str
    task_id: str
    generated_at: float
    cost: Decimal
    outputs: str
    error: str
    run_id: str


class ConcurrentUpdate(KirinError):
    """Somebody else has moved the entry since it was read: read it again and decide anew."""


class TaskOwnedElsewhere(UsageError):
    """The task belongs to another entry, `holder`: most often the same job under an earlier key of the account."""

    def __init__(self, task_id: str, holder: LedgerEntry) -> None:
        super().__init__(f"Task {task_id} belongs to {holder.external_id} already.")
        self.holder = holder


class Ledger:
    """The entries of one state folder. One may be shared by threads; use it as a context manager, or close it."""

    def __init__(self, store: LedgerStore, folder: Path, clock: Callable[[], float]) -> None:
        self.store = store
        self._moves = MoveWriter(store)
        self.orphans: tuple[recovery.RecoveredTask, ...] = ()
        self._folder = folder
        self._clock = clock
        self._listed = -inf  # when the list of recent tasks was written
        self._has_unlisted = not (folder / RECENT_FILE).exists()

    @classmethod
    def open(
        cls, state_dir: Path, clock: Callable[[], float], *, busy: float = 10.0, connect: Connect = connect
    ) -> "Ledger":
        """The ledger in `state_dir`, made if missing, with the recovery file taken in (`orphans`: of no entry here).

        `busy`: seconds to wait for a lock. Raises LocalError (exit 9) for what would keep intents from being written.
        """
        ledger = cls(LedgerStore.open(state_dir, busy=busy, connect=connect), state_dir, clock)
        try:
            orphans = []
            for task in recovery.read_recovery(state_dir):
                if ledger._knows(task.origin, task.task_id):
                    continue
                if entry := ledger.get(task):
                    ledger.note_task_id(entry, task.task_id, "from the recovery file")
                else:
                    orphans.append(task)
            ledger.orphans = tuple(orphans)
        except BaseException:
            ledger.close()
            raise
        recovery.reserve_recovery_space(state_dir)
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        if self._has_unlisted:
            write_recent_tasks(self.store, self._folder)
            self._has_unlisted = False
        self.store.close()

    def get(self, key: EntryKey) -> LedgerEntry | None:
        """The entry of `key` as it stands now."""
        rows = self.store.read(_BY_KEY, (key.external_id, key.origin, key.account))
        return entry_from_row(rows[0]) if rows else None

    def intend(self, intent: Intent) -> LedgerEntry:
        """Commit an intent, durably, or return the entry that its key has already. Promise 1."""
        return self.intend_all((intent,))[0]

    def intend_all(self, intents: Iterable[Intent]) -> list[LedgerEntry]:
        """`intend` for many in one transaction: all of them or, by a LocalError, none."""
        new = [new_entry(intent, self._clock()) for intent in intents]
        if any(len(entry.request) > MAX_REQUEST_LENGTH for entry in new):
            raise ValueError("a request in the ledger holds media by hash, never their bytes")
        if not new:
            return []
        with self.store.write(durable=True) as transaction:
            self._has_unlisted = True
            return [self._insert(transaction, entry) for entry in new]

    def move(
        self, entry: LedgerEntry, event: LedgerEvent, why: str = "", *, then: LedgerEvent | None = None,
        **facts: Unpack[EntryUpdate],
    ) -> LedgerEntry:  # fmt: skip
        """The entry after `event`, committed. A POST may leave when SEND or RESEND has returned, not before.

        `then` is what follows at once, in the same transaction.
        Raises InvalidTransition, ConcurrentUpdate, TaskOwnedElsewhere, LocalError. A `task_id` is safe in any case:
        after a lost race it is noted (`seen`), else where the ledger fails it is in the recovery file (fault L2).
        """
        if event in NAMES_A_TASK and not facts.get("task_id"):
            raise ValueError(f"{event.value} needs the task id")
        try:
            after = self._write_move(entry, event, why, facts, then=then)
        except ConcurrentUpdate:
            if event in NAMES_A_TASK:
                self.note_task_id(entry, facts["task_id"], why)
            raise
        except LocalError as fault:
            raise self._save_task_id(entry, facts.get("task_id", ""), fault) from fault
        if event in NAMES_A_TASK:
            self._list_recent(after.updated)
        return after

    def ensure_unchanged(self, entry: LedgerEntry) -> None:
        """Raise ConcurrentUpdate where anybody has moved the entry, or taken its lease, since it was read.

        To be called immediately before the first byte of a submission leaves (promise 6). Raises LocalError.
        """
        rows = self.store.read("SELECT version FROM entries WHERE id = ?", (entry.id,))
        if not rows or rows[0][0] != entry.version:
            raise ConcurrentUpdate(f"{entry.external_id} was taken over by another process.")

    def withdraw(self, entry: LedgerEntry) -> None:
        """Forget an intent that was never sent, so that nothing can send it later (promise 8). Raises LocalError."""
        with self.store.write(durable=False) as transaction:
            sql = "SELECT id FROM entries WHERE id = ? AND state = 'intent' AND exposed = 0 AND owner IS NULL"
            if transaction(sql, (entry.id,)).fetchone():
                transaction("DELETE FROM events WHERE entry = ?", (entry.id,))
                transaction("DELETE FROM entries WHERE id = ?", (entry.id,))

    def note_task_id(self, entry: LedgerEntry, task_id: str, why: str = "") -> LedgerEntry:
        """Note a task id that the service returned, whatever has become of the entry since, and return the entry.

        It becomes the entry's task if that still waits for one; otherwise it stands in the history. Promise 3.
        """
        try:
            while True:
                current = entry_from_row(self.store.read(f"{SELECT_ENTRY} WHERE id = ?", (entry.id,))[0])
                if self._knows(entry.origin, task_id):
                    return current
                event = _ADOPTING_EVENTS.get(current.state)
                if event is None or current.task_id is not None:
                    values = (current.id, self._clock(), "task seen", current.state, current.state, why, task_id)
                    self.store.write_one(INSERT_HISTORY, values, durable=True)
                    return current
                with suppress(ConcurrentUpdate, TaskOwnedElsewhere):  # somebody was first: what is to be noted now?
                    return self._write_move(current, event, why, {"task_id": task_id, "error": ""})
        except LocalError as fault:
            raise self._save_task_id(entry, task_id, fault) from fault

    def answer(self, entry: LedgerEntry) -> str:
        """The record of the service's last answer about the entry, "" for none (promise 12)."""
        rows = self.store.read("SELECT record FROM answers WHERE entry = ?", (entry.id,))
        return str(rows[0][0]) if rows else ""

    def keep_answers(self, answers: Iterable[tuple[LedgerEntry, str]]) -> None:
        """Keep the last answers about entries that they do not move, in one transaction. Raises LocalError.

        That of an entry which somebody has moved since it was read is left out: there is a later one.
        """
        sql = "INSERT OR REPLACE INTO answers SELECT id, ?, ? FROM entries WHERE id = ? AND version = ?"
        with self.store.write(durable=False) as transaction:
            for entry, record in answers:
                transaction(sql, (self._clock(), record, entry.id, entry.version))

    def history(self, entry: LedgerEntry) -> list[HistoryRow]:
        """All that has happened to the entry, oldest first (polls that changed nothing are left out)."""
        sql = "SELECT at, event, before, after, why, task_id FROM events WHERE entry = ? ORDER BY id"
        return [
            HistoryRow(
                at=at, event=event, before=LedgerState(before), after=LedgerState(after), why=why, task_id=task_id
            )
            for at, event, before, after, why, task_id in self.store.read(sql, (entry.id,))
        ]

    def _list_recent(self, now: float) -> None:
        """Have the list of recent tasks hold the one that came in: now, or with those that come soon after it."""
        self._has_unlisted = now - self._listed < RECENT_SECONDS
        if not self._has_unlisted:
            self._listed = now
            write_recent_tasks(self.store, self._folder)

    def _changes(self, entry: LedgerEntry, event: LedgerEvent, facts: EntryUpdate) -> dict[str, object]:
        """The fields of the entry after `event`. What is at its end nobody has to look after: its lease ends."""
        state, counters = transition(entry.state, event, entry.counters)
        now = self._clock()
        changes: dict[str, object] = {name: value for name, value in facts.items() if name != "answer"}
        changes |= {"state": state, "counters": counters, "version": entry.version + 1, "updated": now}
        if event in NAMES_A_TASK:
            changes["error"] = facts.get("error", "")  # what was said of a submission that is clear now
        if event in POSTS:
            changes |= {"first_sent": entry.first_sent or now, "last_sent": now}
        elif event is LedgerEvent.ACCEPTED:
            changes["accepted_at"] = now
        elif event is LedgerEvent.COMPLETED:
            changes.setdefault("generated_at", now)
        elif event is LedgerEvent.SEND_AGAIN:
            changes |= {"task_id": None, "accepted_at": None}
        return changes | {"owner": None} if state in TERMINAL else changes

    def _insert(self, transaction: Execute, new: LedgerEntry) -> LedgerEntry:
        inserted = transaction(_INSERT, entry_to_row(new))
        if inserted.rowcount:
            entry = new.replace(id=int(inserted.lastrowid or 0))
            transaction(INSERT_HISTORY, (entry.id, entry.created, "intend", entry.state, entry.state, "", None))
            return entry
        existing = entry_from_row(transaction(_BY_KEY, (new.external_id, new.origin, new.account)).fetchone())
        if not existing.job_file and existing.state is LedgerState.INTENT and not existing.counters.exposed:
            # Left over from a command that sent nothing: what is asked for now counts.
            later = new.replace(id=existing.id, version=existing.version + 1, counters=existing.counters)
            transaction(_UPDATE, entry_to_row(later))
            return later.replace(owner=existing.owner, created=existing.created)
        # Where the file goes is this command's choice, whoever began the job.
        plan, redo_round = new.plan or existing.plan, new.redo_round or existing.redo_round
        seconds = existing.input_seconds or new.input_seconds
        if (plan, redo_round, seconds) != (existing.plan, existing.redo_round, existing.input_seconds):
            sql = "UPDATE entries SET plan = ?, redo_round = ?, input_seconds = ? WHERE id = ?"
            transaction(sql, (plan, redo_round, seconds, existing.id))
        return existing.replace(plan=plan, redo_round=redo_round, input_seconds=seconds)

    def _write_move(
        self, before: LedgerEntry, event: LedgerEvent, why: str, facts: EntryUpdate, *, then: LedgerEvent | None = None
    ) -> LedgerEntry:
        """Compare and set, with lines of history; the entry then. Raises ConcurrentUpdate, TaskOwnedElsewhere."""
        changes = self._changes(before, event, facts)
        after = before.replace(**changes)
        lines = []
        if event is not LedgerEvent.PROGRESSED or before.state is not after.state:
            lines.append(_history_line(before, event, after, mask_hidden(why)))
        if then:
            middle, more = after, self._changes(after, then, {})
            after = middle.replace(**more)
            changes |= more
            lines.append(_history_line(middle, then, after, ""))
        try:
            is_done = self._moves.write(
                before, changes, lines, facts.get("answer", ""), durable=event not in NON_DURABLE_EVENTS
            )
        except sqlite3.IntegrityError as error:
            task_id = after.task_id or ""
            holder = self.store.read(f"{SELECT_ENTRY} WHERE task_id = ? AND origin = ?", (task_id, after.origin))
            if holder:
                raise TaskOwnedElsewhere(task_id, entry_from_row(holder[0])) from error
            is_done = False  # it has let go of the task since
        if not is_done:
            raise ConcurrentUpdate(f"{before.external_id} was moved by another process.")
        return after

    def _knows(self, origin: str, task_id: str) -> bool:
        sql = """SELECT 1 FROM entries WHERE task_id = :task AND origin = :origin UNION ALL SELECT 1 FROM events
            JOIN entries ON entries.id = events.entry WHERE events.task_id = :task AND origin = :origin LIMIT 1"""
        return bool(self.store.read(sql, {"task": task_id, "origin": origin}))

    def _save_task_id(self, entry: LedgerEntry, task_id: str, fault: LocalError) -> LocalError:
        """Put a task id that the ledger could not take into the recovery file; the fault to raise. Fault L2."""
        if not task_id:
            return fault
        key = {"origin": entry.origin, "account": entry.account, "external_id": entry.external_id}
        path = recovery.write_recovery(
            self._folder, recovery.RecoveredTask(**key, task_id=task_id, at=self._clock(), job=entry.job)
        )
        task = f"Task {task_id} (external id {entry.external_id})"
        return LocalError(f"{fault.message} {task} is accepted; it is noted in {path}.", hint=fault.hint)


def _history_line(before: LedgerEntry, event: LedgerEvent, after: LedgerEntry, why: str) -> HistoryLine:
    return HistoryLine(after.updated, event.value, before.state.value, after.state.value, why, after.task_id)
