"""Clocks that a test moves: one that is asked, and one that a run waits by."""

import threading
from dataclasses import dataclass, field

PATIENCE = 30.0
"""Real seconds after which a wait for another thread ends."""


@dataclass
class FakeClock:
    """Seconds that pass when a test says so or something sleeps, and by `step` whenever they are asked for."""

    now: float = 1_750_000_000.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class ManualRunClock:
    """The clock of a run, moved by `advance` once something waits for it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waited: list[float | None] = []
        self.waiting = threading.Event()
        self._condition: threading.Condition | None = None

    def now(self) -> float:
        return self.seconds

    def time(self) -> float:
        return 1e9 + self.seconds

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        self.waited.append(seconds)
        self._condition = condition
        self.waiting.set()
        condition.wait(PATIENCE)

    def advance(self, seconds: float) -> None:
        assert self.waiting.wait(PATIENCE)
        self.seconds += seconds
        assert self._condition is not None
        with self._condition:
            self._condition.notify_all()
