"""What is tried again, after how long: Retry-After, backoff, poll intervals. Seconds throughout; knows no job."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Final

MAX_RETRY_AFTER = 3600.0  # seconds; a server that asks for more is asked again after this


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, 0.0-3600.0, by a Retry-After of seconds or an HTTP date; None where it says nothing usable.

    `now` is seconds since the epoch, for dates. What lies in the past means "at once" (fault S15).
    """
    if value is None:
        return None
    seconds = _number(value)
    if seconds is None:
        seconds = _seconds_until(value, now)
    return None if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _number(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return None if isnan(seconds) else seconds


def _seconds_until(date: str, now: float) -> float | None:
    try:
        when = parsedate_to_datetime(date[:64])
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


BACKOFF_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
MAX_BACKOFF: Final = 30.0
MIN_SAMPLES: Final = 5
JITTER: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSchedule:
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
        default = sorted(self.durations(*task_class))
        if len(default) < MIN_SAMPLES:
            return self._jittered(self.interval)
        return max(self.interval, 0.9 * default[len(default) // 20])

    def next_poll(self, task_class: tuple[str, str, str]) -> float:
        """A twenty-fifth of the usual time, 1 to 15 s, so that a completion is noticed within two per cent."""
        default = sorted(self.durations(*task_class))
        if len(default) < MIN_SAMPLES:
            return self._jittered(self.interval)
        return self._jittered(min(15.0, max(min(1.0, self.interval), default[len(default) // 2] / 25)))

    def backoff(self, failures: int) -> float:
        """The delay after so many failures in a row: 1, 2, 4, 8, 15, 30, 30, … with jitter."""
        return self._jittered(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1] * self.scale)

    def _jittered(self, seconds: float) -> float:
        return seconds * self.rng.uniform(1 - JITTER, 1 + JITTER)
