"""Times as reports write them. Knows no format."""

from datetime import UTC, datetime
from typing import Literal


def seconds_words(seconds: float) -> str:
    """`0.4 s`, `42 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"


def day_and_time(at: float, *, to_the: Literal["minute", "second"] = "minute") -> str:
    """Seconds since the epoch as `2026-11-20 09:12 UTC`."""
    clock = "%H:%M" if to_the == "minute" else "%H:%M:%S"
    return datetime.fromtimestamp(at, UTC).strftime(f"%Y-%m-%d {clock} UTC")
