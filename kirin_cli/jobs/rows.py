"""The rows that `foreach` names: a file of CSV, JSON lines or YAML, or a list in the job file. Knows no job."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kirin_cli.jobs.problems import MAX_PROBLEMS, FileProblem, InputLimits, JobFileError
from kirin_cli.jobs.source_text import decode, read_bytes
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.yaml_nodes import YamlMapping as Node
from kirin_cli.jobs.yaml_nodes import YamlSequence, line_column
from kirin_cli.modelspec.text import join_or, quote


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
                if flaws := list(_flaws(header)):
                    yield from (FileProblem(line, 1, words) for words in flaws)
                    return
            line = reader.line_num + 1
    except csv.Error as error:
        yield FileProblem(line, 1, _broken(str(error)))


def _csv_row(line: int, header: list[str], cells: list[str]) -> TableRow | FileProblem:
    if len(cells) == len(header):
        return TableRow(line, dict(zip(header, cells, strict=True)))
    number = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    more = "; text with a comma in it needs quotes" if len(cells) > len(header) else ""
    return FileProblem(line, 1, f"has {number}, the header has {len(header)}{more}")


def _flaws(header: list[str]) -> Iterator[str]:
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


def _broken(said: str) -> str:
    """A sentence for what the reader says of cells that it gives up on."""
    if "field limit" in said or "larger than" in said:
        return f"a cell has more than {csv.field_size_limit():,} characters"
    if "unexpected end" in said:
        return "a quote is opened in this row and never closed"
    return 'a closing quote must be followed by a comma; a quote inside of quotes is written ""'


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
        value = json.loads(line, object_pairs_hook=_named_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return FileProblem(number, error.colno, f"is no JSON: {error.msg}")
    except RecursionError:
        return FileProblem(number, 1, _TOO_DEEP)
    except ValueError as error:
        return FileProblem(number, 1, f"is no JSON to read: {str(error).partition(';')[0]}")
    if not isinstance(value, dict):
        return FileProblem(number, 1, f"a row is an object of names and values, not {quote(value)}")
    return FileProblem(number, 1, _TOO_DEEP) if _too_deep(value) else TableRow(number, value)


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [part for part in level if isinstance(part, dict | list)]
        level = [below for part in inner for below in (part.values() if isinstance(part, dict) else part)]
    return any(isinstance(part, dict | list) for part in level)


_TABLES: Final[Mapping[str, Callable[[str], RowsOrProblems]]] = {
    ".csv": csv_rows,
    ".jsonl": json_rows,
    ".ndjson": json_rows,
}
_LISTS: Final = (".yaml", ".yml", ".json")


class RowsError(ValueError):
    """There are no rows; the text says why."""


def read_rows(path: Path, limits: InputLimits, most: int) -> tuple[list[TableRow], list[FileProblem]]:
    """The rows of a file, and what is wrong with it; one more than `most` at most. Raises RowsError."""
    kind = path.suffix.lower()
    if kind not in _TABLES and kind not in _LISTS:
        raise RowsError(f"must be a list, or a file that ends in {join_or((*_TABLES, *_LISTS))}")
    text = _text(path, limits)
    return collect_rows(_TABLES[kind](text) if kind in _TABLES else _yaml_file_rows(text, limits), most)


def collect_rows(found: RowsOrProblems, most: int) -> tuple[list[TableRow], list[FileProblem]]:
    """The rows, one more than `most` at most, and the problems. Raises RowsError where there is neither."""
    rows: list[TableRow] = []
    problems: list[FileProblem] = []
    for one in found:
        if isinstance(one, TableRow):
            rows.append(one)
        else:
            problems.append(one)
        if len(rows) > most or len(problems) >= MAX_PROBLEMS:
            break
    if not rows and not problems:
        raise RowsError("has no rows")
    return rows, problems


def yaml_rows(node: YamlSequence) -> RowsOrProblems:
    """The rows of a YAML list of mappings."""
    for item, place in zip(node, node.places, strict=True):
        line, column = line_column(place)
        if isinstance(item, Node):
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
            yield FileProblem(*line_column(document.place), f"must be a list of mappings, not {quote(document.root)}")


def _text(path: Path, limits: InputLimits) -> str:
    if _special(path):
        raise RowsError("is no file")
    try:
        return decode(read_bytes(path, limits.bytes))
    except JobFileError as stop:
        place = f"line {stop.problem.line}: " if stop.problem.line > 1 else ""
        raise RowsError(place + stop.problem.message.removesuffix(" for a job file")) from stop


def _special(path: Path) -> bool:
    """Whether to open it could last for ever."""
    try:
        return path.exists() and not path.is_file()
    except OSError:  # no name that a file can have, which reading says better
        return False
