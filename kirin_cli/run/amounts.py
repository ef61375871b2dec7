"""Sizes and sums as people read them, in reports and on screens. Knows neither."""

from decimal import Decimal
from typing import Final

LARGEST: Final = 12
"""Digits before the point, above which a sum is written with an exponent."""


def money(dollars: Decimal) -> str:
    """US dollars with two decimals, or with as many as they have: $0.28, $0.0125."""
    if not dollars.is_finite() or dollars.adjusted() > LARGEST:
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
