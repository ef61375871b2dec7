"""Fault rows H1-H3: whatever the text, what comes out is plain to see and commands nobody."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.ui.terminal_text import escape_untrusted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\rb\nc\td", r"a\rb\nc\td"),
        ("\x7f\x85\x9b2J", r"\x7f\x85\x9b2J"),
        ("invoice\u202efdp.exe", r"invoice\u202efdp.exe"),
        ("\u200e\u200f\u061c\u2066x\u2069", r"\u200e\u200f\u061c\u2066x\u2069"),
        ("pay\u200bpal\ufeff\u2028\u2029", r"pay\u200bpal\ufeff\u2028\u2029"),
        ("\ud800x", r"\ud800x"),
        ("a\U000e0041b", r"a\U000e0041b"),
        ("NUL\0", r"NUL\x00"),
    ],
)
def test_H1_what_cannot_be_seen_is_written_out(text, shown):
    assert escape_untrusted(text) == shown


@pytest.mark.parametrize(
    "text", ["[red]x[/red]", "[/x]", "[link=https://x]y", ":smile:", r"C:\new\x1b", "港の夜明け", "é"]
)
def test_H2_markup_and_everyday_text_stay_as_they_are(text):
    assert escape_untrusted(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::boo", ": :error::boo"),
        ("  ::add-mask::x", "  : :add-mask::x"),
        ("\u00a0::stop-commands::x", "\u00a0: :stop-commands::x"),
        ("##vso[task.setvariable]x", "# #vso[task.setvariable]x"),
        ("a ##[error]x", "a # #[error]x"),
        ("###[group]", "## #[group]"),
        ("##teamcity[x]", "# #teamcity[x]"),
        ("::::", ": :::"),
        ("a :: b", "a :: b"),
        ("## heading", "## heading"),
    ],
)
def test_H3_commands_to_ci_systems_are_broken(text, shown):
    assert escape_untrusted(text) == shown


def test_lines_and_tabs_stay_where_several_lines_are_wanted_and_commands_in_any_of_them_are_broken():
    assert escape_untrusted("one\r\n\ttwo\n ::error::x\rthree", multiline=True) == "one\n\ttwo\n : :error::x\\rthree"


def test_long_text_is_cut_with_an_ellipsis():
    assert escape_untrusted("x" * 2001) == "x" * 1999 + "…"
    assert escape_untrusted("x" * 2000) == "x" * 2000
    assert escape_untrusted("\x1b" * 10, limit=9) == r"\x1b\x1b…"


def test_a_megabyte_is_cut_before_it_is_looked_at():
    assert len(escape_untrusted("\x1b::##[" * 200_000)) == 2000


HOSTILE = st.text(st.one_of(st.sampled_from(":# [vso\n\r\t\x1b"), st.characters()))


@given(HOSTILE, st.booleans())
def test_H1_H3_nothing_unsafe_is_left_whatever_comes(text, multiline):
    shown = escape_untrusted(text, multiline=multiline, limit=50)
    left = {unicodedata.category(character) for character in shown.replace("\n", "").replace("\t", "")}
    assert not left & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(line.lstrip().startswith("::") for line in shown.split("\n"))
    assert "##[" not in shown
    assert "##vso[" not in shown
    assert multiline or "\n" not in shown
    assert len(shown) <= 50


@given(HOSTILE, st.booleans())
def test_twice_is_the_same_as_once(text, multiline):
    once = escape_untrusted(text, multiline=multiline, limit=50)
    assert escape_untrusted(once, multiline=multiline, limit=50) == once
