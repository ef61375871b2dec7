"""The limit of tasks in flight that all kirin processes of one ledger keep together for one service and key.

One row holds the limit, one for each process that waits tells whose turn it is; without a 429 there is no row, and all
that is done is to look. Knows no job and no request. What a process that has died left behind ends by itself. The
clock is this machine's: what lies in its future counts as over (fault L6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kirin_cli.ledger.leases import LEASE_SECONDS, Leases
from kirin_cli.ledger.store import Execute, LedgerStore

LIMIT_SECONDS: Final = 60.0
"""For how long a limit holds that nobody waits at, and nobody raises or halves."""
WAITING_SECONDS: Final = 5.0
"""For how long a process that waits keeps its turn without asking again: it may have died, or sleep."""
LOOK_SECONDS: Final = 0.5
"""After how many seconds a process that waits looks again whether another one's task has ended."""
MAX_TASKS: Final = 1e6
"""The limit where the service has refused no task, only queries: more than ever run."""
_IN_FLIGHT_SQL: Final = """SELECT owners.id, (SELECT COUNT(*) FROM entries WHERE entries.owner = owners.id
    AND state IN ('sending', 'unknown', 'accepted', 'running') AND origin = :origin AND account = :account)
    FROM owners WHERE until BETWEEN :now AND :latest"""
_WRITE_SQL: Final = "INSERT OR REPLACE INTO rate_limits VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_READ_SQL: Final = (
    "SELECT owner, tasks, failures, halved, until, seen FROM rate_limits WHERE origin = ? AND account = ?"
)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `tasks` (1.0 and more) in flight, and none sent before `until`.

    `owner` is the process that the service refused last; its death ends the limit. `failures` is how often it was
    halved since a task was accepted; `halved`, `until` and `seen` (when anybody last used it) are seconds since the
    epoch.
    """

    owner: int
    tasks: float
    failures: int
    halved: float
    until: float
    seen: float


class SharedLimit:
    """The limit of one service and key as the process of these `leases` keeps it. Thread-safe.

    `clock`: seconds since the epoch. Every method raises LocalError where the ledger fails.
    """

    def __init__(
        self, store: LedgerStore, leases: Leases, origin: str, account: str, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._leases = leases
        self._key = {"origin": origin, "account": account}
        self._clock = clock
        self._is_limited = self._is_waiting = False

    def read(self) -> RateLimit | None:
        """The limit that holds now, None where there is none: the service has refused nothing for a while."""
        rows = self._store.read(_READ_SQL, tuple(self._key.values()))
        if not rows:
            return None
        limit, now = RateLimit(*rows[0]), self._clock()
        holds = max(limit.halved, limit.seen) <= now < max(limit.seen, limit.until) + LIMIT_SECONDS
        return limit if holds and not self._leases.is_dead(limit.owner) else None

    def ask(self, in_flight: int) -> float:
        """The seconds after which to ask again, 0.0: this process, with so many in flight, may send one now.

        Where there is room, it is for the process with the fewest in flight, then for the one that waits longest.
        """
        limit, now = self.read(), self._clock()
        self._is_limited = limit is not None
        if limit is None or now < limit.until:
            return 0.0 if limit is None else limit.until - now
        me = self._leases.owner_id
        with self._store.write(durable=False) as transaction:
            counts = self._in_flight(transaction, now)
            mine = max(in_flight, counts.get(me, 0))
            counts[me] = mine
            sql = """SELECT owner, since FROM senders WHERE origin = :origin AND account = :account
                AND seen BETWEEN :oldest AND :now"""
            # While nobody may send, nobody asks again either.
            oldest = (limit.halved if now < limit.until + WAITING_SECONDS else now) - WAITING_SECONDS
            rows = transaction(sql, {**self._key, "now": now, "oldest": oldest}).fetchall()
            waiting = {int(owner): float(since) for owner, since in rows}
            since = waiting.pop(me, now)
            turn = (mine, since, me)
            ahead = sum((counts.get(owner, 0), other, owner) < turn for owner, other in waiting.items())
            values = {**self._key, "owner": me, "since": since, "now": now}
            transaction("INSERT OR REPLACE INTO senders VALUES (:owner, :origin, :account, :since, :now)", values)
            transaction("UPDATE rate_limits SET seen = :now WHERE origin = :origin AND account = :account", values)
            self._is_waiting = True
        return 0.0 if ahead < int(limit.tasks) - sum(counts.values()) else LOOK_SECONDS

    def halve(self, sent_at: float, delay: Callable[[int], float]) -> float:
        """The service refused what was sent at that moment (429): halve the limit; the seconds until any may be sent.

        Refusals of what was sent before it was last halved are the same event: all sent side by side halve it once.
        `delay` gives the seconds to wait after so many events in a row.
        """
        me = self._leases.owner_id
        with self._store.write(durable=False) as transaction:
            limit, now = self.read(), self._clock()
            tasks, failures, halved = (limit.tasks, limit.failures, limit.halved) if limit else (None, 0, sent_at)
            if tasks is None or sent_at >= halved:
                there = sum(self._in_flight(transaction, now).values()) + 1  # and the one that was refused
                tasks, failures, halved = max(1.0, min(there, tasks or there) / 2), failures + 1, now
            until = max(limit.until if limit else now, now + delay(failures))
            transaction(_WRITE_SQL, (*self._key.values(), me, tasks, failures, halved, until, now))
            return until - now

    def pause(self, seconds: float) -> None:
        """The service refused a query (429): nothing is sent for so long, and as many tasks may run as before."""
        me = self._leases.owner_id
        with self._store.write(durable=False) as transaction:
            limit, now = self.read(), self._clock()
            tasks, failures, halved = (limit.tasks, limit.failures, limit.halved) if limit else (MAX_TASKS, 0, 0.0)
            until = max(limit.until if limit else now, now + seconds)
            transaction(_WRITE_SQL, (*self._key.values(), me, tasks, failures, halved, until, now))

    def raise_by_one(self) -> None:
        """The service accepted one: raise the limit so that a full round of acceptances adds one task.

        Only now others have their turn before this process: one whose task was refused goes first again.
        """
        if self._is_limited:
            me = self._leases.owner_id
            sql = """UPDATE rate_limits SET tasks = tasks + 1.0 / tasks, failures = 0, seen = MAX(seen, :now)
                WHERE origin = :origin AND account = :account"""
            with self._store.write(durable=False) as transaction:
                transaction(sql, {**self._key, "now": self._clock()})
                transaction("DELETE FROM senders WHERE owner = ?", (me,))

    def leave(self) -> None:
        """This process sends nothing more: it is no longer waited for."""
        if self._is_waiting:
            me = self._leases.owner_id
            with self._store.write(durable=False) as transaction:
                transaction("DELETE FROM senders WHERE owner = ?", (me,))

    def _in_flight(self, transaction: Execute, now: float) -> dict[int, int]:
        """How many tasks each process that lives has at the service."""
        rows = transaction(_IN_FLIGHT_SQL, {**self._key, "now": now, "latest": now + LEASE_SECONDS}).fetchall()
        return {int(owner): int(count) for owner, count in rows}
