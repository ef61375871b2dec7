"""The system's clock, as the run takes it."""

import threading
import time


class SystemClock:
    """Real time: monotonic for waiting, the wall clock for what is written down (fault L6)."""

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait for the condition, at most `seconds`; in slices, so that a suspended machine wakes up in time."""
        condition.wait(60.0 if seconds is None else min(seconds, 60.0))
