"""Tables of cases, each as one test: what pytest and pytest-xdist do for a test costs more than most rows do.

So it is where the suite runs on several workers. Where single tests are asked for, each row is a test of its own.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, product
from typing import Any

import pytest

from support.case_ids import describe

MIN_ROWS = 3
Test = Callable[..., None]


def are_wanted(config: pytest.Config) -> bool:
    """Whether this is a worker, and nobody named or described tests."""
    return hasattr(config, "workerinput") and not config.option.keyword and not any("::" in arg for arg in config.args)


def make_table(function: Test) -> Test | None:
    """One test of all rows. None where they are few, where one has a mark, and where they need fixtures."""
    marks = getattr(function, "pytestmark", [])
    if hasattr(function, "is_hypothesis_test") or not all(map(_is_plain, marks)):
        return None
    tables = [[*_read_rows(*mark.args)] for mark in marks]
    rows = [] if None in chain(*tables) else [dict(chain(*map(dict.items, parts))) for parts in product(*tables)]
    if len(rows) < MIN_ROWS or rows[0].keys() != inspect.signature(function).parameters.keys():
        return None

    @functools.wraps(function)
    def table() -> None:
        ends = [*_failures(function, rows)]
        failures = [end for end in ends if isinstance(end, Exception)]
        if failures:
            raise ExceptionGroup(f"{len(failures)} of {len(rows)} rows fail", failures)
        if ends:
            raise ends[0]

    table.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    del table.pytestmark  # type: ignore[attr-defined]
    return table


def _is_plain(mark: pytest.Mark) -> bool:
    return mark.name == "parametrize" and len(mark.args) == 2 and mark.kwargs.keys() <= {"ids"}


def _read_rows(names: str | Iterable[str], table: Iterable[Any]) -> Iterator[dict[str, Any] | None]:
    """The arguments of each row by name; None for one with a mark."""
    is_text = isinstance(names, str)
    columns = [name.strip() for name in names.split(",")] if is_text else [*names]
    for row in table:
        is_param = hasattr(row, "marks")
        values = row.values if is_param else [row] if is_text and len(columns) == 1 else row
        yield None if is_param and row.marks else dict(zip(columns, values, strict=True))


def _failures(function: Test, rows: list[dict[str, Any]]) -> Iterator[BaseException]:
    """What rows raise, with a note of their arguments: errors, and what says that a row was skipped."""
    for row in rows:
        try:
            function(**row)
        except (Exception, pytest.skip.Exception) as error:  # noqa: BLE001  (whatever it is, the other rows are tried)
            error.add_note(", ".join(f"{name} = {describe(value)!r:.200}" for name, value in row.items()))
            yield error
        except pytest.fail.Exception as failure:
            yield AssertionError(f"{failure.msg}: {row}")
