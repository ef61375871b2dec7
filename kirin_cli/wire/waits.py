"""The Retry-After header: how long a server asks its client to wait. Knows nothing else of HTTP."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isnan

LONGEST = 3600.0  # seconds; a server that asks for more is asked again after this


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, 0.0-3600.0, by a Retry-After of seconds or an HTTP date; None where it says nothing usable.

    `now` is seconds since the epoch, for dates. What lies in the past means "at once" (S15).
    """
    if value is None:
        return None
    seconds = _number(value)
    if seconds is None:
        seconds = _seconds_until(value, now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST)


def _number(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return None if isnan(seconds) else seconds


def _seconds_until(date: str, now: float) -> float | None:
    try:
        when = parsedate_to_datetime(date[:64])
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
