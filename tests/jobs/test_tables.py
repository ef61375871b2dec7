"""Tables as spreadsheets and pandas write them, byte for byte: each is taken, or refused at its cell with advice.

How each program writes, which the functions below do:

- Excel, "CSV (Comma delimited)": the code page of the machine (cp1252), the list separator of the region (a comma, or a
  semicolon where the comma is the decimal mark), CR LF, quotes only where they are needed, `TRUE`, cells as they look
  (`16:09`, `1E+05`, `0,5`), empty cells up to the last column in use, and in blocks of 16 rows no further than the last
  cell that is not empty. "CSV UTF-8" is the same in UTF-8 with a byte order mark, "Unicode Text" UTF-16LE with a mark,
  tabs, CR LF.
- Google Sheets: UTF-8 without a mark, commas, CR LF between rows and none behind the last; as TSV tabs and no quotes at
  all.
- LibreOffice: UTF-8, LF, quotes where they are needed ("quote all text cells": around all text), times with seconds.
- pandas: LF, floats for whole numbers beside an empty cell (`5.0`), the index as a first column without a heading,
  `na_rep`; `to_json(orient="records", lines=True)` writes JSON lines.
"""

import csv
import io
import json

import pytest
from support.model_requests import FIELDS

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.jobs.problems import DEFAULT_INPUT_LIMITS, FileProblem
from kirin_cli.jobs.scope import ExternalInputs
from kirin_cli.jobs.tables import MAX_COLUMNS, SeparatedTable, TableRow
from kirin_cli.run.check import check_files

JOBS = """\
version: 1
jobs:
- name: s
  model: kirin_v1_t2v
  foreach: FILE
  params: {prompt: "${row.prompt}", aspect_ratio: "${row.ratio:-}", duration: "${row.duration:-}",
    cfg_scale: "${row.cfg:-}", mode: "${row.mode:-std}", watermark_info: {enabled: "${row.mark:-false}"}}
"""
HEAD = ("name", "prompt", "ratio", "duration", "cfg")
NEON = ("neon", "neon, rain", "16:9", "5", "0.5")


def excel(*rows, separator=",", codec="utf-8-sig"):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(codec)


def unicode_text(*rows):
    return excel(*rows, separator="\t", codec="utf-16")


def sheets(*rows):
    return excel(*rows, codec="utf-8").removesuffix(b"\r\n")


def sheets_tsv(*rows):
    return "\r\n".join("\t".join(row) for row in rows).encode()


def libreoffice(*rows, quoting=csv.QUOTE_MINIMAL, separator=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\n", quoting=quoting).writerows(rows)
    return out.getvalue().encode()


pandas = libreoffice


def json_lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


@pytest.fixture
def check(tmp_path):
    """(values of each job, "file:line:column: message" of each finding that is no warning) of a table's jobs."""

    def checked(raw, name="t.csv", text=JOBS):
        (tmp_path / name).write_bytes(raw)
        path = tmp_path / "jobs.yaml"
        path.write_text(text.replace("FILE", name))
        result = check_files([read_job_file(path, FIELDS, DEFAULT_INPUT_LIMITS, ExternalInputs())])
        findings = [finding for finding in result.all_findings() if finding.severity == "error"]
        places = [f"{one.file.rpartition('/')[2]}:{one.line}:{one.column}: {one.message}" for one in findings]
        return [(job.job.name, job.values) for job in result.jobs], places

    return checked


TAKEN = {
    "excel csv utf-8": (excel(HEAD, NEON), "t.csv"),
    "excel with semicolons": (excel(HEAD, NEON, separator=";"), "t.csv"),
    "excel csv of ascii": (excel(HEAD, NEON, codec="cp1252"), "t.csv"),
    "excel unicode text": (unicode_text(HEAD, NEON), "t.txt"),
    "excel unicode text called csv": (unicode_text(HEAD, NEON), "t.csv"),
    "excel with sep=": (b"sep=;\r\n" + excel(HEAD, NEON, separator=";", codec="utf-8"), "t.csv"),
    "excel with a mark and sep=": ("\ufeffsep=,\r\n".encode() + excel(HEAD, NEON, codec="utf-8"), "t.csv"),
    "excel with trailing columns": (excel((*HEAD, "", ""), (*NEON, "", "")), "t.csv"),
    "excel with trailing rows": (excel(HEAD, NEON, ("",) * 5, ("",) * 5), "t.csv"),
    "excel with a notes column without heading": (excel((*HEAD, ""), (*NEON, "Anna likes it")), "t.csv"),
    "excel heading as typed": (excel(("Name ", " Prompt", "RATIO\u00a0", "Duration", "Cfg"), NEON), "t.csv"),
    "excel blanks around words": (excel(HEAD, ("neon", "neon, rain", "16:9\u00a0", " 5 ", "0.5 ")), "t.csv"),
    "excel headings in two lines": (excel(("name", "prompt", "ratio", "duration\r\n", "cfg"), NEON), "t.csv"),
    "sheets csv": (sheets(HEAD, NEON), "t.csv"),
    "sheets tsv": (sheets_tsv(HEAD, NEON), "t.tsv"),
    "libreoffice": (libreoffice(HEAD, NEON), "t.csv"),
    "libreoffice all quoted": (libreoffice(HEAD, NEON, quoting=csv.QUOTE_ALL, separator=";"), "t.csv"),
    "pandas index": (pandas(("", *HEAD), ("0", *NEON)), "t.csv"),
    "pandas index read and written again": (pandas(("Unnamed: 0", *HEAD), ("0", *NEON)), "t.csv"),
    "pandas floats": (pandas(HEAD, ("neon", "neon, rain", "16:9", "5.0", "0.5")), "t.csv"),
    "pandas utf-16 without a mark": (pandas(HEAD, NEON).decode().encode("utf-16-le"), "t.csv"),
    "pandas json lines": (json_lines(dict(zip(HEAD, (*NEON[:3], 5.0, 0.5), strict=True))), "t.jsonl"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "name"), TAKEN.values(), ids=TAKEN)
def test_what_the_programs_write_is_taken(check, raw, name):
    jobs, findings = check(raw, name)
    assert findings == []
    ((job, values),) = jobs
    assert job == "s[neon]"
    assert (values["prompt"], values["aspect_ratio"], values["duration"], values["cfg_scale"]) == (
        "neon, rain", "16:9", "5", 0.5,
    )  # fmt: skip


def semicolons(*rows):
    return excel(*rows, separator=";")


def all_quoted(*rows):
    return libreoffice(*rows, quoting=csv.QUOTE_ALL)


TIME = "; Excel made a time of it: format the column as text"
DATE = "; Excel made a date of it: format the column as text"
CELLS = {
    "excel time": ("ratio", "16:09", excel, 'aspect_ratio is "16:09"; choose 16:9', TIME),
    "libreoffice time": ("ratio", "16:09:00", libreoffice, "aspect_ratio is", TIME),
    "excel time with am": ("ratio", "9:16 AM", excel, "aspect_ratio is", TIME),
    "excel time as a number": ("ratio", "0.672916667", excel, "aspect_ratio is", ", format the column as text"),
    "sheets date": ("ratio", "9/16/2026", sheets, "aspect_ratio is", DATE),
    "excel date": ("ratio", "16-Sep", excel, "aspect_ratio is", DATE),
    "german date": ("ratio", "16. Sep", excel, "aspect_ratio is", DATE),
    "pandas date": ("ratio", "2026-09-16 00:00:00", pandas, "aspect_ratio is", DATE),
    "decimal comma": ("cfg", "0,5", semicolons, 'cfg_scale is "0,5"', "; write 0.5"),
    "percent": ("cfg", "50%", excel, 'cfg_scale is "50%"', "; write 0.5"),
    "seconds": ("duration", "5 s", excel, 'duration is "5 s"', "; write 5"),
    "apostrophe": ("ratio", "'16:9", excel, "aspect_ratio is", "; take the apostrophe in front away"),
    "smart quotes": ("ratio", "“16:9”", excel, "aspect_ratio is", "; take the quotes away"),
    "german true": ("mark", "WAHR", excel, 'watermark_info.enabled is "WAHR"', "; write true"),
    "thousands": ("duration", "1,000", excel, 'duration is "1,000"', "; write 1000"),
    "thousands of libreoffice": ("duration", "1\u202f000", libreoffice, "duration is ", "; write 1000"),
    "not available": ("prompt", "#N/A", excel, "prompt: row.prompt is #N/A, an error of", "empty the cell"),
    "not available in german": ("prompt", "#NV", excel, "prompt: row.prompt is #NV, an error", ""),
    "broken reference": ("cfg", "#REF!", excel, "cfg_scale: row.cfg is #REF!, an error", ""),
    "sheets error": ("prompt", "#ERROR!", sheets, "prompt: row.prompt is #ERROR!, an error", ""),
    "libreoffice error": ("prompt", "Err:502", libreoffice, "prompt: row.prompt is Err:502, an error", ""),
    "formula": ("prompt", '=B2&" at night"', excel, "prompt: row.prompt is a formula and not its value", ""),
    "pandas nan": ("prompt", "nan", pandas, 'prompt: row.prompt is "nan", which another', "leave the cell empty"),
    "pandas NA": ("cfg", "<NA>", pandas, 'cfg_scale: row.cfg is "<NA>", which another program wrote', ""),
    "no prompt": ("prompt", "", excel, "prompt is required", ""),
    "no prompt in quotes": ("prompt", "", all_quoted, "prompt is required", ""),
}


@pytest.mark.parametrize(("column", "value", "program", "start", "end"), CELLS.values(), ids=CELLS)
def test_what_no_parameter_takes_is_refused_at_its_cell_with_advice(check, column, value, program, start, end):
    head = [*HEAD, column] if column not in HEAD else list(HEAD)
    good = dict(zip(HEAD, NEON, strict=True))
    bad = [(good | {"name": "bad", column: value}).get(name, "") for name in head]
    before = program(bad[: head.index(column)]).decode("utf-8-sig").rstrip("\r\n")
    _, (problem,) = check(program(head, [good.get(name, "") for name in head], bad))
    place, _, message = problem.partition(": ")
    assert place == f"t.csv:3:{len(before) + 2}"
    assert message.startswith(start)
    assert message.endswith(end)


def test_a_number_that_was_shortened_is_not_guessed(check):
    text = JOBS.replace("kirin_v1_t2v", "kirin_video_o1").partition("  params")[0]
    text += "  params: {prompt: x, aspect_ratio: 16:9, element_list: [{element_id: '${row.element}'}]}\n"
    raw = excel(("name", "element"), ("a", "1.23457E+11"))
    _, (problem,) = check(raw, text=text)
    assert problem.startswith("t.csv:2:3: element_list[0].element_id is ")
    assert problem.endswith("; Excel shortened a long number: format the column as a number without decimals")


@pytest.mark.parametrize(("word", "value"), {"TRUE": True, "FALSE": False, "True": True, "false": False}.items())
def test_yes_and_no_as_spreadsheets_and_pandas_write_them(check, word, value):
    jobs, findings = check(excel((*HEAD, "mark"), (*NEON, word)))
    assert findings == []
    assert jobs[0][1]["watermark_info"] == {"enabled": value}


def test_texts_stay_as_they_are_typed(check):
    prompts = ["16:09", "0,5", "007", "TRUE", "5.0", "'tis rain", "“rain”", "= wow =", "50%", "${x} $$", "a  b ", "C#"]
    jobs, findings = check(excel(("name", "prompt"), *((str(n), text) for n, text in enumerate(prompts))))
    assert findings == []
    assert [values["prompt"] for _, values in jobs] == prompts


def test_line_breaks_in_quotes_are_part_of_the_cell_and_the_places_below_are_right(check):
    raw = excel(("name", "prompt", "ratio"), ("a", "first\nsecond", "16:9"), ("b", 'a "sign"\r\nof rain', "16:09"))
    jobs, (problem,) = check(raw)
    assert jobs[0][1]["prompt"] == "first\nsecond"
    assert problem.startswith("t.csv:5:10: aspect_ratio is")


def test_cp1252_is_refused_at_its_line_and_column(check):
    raw = excel(HEAD, NEON, ("cafe", "a café", "16:9", "5", "0.5"), codec="cp1252")
    jobs, problems = check(raw)
    assert jobs == []
    assert problems == ["t.csv:3:11: byte 0xE9 is not valid UTF-8; save it as CSV UTF-8"]


REFUSED_FILES = {
    "excel workbook": ("t.xlsx", b"PK\x03\x04", "is a workbook and not text; save it as CSV UTF-8"),
    "workbook called csv": ("t.csv", b"PK\x03\x04xl", "is a workbook and not text; save it as CSV UTF-8"),
    "sign-in page": ("t.csv", b"\n<!DOCTYPE html><html>", "is a web page and not a table; open it"),
}


@pytest.mark.parametrize(("name", "raw", "words"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_what_is_no_table_is_refused_by_its_content(check, name, raw, words):
    _, (problem,) = check(raw, name)
    assert problem.startswith(f'jobs.yaml:5:3: foreach "{name}" {words}')


NEEDS = "in it needs quotes"
SHAPES = {
    "a comma": (b"name,prompt\na,x,y\n", f"2:5: has 3 cells, the header has 2; text with a comma {NEEDS}"),
    "a semicolon": (b"name;prompt\na;x;y\n", f"2:5: has 3 cells, the header has 2; text with a semicolon {NEEDS}"),
    "typographic quotes": (
        "name,prompt\na,“x, y”\n".encode(),
        "2:6: has 3 cells, the header has 2; “ ” are no quotes here: write straight ones",
    ),
    "too few": (
        b"name,prompt\na\n", "2:1: has 1 cell, the header has 2; does a line break in a text lack its quotes?",
    ),
    "heading twice": (excel(("name", "prompt", "name"), ("a", "b", "c")), '1:13: the column "name" is there twice'),
    "open quote": (b'name,prompt\na,"x\nb,y\n', "2:1: a quote is opened in this row and never closed"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), SHAPES.values(), ids=SHAPES)
def test_a_row_of_another_shape_is_refused_where_it_goes_wrong(check, raw, expected):
    assert check(raw)[1][0].removeprefix("t.csv:") == expected


def test_cells_that_excel_leaves_out_of_a_block_of_rows_are_empty(check):
    rows = [(f"n{number}", f"rain {number}", "pro") for number in range(15)]
    text = excel(("name", "prompt", "mode"), *rows) + b"n15,rain 15,pro\r\n" + b"n16,rain\r\nn17,snow\r\n"
    jobs, findings = check(text)
    assert findings != []  # rows 17 and 18 of the sheet are not all alike in what they lack
    jobs, findings = check(excel(("name", "prompt", "mode"), *rows) + b"n16,rain\r\nn17,snow\r\n")
    assert findings == []
    assert [values["mode"] for _, values in jobs[-2:]] == ["std", "std"]


def test_a_column_called_like_a_parameter_sets_it_where_its_cell_is_not_empty(check):
    raw = excel(
        ("name", "Prompt", "Params.Mode", "PARAMS.CAMERA_CONTROL.TYPE", "params.duration"),
        ("a", "x", "pro", "", "10.0"), ("b", "y", "", "forward_up", ""),
    )  # fmt: skip
    text = JOBS.partition("  params")[0] + "  params: {prompt: '${row.prompt}', mode: std}\n"
    jobs, findings = check(raw, text=text)
    assert findings == []
    assert [values for _, values in jobs] == [
        {"prompt": "x", "mode": "pro", "duration": "10"},
        {"prompt": "y", "mode": "std", "camera_control": {"type": "forward_up"}},
    ]


def test_a_column_of_a_parameter_that_no_model_has_is_refused_at_its_heading(check):
    text = JOBS.partition("  params")[0] + "  params: {prompt: x}\n"
    _, problems = check(excel(("name", "params.mod"), ("a", "std"), ("b", "pro")), text=text)
    assert problems == ['t.csv:1:6: unknown parameter "mod"; did you mean "mode"?'] * 2
    _, problems = check(excel(("name", "params.mode"), ("a", "std"), ("b", "#REF!"), ("c", "ultra")), text=text)
    assert [problem.partition(" is ")[0] for problem in problems] == [
        "t.csv:3:3: mode: row.params.mode",
        "t.csv:4:3: mode",
    ]


def test_a_problem_of_the_heading_of_a_job_stands_at_its_cell(check):
    head = "jobs:\n- name: 'x-${row.name}'\n  model: ${row.model}\n  foreach: FILE\n  take: ${row.takes}\n"
    text = head + "  tags: ['${row.tag}']\n  output: {dir: '${row.dir}'}\n  params: {prompt: x}\n"
    raw = excel(
        ("name", "model", "takes", "dir", "tag"), ("a", "kirin_v1_t2v", "1", "a", "t"),
        ("b", "kirin_v1_t2", "two", "../b", "#N/A"), ("a", "kirin_v1_t2v", "0", "/c", "t"),
    )  # fmt: skip
    _, problems = check(raw, text=text)
    assert {problem.partition(": ")[0].removeprefix("t.csv:") for problem in problems} == {
        "3:3", "3:15", "3:19", "3:24", "4:1", "4:16", "4:18",
    }  # fmt: skip


def test_of_several_columns_in_a_text_the_one_that_is_named_is_to_blame(check):
    text = JOBS.partition("  params")[0] + "  params: {prompt: '${row.a} and ${row.b}'}\n"
    _, problems = check(excel(("name", "a", "b"), ("x", "rain", "snow"), ("y", "", "#REF!")), text=text)
    assert [problem.partition(" is ")[0] for problem in problems] == [
        "t.csv:3:3: prompt: row.a",
        "t.csv:3:4: prompt: row.b",
    ]


def test_a_table_of_one_column_and_one_with_too_many():
    assert [dict(row.cells) for row in SeparatedTable("prompt\nx y\n").rows()] == [{"prompt": "x y"}]
    (problem,) = SeparatedTable(",".join(map(str, range(MAX_COLUMNS + 1)))).rows()
    assert isinstance(problem, FileProblem)
    (problem,) = SeparatedTable("a|b\n1|2\n").rows()
    assert problem.message == 'the header is one column, "a|b"; columns are separated by commas'


def test_places_are_those_of_the_cells_whatever_the_quotes():
    (row,) = SeparatedTable('a, b,"c",d\n"x, ""y""\nz", "2",,4\n').rows()
    assert isinstance(row, TableRow)
    assert [row.position(name) for name in "abcd"] == [(2, 1), (3, 4), (3, 9), (3, 10)]
    assert [row.position(name, heading=True) for name in "abcd"] == [(1, 1), (1, 3), (1, 6), (1, 10)]
