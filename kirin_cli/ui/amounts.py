"""Times, sizes and sums as people read them. Knows no terminal."""

from decimal import Decimal
from math import isfinite

_LARGEST = 12  # digits before the point, above which a sum is written with an exponent


def duration(seconds: float) -> str:
    """Seconds as 0:07, 1:24 or 1:02:03; less than none reads as none."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def money(dollars: Decimal) -> str:
    """US dollars with two decimals, or with as many as they have: $0.28, $0.0125."""
    if not dollars.is_finite() or dollars.adjusted() > _LARGEST:
        return f"${dollars}"
    cents = f"{dollars:.2f}"
    return f"${cents}" if Decimal(cents) == dollars else f"${dollars.normalize():f}"


def size(count: int) -> str:
    """Bytes with three digits at most: 999 B, 1.2 MB (powers of 1000)."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 9.95 else f"{amount:.1f} {unit}"


def fraction(progress: float | None) -> float | None:
    """What a service says of its progress, brought between 0.0 and 1.0; None for what is no number."""
    return min(1.0, max(0.0, progress)) if progress is not None and isfinite(progress) else None


def percent(done: float) -> str:
    """0.0-1.0 as a whole percentage, rounded down: 100 % only when all is there."""
    return f"{int(done * 100 + 1e-9)} %"


def count(number: int, word: str) -> str:
    """A number and its noun: 1 error, 3 errors."""
    return f"{number} {word}{'' if number == 1 else 's'}"
