"""Panels: frames as wide as they are asked to be, text wrapped inside, notes faint, nothing cut."""

import pytest

from kirin_cli.ui.tables import MAX_LEFT_WIDTH, boxed_panel, left_width, plain_panel, plain_style
from kirin_cli.ui.terminal_text import cell_width

ROWS = [
    ("--mode std|pro", "std is cheaper, pro looks better.", "default: std"),
    ("--a-flag-whose-name-takes-more-than-its-column VALUE", "What it does stands below it.", ""),
    ("", "", ""),
    ("--wide", "港口 " * 30, "note"),
]


def marked(text, style):
    return text if style == "none" else f"<{style[0]}>{text}</{style[0]}>"


@pytest.mark.parametrize("width", [40, 61, 80, 100])
def test_every_line_of_a_frame_is_as_wide_as_the_frame(width):
    lines = boxed_panel("Running", ROWS, left_width(ROWS), width, plain_style)
    assert {cell_width(line) for line in lines[:2]} == {width}
    inside = [line for line in lines if ROWS[1][0] not in line]
    assert {cell_width(line) for line in inside} == {width}
    assert lines[0].startswith("╭─ Running ─")
    assert (lines[-1][0], lines[-1][-1]) == ("╰", "╯")


def test_a_name_too_wide_for_the_column_stands_alone_and_whole():
    assert left_width(ROWS) == len(ROWS[0][0]) <= MAX_LEFT_WIDTH
    lines = plain_panel("Running", ROWS, left_width(ROWS), 80, plain_style)
    at = next(number for number, line in enumerate(lines) if ROWS[1][0] in line)
    assert lines[at].strip() == ROWS[1][0]
    assert lines[at + 1].strip() == ROWS[1][1]


def test_without_a_frame_there_is_a_heading_and_no_line_drawing():
    lines = plain_panel("Running", ROWS[:1], 20, 80, plain_style)
    assert lines == ["Running:", "  --mode std|pro        std is cheaper, pro looks better. [default: std]"]


def test_the_note_alone_is_faint_also_where_it_is_wrapped():
    lines = plain_panel("Running", ROWS[:1], 14, 44, marked)
    assert lines == [
        "<s>Running:</s>",
        "  <s>--mode std|pro</s>  std is cheaper, pro looks",
        "  <s>              </s>  better.<f> [default: std]</f>",
    ]


def test_brackets_of_the_text_itself_are_not_a_note():
    (line,) = plain_panel("X", [("-a", "One [of these]", "")], 2, 80, marked)[1:]
    assert line == "  <s>-a</s>  One [of these]"
