"""Limits on work that hold on a busy machine too: seconds of a core as it is when nothing else takes a share of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

MADE = 150_000
IDLE = 0.0135
"""Seconds that making so many short texts takes on an idle core of the kind for which the limits were set."""


@contextmanager
def work_within(seconds: float) -> Iterator[None]:
    """At most so much work; more by as much as this core is slower, just before or after, than an idle one."""
    before, began = _making(), time.process_time()
    yield
    worked = time.process_time() - began
    slower = max(1.0, before / IDLE, _making() / IDLE)
    assert worked < seconds * slower, f"{worked:.2f} s of work, on a core that is {slower:.1f} times slower than idle"


def _making() -> float:
    began = time.thread_time()
    assert len([f"{number}x" for number in range(MADE)]) == MADE
    return time.thread_time() - began
