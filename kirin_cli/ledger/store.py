"""The SQLite file under the ledger: schema, migrations, locks, transactions; its failures said in words."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path

from kirin_cli.atomic_file import OpenFolder, create_file, sync_folder
from kirin_cli.errors import LocalError
from kirin_cli.normal_forms import normalize_name, normalize_origin
from kirin_cli.regular_file import am_superuser, belongs_to_us, special_file_kind

PAGE_CACHE_KIB = 256
"""Of the pages of the ledger that a process keeps: those that it changes at once; the system keeps the others."""
APPLICATION_ID = 0x6B72_6E31
"""Written into the file's header ("krn1"), so that another program's database is never taken for the ledger."""

INTACT = "The file was not changed."
ADVICE = f"{INTACT} Move it away (`kirin show ID` still asks the service), or name another folder in KIRIN_STATE_DIR."

MigrationStep = Sequence[str]
MIGRATIONS: Sequence[MigrationStep] = (
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
    (
        "ALTER TABLE entries ADD COLUMN input_seconds INTEGER",
        # Videos that were edited stood among the jobs of 5 s: what they cost tells no price of these, nor their own.
        """UPDATE entries SET duration = 'not known' WHERE request LIKE '%"video%'""",
    ),
    (
        "ALTER TABLE entries ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE entries ADD COLUMN redo_round TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN has_old_id INTEGER NOT NULL DEFAULT 0",
        # Ids of before hold the origin and the texts as they were spelled: such entries are found by what they say.
        r"""UPDATE entries SET has_old_id = 1
            WHERE origin <> normalize_origin(origin) OR request LIKE '%\r%' OR job <> normalize_name(job)""",
        "UPDATE OR IGNORE entries SET origin = normalize_origin(origin), job = normalize_name(job) WHERE has_old_id",
        "CREATE INDEX entries_by_attempt ON entries (origin) WHERE attempt > 1 OR has_old_id = 1",
        "CREATE INDEX entries_by_round ON entries (redo_round) WHERE redo_round <> ''",
    ),
    (
        # Beside the entries: an answer may be long, and lists of entries do not need it.
        """CREATE TABLE answers (
            entry INTEGER PRIMARY KEY REFERENCES entries (id), at REAL NOT NULL, record TEXT NOT NULL
        )""",
    ),
    (
        # All that `usage` adds up and `list` counts, so that neither reads the entries themselves.
        "CREATE INDEX entries_by_service ON entries (origin, model, state, cost, exposed, first_sent)",
    ),
    ("CREATE INDEX entries_by_job ON entries (job)",),
    (
        # What the service takes at once, as all processes of a key have learned it (ledger.rate_limits).
        """CREATE TABLE rate_limits (
            origin TEXT NOT NULL, account TEXT NOT NULL, owner INTEGER NOT NULL, tasks REAL NOT NULL,
            failures INTEGER NOT NULL, halved REAL NOT NULL, until REAL NOT NULL, seen REAL NOT NULL,
            PRIMARY KEY (origin, account)
        ) WITHOUT ROWID""",
        """CREATE TABLE senders (
            owner INTEGER PRIMARY KEY, origin TEXT NOT NULL, account TEXT NOT NULL,
            since REAL NOT NULL, seen REAL NOT NULL
        )""",
    ),
)


def check_schema(connection: sqlite3.Connection, path: Path, *, known: int = len(MIGRATIONS)) -> int:
    """The schema version of the ledger at `path`. LocalError (fault L3) if newer than `known`, or foreign."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise LocalError(f"{path} is not a ledger of kirin.", hint=ADVICE)
    version = _pragma(connection, "user_version")
    if version > known:
        hint = f"{INTACT} Upgrade kirin, or name another folder in KIRIN_STATE_DIR."
        raise LocalError(f"The ledger {path} is of a newer kirin (schema {version} > {known}).", hint=hint)
    return version


def _verify(connection: sqlite3.Connection, path: Path) -> None:
    report = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    if report != ["ok"]:
        raise LocalError(f"The ledger {path} is damaged: {report[0]:.200}", hint=ADVICE)


def migrate(connection: sqlite3.Connection, *, steps: Sequence[MigrationStep] = MIGRATIONS) -> None:
    """Bring the schema to the newest version in one transaction, alone with the file; nothing to do if it is there."""
    if _pragma(connection, "user_version") >= len(steps):
        return
    connection.create_function("normalize_origin", 1, normalize_origin, deterministic=True)
    connection.create_function("normalize_name", 1, normalize_name, deterministic=True)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        # Read again under the lock: another process may have been first.
        version = _pragma(connection, "user_version")
        for statement in (statement for step in steps[version:] for statement in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {max(version, len(steps))}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


SQLITE_VERSION = sqlite3.sqlite_version
LEDGER_FILE = "ledger.sqlite3"
COMPANIONS = ("", "-wal", "-shm", "-journal")
"""What SQLite appends to the name of a file for those that it keeps beside it."""
Connect = Callable[[Path, float], sqlite3.Connection]
Values = Sequence[object] | Mapping[str, object]
Execute = Callable[[str, Values], sqlite3.Cursor]

ELSEWHERE = "Name another folder in KIRIN_STATE_DIR."
ON_NETWORK = (
    "Is it on a network file system (NFS, 9p, SMB)? Name a folder on a disk of this machine in KIRIN_STATE_DIR."
)
_NO_LOCKS = ("cannot be locked: its file system has no locks", ON_NETWORK)
_NO_SHARED_MEMORY = ("cannot be used: its file system shares no memory between processes (mmap)", ON_NETWORK)
_SHARED_MEMORY_CODES = frozenset((
    sqlite3.SQLITE_IOERR_SHMMAP, sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMLOCK,
    sqlite3.SQLITE_IOERR_SHMSIZE,
))  # fmt: skip
_NO_LOCK_ERRORS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
_NETWORK_ERRORS = frozenset((errno.ENOLCK, errno.ESTALE, errno.ENODEV))

_MESSAGES = {
    sqlite3.SQLITE_BUSY: ("is locked by another process", "Try again when it has ended."),
    sqlite3.SQLITE_LOCKED: ("is locked by another process", "Try again when it has ended."),
    sqlite3.SQLITE_FULL: ("cannot grow: there is no space", "Make room on that disk."),
    sqlite3.SQLITE_READONLY: ("is read-only", "Make it writable, or name another folder in KIRIN_STATE_DIR."),
    sqlite3.SQLITE_PERM: ("is not permitted", "Make it writable, or name another folder in KIRIN_STATE_DIR."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Is its folder writable? Or name another in KIRIN_STATE_DIR."),
    sqlite3.SQLITE_IOERR: ("cannot be read or written (disk I/O error)", ON_NETWORK),
    sqlite3.SQLITE_PROTOCOL: ("cannot be locked (locking protocol)", ON_NETWORK),
    sqlite3.SQLITE_CORRUPT: ("is damaged", ADVICE),
    sqlite3.SQLITE_NOTADB: ("is no database, or damaged", ADVICE),
}


def connect(path: Path, busy: float) -> sqlite3.Connection:
    """A connection in autocommit mode that waits `busy` seconds for locks and may wander between threads."""
    return sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)


class LedgerStore:
    """One connection behind one lock. Make it with `LedgerStore.open`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._is_verified = False
        self._sync = ""
        with sqlite_errors(path):
            # A log, where there can be one; SQLite answers with what it really uses.
            self.journal = str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            if self.journal != "wal":
                self.journal = str(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0])
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KIB}")
        self._full_sync = "FULL" if self.journal == "wal" else "EXTRA"

    @classmethod
    def open(cls, folder: Path, *, busy: float = 10.0, connect: Connect = connect) -> "LedgerStore":
        """The ledger in `folder`; both are made (0700, 0600) where missing. `busy`: seconds to wait for a lock.

        Raises LocalError (faults L1, L3, L4): locked, no permission, no space, foreign, truncated, newer; or something
        else in their place, or somebody else's (fault X1).
        """
        path = folder / LEDGER_FILE
        with sqlite_errors(path):
            check_place(path)
            _create_file(path, connect)
            if path.stat().st_size == 0:
                raise LocalError(f"The ledger {path} is empty: it was cut off.", hint=ADVICE)
            connection = connect(path, busy)
            try:
                if check_schema(connection, path) < len(MIGRATIONS):
                    _verify(connection, path)
                    migrate(connection)
                return cls(connection, path)
            except BaseException:
                connection.close()
                raise

    def read(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        """All rows that `sql` selects; inside `write` it sees what that has written."""
        with self._lock, sqlite_errors(self.path):
            return self._execute(sql, values).fetchall()

    @contextmanager
    def write(self, *, durable: bool) -> Iterator[Execute]:
        """One transaction, alone with the file from its first line on; undone if anything is raised in it.

        When it has ended, a crash of the process cannot take it back; if `durable`, neither can a power cut. Raises
        LocalError as `verify` does.
        """
        with self._lock, sqlite_errors(self.path):
            self._set_sync(self._full_sync if durable else "NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._execute
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.rollback()
                raise

    def write_one(self, sql: str, values: Values, *, durable: bool = False) -> int:
        """How many rows one statement has changed, a transaction of its own as with `write`.

        Raises IntegrityError for what a constraint or a trigger forbids; then nothing is changed.
        """
        with self._lock, sqlite_errors(self.path):
            self._set_sync(self._full_sync if durable else "NORMAL")
            return self._execute(sql, values).rowcount

    def define(self, statements: Iterable[str]) -> None:
        """Run what makes views and triggers that last as long as the connection. Not for use inside a transaction."""
        with self._lock, sqlite_errors(self.path):
            self._connection.execute("PRAGMA temp_store = MEMORY")
            for statement in statements:
                self._connection.execute(statement)

    def _set_sync(self, sync: str) -> None:
        """Make ready for a transaction: a file without damage, synced as much when it ends."""
        if not self._is_verified:
            self.verify()
        if sync != self._sync:
            self._connection.execute(f"PRAGMA synchronous = {sync}")
            self._sync = sync

    def verify(self) -> None:
        """Look once for damage in the whole file. Raises LocalError (fault L3).

        Done before the first write, not before a read: it takes as long as the ledger is large.
        """
        with self._lock, sqlite_errors(self.path):
            if self._is_verified:
                return
            _verify(self._connection, self.path)
            self._is_verified = True

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        with self._lock, sqlite_errors(self.path):
            self._connection.close()

    def _execute(self, sql: str, values: Values) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except UnicodeEncodeError:  # raised before anything is done
            if isinstance(values, Mapping):
                return self._connection.execute(sql, {name: storable(value) for name, value in values.items()})
            return self._connection.execute(sql, [storable(value) for value in values])


sqlite3.register_adapter(Decimal, str)


def storable(value: object) -> object:
    """What SQLite takes: lone surrogates (of file names, of hostile JSON) are escaped."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise about `path` into a LocalError."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        message, hint = _MESSAGES.get(code & 0xFF, (f"cannot be used ({error})", ELSEWHERE))
        if code & 0xFF == sqlite3.SQLITE_BUSY and not _has_locks(path.parent):
            message, hint = _NO_LOCKS
        elif code in _SHARED_MEMORY_CODES:
            message, hint = _NO_SHARED_MEMORY
        raise LocalError(f"The ledger {path} {message}.", hint=hint) from error
    except OSError as error:
        hint = ON_NETWORK if error.errno in _NETWORK_ERRORS else ELSEWHERE
        raise LocalError(f"The ledger {path} cannot be used: {error.strerror or error}.", hint=hint) from error


def _has_locks(folder: Path) -> bool:
    """Whether files in a folder can be locked: on some network file systems none can, and SQLite calls that busy."""
    try:
        import fcntl  # noqa: PLC0415  (there is none on Windows, where files always can)
    except ImportError:
        return True
    path = folder / f".kirin-{os.urandom(8).hex()}.lock"  # on the ledger itself it would take SQLite's own locks away
    try:
        with create_file(path) as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCK_ERRORS
    finally:
        path.unlink(missing_ok=True)
    return True


def check_place(path: Path) -> None:
    """Raise LocalError where SQLite, which knows no such care, would write through a link or into a foreign file."""
    if path.parent.is_symlink():
        raise LocalError(
            f"The state folder {path.parent} is a symbolic link, and kirin writes through none.",
            hint="Name the folder that it leads to in KIRIN_STATE_DIR.",
        )
    for place in (path.parent, *(path.with_name(path.name + suffix) for suffix in COMPANIONS)):
        try:
            status = place.lstat()
        except FileNotFoundError:
            continue
        kind = special_file_kind(status.st_mode) if place != path.parent else ""
        if kind:
            raise LocalError(f"{place} is {kind}, no file of the ledger.", hint=f"{INTACT} Move it away.")
        if not belongs_to_us(status) and status.st_uid and not am_superuser():
            hint = "Name a folder of your own in KIRIN_STATE_DIR."
            raise LocalError(f"{place} belongs to somebody else (user {status.st_uid}).", hint=hint)


def _create_file(path: Path, connect: Connect) -> None:
    if os.path.lexists(path):
        return
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
    try:
        create_file(draft, mode=0o600).close()
        with closing(connect(draft, 0)) as connection:
            migrate(connection)
            connection.execute("PRAGMA journal_mode = WAL")
        # The final name never holds a half-made ledger, and of two makers the second keeps what the first one made.
        with OpenFolder(path.parent) as folder, suppress(FileExistsError):
            folder.move(draft.name, path.name, replace=False)
    finally:
        draft.unlink(missing_ok=True)
    for folder_path in (path.parent, *(folder.parent for folder in missing)):
        sync_folder(folder_path)
