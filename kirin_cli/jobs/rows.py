"""The rows that `foreach` names: a file of CSV, JSON lines or YAML, or a list in the job file. Knows no job."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kirin_cli.jobs.problems import MAX_PROBLEMS, FileProblem, InputLimits, JobFileError
from kirin_cli.jobs.source_text import decode, read_bytes
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.yaml_nodes import YamlMapping, YamlSequence, count_nodes, line_column
from kirin_cli.json_text import NestedTooDeeply, parse_json
from kirin_cli.modelspec.text import join_or, pluralize, quote


@dataclass(frozen=True, slots=True)
class TableRow:
    """`line` is where it starts in its file, from 1; `cells` are its values by column."""

    line: int
    cells: Mapping[str, object]


RowsOrProblems = Iterator[TableRow | FileProblem]
"""Rows and problems, as they come; a problem's `file` is left to the caller."""


MAX_COLUMNS: Final = 500


def csv_rows(text: str) -> RowsOrProblems:
    """The rows of a text; one with as many cells as it should not have is a problem, broken quotes end it."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if any(cells) and header:
                yield _csv_row(line, header, cells)
            elif any(cells):
                header = [cell.strip() for cell in cells]
                if messages := list(_header_errors(header)):
                    yield from (FileProblem(line, 1, message) for message in messages)
                    return
            line = reader.line_num + 1
    except csv.Error as error:
        message = 'a closing quote must be followed by a comma; a quote inside of quotes is written ""'
        if "field limit" in str(error) or "larger than" in str(error):
            message = f"a cell has more than {csv.field_size_limit():,} characters"
        elif "unexpected end" in str(error):
            message = "a quote is opened in this row and never closed"
        yield FileProblem(line, 1, message)


def _csv_row(line: int, header: list[str], cells: list[str]) -> TableRow | FileProblem:
    if len(cells) == len(header):
        return TableRow(line, dict(zip(header, cells, strict=True)))
    hint = "; text with a comma in it needs quotes" if len(cells) > len(header) else ""
    return FileProblem(line, 1, f"has {pluralize(len(cells), 'cell')}, the header has {len(header)}{hint}")


def _header_errors(header: list[str]) -> Iterator[str]:
    if len(header) > MAX_COLUMNS:
        yield f"more than {MAX_COLUMNS} columns"
        return
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        yield f"the header is one column, {quote(header[0])}; columns are separated by commas"
    for number, name in enumerate(header):
        if not name:
            yield f"column {number + 1} has no name; the first row names the columns"
        elif name in header[:number]:
            yield f"the column {quote(name)} is there twice"


MAX_DEPTH: Final = 64
"""Objects and lists in one another."""

_TOO_DEEP = f"nested more than {MAX_DEPTH} deep"


def json_rows(text: str) -> RowsOrProblems:
    """The rows of a text; each line that is no object is a problem."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> TableRow | FileProblem:
    try:
        value = parse_json(line)
        depth = count_nodes(value, {})[1]
    except json.JSONDecodeError as error:
        return FileProblem(number, error.colno, f"is no JSON: {error.msg}")
    except (NestedTooDeeply, RecursionError):
        return FileProblem(number, 1, _TOO_DEEP)
    except ValueError as error:
        return FileProblem(number, 1, f"is no JSON to read: {str(error).partition(';')[0]}")
    if not isinstance(value, dict):
        return FileProblem(number, 1, f"a row is an object of names and values, not {quote(value)}")
    return TableRow(number, value) if depth <= MAX_DEPTH else FileProblem(number, 1, _TOO_DEEP)


_TABLES: Final[Mapping[str, Callable[[str], RowsOrProblems]]] = {
    ".csv": csv_rows,
    ".jsonl": json_rows,
    ".ndjson": json_rows,
}
_LISTS: Final = (".yaml", ".yml", ".json")


class RowsError(ValueError):
    """There are no rows; the text says why."""


def read_rows(path: Path, limits: InputLimits, max_rows: int) -> tuple[list[TableRow], list[FileProblem]]:
    """The rows of a file, and what is wrong with it; one more than `max_rows` at most. Raises RowsError."""
    suffix = path.suffix.lower()
    if suffix not in _TABLES and suffix not in _LISTS:
        raise RowsError(f"must be a list, or a file that ends in {join_or((*_TABLES, *_LISTS))}")
    with suppress(OSError):  # no name that a file can have, which reading says better
        if path.exists() and not path.is_file():  # to open it could last for ever
            raise RowsError("is no file")
    try:
        text = decode(read_bytes(path, limits.bytes))
    except JobFileError as error:
        where = f"line {error.problem.line}: " if error.problem.line > 1 else ""
        raise RowsError(where + error.problem.message.removesuffix(" for a job file")) from error
    return collect_rows(_TABLES[suffix](text) if suffix in _TABLES else _yaml_file_rows(text, limits), max_rows)


def collect_rows(rows_or_problems: RowsOrProblems, max_rows: int) -> tuple[list[TableRow], list[FileProblem]]:
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
    """The rows of a YAML list of mappings."""
    for item, position in zip(node, node.positions, strict=True):
        line, column = line_column(position)
        if isinstance(item, YamlMapping):
            yield TableRow(line, item)
        else:
            yield FileProblem(line, column, f"a row is a mapping of names and values, not {quote(item)}")


def _yaml_file_rows(text: str, limits: InputLimits) -> RowsOrProblems:
    stream = parse_yaml(text, limits)
    yield from stream.problems
    for document in stream.documents:
        if isinstance(document.root, YamlSequence):
            yield from yaml_rows(document.root)
        else:
            message = f"must be a list of mappings, not {quote(document.root)}"
            yield FileProblem(*line_column(document.position), message)
