"""Who looks after which entry: leases, one time for all entries of a process, so that ten thousand cost one renewal.

A live lease is left alone (the caller waits and asks again), a dead one is taken over by compare-and-set. Taking
changes the entry's version: what the former owner still tries to move is a lost race. Knows no HTTP and never waits.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from kirin_cli.ledger.entry import LOG, SELECT, Entry, from_row
from kirin_cli.ledger.owner import Owner, lives, myself
from kirin_cli.ledger.store import Execute, Store

LENGTH = 60.0
"""Seconds that a lease holds without renewal, where the owner cannot be seen. Renew at a third of it."""
_FORGOTTEN = 86_400.0

Lives = Callable[[Owner, Owner], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The answer to `acquire`: the entry as it is now, whether it is ours, and who had it (`holder`).

    `inherited`: taken from somebody who did not let go. Then, and for an entry found SENDING, a query comes first: see
    Event.OWNER_DIED.
    """

    entry: Entry
    granted: bool
    holder: Owner | None = None

    @property
    def inherited(self) -> bool:
        return self.granted and self.holder is not None


class Leases:
    """The leases of one process (`me`) in one ledger.

    `clock`: seconds since the epoch; `steady`: seconds that no one sets; `length`: seconds.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        *,
        me: Owner | None = None,
        length: float = LENGTH,
        lives: Lives = lives,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._me = me or myself()
        self._length = length
        self._lives = lives
        self._steady = steady
        self._watched: dict[int, tuple[float, float]] = {}
        self._id = self._enter()

    def acquire(self, entry: Entry) -> Claim:
        """Take the entry if it is free, ours already, or of an owner that is dead or out of time. Raises LocalFault.

        An owner on this machine is out of time only when it is dead, whatever the clock says (L6).
        """
        with self._store.write(durable=False) as transaction:
            current = from_row(transaction(f"{SELECT} WHERE id = ?", (entry.id,)).fetchone())
            if current.owner == self._id:
                return Claim(entry=current, granted=True)
            holder, live = self._holder(transaction, current)
            if live:
                return Claim(entry=current, granted=False, holder=holder)
            sql = "UPDATE entries SET owner = ?, version = version + 1 WHERE id = ?"
            transaction(sql, (self._id, entry.id))
            if holder is not None:
                self._tell(transaction, current, holder)
            mine = from_row(transaction(f"{SELECT} WHERE id = ?", (entry.id,)).fetchone())
            return Claim(entry=mine, granted=True, holder=holder)

    def renew(self) -> None:
        """Hold on to everything for another `length`. Raises LocalFault."""
        self._put(self._id)

    def release(self, entry: Entry) -> None:
        """Let go of the entry, if it is still ours. Copies of it are stale afterwards. Raises LocalFault."""
        sql = "UPDATE entries SET owner = NULL, version = version + 1 WHERE id = ? AND owner = ?"
        with self._store.write(durable=False) as transaction:
            transaction(sql, (entry.id, self._id))

    def close(self) -> None:
        """Let go of everything. Raises LocalFault."""
        with self._store.write(durable=False) as transaction:
            transaction("UPDATE entries SET owner = NULL, version = version + 1 WHERE owner = ?", (self._id,))
            transaction("DELETE FROM owners WHERE id = ?", (self._id,))

    def _enter(self) -> int:
        with self._store.write(durable=False) as transaction:
            unused = "id NOT IN (SELECT owner FROM entries WHERE owner IS NOT NULL)"
            transaction(f"DELETE FROM owners WHERE until < ? AND {unused}", (self._clock() - _FORGOTTEN,))  # noqa: S608
        return self._put(None)

    def _put(self, number: int | None) -> int:
        sql = """INSERT INTO owners (id, host, boot, pid, started, until) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET until = excluded.until"""
        me = self._me
        with self._store.write(durable=False) as transaction:
            values = (number, me.host, me.boot, me.pid, me.started, self._clock() + self._length)
            return int(transaction(sql, values).lastrowid or 0)

    def _holder(self, transaction: Execute, entry: Entry) -> tuple[Owner | None, bool]:
        if entry.owner is None:
            return None, False
        row = transaction("SELECT host, boot, pid, started, until FROM owners WHERE id = ?", (entry.owner,)).fetchone()
        if row is None:
            return Owner(host="", boot="", pid=0, started=""), False
        holder = Owner(host=row["host"], boot=row["boot"], pid=row["pid"], started=row["started"])
        known = self._lives(holder, self._me)
        return holder, self._in_time(entry.owner, row["until"]) if known is None else known

    def _in_time(self, number: int, until: float) -> bool:
        # A lease that nobody has renewed for its whole length before our eyes is over, even if a clock was set back.
        now = self._steady()
        last, since = self._watched.get(number, (until, now))
        self._watched[number] = (until, since if last == until else now)
        return until > self._clock() and now - self._watched[number][1] < self._length

    def _tell(self, transaction: Execute, entry: Entry, holder: Owner) -> None:
        why = f"from process {holder.pid} on {holder.host}"
        transaction(LOG, (entry.id, self._clock(), "taken over", entry.state, entry.state, why, entry.task_id))
