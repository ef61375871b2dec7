"""Rows for `foreach`: CSV, JSON lines, YAML lists, globs of files; what is wrong has its line."""

import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cpu_time import work_within

from kirin_cli.jobs.problems import FileProblem, InputLimits
from kirin_cli.jobs.rows import RowsError, collect_rows, csv_rows, glob_rows, json_rows, read_rows
from kirin_cli.jobs.tables import TableRow

LIMITS = InputLimits()


def rows(found):
    return [(one.line, dict(one.cells)) for one in found if isinstance(one, TableRow)]


def flaws(found):
    return [(one.line, one.column, one.message) for one in found if isinstance(one, FileProblem)]


CSV = {
    "plain": ("a,b\n1,2\n", [(2, {"a": "1", "b": "2"})]),
    "no line end": ("a,b\n1,2", [(2, {"a": "1", "b": "2"})]),
    "windows": ("a,b\r\n1,2\r\n3,4\r\n", [(2, {"a": "1", "b": "2"}), (3, {"a": "3", "b": "4"})]),
    "old mac": ("a\r1\r2\r", [(2, {"a": "1"}), (3, {"a": "2"})]),
    "quotes": ('a,b\n"x, ""y""","1\n2"\nz,\n', [(2, {"a": 'x, "y"', "b": "1\n2"}), (4, {"a": "z", "b": ""})]),
    "blanks after commas": ('a, b\nx, "y, z"\n', [(2, {"a": "x", "b": "y, z"})]),
    "blank lines and rows": ("\n\na,b\n\n1,2\n,\n3,4\n,,,\n", [(5, {"a": "1", "b": "2"}), (7, {"a": "3", "b": "4"})]),
    "numbers stay text": ("a\n007\n1e3\n", [(2, {"a": "007"}), (3, {"a": "1e3"})]),
    "placeholders stay text": ("a\n${x} $$\n", [(2, {"a": "${x} $$"})]),
    "header only": ("a,b\n", []),
    "nothing": ("", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CSV.values(), ids=CSV)
def test_csv_is_read_with_the_line_of_each_row(text, expected):
    assert rows(csv_rows(text)) == expected
    assert flaws(csv_rows(text)) == []


BAD_CSV = {
    "too few": (
        "a,b\n1\n2,3\n", [(2, 1, "has 1 cell, the header has 2; does a line break in a text lack its quotes?")], 1,
    ),
    "too many": (
        "a,b\n1,2,3\nx, y\n", [(2, 5, "has 3 cells, the header has 2; text with a comma in it needs quotes")], 1,
    ),
    "twice": ("a,b,a\n1,2,3\n", [(1, 5, 'the column "a" is there twice')], 0),
    "wide": (",".join(map(str, range(501))), [(1, 1, "more than 500 columns")], 0),
    "open quote": ('a,b\n1,2\n"3,4\n5,6\n', [(3, 1, "a quote is opened in this row and never closed")], 1),
    "closed quote": (
        'a,b\n"1"x,2\n3,4\n',
        [(2, 1, 'a closing quote must be followed by a comma; a quote inside of quotes is written ""')], 0,
    ),
    "long": ("a\n" + "x" * 131_073 + "\n", [(2, 1, "a cell has more than 131,072 characters")], 0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "good"), BAD_CSV.values(), ids=BAD_CSV)
def test_what_is_wrong_with_csv_is_said_at_its_row(text, expected, good):
    assert flaws(csv_rows(text)) == expected
    assert len(rows(csv_rows(text))) == good


CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), max_size=20).map(str.lstrip)


@given(st.lists(st.tuples(CELL, CELL).filter(any), min_size=1))
def test_whatever_a_spreadsheet_writes_is_read_back(cells):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *cells])
    assert [tuple(row.cells.values()) for row in csv_rows(out.getvalue())] == cells


@given(st.text())
def test_any_text_is_rows_or_problems(text):
    for found in (*csv_rows(text), *json_rows(text)):
        assert found.line >= 1


JSON = {
    "plain": ('{"a": 1, "b": "x"}\n\n  \n{"a": null}\r\n', [(1, {"a": 1, "b": "x"}), (4, {"a": None})]),
    "no line end": ('{"a": [1.5, {"b": true}]}', [(1, {"a": [1.5, {"b": True}]})]),
    "separators in text": ('{"a": "x\u2028y\x85z"}\n{"a": 2}', [(1, {"a": "x\u2028y\x85z"}), (2, {"a": 2})]),
    "empty": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), JSON.values(), ids=JSON)
def test_json_lines_are_read_with_their_lines(text, expected):
    assert rows(json_rows(text)) == expected
    assert flaws(json_rows(text)) == []


BAD_JSON = {
    "half": ('{"a": 1}\n{"a": \n', (2, 7, "is no JSON: Expecting value")),
    "a list": ("\n[1]\n", (2, 1, "a row is an object of names and values, not [1]")),
    "twice": ('{"a": 1, "a": 2}', (1, 1, "is no JSON to read: a name stands twice in one object")),
    "nan": ('{"a": NaN}', (1, 1, "is no JSON to read: NaN is no number")),
    "digits": ('{"a": ' + "1" * 5000 + "}", (1, 1, "is no JSON to read: Exceeds the limit (4300 digits)")),
    "deep": ('{"a": ' + "[" * 64 + "]" * 64 + "}", (1, 1, "nested more than 64 deep")),
    "deeper": ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", (1, 1, "nested more than 64 deep")),
}


@pytest.mark.parametrize(("text", "expected"), BAD_JSON.values(), ids=BAD_JSON)
def test_what_is_wrong_with_json_lines_is_said_at_its_line(text, expected):
    ((line, column, message),) = flaws(json_rows(text))
    assert (line, column) == expected[:2]
    assert message.startswith(expected[2])


def test_json_may_be_63_deep_in_a_row():
    assert flaws(json_rows('{"a": ' + "[" * 63 + "]" * 63 + "}")) == []


def test_the_suffix_says_how_a_file_is_read(tmp_path):
    contents = {
        "a.csv": "\ufeffa\n1\n", "A.CSV": "a\n1\n", "b.jsonl": '{"a": "1"}', "c.ndjson": '{"a": "1"}',
        "d.yaml": "- a: '1'\n", "e.yml": "- {a: '1'}\n", "f.json": '[{"a": "1"}]',
    }  # fmt: skip
    for name, text in contents.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        found, problems = read_rows(tmp_path / name, LIMITS, 10)
        assert [dict(row.cells) for row in found] == [{"a": "1"}]
        assert problems == []


def test_a_glob_makes_a_row_of_every_file_in_the_order_of_their_paths(tmp_path):
    for name in ("b.png", "a.png", "sub/a.png", "sub/c.png", ".hidden.png", "d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [row.cells for row in glob_rows("*.png", tmp_path, 10)] == [
        {"path": "a.png", "stem": "a", "name": "a"},
        {"path": "b.png", "stem": "b", "name": "b"},
    ]
    names = [row.cells["name"] for row in glob_rows("**/*.png", tmp_path, 10)]
    assert names == ["a.png", "b", "sub/a.png", "c"]
    assert len(glob_rows("**/*.png", tmp_path, 2)) == 3
    assert [row.cells["path"] for row in glob_rows(f"{tmp_path}/b*", tmp_path, 10)] == [f"{tmp_path}/b.png"]
    with pytest.raises(RowsError, match="finds no file"):
        glob_rows("*.jpg", tmp_path, 10)


def test_a_byte_order_mark_names_the_encoding(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("a\nübung\n".encode("utf-16"))
    assert rows(read_rows(path, LIMITS, 10)[0]) == [(2, {"a": "übung"})]


UNREAD = {
    "suffix": (
        "a.doc",
        b"a\n",
        "must be a list, a glob, or a file that ends in .csv, .tsv, .jsonl, .yaml, .yml or .json",
    ),
    "no suffix": ("csv", b"a\n", "must be a list, a glob, or a file"),
    "empty": ("a.csv", b"", "has no rows"),
    "header": ("a.csv", b"a,b\n", "has no rows"),
    "empty list": ("a.yaml", b"[]", "has no rows"),
    "nothing": ("a.yaml", b"", "has no rows"),
}


@pytest.mark.parametrize(("name", "content", "words"), UNREAD.values(), ids=UNREAD)
def test_a_file_without_rows_is_refused_in_a_sentence(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RowsError, match=f"^{words}"):
        read_rows(tmp_path / name, InputLimits(bytes=100), 10)


@pytest.mark.parametrize(
    ("name", "content", "place", "words"),
    [
        ("a.csv", b"a\nb\n\xe9", (3, 1), "byte 0xE9 is not valid UTF-8; save it as CSV UTF-8"),
        ("a.yaml", b"- a\n- \xe9", (2, 3), "byte 0xE9 is not valid UTF-8; save the file as UTF-8"),
        ("a.csv", b"a" * 101, (1, 1), "is larger than the limit of 100 bytes"),
    ],
)
def test_what_cannot_be_read_as_text_is_a_problem_at_its_place_in_the_file(tmp_path, name, content, place, words):
    (tmp_path / name).write_bytes(content)
    found, (problem,) = read_rows(tmp_path / name, InputLimits(bytes=100), 10)
    assert found == []
    assert (problem.file, problem.line, problem.column) == (str(tmp_path / name), *place)
    assert problem.message == words


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_not_opened(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("folder.csv", "pipe.csv"):
        with pytest.raises(RowsError, match="is no file"):
            read_rows(tmp_path / name, LIMITS, 10)
    for name in ("none.csv", "a" * 5000 + ".csv", "a\0.csv"):
        with pytest.raises(RowsError, match="cannot be read: "):
            read_rows(tmp_path / name, LIMITS, 10)


def test_yaml_that_is_no_list_of_mappings_is_refused_at_its_place(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("- a: 1\n- 5\n- !x b\n- [c]\n-\n---\na: 1\n")
    found, problems = read_rows(path, LIMITS, 10)
    assert rows(found) == [(1, {"a": 1}), (2, {"value": 5}), (3, {"value": "b"})]
    assert [(line, column) for line, column, _ in flaws(problems)] == [(3, 3), (4, 3), (5, 2), (7, 1)]


def test_I3_more_rows_than_are_wanted_are_not_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "1\n" * 2_000_000)
    with work_within(0.5):
        found, _ = read_rows(path, LIMITS, 1000)
    assert len(found) == 1001


def test_more_than_a_thousand_problems_are_not_collected():
    _, problems = collect_rows(csv_rows("a\n" + "1,2\n" * 5000), 10)
    assert len(problems) == 1000
