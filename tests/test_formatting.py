"""Amounts as people read them."""

import random
from datetime import UTC, datetime
from decimal import Decimal

from kirin_cli.formatting import format_clock, format_percent, format_size, format_usd, iso_utc
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


def test_a_time_is_what_the_library_makes_of_it_to_the_millisecond():
    rng = random.Random(7)
    times = [0.0, -0.0004, -1.5, 1.0005, 1.9999996, 1795919842.1239995, 1795919842.9999999, 253402300799.0]
    times += [rng.uniform(-1e10, 1e10) for _ in range(300)]
    times += [rng.randrange(10**12, 2 * 10**12) / 1000 for _ in range(300)]
    assert [iso_utc(at) for at in times] == [
        datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds") for at in times
    ]
