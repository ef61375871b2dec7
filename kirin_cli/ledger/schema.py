"""The tables of the ledger and their versions: made, brought forward, or refused in words.

Knows no entry and no state; a step, once released, is never edited: the next version is one more step.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from kirin_cli.errors import LocalFault

APPLICATION_ID = 0x6B72_6E31
"""Written into the file's header ("krn1"), so that another program's database is never taken for the ledger."""

KEPT = "The file was not changed."
ASIDE = f"{KEPT} Move it away (`kirin show ID` still asks the service), or name another folder in KIRIN_STATE_DIR."

Step = Sequence[str]
STEPS: Sequence[Step] = (
    (
        """CREATE TABLE entries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            origin TEXT NOT NULL, account TEXT NOT NULL, external_id TEXT NOT NULL,
            model TEXT NOT NULL, mode TEXT NOT NULL, duration TEXT NOT NULL,
            job TEXT NOT NULL, job_file TEXT NOT NULL, scope TEXT NOT NULL, take INTEGER NOT NULL,
            request TEXT NOT NULL, plan TEXT NOT NULL, run_id TEXT NOT NULL,
            state TEXT NOT NULL, version INTEGER NOT NULL,
            posts INTEGER NOT NULL, exposed INTEGER NOT NULL, resends INTEGER NOT NULL, misses INTEGER NOT NULL,
            duplicate_seen INTEGER NOT NULL,
            first_sent REAL, last_sent REAL, accepted_at REAL, generated_at REAL,
            task_id TEXT, cost TEXT, outputs TEXT NOT NULL, error TEXT NOT NULL,
            owner INTEGER, created REAL NOT NULL, updated REAL NOT NULL
        )""",
        "CREATE UNIQUE INDEX entries_by_id ON entries (external_id, origin, account)",
        "CREATE UNIQUE INDEX entries_by_task ON entries (task_id, origin) WHERE task_id IS NOT NULL",
        "CREATE INDEX entries_by_state ON entries (state)",
        "CREATE INDEX entries_by_owner ON entries (owner) WHERE owner IS NOT NULL",
        "CREATE INDEX entries_by_class ON entries (model, mode, duration, generated_at)",
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            entry INTEGER NOT NULL REFERENCES entries (id), at REAL NOT NULL,
            event TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, why TEXT NOT NULL, task_id TEXT
        )""",
        "CREATE INDEX events_by_entry ON events (entry)",
        "CREATE INDEX events_by_task ON events (task_id) WHERE task_id IS NOT NULL",
        """CREATE TABLE owners (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, until REAL NOT NULL
        )""",
    ),
)


def check(connection: sqlite3.Connection, path: Path, *, known: int = len(STEPS)) -> int:
    """The schema version of the ledger at `path`. LocalFault (L3) if newer than `known`, foreign or damaged."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise LocalFault(f"{path} is not a ledger of kirin.", hint=ASIDE)
    version = _pragma(connection, "user_version")
    if version > known:
        hint = f"{KEPT} Upgrade kirin, or name another folder in KIRIN_STATE_DIR."
        raise LocalFault(f"The ledger {path} is of a newer kirin (schema {version} > {known}).", hint=hint)
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise LocalFault(f"The ledger {path} is damaged: {found[0]:.200}", hint=ASIDE)
    return version


def migrate(connection: sqlite3.Connection, *, steps: Sequence[Step] = STEPS) -> None:
    """Bring the schema to the newest version in one transaction, alone with the file; nothing to do if it is there."""
    if _pragma(connection, "user_version") >= len(steps):
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        _apply(connection, steps)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _apply(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    # Read again under the lock: another process may have been first.
    version = _pragma(connection, "user_version")
    for statement in (statement for step in steps[version:] for statement in step):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {max(version, len(steps))}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
