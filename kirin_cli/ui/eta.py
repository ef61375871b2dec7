"""The time left: of one job by its pace or by how long others took, and of a whole run. Seconds; draws nothing."""

from collections.abc import Sequence

from kirin_cli.formatting import median

_MIN_SECONDS = 1.0
_MIN_FRACTION = 0.04
_MAX_SECONDS = 24 * 3600.0
_MAX_FIRST_FRACTION = 0.02
_MIN_RATIOS = 3


class EtaEstimator:
    """The pace of one thing from 0.0 to 1.0; times are seconds of one steady clock."""

    __slots__ = ("_first", "_last")

    def __init__(self) -> None:
        self._first = self._last = (0.0, 1.0)

    def add(self, now: float, fraction: float) -> None:
        """It is `fraction` done at `now`. The first time, waiting at the beginning and going backwards start anew."""
        if fraction < self._last[1] or fraction <= _MAX_FIRST_FRACTION:
            self._first = (now, fraction)
        self._last = (now, fraction)

    def seconds_left(self, now: float) -> float | None:
        """Seconds still to go; None where nothing sensible can be said (too early, overdue, over a day)."""
        (started, low), (seen, high) = self._first, self._last
        if seen - started < _MIN_SECONDS or high - low < _MIN_FRACTION or high >= 1:
            return None
        left = (1 - high) * (seen - started) / (high - low) - (now - seen)
        return left if 1 <= left < _MAX_SECONDS else None


class JobDurations:
    """How long the jobs of this run took, by model, and how much longer than earlier tasks like them."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}
        self._ratios: list[float] = []

    def add(self, model: str, seconds: float, likely: float | None = None) -> None:
        """A job of the model was done in so many seconds; earlier tasks like it took `likely` seconds."""
        self._seconds.setdefault(model, []).append(seconds)
        if likely:
            self._ratios.append(seconds / likely)

    def typical(self, model: str, likely: float | None = None) -> float | None:
        """Seconds that a job takes of which earlier ones took `likely`; where those are not known, one of its model.

        Where no job of the model was done either, one of any; None where nothing is known.
        """
        if likely:
            return likely * (median(self._ratios) if len(self._ratios) >= _MIN_RATIOS else 1.0)
        times = self._seconds.get(model) or [seconds for times in self._seconds.values() for seconds in times]
        return median(times) if times else None


def batch_seconds_left(running: Sequence[float], waiting: Sequence[float], in_flight: int) -> float:
    """Seconds until all are done: those that run have so long to go, those that wait take so long, `in_flight` at once.

    `in_flight` is at least 1.
    """
    work = (sum(running) + sum(waiting)) / in_flight
    return max(work, min(running, default=0.0) + max(waiting, default=0.0), *running)
