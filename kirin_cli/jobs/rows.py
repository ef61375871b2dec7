"""The rows that `foreach` names: a table, JSON lines, YAML, a glob of files, a list in the job file. Knows no job."""

import glob
import json
import os
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from kirin_cli.jobs.problems import MAX_PROBLEMS, FileProblem, InputLimits, JobFileError
from kirin_cli.jobs.source_text import decode, read_bytes
from kirin_cli.jobs.tables import RowsOrProblems, SeparatedTable, TableRow
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.yaml_nodes import YamlMapping, YamlSequence, line_column
from kirin_cli.json_text import MAX_DEPTH, NestedTooDeeply, parse_json
from kirin_cli.modelspec.text import join_or, quote

_TOO_DEEP = f"nested more than {MAX_DEPTH} deep"


def csv_rows(text: str) -> RowsOrProblems:
    """The rows of a text of separated values."""
    return SeparatedTable(text).rows()


def json_rows(text: str) -> RowsOrProblems:
    """The rows of a text; each line that is no object is a problem."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> TableRow | FileProblem:
    try:
        value = parse_json(line, max_depth=MAX_DEPTH)
    except json.JSONDecodeError as error:
        return FileProblem(number, error.colno, f"is no JSON: {error.msg}")
    except NestedTooDeeply:
        return FileProblem(number, 1, _TOO_DEEP)
    except ValueError as error:
        return FileProblem(number, 1, f"is no JSON to read: {str(error).partition(';')[0]}")
    if not isinstance(value, dict):
        return FileProblem(number, 1, f"a row is an object of names and values, not {quote(value)}")
    return TableRow(number, value, locate=partial(_json_position, line))


def _json_position(text: str, line: int, name: str) -> tuple[int, int]:
    """Where the value of a name stands in a line of JSON, as far as that can be told from its text."""
    spelled = json.dumps(name)
    start = text.find(spelled)
    colon = text.find(":", start + len(spelled)) if start >= 0 else -1
    return line, len(text) - len(text[colon + 1 :].lstrip()) + 1


_TABLES: Final[Mapping[str, Callable[[str], RowsOrProblems]]] = {
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".tab": csv_rows,
    ".txt": csv_rows,  # what Excel calls "Unicode text"
    ".jsonl": json_rows,
    ".ndjson": json_rows,
}
_LISTS: Final = (".yaml", ".yml", ".json")
_WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
_NAMED_SUFFIXES: Final = (".csv", ".tsv", ".jsonl", *_LISTS)
_SAVE_AS_CSV = "save it as CSV UTF-8"
_CONTENTS: Final = (
    ((b"pk\x03\x04", b"\xd0\xcf\x11\xe0"), f"is a workbook and not text; {_SAVE_AS_CSV}"),
    ((b"<!doctype", b"<html"), f"is a web page and not a table; open it in a spreadsheet and {_SAVE_AS_CSV}"),
)


class RowsError(ValueError):
    """There are no rows; the text says why."""


def read_rows(path: Path, limits: InputLimits, max_rows: int) -> tuple[list[TableRow], list[FileProblem]]:
    """The rows of a file, and what is wrong with it; one more than `max_rows` at most. Raises RowsError."""
    suffix = path.suffix.lower()
    if suffix in _WORKBOOKS:
        raise RowsError(_CONTENTS[0][1])
    if suffix not in _TABLES and suffix not in _LISTS:
        raise RowsError(f"must be a list, a glob, or a file that ends in {join_or(_NAMED_SUFFIXES)}")
    with suppress(OSError):  # no name that a file can have, which reading says better
        if path.exists() and not path.is_file():  # to open it could last for ever
            raise RowsError("is no file")
    try:
        raw = read_bytes(path, limits.bytes)
        for starts, message in _CONTENTS:
            if raw[:64].lstrip().lower().startswith(starts):
                raise RowsError(message)
        text = decode(_with_mark(raw))
    except JobFileError as error:
        problem = replace(error.problem, message=error.problem.message.removesuffix(" for a job file"), file=str(path))
        if not problem.line:
            raise RowsError(problem.message) from error
        if suffix not in _LISTS:
            problem = replace(problem, message=problem.message.replace("save the file as UTF-8", _SAVE_AS_CSV))
        return [], [problem]
    rows = _TABLES[suffix](text) if suffix in _TABLES else _yaml_file_rows(text, limits)
    found, problems = collect_rows(rows, max_rows)
    name = str(path)
    return [TableRow(row.line, row.cells, name, row.locate) for row in found], [
        replace(problem, file=name) for problem in problems
    ]


def _with_mark(raw: bytes) -> bytes:
    """UTF-16 without a byte order mark, which pandas writes, with one; anything else as it is."""
    start = raw[:64]
    if len(start) >= 4 and b"\0" in start:
        zeros = [not any(start[offset::2]) for offset in (0, 1)]
        if any(zeros) and not all(zeros):
            return (BOM_UTF16_BE if zeros[0] else BOM_UTF16_LE) + raw
    return raw


def is_glob(name: str) -> bool:
    """Whether a name asks for all files that fit it."""
    return any(mark in name for mark in "*?[")


def glob_rows(pattern: str, base: Path, max_rows: int) -> list[TableRow]:
    """A row for each file that fits, by its path: `path` (relative to `base`, as written), `stem` and `name`.

    `name` is the stem, or the path where several have that stem. Raises RowsError where there is none.
    """
    names = glob.iglob(pattern, root_dir=base, recursive=True)  # noqa: PTH207  (Path.glob takes no absolute one)
    files = (name.replace(os.sep, "/") for name in names if (base / name).is_file())
    paths = sorted(islice(files, max_rows + 1))
    if not paths:
        raise RowsError("finds no file")
    stems = [Path(path).stem for path in paths]
    number = Counter(stems)
    cells = (
        {"path": path, "stem": stem, "name": stem if number[stem] == 1 else path}
        for path, stem in zip(paths, stems, strict=True)
    )
    return [TableRow(0, row) for row in cells]


def collect_rows(
    rows_or_problems: Iterable[TableRow | FileProblem], max_rows: int
) -> tuple[list[TableRow], list[FileProblem]]:
    """The rows, one more than `max_rows` at most, and the problems. Raises RowsError where there is neither."""
    rows: list[TableRow] = []
    problems: list[FileProblem] = []
    for item in rows_or_problems:
        if isinstance(item, TableRow):
            rows.append(item)
        else:
            problems.append(item)
        if len(rows) > max_rows or len(problems) >= MAX_PROBLEMS:
            break
    if not rows and not problems:
        raise RowsError("has no rows")
    return rows, problems


def yaml_rows(node: YamlSequence) -> RowsOrProblems:
    """The rows of a YAML list of mappings, or of plain values, which are `value`."""
    for item, position in zip(node, node.positions, strict=True):
        line, column = line_column(position)
        if isinstance(item, YamlMapping):
            yield TableRow(line, item, locate=partial(_yaml_position, item, position))
        elif isinstance(item, str | int | float):
            yield TableRow(line, {"value": item}, locate=partial(_yaml_position, None, position))
        else:
            yield FileProblem(line, column, f"a row is a mapping of names and values, or a value, not {quote(item)}")


def _yaml_position(row: YamlMapping | None, position: int, _line: int, name: str) -> tuple[int, int]:
    return line_column(row.position(name) if row is not None and name in row else position)


def _yaml_file_rows(text: str, limits: InputLimits) -> RowsOrProblems:
    stream = parse_yaml(text, limits)
    yield from stream.problems
    for document in stream.documents:
        if isinstance(document.root, YamlSequence):
            yield from yaml_rows(document.root)
        else:
            message = f"must be a list of mappings, not {quote(document.root)}"
            yield FileProblem(*line_column(document.position), message)
