"""Leases: which process owns which entry, and whether that process is alive. One time for all entries of a process."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kirin_cli.errors import LocalError
from kirin_cli.ledger.entry import INSERT_HISTORY, LedgerEntry, read_entry
from kirin_cli.ledger.store import Execute, LedgerStore

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"
_DEAD_STATES = frozenset({"Z", "X", "x"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseOwner:
    """One process: host name, boot (with PID namespace), id, start time in the system's own unit ("": unknown)."""

    host: str
    boot: str
    pid: int
    started: str


def current_process() -> LeaseOwner:
    """This process."""
    pid = os.getpid()
    try:  # containers share a kernel, and thus its boot id, but not their process ids
        boot = f"{_BOOT_ID.read_text(encoding='ascii').strip()} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        boot = ""
    return LeaseOwner(host=socket.gethostname(), boot=boot, pid=pid, started=_read_stat(pid)[1])


def is_alive(owner: LeaseOwner, me: LeaseOwner) -> bool | None:
    """Whether the process `owner` certainly lives (True) or certainly does not (False); None: cannot tell from here."""
    if (owner.host, owner.boot) != (me.host, me.boot) or sys.platform == "win32":
        return None
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it lives, and is somebody else's
    state, started = _read_stat(owner.pid)
    if state in _DEAD_STATES:
        return False
    return started == owner.started if started and owner.started else None


def _read_stat(pid: int) -> tuple[str, str]:
    # The second field is the command's name in brackets and may hold spaces and brackets itself.
    try:
        fields = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]


LEASE_SECONDS = 60.0
"""Seconds that a lease holds without renewal, where the owner cannot be seen. Renew at a third of it."""
_STALE_SECONDS = 86_400.0

IsAlive = Callable[[LeaseOwner, LeaseOwner], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseResult:
    """The answer to `acquire`: the entry as it is now, whether it is ours, and who had it (`holder`).

    `took_over`: taken from somebody who did not let go. Then, and for an entry found SENDING, a query comes first: see
    LedgerEvent.OWNER_DIED.
    """

    entry: LedgerEntry
    granted: bool
    holder: LeaseOwner | None = None

    @property
    def took_over(self) -> bool:
        return self.granted and self.holder is not None


class Leases:
    """The leases of one process (`me`) in one ledger.

    `clock`: seconds since the epoch; `steady`: seconds that no one sets; `length`: seconds.
    """

    def __init__(
        self,
        store: LedgerStore,
        clock: Callable[[], float],
        *,
        me: LeaseOwner | None = None,
        length: float = LEASE_SECONDS,
        lives: IsAlive = is_alive,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._me = me or current_process()
        self._length = length
        self._is_alive = lives
        self._steady = steady
        self._seen: dict[int, tuple[float, float]] = {}
        self._id: int | None = None
        self._lock = threading.Lock()

    @property
    def owner_id(self) -> int:
        """The id of this process among the owners of the ledger, which it joins when it is first asked for it.

        So a command that finds nothing to do writes nothing. Not for use inside a transaction. Raises LocalError.
        """
        with self._lock:
            if self._id is None:
                with self._store.write(durable=False) as transaction:
                    unused = "id NOT IN (SELECT owner FROM entries WHERE owner IS NOT NULL)"
                    sql = f"DELETE FROM owners WHERE until < ? AND {unused}"  # noqa: S608
                    transaction(sql, (self._clock() - _STALE_SECONDS,))
                    new_id = self._write_owner(transaction, None)
                self._id = new_id  # committed: an id that no row has would hold nothing
            return self._id

    def is_dead(self, owner_id: int) -> bool:
        """Whether the process with this id has certainly ended without letting go. Raises LocalError."""
        rows = self._store.read("SELECT host, boot, pid, started, until FROM owners WHERE id = ?", (owner_id,))
        if not rows or owner_id == self._id:
            return False
        host, boot, pid, started, until = rows[0]
        alive = self._is_alive(LeaseOwner(host=host, boot=boot, pid=pid, started=started), self._me)
        return not 0 <= until - self._clock() <= self._length if alive is None else not alive

    def acquire(self, entry: LedgerEntry) -> LeaseResult:
        """Take the entry if it is free, ours already, or of an owner that is dead or out of time. Raises LocalError.

        An owner on this machine is out of time only when it is dead, whatever the clock says (fault L6).
        """
        sql = "UPDATE entries SET owner = ?, version = version + 1 WHERE id = ?"
        free = f"{sql} AND version = ? AND owner IS NULL"
        me = self.owner_id
        if self._store.write_one(free, (me, entry.id, entry.version)):
            return LeaseResult(entry=entry.replace(owner=me, version=entry.version + 1), granted=True)
        with self._store.write(durable=False) as transaction:
            if not transaction("SELECT 1 FROM entries WHERE id = ?", (entry.id,)).fetchone():
                raise LocalError(f"{entry.external_id} was given up by the command that began it; type it again.")
            current = read_entry(transaction, entry.id)
            if current.owner == me:
                return LeaseResult(entry=current, granted=True)
            holder, is_held = self._find_holder(transaction, current)
            if is_held:
                return LeaseResult(entry=current, granted=False, holder=holder)
            transaction(sql, (me, entry.id))
            if holder is not None:
                why = f"from process {holder.pid} on {holder.host}"
                values = (entry.id, self._clock(), "taken over", current.state, current.state, why, current.task_id)
                transaction(INSERT_HISTORY, values)
            return LeaseResult(entry=read_entry(transaction, entry.id), granted=True, holder=holder)

    def is_held(self, entry: LedgerEntry) -> bool:
        """Whether another process looks after the entry, which lives or may live. Raises LocalError."""
        me = self.owner_id
        with self._store.write(durable=False) as transaction:
            owner = transaction("SELECT owner FROM entries WHERE id = ?", (entry.id,)).fetchone()
            current = entry.replace(owner=owner["owner"] if owner else None)
            return current.owner != me and self._find_holder(transaction, current)[1]

    def renew(self) -> None:
        """Hold on to everything for another `length`. Raises LocalError."""
        if self._id is not None:
            with self._store.write(durable=False) as transaction:
                self._write_owner(transaction, self._id)

    def release(self, entry: LedgerEntry) -> None:
        """Let go of the entry, if it is still ours. Copies of it are stale afterwards. Raises LocalError."""
        if entry.owner is not None:
            sql = "UPDATE entries SET owner = NULL, version = version + 1 WHERE id = ? AND owner = ?"
            self._store.write_one(sql, (entry.id, self.owner_id))

    def close(self) -> None:
        """Let go of everything. Raises LocalError."""
        if self._id is None:
            return
        with self._store.write(durable=False) as transaction:
            transaction("UPDATE entries SET owner = NULL, version = version + 1 WHERE owner = ?", (self._id,))
            transaction("DELETE FROM owners WHERE id = ?", (self._id,))

    def _write_owner(self, transaction: Execute, owner_id: int | None) -> int:
        sql = """INSERT INTO owners (id, host, boot, pid, started, until) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET until = excluded.until"""
        me = self._me
        values = (owner_id, me.host, me.boot, me.pid, me.started, self._clock() + self._length)
        return int(transaction(sql, values).lastrowid or 0)

    def _find_holder(self, transaction: Execute, entry: LedgerEntry) -> tuple[LeaseOwner | None, bool]:
        if entry.owner is None:
            return None, False
        row = transaction("SELECT host, boot, pid, started, until FROM owners WHERE id = ?", (entry.owner,)).fetchone()
        if row is None:
            return LeaseOwner(host="", boot="", pid=0, started=""), False
        holder = LeaseOwner(host=row["host"], boot=row["boot"], pid=row["pid"], started=row["started"])
        alive = self._is_alive(holder, self._me)
        return holder, self._holds(entry.owner, row["until"]) if alive is None else alive

    def _holds(self, owner_id: int, until: float) -> bool:
        # A lease that nobody has renewed for its whole length before our eyes is over, even if a clock was set back.
        now = self._steady()
        last, since = self._seen.get(owner_id, (until, now))
        self._seen[owner_id] = (until, since if last == until else now)
        return until > self._clock() and now - self._seen[owner_id][1] < self._length
