"""One row of a table for `foreach`. Knows no format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kirin_cli.jobs.fileproblem import FileProblem


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is where it starts in its file, from 1; `cells` are its values by column."""

    line: int
    cells: Mapping[str, object]


Found = Iterator[Row | FileProblem]
"""Rows and problems, as they come; a problem's `file` is left to the caller."""
