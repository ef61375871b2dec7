"""Money, sizes, durations and timestamps as text that people read; a median. Knows no stream and no report."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import isfinite, modf
from typing import Final, Literal

MAX_USD_DIGITS: Final = 12
"""Digits before the point, above which a sum is written with an exponent."""


def format_usd(dollars: Decimal) -> str:
    """US dollars with two decimals, or with as many as they have: $0.28, $0.0125."""
    if not dollars.is_finite() or dollars.adjusted() > MAX_USD_DIGITS:
        return f"${dollars}"
    cents = f"{dollars:.2f}"
    return f"${cents}" if Decimal(cents) == dollars else f"${dollars.normalize():f}"


def format_size(count: int) -> str:
    """Bytes with three digits at most: 999 B, 1.2 MB (powers of 1000)."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 9.95 else f"{amount:.1f} {unit}"


def format_clock(seconds: float) -> str:
    """Seconds as 0:07, 1:24 or 1:02:03; less than none reads as none."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def median(values: Sequence[float]) -> float:
    """The median of one value or more."""
    # `statistics`, with all that it loads, takes as long to load as a third of the engine.
    ordered, middle = sorted(values), len(values) // 2
    return (ordered[middle] + ordered[~middle]) / 2


def fraction(progress: float | None) -> float | None:
    """What a service says of its progress, brought between 0.0 and 1.0; None for what is no number."""
    return min(1.0, max(0.0, progress)) if progress is not None and isfinite(progress) else None


def format_percent(done: float) -> str:
    """0.0-1.0 as a whole percentage, rounded down: 100 % only when all is there."""
    return f"{int(done * 100 + 1e-9)} %"


def format_seconds(seconds: float) -> str:
    """`0.4 s`, `42 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"


def format_timestamp(at: float, *, to_the: Literal["minute", "second"] = "minute") -> str:
    """Seconds since the epoch as `2026-11-20 09:12 UTC`."""
    clock = "%H:%M" if to_the == "minute" else "%H:%M:%S"
    return datetime.fromtimestamp(at, UTC).strftime(f"%Y-%m-%d {clock} UTC")


@lru_cache(maxsize=64)
def _iso_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=256)
def iso_utc(at: float) -> str:
    """Seconds since the epoch as ISO 8601, to the millisecond that has passed."""
    microseconds, second = modf(at)
    second, microseconds = divmod(int(second) * 1_000_000 + round(microseconds * 1e6), 1_000_000)  # as `datetime` does
    return f"{_iso_second(second)}.{microseconds // 1000:03}+00:00"


def iso_time(at: float | None) -> str | None:
    """A time in seconds since the epoch as ISO 8601 (UTC)."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
