"""Text measured in terminal cells, and amounts as people read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.formatting import format_clock, format_percent, format_size, format_usd
from kirin_cli.modelspec.text import pluralize
from kirin_cli.ui.terminal_text import cell_width, ellipsize, pad, truncate_end, truncate_start, wrap


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("港", 2), ("e\u0301", 1), ("ｱ", 1), ("Ａ", 2), ("😀", 2), ("", 0)]
)
def test_wide_characters_take_two_cells_and_combining_ones_none(text, width):
    assert cell_width(text) == width


def test_a_wide_character_is_never_cut_in_half():
    assert truncate_end("港の夜", 3) == "港"
    assert truncate_start("港の夜", 3) == "夜"


@given(st.text(), st.integers(0, 20))
def test_what_is_shortened_fits(text, width):
    assert cell_width(ellipsize(text, width)) <= width
    assert cell_width(ellipsize(text, width, "...")) <= width


def test_short_text_is_not_shortened():
    assert ellipsize("harbour", 7) == "harbour"
    assert ellipsize("harbours", 7) == "harbou…"


def test_blanks_fill_by_cells():
    assert pad("港", 4) == "港  "
    assert pad("5 %", 5, right=True) == "  5 %"


@given(st.text("ab 港"), st.integers(2, 12))
def test_wrapped_lines_fit_and_lose_no_character(text, width):
    lines = wrap(text, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_words_stay_whole_where_they_fit():
    assert wrap("the quick brown fox", 9) == ["the quick", "brown fox"]
    assert wrap("", 9) == [""]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]


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
