"""Text measured in terminal cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
