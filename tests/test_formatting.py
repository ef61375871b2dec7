"""Amounts as people read them."""

from decimal import Decimal

from kirin_cli.formatting import format_clock, format_percent, format_size, format_usd
from kirin_cli.modelspec.text import pluralize


def test_amounts_read_naturally():
    assert [format_clock(seconds) for seconds in (7.9, 84, 3723, -3)] == ["0:07", "1:24", "1:02:03", "0:00"]
    assert [format_usd(Decimal(text)) for text in ("0.28", "1", "0.0125", "12.3", "1E+40", "NaN")] == [
        "$0.28",
        "$1.00",
        "$0.0125",
        "$12.30",
        "$1E+40",
        "$NaN",
    ]
    assert [format_size(number) for number in (0, 999, 1234, 12_345_678, 5_000_000_000)] == [
        "0 B", "999 B", "1.2 kB", "12 MB", "5.0 GB",
    ]  # fmt: skip
    assert [format_percent(fraction) for fraction in (0, 0.29, 0.999, 1)] == ["0 %", "29 %", "99 %", "100 %"]
    assert [pluralize(1, "error"), pluralize(3, "error")] == ["1 error", "3 errors"]
