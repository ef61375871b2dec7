"""Limits of a run: tasks in flight, the retry budget, `--max-cost`. US dollars as decimals throughout."""

import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Final

from kirin_cli.api.retry import retry_budget
from kirin_cli.errors import KirinError


class RunLimits:
    """Shared by all jobs of a run; thread-safe.

    At most `in_flight` tasks run at once; the limit is halved when the service says that it is too much (429) and
    grows by one for every full round of acceptances. `retries` is the budget of the whole process for sending again.
    """

    def __init__(self, *, in_flight: int, jobs: int) -> None:
        self._lock = threading.RLock()  # a signal handler may halt while its own thread is inside
        self._max_in_flight = in_flight
        self._limit = float(in_flight)
        self._retries = retry_budget(jobs)
        self._reason: KirinError | None = None

    def stop_reason(self) -> KirinError | None:
        """Why nothing more may be submitted, if so."""
        return self._reason

    def stop(self, reason: KirinError) -> None:
        """Submit nothing more in this run; the first reason stays."""
        with self._lock:
            self._reason = self._reason or reason

    def on_rate_limited(self) -> None:
        """The service said that there are too many requests: halve the limit."""
        with self._lock:
            self._limit = max(1.0, self._limit / 2)

    def on_accepted(self) -> None:
        """The service accepted one: raise the limit a little."""
        with self._lock:
            self._limit = min(float(self._max_in_flight), self._limit + 1 / self._limit)

    def has_capacity(self, in_flight: int) -> bool:
        """Whether another task may be submitted."""
        return in_flight < int(self._limit)

    def take_retry(self) -> bool:
        """Take one retry out of the budget; False where it is used up."""
        with self._lock:
            self._retries -= 1
            return self._retries >= 0


UNKNOWN_PRICE_FACTOR: Final = 4
TaskClass = tuple[str, str, str]
Prices = Callable[[TaskClass], Sequence[Decimal]]
"""What earlier tasks of a class cost."""


class Admission(Enum):
    """Whether a job may be submitted."""

    GO = "go"
    WAIT = "wait"  # until something in flight has ended
    STOP = "stop"  # it would pass the limit


class CostBudget:
    """What has been spent, and what is in flight. Not thread-safe: its caller holds a lock.

    `limit` None admits everything. A task whose cost is never told counts with its likely cost.
    """

    def __init__(self, limit: Decimal | None, prices: Prices) -> None:
        self.limit = limit
        self.spent = Decimal(0)
        self._prices = prices
        self._max_costs: dict[TaskClass, Decimal] = {}
        self._in_flight: dict[str, Decimal | None] = {}

    def admit(self, name: str, task_class: TaskClass) -> Admission:
        """Whether the job may be sent now; if so its likely cost is set aside."""
        if self.limit is None:
            return Admission.GO
        price = self.price(task_class)
        in_flight = list(self._in_flight.values())
        if price is None or None in in_flight:
            fits = not in_flight and self.spent == 0
        else:
            fits = self.spent + sum(filter(None, in_flight), Decimal(0)) + price <= self.limit
        if fits:
            self._in_flight[name] = price
            return Admission.GO
        return Admission.WAIT if in_flight else Admission.STOP

    def resume(self, name: str, task_class: TaskClass) -> None:
        """A task that an earlier run submitted: it will cost what it costs."""
        if self.limit is not None:
            self._in_flight[name] = self.price(task_class)

    def record_end(self, name: str, task_class: TaskClass, cost: Decimal | None, *, charged: bool) -> None:
        """The job will not cost more. `charged`: it has, or may have, cost something even if `cost` is not known."""
        if self.limit is None or name not in self._in_flight:
            return
        likely = self._in_flight.pop(name)
        if cost is not None:
            self._max_costs[task_class] = max(cost, self._max_costs.get(task_class, cost))
            self.spent += cost
        elif charged:
            # Nobody knows what it cost: without a likely price there is nothing left to spend safely.
            self.spent = self.spent + likely if likely is not None else max(self.spent, self.limit)

    def price(self, task_class: TaskClass) -> Decimal | None:
        """The most that a task of the class has cost, or could cost by others; None where no price is known at all."""
        costs = [*self._prices(task_class)]
        if task_class in self._max_costs:
            costs.append(self._max_costs[task_class])
        if costs:
            return max(costs)
        return UNKNOWN_PRICE_FACTOR * max(self._max_costs.values()) if self._max_costs else None

    def reason(self, task_class: TaskClass) -> str:
        """Why a job of the class may not be sent."""
        price = self.price(task_class)
        likely = "has no known price" if price is None else f"may cost {price}"
        return f"--max-cost {self.limit} would be passed: {self.spent} USD are spent, the next job {likely}"
