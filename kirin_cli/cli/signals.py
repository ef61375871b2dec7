"""Ctrl-C and its kin, while a batch runs: the first asks it to stop, the second ends the process at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from kirin_cli.errors import Interrupted, KirinError, Terminated

WORDS: Final = {Interrupted: "interrupted", Terminated: "terminated"}
NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@contextmanager
def interruptible(stop: Callable[[KirinError], None]) -> Iterator[None]:
    """Call `stop` at the first signal; leave the process at the second, with 130 or 143."""
    seen: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        kind: type[KirinError] = Interrupted if number == signal.SIGINT else Terminated
        if seen:
            os._exit(kind.exit_code)
        seen.append(number)
        stop(kind(WORDS[kind]))

    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
