"""The moves of entries: compare and set, lines of history and the answer in one statement, a transaction of its own.

Each statement lets other threads run a few times: one for a move costs a third of five. It writes into a view of this
connection alone, whose trigger has the steps. Knows no event and no clock.
"""

import sqlite3
import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

from kirin_cli.ledger.entry import HISTORY_COLUMNS, LedgerEntry, changed_columns
from kirin_cli.ledger.store import LedgerStore

MOVED: Final = "moved"
"""What the trigger raises where nothing was changed."""


class HistoryLine(NamedTuple):
    """A line of an entry's history, as it is written: values of HISTORY_COLUMNS, without the entry."""

    at: float
    event: str
    before: str
    after: str
    why: str
    task_id: str | None


_Shape = tuple[tuple[str, ...], int, int]
"""The columns that change, how many lines of history and how many answers (0 or 1) there are."""


class MoveWriter:
    """Writes the moves of one store. Thread-safe."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._statements: dict[_Shape, str] = {}

    def write(
        self, before: LedgerEntry, changes: dict[str, object], lines: Sequence[HistoryLine], answer: str, *,
        durable: bool,
    ) -> bool:  # fmt: skip
        """Change the fields of an entry that is still at its version, with lines of history; False: somebody moved it.

        `answer` is the record of the service's answer, "" for none. Raises LocalError, and IntegrityError where the
        task is another entry's. Not for use inside a transaction.
        """
        row = {**changed_columns(before, changes), "updated": changes["updated"]}
        values = [before.id, before.version, *row.values()]
        for line in lines:
            values += line
        if answer:
            values.append(answer)
        statement = self._statement((tuple(row), len(lines), 1 if answer else 0))
        try:
            self._store.write_one(statement, values, durable=durable)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_TRIGGER:
                raise
            return False
        return True

    def _statement(self, shape: _Shape) -> str:
        with self._lock:
            if shape not in self._statements:
                name = f"move_{len(self._statements)}"
                statement, definitions = _define(name, *shape)
                self._store.define(definitions)
                self._statements[shape] = statement
            return self._statements[shape]


def _define(name: str, columns: Sequence[str], lines: int, answers: int) -> tuple[str, tuple[str, str]]:
    """The statement that makes moves of one shape, and those that make its view and trigger."""
    history = [[f"{column}_{number}" for column in HistoryLine._fields] for number in range(lines)]
    names = ["id", "old_version", *columns, *(column for line in history for column in line)]
    changes = ", ".join(f"{column} = NEW.{column}" for column in columns)
    steps = [
        f"UPDATE entries SET {changes} WHERE id = NEW.id AND version = NEW.old_version",  # noqa: S608
        f"SELECT RAISE(ABORT, '{MOVED}') WHERE changes() = 0",
    ]
    for line in history:
        values = ", ".join(f"NEW.{column}" for column in line)
        steps.append(f"INSERT INTO events ({HISTORY_COLUMNS}) VALUES (NEW.id, {values})")  # noqa: S608
    if answers:
        names.append("answer")
        steps.append("INSERT OR REPLACE INTO answers VALUES (NEW.id, NEW.updated, NEW.answer)")
    nothing = ", ".join(["NULL"] * len(names))
    view = f"CREATE TEMP VIEW {name} ({', '.join(names)}) AS SELECT {nothing}"
    trigger = f"CREATE TEMP TRIGGER make_{name} INSTEAD OF INSERT ON {name} BEGIN {'; '.join(steps)}; END"
    return f"INSERT INTO {name} VALUES ({', '.join('?' * len(names))})", (view, trigger)  # noqa: S608
