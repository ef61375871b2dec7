"""Limits of a run: tasks in flight, the retry budget, `--max-cost`. US dollars as decimals throughout."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from kirin_cli.api.retry import retry_budget
from kirin_cli.errors import KirinError, LocalError
from kirin_cli.ledger.rate_limits import SharedLimit


class RunLimits:
    """Shared by all jobs of a run; thread-safe.

    At most `in_flight` tasks run at once; the limit is halved when the service refuses one (429) and
    grows by one for every full round of acceptances. `shared` is that limit as all processes of the key keep it; where
    the ledger fails, each goes on by itself. `retries` is the budget of the whole process for sending again, `budget`
    that of the money.
    """

    def __init__(
        self, *, in_flight: int, jobs: int, max_cost: Decimal | None = None, shared: SharedLimit | None = None
    ) -> None:
        self.budget = CostBudget(max_cost)
        self._lock = threading.RLock()  # a signal handler may halt while its own thread is inside
        self._max_in_flight = in_flight
        self._limit = float(in_flight)
        self._retries = retry_budget(jobs)
        self._reason: KirinError | None = None
        self._shared = shared
        self._turn = threading.Lock()
        self._sent: set[str] = set()

    def stop_reason(self) -> KirinError | None:
        """Why nothing more may be submitted, if so."""
        return self._reason

    def stop(self, reason: KirinError) -> None:
        """Submit nothing more in this run; the first reason stays."""
        with self._lock:
            self._reason = self._reason or reason

    def send_delay(self, name: str) -> float:
        """Seconds after which the job may ask again whether it may be sent; 0.0: it may, and is in flight from now on.

        It is until `release`.
        """
        with self._turn:
            delay = self._ask_shared(lambda shared: shared.ask(len(self._sent - {name}))) or 0.0
            if not delay:
                self._sent.add(name)
        return delay

    def release(self, name: str) -> None:
        """The job takes no room at the service (any more)."""
        self._sent.discard(name)

    def on_rate_limited(self, sent_at: float, delay: Callable[[int], float]) -> float:
        """The service refused a task (429): halve the limit; the seconds until one may be sent.

        `sent_at`: when that left, in seconds since the epoch; `delay`: the seconds after so many refusals in a row.
        """
        seconds = self._ask_shared(lambda shared: shared.halve(sent_at, delay))
        if seconds is not None:
            return seconds
        with self._lock:
            self._limit = max(1.0, self._limit / 2)
        return delay(1)

    def pause(self, seconds: float) -> None:
        """The service refused a query (429): no process sends for so long, and the limit of tasks stays as it is."""
        self._ask_shared(lambda shared: shared.pause(seconds))

    def on_accepted(self) -> None:
        """The service accepted one: raise the limit a little."""
        self._ask_shared(lambda shared: shared.raise_by_one())
        with self._lock:
            self._limit = min(float(self._max_in_flight), self._limit + 1 / self._limit)

    def has_capacity(self, in_flight: int) -> bool:
        """Whether another task may be submitted."""
        return in_flight < int(self._limit)

    def leave(self) -> None:
        """Nothing more is sent in this run: no other process waits for this one."""
        self._ask_shared(lambda shared: shared.leave())

    def _ask_shared(self, question: Callable[[SharedLimit], float | None]) -> float | None:
        """The answer of the limit that all processes share, None where there is none, or where the ledger fails."""
        if self._shared is not None:
            try:
                return question(self._shared)
            except LocalError:
                self._shared = None
        return None

    def take_retry(self) -> bool:
        """Take one retry out of the budget; False where it is used up."""
        with self._lock:
            self._retries -= 1
            return self._retries >= 0


class Admission(Enum):
    """Whether a job may be submitted."""

    GO = "go"
    WAIT = "wait"  # until something in flight has ended
    STOP = "stop"  # it would pass the limit, or its price is not known


@dataclass(slots=True)
class _Share:
    """What is set aside for one job: the price of one task (None: nobody knows), and how many it may have made."""

    price: Decimal | None
    tasks: int = 1


class CostBudget:
    """What has been spent, and what is in flight. Thread-safe.

    `limit` None admits everything. Under a limit a job without a price is not admitted, and a task whose cost is never
    told counts with its price.
    """

    def __init__(self, limit: Decimal | None) -> None:
        self.limit = limit
        self.spent = Decimal(0)
        self._in_flight: dict[str, _Share] = {}
        self._lock = threading.RLock()  # a signal handler may ask while its own thread is inside

    def admit(self, name: str, price: Decimal | None) -> Admission:
        """Whether a job of this price may be sent now; if so that is set aside."""
        with self._lock:
            if self.limit is None:
                return Admission.GO
            if price is None:
                return Admission.STOP
            if self._fits(price):
                self._in_flight[name] = _Share(price)
                return Admission.GO
            return Admission.WAIT if self._in_flight else Admission.STOP

    def admit_resend(self, name: str, price: Decimal | None) -> bool:
        """Whether the job may be sent once more, which may be charged twice; if so it is set aside twice."""
        with self._lock:
            if self.limit is None:
                return True
            share = self._in_flight.setdefault(name, _Share(price))
            if share.price is None or not self._fits(share.price):
                return False
            share.tasks += 1
            return True

    def resume(self, name: str, price: Decimal | None) -> None:
        """A task that an earlier run submitted: it will cost what it costs."""
        with self._lock:
            if self.limit is not None:
                self._in_flight[name] = _Share(price)

    def record_end(self, name: str, cost: Decimal | None, *, charged: bool) -> None:
        """The job will not cost more. `charged`: it has, or may have, cost something even if `cost` is not known."""
        with self._lock:
            share = self._in_flight.pop(name, None)
            if self.limit is None or share is None:
                return
            price = cost if cost is not None else share.price
            if cost is None and not charged:
                return
            # Nobody knows what it cost: without a price there is nothing left to spend safely.
            self.spent = self.spent + price * share.tasks if price is not None else max(self.spent, self.limit)

    @property
    def remaining(self) -> Decimal | None:
        """What may still be spent, None without a limit, or where something of unknown price is in flight."""
        with self._lock:
            shares = self._in_flight.values()
            if self.limit is None or any(share.price is None for share in shares):
                return None
            reserved = (share.price * share.tasks for share in shares if share.price is not None)
            return max(Decimal(0), self.limit - self.spent - sum(reserved, Decimal(0)))

    def _fits(self, price: Decimal) -> bool:
        rest = self.remaining
        return rest is not None and price <= rest
