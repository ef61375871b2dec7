"""Cells: what stands for no value whoever asks, and how columns are found. Advice at its cell: test_tables.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.jobs.cells import cell_advice, cell_error, clean_heading, find_column

VALUES = [
    "",
    "rain",
    "#1 in the list",
    "#hashtag",
    "N/A",
    "none",
    "null",
    "banana",
    "= x",
    "==",
    "=",
    "Err: 5",
    5,
    None,
]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_a_value_has_no_error(value):
    assert cell_error(value) == ""


ERRORS = ["#DIV/0!", "#NAME?", "#BEZUG!", "#N/D", " #N/A ", "Err:509", "NaN", "None", "=A1", '="7"', "=-B2"]


@pytest.mark.parametrize("value", ERRORS)
def test_what_stands_for_no_value_has_one(value):
    assert cell_error(value).startswith("is ")


@given(st.one_of(st.text(), st.integers(), st.none()))
def test_any_cell_has_advice_or_none(value):
    assert cell_advice(value) == "" or cell_advice(value).startswith("; ")


def test_columns_are_found_in_any_case_and_with_any_blanks_but_first_as_they_are_written():
    cells = {"Prompt": 1, "prompt": 2, "Aspect  Ratio": 3}
    assert find_column(cells, "prompt") == "prompt"
    assert find_column(cells, "PROMPT") == "Prompt"
    assert find_column({clean_heading("\ufeff Aspect \u00a0 Ratio\r\n"): 3}, "aspect ratio") == "Aspect Ratio"
    assert find_column(cells, "ratio") is None
    assert find_column({}, "") is None
