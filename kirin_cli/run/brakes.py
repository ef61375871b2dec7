"""What slows or stops a run as a whole: a reason to submit nothing more, the limit of tasks in flight, retries left."""

import threading
from typing import Final

from kirin_cli.errors import KirinError

LEAST_RETRIES: Final = 20


class Brakes:
    """Shared by all jobs of a run; thread-safe.

    At most `in_flight` tasks run at once; the limit is halved when the service says that it is too much (429) and
    grows by one for every full round of acceptances. `retries` is the budget of the whole process for sending again.
    """

    def __init__(self, *, in_flight: int, jobs: int) -> None:
        self._lock = threading.RLock()  # a signal handler may halt while its own thread is inside
        self._most = in_flight
        self._limit = float(in_flight)
        self._retries = LEAST_RETRIES + jobs // 10
        self._reason: KirinError | None = None

    def halted(self) -> KirinError | None:
        """Why nothing more may be submitted, if so."""
        return self._reason

    def halt(self, reason: KirinError) -> None:
        """Submit nothing more in this run; the first reason stays."""
        with self._lock:
            self._reason = self._reason or reason

    def limited(self) -> None:
        """The service said that there are too many requests: halve the limit."""
        with self._lock:
            self._limit = max(1.0, self._limit / 2)

    def eased(self) -> None:
        """The service accepted one: raise the limit a little."""
        with self._lock:
            self._limit = min(float(self._most), self._limit + 1 / self._limit)

    def room(self, in_flight: int) -> bool:
        """Whether another task may be submitted."""
        return in_flight < int(self._limit)

    def spend_retry(self) -> bool:
        """Take one retry out of the budget; False where it is used up."""
        with self._lock:
            self._retries -= 1
            return self._retries >= 0
