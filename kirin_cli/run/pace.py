"""When to ask again: first and following polls, growing delays, jitter. Seconds throughout; knows no job."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

INQUIRIES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
LONGEST: Final = 30.0
ENOUGH: Final = 5
JITTER: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`interval` is the time between polls where nothing is known of the model's usual times.

    `durations` gives how long earlier tasks of one class (model, mode, duration) took, in seconds.
    `scale` shortens the growing delays for a service inside this process.
    """

    rng: random.Random
    interval: float = 5.0
    durations: Callable[[str, str, str], Sequence[float]] = field(default=lambda *_: ())
    scale: float = 1.0

    def first_poll(self, task_class: tuple[str, str, str]) -> float:
        """Just before the quickest earlier tasks of the class were ready; the interval where none are known."""
        usual = sorted(self.durations(*task_class))
        if len(usual) < ENOUGH:
            return self._jittered(self.interval)
        return max(self.interval, 0.9 * usual[len(usual) // 20])

    def next_poll(self, task_class: tuple[str, str, str]) -> float:
        """A twenty-fifth of the usual time, 1 to 15 s, so that a completion is noticed within two per cent."""
        usual = sorted(self.durations(*task_class))
        if len(usual) < ENOUGH:
            return self._jittered(self.interval)
        return self._jittered(min(15.0, max(min(1.0, self.interval), usual[len(usual) // 2] / 25)))

    def backoff(self, failures: int) -> float:
        """The delay after so many failures in a row: 1, 2, 4, 8, 15, 30, 30, … with jitter."""
        return self._jittered(INQUIRIES[min(failures, len(INQUIRIES)) - 1] * self.scale)

    def _jittered(self, seconds: float) -> float:
        return seconds * self.rng.uniform(1 - JITTER, 1 + JITTER)
