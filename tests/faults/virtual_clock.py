"""A clock that stands still while anybody works and jumps ahead when everybody waits: an hour takes a millisecond.

Knows nothing of jobs and services. Sockets keep real time: what waits for an answer is at work.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

GLANCE = 0.005
"""Real seconds after which it is looked again whether everybody waits: nobody tells when a thread ends."""
STUCK = 30.0
"""Real seconds of work without a moment's rest after which the deadline is brought about, so that no test hangs."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiter:
    """A thread that waits for `condition` until `deadline`; a `patient` one only looks on and holds nothing up."""

    thread: threading.Thread
    condition: threading.Condition
    deadline: float
    patient: bool


class VirtualClock:
    """Steady and wall time for the run, in seconds. Use it as a context manager."""

    def __init__(self, epoch: float = 1_750_000_000.0) -> None:
        self.epoch = epoch
        self._now = 0.0
        self._horizon = math.inf
        self._ended = False
        self._changed = threading.Condition()
        self._waiting: list[Waiter] = []
        self._threads: list[threading.Thread] = []
        self._patient: set[threading.Thread] = set()
        self._ticker = threading.Thread(target=self._tick, name="virtual clock", daemon=True)

    def now(self) -> float:
        return self._now

    def time(self) -> float:
        return self.epoch + self._now

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        deadline = math.inf if seconds is None else self._now + max(0.0, seconds)
        thread = threading.current_thread()
        me = Waiter(thread, condition, deadline, thread in self._patient)
        with self._changed:
            self._waiting.append(me)
            if len(self._waiting) >= len(self._threads):
                self._changed.notify_all()
        try:
            condition.wait()
        finally:
            with self._changed:
                self._waiting = [waiter for waiter in self._waiting if waiter is not me]

    def sleep(self, seconds: float) -> None:
        until, condition = self._now + seconds, threading.Condition()
        with condition:
            while self._now < until:
                self.wait(condition, until - self._now)

    @contextmanager
    def attend(self, workers: Iterable[threading.Thread], horizon: float = math.inf) -> Iterator[None]:
        """Count these threads and the caller, who looks on; no jump leads beyond `horizon` seconds from now."""
        threads = [*workers, threading.current_thread()]
        with self._changed:
            self._threads += threads
            self._patient.add(threads[-1])
            self._horizon = min(self._horizon, self._now + horizon)
        try:
            yield
        finally:
            with self._changed:
                self._threads = [thread for thread in self._threads if thread not in threads]
                self._patient.discard(threads[-1])
                self._horizon = self._horizon if self._threads else math.inf
                # What a run that died leaves waiting waits for nobody's sake.
                self._waiting = [waiter for waiter in self._waiting if waiter.thread not in threads]

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._ticker.join(2)

    def _tick(self) -> None:
        rested = time.monotonic()
        while not self._ended:
            with self._changed:
                if not self._threads:
                    self._changed.wait()
                    rested = time.monotonic()
                    continue
                if not self._all_wait() and time.monotonic() < rested + STUCK:
                    self._changed.wait(GLANCE)
                    continue
                due, rested = self._jump(), time.monotonic()
            for condition in due:
                with condition:
                    condition.notify_all()

    def _all_wait(self) -> bool:
        """Whether nobody is at work, nor was told to go on and has not yet begun."""
        waiting = {waiter.thread for waiter in self._waiting}
        if not waiting or any(thread not in waiting and thread.is_alive() for thread in self._threads):
            return False
        told = Counter(waiter.condition for waiter in self._waiting)
        return all(len(condition._waiters) == number for condition, number in told.items())

    def _jump(self) -> set[threading.Condition]:
        """Go to the next moment at which a worker has something to do; from the horizon on, anybody."""
        everybody = [waiter.deadline for waiter in self._waiting] or [self._horizon]
        workers = [waiter.deadline for waiter in self._waiting if not waiter.patient]
        ahead = min(workers, default=math.inf)
        ahead = min(everybody) if self._now >= self._horizon or ahead == math.inf else min(ahead, self._horizon)
        self._now = max(self._now, ahead if ahead < math.inf else self._now)
        return {waiter.condition for waiter in self._waiting if waiter.deadline <= self._now}
