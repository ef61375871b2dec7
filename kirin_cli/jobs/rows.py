"""The rows that `foreach` names: a file of CSV, JSON lines or YAML, or a list in the job file. Knows no job."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from kirin_cli.jobs.csvrows import csv_rows
from kirin_cli.jobs.document import parse
from kirin_cli.jobs.fileproblem import MOST_PROBLEMS, FileProblem, Unreadable
from kirin_cli.jobs.jsonrows import json_rows
from kirin_cli.jobs.limits import Limits
from kirin_cli.jobs.nodes import Mapping as Node
from kirin_cli.jobs.nodes import Sequence, unpacked
from kirin_cli.jobs.row import Found, Row
from kirin_cli.jobs.text import decoded, read_bytes
from kirin_cli.spec.words import listed, shown

_TABLES: Final[Mapping[str, Callable[[str], Found]]] = {".csv": csv_rows, ".jsonl": json_rows, ".ndjson": json_rows}
_LISTS: Final = (".yaml", ".yml", ".json")


class Unrowed(ValueError):
    """There are no rows; the text says why."""


def read_rows(path: Path, limits: Limits, most: int) -> tuple[list[Row], list[FileProblem]]:
    """The rows of a file, and what is wrong with it; one more than `most` at most. Raises Unrowed."""
    kind = path.suffix.lower()
    if kind not in _TABLES and kind not in _LISTS:
        raise Unrowed(f"must be a list, or a file that ends in {listed((*_TABLES, *_LISTS))}")
    text = _text(path, limits)
    return gathered(_TABLES[kind](text) if kind in _TABLES else _yaml_rows(text, limits), most)


def gathered(found: Found, most: int) -> tuple[list[Row], list[FileProblem]]:
    """The rows, one more than `most` at most, and the problems. Raises Unrowed where there is neither."""
    rows: list[Row] = []
    problems: list[FileProblem] = []
    for one in found:
        if isinstance(one, Row):
            rows.append(one)
        else:
            problems.append(one)
        if len(rows) > most or len(problems) >= MOST_PROBLEMS:
            break
    if not rows and not problems:
        raise Unrowed("has no rows")
    return rows, problems


def listed_rows(node: Sequence) -> Found:
    """The rows of a YAML list of mappings."""
    for item, place in zip(node, node.places, strict=True):
        line, column = unpacked(place)
        if isinstance(item, Node):
            yield Row(line, item)
        else:
            yield FileProblem(line, column, f"a row is a mapping of names and values, not {shown(item)}")


def _yaml_rows(text: str, limits: Limits) -> Found:
    stream = parse(text, limits)
    yield from stream.problems
    for document in stream.documents:
        if isinstance(document.root, Sequence):
            yield from listed_rows(document.root)
        else:
            yield FileProblem(*unpacked(document.place), f"must be a list of mappings, not {shown(document.root)}")


def _text(path: Path, limits: Limits) -> str:
    if _special(path):
        raise Unrowed("is no file")
    try:
        return decoded(read_bytes(path, limits.bytes))
    except Unreadable as stop:
        place = f"line {stop.problem.line}: " if stop.problem.line > 1 else ""
        raise Unrowed(place + stop.problem.message.removesuffix(" for a job file")) from stop


def _special(path: Path) -> bool:
    """Whether to open it could last for ever."""
    try:
        return path.exists() and not path.is_file()
    except OSError:  # no name that a file can have, which reading says better
        return False
