"""How long something will still take, judged by how fast it went. Knows nothing of jobs."""

_SHORTEST = 5.0
_LEAST = 0.04
_LONGEST = 24 * 3600.0
_BEGINNING = 0.02


class Pace:
    """The pace of one thing from 0.0 to 1.0; times are seconds of one steady clock."""

    __slots__ = ("_first", "_last")

    def __init__(self) -> None:
        self._first = self._last = (0.0, 1.0)

    def note(self, now: float, fraction: float) -> None:
        """It is `fraction` done at `now`. The first note, waiting at the beginning and going backwards start anew."""
        if fraction < self._last[1] or fraction <= _BEGINNING:
            self._first = (now, fraction)
        self._last = (now, fraction)

    def left(self, now: float) -> float | None:
        """Seconds still to go; None where nothing sensible can be said (too early, overdue, over a day)."""
        (started, low), (seen, high) = self._first, self._last
        if seen - started < _SHORTEST or high - low < _LEAST or high >= 1:
            return None
        left = (1 - high) * (seen - started) / (high - low) - (now - seen)
        return left if 1 <= left < _LONGEST else None
