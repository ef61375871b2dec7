"""Keeps count of what a text asks for, and of what is wrong with it. Knows no YAML beyond the marks of events."""

from typing import Any, Protocol

from kirin_cli.jobs.fileproblem import MOST_PROBLEMS, FileProblem, Unreadable
from kirin_cli.jobs.limits import Limits
from kirin_cli.jobs.nodes import COLUMN_BITS, unpacked


class Marked(Protocol):
    """An event of the parser, as far as its place."""

    start_mark: Any  # typed as optional in PyYAML, though the parsers always set it


def place_of(event: Marked) -> int:
    """Where an event starts (see `nodes`)."""
    mark = event.start_mark
    return int(mark.line << COLUMN_BITS | mark.column)


class Budget:
    """Raises Unreadable where one of the limits is passed, or the problems are more than anybody reads."""

    def __init__(self, limits: Limits, problems: list[FileProblem]) -> None:
        self._limits = limits
        self._problems = problems
        self._documents = 0
        self._entries = 0
        self._added = 0

    def document(self, event: Marked) -> None:
        """One more document."""
        self._documents += 1
        if self._documents > self._limits.documents:
            raise _passed(place_of(event), f"more than {self._limits.documents:,} documents")

    def depth(self, depth: int, event: Marked) -> None:
        """A container stands `depth` deep."""
        if depth > self._limits.depth:
            raise _passed(place_of(event), self._limits.too_deep)

    def entries(self, number: int, event: Marked, *, pending: int = 0) -> None:
        """So many more keys and list items; those `pending` will be counted later."""
        self._entries += number
        if self._entries + pending > self._limits.entries:
            raise _passed(place_of(event), f"more than {self._limits.entries:,} keys and list items")

    def nodes(self, number: int, place: int) -> None:
        """So many more nodes by an alias or merge."""
        self._added += number
        if self._added > self._limits.nodes:
            raise _passed(place, f"aliases and merges add more than {self._limits.nodes:,} nodes")

    def refuse(self, place: int, message: str) -> None:
        """Note a problem that the rest of the file does not suffer from."""
        if len(self._problems) >= MOST_PROBLEMS:
            raise _passed(place, f"more than {MOST_PROBLEMS:,} problems: the rest was not read")
        self._problems.append(FileProblem(*unpacked(place), message))


def _passed(place: int, message: str) -> Unreadable:
    return Unreadable(*unpacked(place), message)
