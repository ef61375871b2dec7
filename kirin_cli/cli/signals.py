"""Ctrl-C and its kin: the first asks what runs to stop, the second ends the process at once."""

import os
import signal
import threading
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from kirin_cli.errors import Interrupted, KirinError, Terminated

WORDS: Final = {Interrupted: "interrupted", Terminated: "terminated"}
NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
LATEST: Final = 4.5
"""Seconds after the first signal at which the process ends even if the ledger is locked or a disk hangs."""


def give_up(reason: KirinError) -> None:
    """Stop by raising the reason, where nothing is under way that would have to be brought to an end."""
    raise reason


@contextmanager
def interruptible(stop: Callable[[KirinError], None] = give_up, *, hint: str = "") -> Iterator[None]:
    """Call `stop` at the first signal, with `hint` as what to do next; leave the process at the second with 130 or 143.

    A signal that is ignored stays so (`nohup kirin run …`).
    """
    seen: list[int] = []
    over = threading.Event()

    def handle(number: int, _: FrameType | None) -> None:
        kind: type[KirinError] = Interrupted if number == signal.SIGINT else Terminated
        if seen:
            os._exit(kind.exit_code)
        seen.append(number)
        start_new_thread(_end_late, (over, kind.exit_code))  # threading takes locks that this thread may hold just now
        stop(kind(WORDS[kind], hint=hint))

    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        over.set()


def _end_late(over: threading.Event, code: int) -> None:
    """End the process with `code` unless it is over before; the ledger is then as after a crash."""
    if not over.wait(LATEST):
        os._exit(code)
