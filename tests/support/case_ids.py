"""Ids of parametrised cases that read: values as they are written, functions by name, in one short line."""

import ast
import dataclasses
import enum
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from support.syntax_trees import find_nodes, syntax_tree

MAX_LENGTH = 60
NAMED_BY_PYTEST = (bool, int, float, complex, type(None), enum.Enum, type)


def case_id(value: object) -> str | None:
    """The id of a value; None for what pytest names well by itself. The same in every process."""
    if isinstance(value, NAMED_BY_PYTEST) or (isinstance(value, str) and len(value) <= MAX_LENGTH):
        return None
    text = " ".join(describe(value).split())
    # No more than can be shown: some values are megabytes.
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: MAX_LENGTH + 1])
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 2]}.."


def describe(value: Any) -> str:
    """A value as a person would write it, without addresses and in an order that does not change."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {describe(item)}" for key, item in value.items()) + "}"
    if isinstance(value, AbstractSet):
        return "{" + ", ".join(sorted(map(describe, value))) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = ", ".join(map(describe, value))
        return f"{'' if type(value) in {list, tuple} else type(value).__name__}[{items}]"
    if isinstance(value, FunctionType):
        return _function(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({', '.join(_changed_fields(value))})"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, enum.Enum | type):
        return str(getattr(value, "name", None) or value.__name__)
    text = value if isinstance(value, str) else repr(value[:MAX_LENGTH] if isinstance(value, bytes) else value)
    return type(value).__name__ if " at 0x" in text else text


def _changed_fields(value: Any) -> list[str]:
    return [
        describe(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.repr and getattr(value, field.name) != field.default
    ]


def _function(function: FunctionType) -> str:
    """A lambda as it is written; what a function has made as a call of that, the innermost; others by name."""
    outer, _, _ = function.__qualname__.rpartition(".<locals>")
    if not outer:
        return _lambda_text(function) if function.__name__ == "<lambda>" else function.__name__
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    known = {name: cell.cell_contents for name, cell in cells}
    inner = next((value for value in known.values() if isinstance(value, FunctionType)), None)
    arguments = ", ".join(f"{name}={describe(value)}" for name, value in known.items())
    return _function(inner) if inner else f"{outer.rpartition('.')[2]}({arguments})"


def _lambda_text(function: FunctionType) -> str:
    """The body, found in the source by the positions of its instructions."""
    code = function.__code__
    source, bodies = _lambda_bodies(code.co_filename)
    columns = {(first, start) for first, _, start, end in code.co_positions() if start != end}
    starts = columns & bodies.keys()
    return (ast.get_source_segment(source, bodies[min(starts)]) if starts else None) or "lambda"


@cache
def _lambda_bodies(path: str) -> tuple[str, dict[tuple[int, int], ast.expr]]:
    """The source of a file, and the bodies of its lambdas by line and column."""
    source = Path(path).read_text(encoding="utf-8")
    bodies = (node.body for node in find_nodes(syntax_tree(Path(path)), ast.Lambda))
    return source, {(body.lineno, body.col_offset): body for body in bodies}
