"""Which request meets which fault: in turn, at random with a seed, one in so many; also as JSON from another process.

Knows nothing of sockets.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
from collections.abc import Callable

from loopback import faults as all_faults
from loopback import ranges
from loopback.exchange import Fault
from loopback.messages import Request

Chooser = Callable[[int, Request], Fault | None]


class Rules:
    """What was scripted, in order; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[tuple[str, itertools.count[int], Chooser]] = []

    def add(self, pattern: str, chooser: Chooser) -> None:
        with self._lock:
            self._rules.append((pattern, itertools.count(1), chooser))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def choose(self, request: Request) -> Fault | None:
        """The fault of the first rule that has one for this request; later rules do not count the request then."""
        with self._lock:
            for pattern, numbers, chooser in self._rules:
                if request.matches(pattern) and (fault := chooser(next(numbers), request)):
                    return fault
        return None


def in_turn(*faults: Fault | None, then: Fault | None = None) -> Chooser:
    """One request each, None for honesty; after the last one `then` for ever."""
    return lambda number, _request: faults[number - 1] if number <= len(faults) else then


def every(count: int, *faults: Fault) -> Chooser:
    """Each `count`-th request meets a fault, in turn."""
    return lambda number, _request: None if number % count else faults[(number // count - 1) % len(faults)]


def one_in(count: int, *faults: Fault, seed: int = 0) -> Chooser:
    """About one request in `count` meets one of the faults; the same numbers for the same seed."""

    def choose(number: int, _request: Request) -> Fault | None:
        rng = random.Random(f"{seed} {number}")
        return rng.choice(faults) if rng.randrange(count) == 0 else None

    return choose


def rule_of(body: bytes) -> tuple[str, Chooser]:
    """Pattern and chooser of a POST to /__script__.

    `{"match": "POST", "faults": [["close_after_reading", {"create": true}]], "one_in": 10, "seed": 7}`; without
    "one_in" the faults are met in turn. They are those of loopback.faults and loopback.ranges that JSON can spell.
    """
    document = json.loads(body)
    faults = [_maker(name)(**arguments) for name, arguments in document["faults"]]
    if "one_in" in document:
        return document["match"], one_in(document["one_in"], *faults, seed=document.get("seed", 0))
    return document["match"], in_turn(*faults)


def _maker(name: str) -> Callable[..., Fault]:
    found: Callable[..., Fault] = getattr(all_faults, name, None) or getattr(ranges, name)
    return found
