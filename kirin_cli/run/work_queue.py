"""Timed work in a heap, served by a few threads; questions answered by them; the system's clock. Knows no job."""

import heapq
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from math import inf
from typing import Final, TypeVar

Work = Callable[[], None]
MAX_WORKERS: Final = 8
"""Threads that ask questions."""
HELP_SECONDS: Final = 0.02
"""How long what is due waits for a thread that is at work, before another one is woken for it."""
WAIT_SLICE: Final = 0.25
T = TypeVar("T")


class SystemClock:
    """Real time: monotonic for waiting, the wall clock for what is written down (fault L6)."""

    def now(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait for the condition, at most `seconds`; in slices, so that a suspended machine wakes up in time."""
        condition.wait(60.0 if seconds is None else min(seconds, 60.0))


class WorkQueue:
    """Threads that do what is due. A failure of one piece of work stops all and stays in `failure`.

    Waking a thread costs more than a query. So one that is awake does what is due before it rests, and another is
    woken only where that would take longer than HELP_SECONDS.
    """

    def __init__(self, clock: SystemClock, workers: int, name: str) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, float, Work]] = []
        self._order = count()
        self._busy = 0  # threads at work
        self._watched = inf
        """The earliest time that a thread waits for."""
        self._closed = False
        self.failure: BaseException | None = None
        """What a piece of work raised."""
        self._threads = [threading.Thread(target=self._serve, name=f"{name}-{n}", daemon=True) for n in range(workers)]

    def start(self) -> None:
        """Start serving."""
        for thread in self._threads:
            thread.start()

    def add(self, work: Work, delay: float = 0.0, early: float = 0.0) -> None:
        """Do `work` in `delay` seconds, or as soon after as a thread is free.

        A thread that has just done something else does it up to `early` seconds sooner.
        """
        with self._changed:
            due = self._clock.now() + delay
            heapq.heappush(self._due, (due, next(self._order), early, work))
            self._notify()

    def close(self) -> None:
        """Do nothing more that is not under way already."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()

    def join(self, seconds: float) -> bool:
        """Wait for the threads after `close`, at most `seconds` together; whether all have ended."""
        end = self._clock.now() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - self._clock.now()))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        work = self._next()
        while work is not None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  (carried to the thread that waits for the run)
                self.failure = self.failure or error
                self.close()
            work = self._next(ended=1)

    def _next(self, ended: int = 0) -> Work | None:
        """The next piece of work, when it is due; None when closed. `ended` pieces were done by this thread."""
        with self._changed:
            self._busy -= ended
            is_awake = True
            while not self._closed:
                now, (due, _, early, work) = self._clock.now(), self._due[0] if self._due else (inf, 0, 0.0, None)
                until = self._help_at(due)
                if (due - early if is_awake else until) <= now:
                    heapq.heappop(self._due)
                    self._busy += 1
                    self._notify()
                    return work
                is_awake = False
                if until >= self._watched:  # one thread wakes up for the next work, not all of them
                    self._clock.wait(self._changed, None)
                    continue
                self._watched = until
                self._clock.wait(self._changed, until - now)
                if self._watched == until:
                    self._watched = inf
        return None

    def _help_at(self, due: float) -> float:
        """When a thread that waits does what is due at `due`: at once, or where others are at work soon after."""
        return due + HELP_SECONDS if self._busy else due

    def _notify(self) -> None:
        """Wake a thread for the next piece of work, unless one will wake up for it by itself."""
        if self._due and self._help_at(self._due[0][0]) < self._watched:
            self._changed.notify()


def ask_all(
    questions: Mapping[int, Callable[[], T]], *, name: str = "ask", shutdown_seconds: float = 0.0
) -> dict[int, T]:
    """The answers to all questions, a few asked at a time; raises what the first of them raises.

    An interruption waits `shutdown_seconds` for those under way, and no longer: they send nothing. The threads have
    `name` in theirs.
    """
    answers: dict[int, T] = {}
    changed = threading.Condition()

    def ask(position: int, question: Callable[[], T]) -> None:
        answer = question()
        with changed:
            answers[position] = answer
            changed.notify_all()

    queue = WorkQueue(SystemClock(), min(MAX_WORKERS, len(questions)), name)
    for position, question in questions.items():
        queue.add(partial(ask, position, question))
    queue.start()
    try:
        with changed:
            while len(answers) < len(questions) and queue.failure is None:
                changed.wait(WAIT_SLICE)
    finally:
        queue.close()
        if shutdown_seconds:
            queue.join(shutdown_seconds)
    if queue.failure is not None:
        raise queue.failure
    return answers
