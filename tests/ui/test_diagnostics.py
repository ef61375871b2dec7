"""Findings as people read them."""

from pathlib import Path

import pytest

from kirin_cli.errors import KirinError
from kirin_cli.modelspec.types import Finding
from kirin_cli.ui.console import TerminalInfo
from kirin_cli.ui.diagnostics import render_error, render_findings
from kirin_cli.ui.terminal_text import cell_width

PLAIN = TerminalInfo()


def lines_of(source):
    return lambda _, line: source[line - 1] if 0 < line <= len(source) else ""


def words(*findings, source=(), terminal=PLAIN):
    return render_findings(findings, terminal, lines_of(source))


def test_T5_place_sentence_rule_job_and_the_line_with_a_caret():
    source = [""] * 8 + ["      camera_control: {type: forward_up}"]
    finding = Finding(
        message="camera_control needs mode std and 5 seconds", rule="T5", path="camera_control", job="harbour",
        file="jobs.yaml", line=9, column=7,
    )  # fmt: skip
    assert words(finding, source=source) == [
        "jobs.yaml:9:7: error: camera_control needs mode std and 5 seconds [T5]  (job harbour)",
        "     9 |       camera_control: {type: forward_up}",
        "       |       ^",
        "1 error in 1 file; nothing was sent",
    ]


def test_a_flag_is_a_place_too():
    finding = Finding(
        message="is not one of the movements", rule="T4", flag="--camera-type", severity="warning", job="x"
    )
    assert words(finding) == ["--camera-type: warning: is not one of the movements [T4]", "1 warning"]


def test_without_flag_or_file_the_path_says_where():
    assert words(Finding(message="is missing", path="prompt"))[0] == "prompt: error: is missing"
    assert words(Finding(message="is missing"))[0] == "error: is missing"


def test_files_stay_together_and_lines_are_in_order():
    places = [("b.yaml", 9), ("a.yaml", 4), ("b.yaml", 2), ("a.yaml", 0)]
    said = words(*(Finding(message="m", file=file, line=line, column=1, severity="warning") for file, line in places))
    assert [line.partition(": ")[0] for line in said[:-1]] == ["b.yaml:2:1", "b.yaml:9:1", "a.yaml:1", "a.yaml:4:1"]
    assert said[-1] == "4 warnings in 2 files"


def test_errors_and_warnings_are_counted():
    errors = [Finding(message=str(n), file=file) for n, file in enumerate(["a", "a", "b"])]
    said = words(*errors, Finding(message="w", severity="warning", file="b"))
    assert said[-1] == "3 errors, 1 warning in 2 files; nothing was sent"


def test_no_findings_need_no_words():
    assert words() == []


def test_what_many_jobs_share_is_said_once():
    said = words(*(Finding(message="m", file="a", line=1, job=f"j{n}") for n in range(1000)))
    assert said == ["a:1: error: m  (jobs j0, j1, j2 and 997 more)", "1 error in 1 file; nothing was sent"]


def test_rows_of_a_table_are_told_apart():
    said = words(*(Finding(message="m", file="a", line=1, job="j", via=f"shots.csv:{n}") for n in (17, 18)))
    assert said[0] == "a:1: error: m  (job j, from shots.csv:17)"
    assert said[1] == "a:1: error: m  (job j, from shots.csv:18)"


@pytest.mark.parametrize(
    ("source", "column"),
    [("\t\tduration: 7", 3), ("  港の夜: 7", 3), ("  {港の夜: 7}", 7), ("e\u0301a: x", 4), ("\x1b[2J: x", 5), ("a", 2)],
)
def test_the_caret_stands_under_its_character(source, column):
    shown, caret = words(Finding(message="m", file="a", line=1, column=column), source=[source])[1:3]
    before = words(Finding(message="m", file="a", line=1, column=1), source=[source[: column - 1] + "|"])[1]
    assert caret.index("^") == cell_width(before) - 1
    assert "\x1b" not in shown
    assert "\t" not in shown


@pytest.mark.parametrize("column", [1, 30, 50_000, 99_990, 100_000])
def test_a_page_of_base64_is_windowed_around_the_caret(column):
    source = "".join(chr(ord("a") + n % 26) for n in range(99_999)) + "!"
    shown, caret = words(Finding(message="m", file="a", line=1, column=column), source=[source])[1:3]
    assert cell_width(shown) <= 80
    assert shown[caret.index("^")] == source[column - 1]
    assert ("…" in shown[:12]) == (column > 40)
    assert shown.endswith("…") == (column < 99_990)


def test_a_line_of_wide_characters_fits_too():
    shown, caret = words(Finding(message="m", file="a", line=1, column=500), source=["港" * 1000])[1:3]
    assert cell_width(shown) <= 80
    assert cell_width(shown) > 70
    assert caret.index("^") < 80


def test_no_caret_where_the_line_ends_before_the_column():
    assert len(words(Finding(message="m", file="a", line=1, column=300), source=["short"])) == 3


def test_colours_only_where_allowed():
    finding = Finding(message="m", rule="T5", file="a", line=1, column=1)
    assert "\x1b" not in "".join(words(finding, source=["x"]))
    said = words(finding, source=["x"], terminal=TerminalInfo(colour=True))
    assert said[0] == "\x1b[1ma:1:1:\x1b[0m \x1b[1;31merror:\x1b[0m m\x1b[2m [T5]\x1b[0m"
    assert said[2].endswith("\x1b[1;31m^\x1b[0m")


HOSTILE = "::error::\x1b]0;x\x07\u202e\r\n##vso[x][red]"


def test_H1_H2_H3_hostile_text_in_every_place():
    finding = Finding(
        message=HOSTILE, rule=HOSTILE, path=HOSTILE, job=HOSTILE, file=HOSTILE, line=1, column=3, via=HOSTILE
    )
    said = "\n".join(words(finding, Finding(message=HOSTILE, flag=HOSTILE), source=[HOSTILE]))
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(said)
    assert "##vso[" not in said
    assert not any(line.lstrip().startswith("::") for line in said.split("\n"))
    assert "[red]" in said


def test_an_error_is_its_sentence_and_its_hint():
    assert render_error(KirinError("no key\n::x", hint="kirin auth login"), PLAIN) == [
        "error: no key\n: :x",
        "hint: kirin auth login",
    ]
    assert render_error(KirinError("no"), PLAIN) == ["error: no"]


def test_the_lines_are_asked_for_by_path():
    asked = []
    render_findings(
        [Finding(message="m", file="a.yaml", line=3)], PLAIN, lambda path, line: asked.append((path, line)) or ""
    )
    assert asked == [(Path("a.yaml"), 3)]


def test_one_bad_column_is_one_problem_with_all_its_rows():
    cells = [Finding(message="m", file="a.csv", line=n, column=5, row=n, job=f"j{n}", via="a:3") for n in range(2, 74)]
    assert words(*cells, source=["", "x,y,z"]) == [
        "a.csv:2:5: error: m  (jobs j2, j3, j4 and 69 more, from a:3)",
        "     2 | x,y,z",
        "       |     ^",
        "       and 71 more rows: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 …",
        "1 error in 1 file; nothing was sent",
    ]
    assert words(*cells[:2])[1] == "       and 1 more row: 3"
    assert len(words(cells[0], Finding(message="other", file="a.csv", line=3, column=5, row=3))) == 3
