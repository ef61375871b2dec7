"""`--max-cost`: a limit on what a run spends, which fails closed. US dollars as decimals throughout.

A job is admitted when its likely cost fits beside what is spent and what the jobs in flight will cost. Where no price
is known for its class (model, mode, duration), it counts CAUTION times the dearest known one; where none is known at
all, one job goes alone, and the next waits for its cost.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Final

CAUTION: Final = 4
TaskClass = tuple[str, str, str]
Prices = Callable[[TaskClass], Sequence[Decimal]]
"""What earlier tasks of a class cost."""


class Admission(Enum):
    """Whether a job may be submitted."""

    GO = "go"
    WAIT = "wait"  # until something in flight has ended
    STOP = "stop"  # it would pass the limit


class Budget:
    """What has been spent, and what is in flight. Not thread-safe: its caller holds a lock.

    `limit` None admits everything. A task whose cost is never told counts with its likely cost.
    """

    def __init__(self, limit: Decimal | None, prices: Prices) -> None:
        self.limit = limit
        self.spent = Decimal(0)
        self._prices = prices
        self._known: dict[TaskClass, Decimal] = {}
        self._flying: dict[str, Decimal | None] = {}

    def admit(self, name: str, task_class: TaskClass) -> Admission:
        """Whether the job may be sent now; if so its likely cost is set aside."""
        if self.limit is None:
            return Admission.GO
        price = self.price(task_class)
        flying = list(self._flying.values())
        fits = self._fits(price, flying)
        if fits:
            self._flying[name] = price
            return Admission.GO
        return Admission.WAIT if flying else Admission.STOP

    def goes_on(self, name: str, task_class: TaskClass) -> None:
        """A task that an earlier run submitted: it will cost what it costs."""
        if self.limit is not None:
            self._flying[name] = self.price(task_class)

    def ended(self, name: str, task_class: TaskClass, cost: Decimal | None, *, charged: bool) -> None:
        """The job will not cost more. `charged`: it has, or may have, cost something even if `cost` is not known."""
        if self.limit is None or name not in self._flying:
            return
        likely = self._flying.pop(name)
        if cost is not None:
            self._known[task_class] = max(cost, self._known.get(task_class, cost))
            self.spent += cost
        elif charged:
            # Nobody knows what it cost: without a likely price there is nothing left to spend safely.
            self.spent = self.spent + likely if likely is not None else max(self.spent, self.limit)

    def price(self, task_class: TaskClass) -> Decimal | None:
        """The most that a task of the class has cost, or could cost by others; None where no price is known at all."""
        own = [*self._prices(task_class), *(cost for kind, cost in self._known.items() if kind == task_class)]
        if own:
            return max(own)
        return CAUTION * max(self._known.values()) if self._known else None

    def reason(self, task_class: TaskClass) -> str:
        """Why a job of the class may not be sent."""
        price = self.price(task_class)
        likely = "has no known price" if price is None else f"may cost {price}"
        return f"--max-cost {self.limit} would be passed: {self.spent} USD are spent, the next job {likely}"

    def _fits(self, price: Decimal | None, flying: list[Decimal | None]) -> bool:
        limit = self.limit or Decimal(0)
        if price is None or None in flying:
            return not flying and self.spent == 0
        return self.spent + sum(filter(None, flying), Decimal(0)) + price <= limit
