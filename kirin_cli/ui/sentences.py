"""Events as sentences, for lines that stay: a log, or the screen above the live rows. Knows no terminal.

The sentences are raw: whoever shows them makes them harmless.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from kirin_cli.run.amounts import money, size
from kirin_cli.run.events import (
    Accepted,
    Downloading,
    Ended,
    Event,
    Generated,
    Noted,
    Progressed,
    Retrying,
    State,
    Submitting,
)
from kirin_cli.ui.amounts import fraction, percent
from kirin_cli.ui.console import Style

ENDINGS: dict[State, tuple[str, str, str, Style]] = {
    "done": ("✓", "+", "done", "good"),
    "skipped": ("·", "-", "skipped", "faint"),
    "failed": ("✗", "x", "failed", "error"),
    "rejected": ("✗", "x", "refused", "error"),
    "expired": ("✗", "x", "paid, but the file could not be had", "error"),
    "unknown": ("?", "?", "outcome unknown", "error"),
    "pending": ("…", "~", "not finished", "warning"),
}
"""How a job ended: its mark, the same in ASCII, in words, and the style."""

_WHAT = {"submit": "sending", "poll": "a query", "download": "the download"}


def sentence(event: Event) -> str:
    """What happened, without the job's name; "" for what needs no line."""
    tell = _SENTENCES.get(type(event))
    return tell(event) if tell else ""


def named(event: Event) -> str:
    """The same with the job's name before it."""
    said = sentence(event)
    return f"{event.job}: {said}" if event.job and said else said


def result(event: Ended) -> str:
    """What came of a job: the paths, the reason, the cost."""
    cost = _cost(event.cost) if event.state != "skipped" else ""
    return " ".join(part for part in (*event.paths, event.reason, cost) if part)


def _ended(event: Ended) -> str:
    word, told = ENDINGS[event.state][2], result(event)
    return f"{word}{' ' if event.paths or not event.reason else ': '}{told}".rstrip()


def _accepted(event: Accepted) -> str:
    return f"accepted as {event.task_id}{' (the service had it already)' if event.adopted else ''}"


def _progressed(event: Progressed) -> str:
    done = fraction(event.progress)
    return event.status if done is None else f"{event.status} {percent(done)}"


def _downloading(event: Downloading) -> str:
    return "downloading" if event.total is None else f"downloading {size(event.total)}"


def _retrying(event: Retrying) -> str:
    return f"{_WHAT[event.what]} failed, again in {event.delay:.0f} s: {event.reason}"


def _cost(cost: Decimal | None) -> str:
    return "" if cost is None else f"({money(cost)})"


_SENTENCES: dict[type[Event], Callable[[Any], str]] = {
    Submitting: lambda event: f"sending as {event.external_task_id}",
    Accepted: _accepted,
    Progressed: _progressed,
    Generated: lambda event: f"completed {_cost(event.cost)}".rstrip(),
    Downloading: _downloading,
    Retrying: _retrying,
    Ended: _ended,
    Noted: lambda event: event.text,
}
