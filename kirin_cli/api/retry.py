"""The retry table: which request is tried again, after what, after how long and how often. Knows no job and no URL.

The one place for this, with one exception: how often a submission that may have arrived is sent again stands with the
state machine that guards it (`ledger.states`: MIN_MISSES, MAX_RESENDS). Seconds throughout.
"""

import random
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isnan, sqrt
from typing import Final, Literal, get_args

from kirin_cli.api.exchange import TransportErrorKind

BACKOFF_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
MAX_RETRY_AFTER: Final = 3600.0
"""A server that asks for a longer pause is asked again after this."""
SERVER_ERRORS: Final = frozenset(range(500, 1000))
RETRIED_ERRORS: Final = frozenset[TransportErrorKind](get_args(TransportErrorKind)) - {
    "tls",
    "proxy",
    "forbidden_address",
}
"""All but those that another try cannot mend: the other side could not prove who it is (fault S2), or is forbidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a request is made again: after which HTTP statuses, and after which errors where there was no whole answer.

    `delays` are the seconds after the first, second, … failure in a row, the last one for all that follow; a
    Retry-After takes their place, up to `max_delay`. The `max_failures`th failure in a row ends it, None: the end of
    the run does; `max_attempts` bounds the requests in all. A download that got `min_progress` bytes further has not
    failed.
    """

    statuses: frozenset[int]
    errors: frozenset[TransportErrorKind] = RETRIED_ERRORS
    delays: tuple[float, ...] = BACKOFF_SECONDS
    max_delay: float = MAX_RETRY_AFTER
    max_failures: int | None = None
    max_attempts: int | None = None
    min_progress: int = 0

    def delay(self, failures: int, retry_after: float | None = None) -> float:
        """The seconds to wait after so many failures in a row (from 1), or what the server asks for."""
        delay = self.delays[min(failures, len(self.delays)) - 1] if retry_after is None else retry_after
        return min(delay, self.max_delay)

    def gives_up(self, failures: int) -> bool:
        """Whether so many failures in a row are too many."""
        return self.max_failures is not None and failures >= self.max_failures


Situation = Literal["create", "query", "query first", "query lost", "download", "upload", "probe"]
RETRIES: Final[Mapping[Situation, RetryPolicy]] = {
    # A POST that creates a task, again with the same external id, where it certainly created none: 429 (which also
    # halves the tasks in flight) without end, errors before the first byte left up to `max_failures` and as long as
    # `retry_budget` lasts. After everything else it may exist: see "query", and MAX_RESENDS.
    "create": RetryPolicy(statuses=frozenset({429}), max_failures=5),
    # A GET of a task, while it runs or to find out whether it exists. 401, 402 and 403 stop the run; a 404 of the
    # service itself counts as lost after KIRIN_MISSING_WAIT, or as never created (MIN_MISSES, grace period).
    # All else is no answer, 2xx without a task included, and is asked again until the run ends.
    "query": RetryPolicy(statuses=frozenset(range(100, 1000)) - {401, 402, 403, 404}),
    # The same before a task is created at all: without an answer nothing is sent. 429 is waited for without end, and
    # holds all that is to be sent meanwhile.
    "query first": RetryPolicy(statuses=frozenset(range(100, 1000)) - {401, 402, 403, 404}, max_failures=8),
    # The same of a task that counts as lost, so that no command waits for it while the service is down.
    "query lost": RetryPolicy(statuses=frozenset(range(100, 1000)) - {401, 402, 403, 404}, max_failures=5),
    # A GET of a result. Any other 4xx: it is not there, and the task is asked for a fresh URL (KIRIN_RESULT_WAIT).
    "download": RetryPolicy(
        statuses=SERVER_ERRORS | {408, 425, 429}, delays=(0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0), max_delay=30.0,
        max_failures=6, max_attempts=100, min_progress=1 << 16,
    ),
    # A POST of a local video to the place that gives it a URL.
    "upload": RetryPolicy(statuses=SERVER_ERRORS | {429}, max_delay=30.0, max_failures=3),
    # A GET of part of a medium for --check-urls: a kept connection may die just when it is used again.
    "probe": RetryPolicy(statuses=frozenset(), errors=frozenset({"reset"}), delays=(0.0,), max_failures=2),
}  # fmt: skip
MIN_RETRY_BUDGET: Final = 20


def retry_budget(jobs: int) -> int:
    """How often a whole run of so many jobs may send again what did not reach the service."""
    return MIN_RETRY_BUDGET + jobs // 10


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, 0.0-3600.0, by a Retry-After of seconds or an HTTP date; None where it says nothing usable.

    `now` is seconds since the epoch, for dates. What lies in the past means "at once" (fault S15).
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value[:64])
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return None if isnan(seconds) else min(max(seconds, 0.0), MAX_RETRY_AFTER)


JITTER: Final = 0.1
MIN_POLL_SECONDS: Final = 0.25
MAX_POLL_SECONDS: Final = 15.0
MAX_EARLY_POLL_SECONDS: Final = 60.0
"""Between polls before any of the class may be ready: their history may be wrong, as of tasks fetched a day later."""
MAX_SAMPLES: Final = 100
"""How many of the newest durations of a class are held: older ones tell less of a service that has become slower."""
POLL_PRICE: Final = 1 / 60
"""What one poll may save: this many seconds of lateness, times the root of the usual duration (0.13 s for a minute)."""
MAX_EARLINESS: Final = 0.25
"""The part of its age by which a task is held to have ended before its first poll, where its class is known."""


def _earliest(known: Sequence[float]) -> float:
    """When the first task of a class may end: by about one distance of the sorted durations before the quickest."""
    return max(0.0, known[0] - (known[-1] - known[0]) / len(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSchedule:
    """When a task is asked for again: by how long earlier tasks of its class took, else every `interval` seconds.

    A class is model, mode and duration. `durations` gives the seconds that earlier tasks of it took; `observe` adds
    those of this run. `scale` shortens the growing delays for a service inside this process. May be shared by threads.
    """

    rng: random.Random
    interval: float = 5.0
    durations: Callable[[str, str, str], Sequence[float]] = field(default=lambda *_: ())
    scale: float = 1.0
    _known: dict[tuple[str, str, str], tuple[list[float], deque[float]]] = field(default_factory=dict, repr=False)

    def observe(self, task_class: tuple[str, str, str], seconds: float) -> None:
        """Learn that a task of the class took so long; an older duration is forgotten for it."""
        known, order = self._samples(task_class)
        insort(known, seconds)
        order.append(seconds)
        if len(order) > MAX_SAMPLES:
            known.remove(order.popleft())

    def typical(self, task_class: tuple[str, str, str]) -> float | None:
        """Seconds that a task of the class usually took, the median; None where none is known."""
        known, _ = self._samples(task_class)
        return known[len(known) // 2] if known else None

    def first_poll(self, task_class: tuple[str, str, str]) -> float:
        """Seconds from acceptance to the first poll: just after the quickest of the class were ready."""
        return self.next_poll(task_class, 0.0)

    def next_poll(self, task_class: tuple[str, str, str], age: float) -> float:
        """Seconds to the next poll of a task that was accepted `age` seconds ago.

        It is due when the lateness that is to be expected without it is worth a poll: among the earlier tasks that
        took longer than `age`, and one more that ends like none before it, ever more seldom. So polls stand where
        tasks end and few between two humps; no order of polls has a much smaller product of lateness and polls
        (Barlow and Proschan's inspection policy). 0.25 to 15 s, to 60 s before any of the class may have ended.
        """
        known, _ = self._samples(task_class)
        if not known:
            return self._jittered(self.interval)
        median, first = max(known[len(known) // 2], MIN_POLL_SECONDS / 10), _earliest(known)
        later, start = bisect_right(known, age), max(age, median / 2)
        ends, before = known[later:], known[later - 1] if later else first
        # Between two durations tasks end evenly: of the one that ends next, this share still may.
        low, share = max(before, age), 1.0
        if ends and ends[0] > before:
            share = (ends[0] - low) / (ends[0] - before)
        running = (len(ends) - 1 + share if ends else 0.0) + median / 2 / start
        worth = POLL_PRICE * sqrt(max(median, age)) * running
        due, ended, total = start + start * sqrt(4 * worth / median), 0.0, 0.0
        for high in ends:
            if ended * high - total + share * (high - low) / 2 >= worth:
                slope, missing = share / (high - low), worth + total - ended * low
                due = min(due, low + (sqrt(ended**2 + 2 * slope * missing) - ended) / slope)
                break
            ended, total = ended + share, total + share * (low + high) / 2
            low, share = high, 1.0
        else:
            due = min(due, (worth + total) / ended) if ended else due
        wait = max(due - age, min(MIN_POLL_SECONDS, self.interval))
        if age < first:
            return min(wait, MAX_EARLY_POLL_SECONDS)
        return self._jittered(min(wait, MAX_POLL_SECONDS))

    def seconds_since_end(self, task_class: tuple[str, str, str], age: float, unseen: float) -> float:
        """How long ago a task probably ended that is now `age` seconds old and was seen to run `unseen` seconds ago.

        Half of that; but a little before the first poll where that was due when others had ended.
        """
        known, _ = self._samples(task_class)
        return min(unseen / 2, age * MAX_EARLINESS) if known else unseen / 2

    def _samples(self, task_class: tuple[str, str, str]) -> tuple[list[float], deque[float]]:
        """What is known of a class, sorted, and in the order in which it is forgotten; of earlier runs in any."""
        if task_class not in self._known:
            order = list(self.durations(*task_class))
            self.rng.shuffle(order)
            order = order[:MAX_SAMPLES]
            self._known.setdefault(task_class, (sorted(order), deque(order)))
        return self._known[task_class]

    def backoff(self, failures: int) -> float:
        """The delay after so many failures in a row: 1, 2, 4, 8, 15, 30, 30, … with jitter."""
        return self._jittered(RETRIES["query"].delay(failures) * self.scale)

    def _jittered(self, seconds: float) -> float:
        return seconds * self.rng.uniform(1 - JITTER, 1 + JITTER)
