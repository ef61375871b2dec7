"""The SQLite file under the ledger: made, opened, locked, written; its failures said in words.

Knows tables only by the SQL it is given. Every failure of SQLite or of the folder is a LocalFault (exit 9): whoever
could not write an intent must not send it.

Durability. With a write-ahead log a durable transaction ends in an fsync (synchronous=FULL), a cheap one does not: the
process may die after either without loss, a power cut may take cheap ones back. Where the file system has no shared
memory, SQLite declines the log; then a rollback journal with synchronous=EXTRA does the same, slower (`Store.journal`).
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path

from kirin_cli.errors import LocalFault
from kirin_cli.ledger import schema

NAME = "ledger.sqlite3"
Connect = Callable[[Path, float], sqlite3.Connection]
Values = Sequence[object] | Mapping[str, object]
Execute = Callable[[str, Values], sqlite3.Cursor]

_WORDS = {
    sqlite3.SQLITE_BUSY: ("is locked by another process", "Try again when it has ended."),
    sqlite3.SQLITE_LOCKED: ("is locked by another process", "Try again when it has ended."),
    sqlite3.SQLITE_FULL: ("cannot grow: there is no space", "Make room on that disk."),
    sqlite3.SQLITE_READONLY: ("is read-only", "Make it writable, or name another folder in KIRIN_STATE_DIR."),
    sqlite3.SQLITE_PERM: ("is not permitted", "Make it writable, or name another folder in KIRIN_STATE_DIR."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Is its folder writable? Or name another in KIRIN_STATE_DIR."),
    sqlite3.SQLITE_CORRUPT: ("is damaged", schema.ASIDE),
    sqlite3.SQLITE_NOTADB: ("is no database, or damaged", schema.ASIDE),
}


def connect(path: Path, busy: float) -> sqlite3.Connection:
    """A connection in autocommit mode that waits `busy` seconds for locks and may wander between threads."""
    return sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)


class Store:
    """One connection behind one lock. Make it with `Store.open`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        with said(path):
            # A log, where there can be one; SQLite answers with what it really uses.
            self.journal = str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            if self.journal != "wal":
                self.journal = str(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0])
            connection.execute("PRAGMA fullfsync = ON")
        self._durably = "FULL" if self.journal == "wal" else "EXTRA"

    @classmethod
    def open(cls, folder: Path, *, busy: float = 10.0, connect: Connect = connect) -> "Store":
        """The ledger in `folder`; both are made (0700, 0600) where missing. `busy`: seconds to wait for a lock.

        Raises LocalFault (L1, L3, L4): locked, no permission, no space, foreign, damaged, truncated, newer.
        """
        path = folder / NAME
        with said(path):
            _make(path, connect)
            if path.stat().st_size == 0:
                raise LocalFault(f"The ledger {path} is empty: it was cut off.", hint=schema.ASIDE)
            connection = connect(path, busy)
            try:
                schema.check(connection, path)
                schema.migrate(connection)
                return cls(connection, path)
            except BaseException:
                connection.close()
                raise

    def read(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        """All rows that `sql` selects; inside `write` it sees what that has written."""
        with self._lock, said(self.path):
            return self._execute(sql, values).fetchall()

    @contextmanager
    def write(self, *, durable: bool) -> Iterator[Execute]:
        """One transaction, alone with the file from its first line on; undone if anything is raised in it.

        When it has ended, a crash of the process cannot take it back; if `durable`, neither can a power cut.
        """
        with self._lock, said(self.path):
            self._connection.execute(f"PRAGMA synchronous = {self._durably if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._execute
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.rollback()
                raise

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        with self._lock, said(self.path):
            self._connection.close()

    def _execute(self, sql: str, values: Values) -> sqlite3.Cursor:
        if isinstance(values, Mapping):
            return self._connection.execute(sql, {name: _storable(value) for name, value in values.items()})
        return self._connection.execute(sql, [_storable(value) for value in values])


def _storable(value: object) -> object:
    # Decimals become text; lone surrogates (of file names, of hostile JSON) fit into no UTF-8 and are escaped.
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise about `path` into a LocalFault."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        words, hint = _WORDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, (f"cannot be used ({error})", ""))
        raise LocalFault(f"The ledger {path} {words}.", hint=hint) from error
    except OSError as error:
        raise LocalFault(f"The ledger {path} cannot be used: {error.strerror or error}.") from error


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` outlast a power cut, where the system can; where it cannot, that is no fault."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _make(path: Path, connect: Connect) -> None:
    if path.exists():
        return
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(connect(draft, 0)) as connection:
            schema.migrate(connection)
            connection.execute("PRAGMA journal_mode = WAL")
        _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    for folder in (path.parent, *(made.parent for made in missing)):
        sync_folder(folder)


def _publish(draft: Path, path: Path, link: Callable[[Path, Path], None] = os.link) -> None:
    # The final name never holds a half-made ledger, and of two makers the second keeps what the first one made.
    try:
        with suppress(FileExistsError):
            link(draft, path)
    except OSError:
        # No hard links here: a small window remains, at the very first use only.
        if not path.exists():
            draft.replace(path)
