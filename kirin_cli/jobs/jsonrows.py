"""Rows of JSON lines: an object on every line, blank lines between them. Knows no file."""

import json
from typing import Final

from kirin_cli.jobs.fileproblem import FileProblem
from kirin_cli.jobs.row import Found, Row
from kirin_cli.spec.words import shown

DEEPEST: Final = 64
"""Objects and lists in one another."""

_TOO_DEEP = f"nested more than {DEEPEST} deep"


def json_rows(text: str) -> Found:
    """The rows of a text; each line that is no object is a problem."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _row(number, line)


def _row(number: int, line: str) -> Row | FileProblem:
    try:
        value = json.loads(line, object_pairs_hook=_named_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return FileProblem(number, error.colno, f"is no JSON: {error.msg}")
    except RecursionError:
        return FileProblem(number, 1, _TOO_DEEP)
    except ValueError as error:
        return FileProblem(number, 1, f"is no JSON to read: {str(error).partition(';')[0]}")
    if not isinstance(value, dict):
        return FileProblem(number, 1, f"a row is an object of names and values, not {shown(value)}")
    return FileProblem(number, 1, _TOO_DEEP) if _too_deep(value) else Row(number, value)


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        inner = [part for part in level if isinstance(part, dict | list)]
        level = [below for part in inner for below in (part.values() if isinstance(part, dict) else part)]
    return any(isinstance(part, dict | list) for part in level)
