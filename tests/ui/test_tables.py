"""Tables on terminals and in pipes."""

from kirin_cli.ui.console import TerminalInfo
from kirin_cli.ui.tables import render_table
from kirin_cli.ui.terminal_text import cell_width

HEADERS = ("NAME", "TYPE", "BOUNDS", "DEFAULT", "RULE", "HELP")
ROWS = [
    (
        "prompt",
        "text",
        "1-2500 characters",
        "",
        "T1",
        "What the video shows, in your own words and in any language you like.",
    ),
    ("cfg_scale", "number", "0-1", "0.5", "T3", "How closely to follow the prompt; more is stricter."),
    ("camera_control.config.horizontal", "number", "-10-10", "", "T7", "Left or right."),
]


def test_in_a_pipe_a_row_is_a_line_however_long():
    lines = render_table(HEADERS, ROWS, TerminalInfo(width=40))
    assert len(lines) == 4
    assert lines[1].endswith("any language you like.")
    starts = {line.index(word) for line, word in zip(lines, ("TYPE", "text", "number", "number"), strict=True)}
    assert starts == {34}


def test_on_a_terminal_it_fits_into_80_columns_and_loses_nothing():
    lines = render_table(HEADERS, ROWS, TerminalInfo(is_tty=True, width=80))
    assert max(map(cell_width, lines)) <= 80
    said = "".join("".join(lines).split())
    for row in ROWS:
        assert all(word in said for text in row[:1] for word in text.split(".")[:1])
    assert sum("language" in line for line in lines) == 1


def test_columns_with_nothing_in_them_go():
    lines = render_table(("A", "B", "C"), [("1", "", "3"), ("4", "", "6")], TerminalInfo())
    assert lines == ["A  C", "1  3", "4  6"]


def test_wide_characters_keep_the_columns_straight():
    lines = render_table(("A", "B"), [("港", "x"), ("ab", "y")], TerminalInfo())
    assert lines == ["A   B", "港  x", "ab  y"]


def test_the_headers_are_strong_where_there_are_colours():
    assert render_table(("A",), [("x",)], TerminalInfo(colour=True)) == ["\x1b[1mA\x1b[0m", "x"]


def test_a_terminal_too_narrow_for_anything_still_gets_all_of_it():
    lines = render_table(HEADERS, ROWS, TerminalInfo(is_tty=True, width=10))
    assert "prompt" in lines[1]


def test_H1_cells_are_made_harmless():
    assert render_table(("A",), [("\x1b[2J",)], TerminalInfo()) == ["A", r"\x1b[2J"]


def test_no_rows_leave_nothing():
    assert render_table(HEADERS, [], TerminalInfo(is_tty=True)) == []
