"""Problems of a job file, collected with line and column; limits on its size. Knows neither YAML nor jobs."""

from collections.abc import Mapping as Words
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from kirin_cli.jobs.yaml_nodes import COLUMN_BITS, YamlMapping, line_column
from kirin_cli.modelspec.text import did_you_mean, quote

MAX_PROBLEMS: Final = 1000
"""More of one file are not told; nobody reads them."""


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """One error of a file; line and column count from 1 and are 0 where the file could not be read at all.

    `file` is the path of a file that the job file names, "" for the job file itself. `via` says how an expansion led
    here ("shots.csv:17").
    """

    line: int
    column: int
    message: str
    file: str = ""
    via: str = ""


class JobFileError(Exception):
    """The file, or the rest of it, cannot be made sense of; `problem` says why."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.problem = FileProblem(line, column, message)


MAX_SUGGESTIONS: Final = 200
"""Different ones that are looked for; nobody reads more."""

_MAX_LISTED = 20
_MAX_COMPARED = 300


def suggestion(name: str, known: Sequence[str]) -> str:
    """`; did you mean "x"?`, or the list of what there is where it is short, or nothing."""
    alike = [word for word in known if word[:1] == name[:1] or name in word] if len(known) > _MAX_COMPARED else known
    said = did_you_mean(name, list(alike[:_MAX_COMPARED])) if alike else ""
    return said if "did you mean" in said or len(known) <= _MAX_LISTED else ""


@dataclass(slots=True)
class Suggestions:
    """Looks for so many names at most, and for none twice."""

    _said: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def suggest(self, name: str, known: tuple[str, ...]) -> str:
        """As `hint`; nothing once it was asked for too many."""
        asked = name, known
        if asked not in self._said and len(self._said) < MAX_SUGGESTIONS:
            self._said[asked] = suggestion(*asked)
        return self._said.get(asked, "")


@dataclass(frozen=True, slots=True)
class InputLimits:
    """Each is the largest that is accepted (fault I3).

    The contract's "100,000 nodes after aliases" is read as what aliases and merges add: so ten thousand jobs written
    out in full (some 500,000 nodes) pass, while a bomb does not. What is written is bounded by `bytes` and `entries`.
    """

    bytes: int = 8 << 20
    depth: int = 64  # containers in one another, aliases written out
    nodes: int = 100_000  # keys, values and containers that aliases and merges add
    entries: int = 500_000  # keys and list items written in the file
    documents: int = 10_000
    grown: int = 2_000_000  # keys, values and containers that jobs have in common, counted for each job
    characters: int = 64 << 20  # of texts with placeholders, before and after

    @property
    def too_deep(self) -> str:
        """What is said of a text that passes `depth`, whether the budget or the parser meets it first."""
        return f"nested more than {self.depth} deep, aliases written out"


DEFAULT_INPUT_LIMITS: Final = InputLimits()


class ExpansionLimits:
    """Raises JobFileError, at the position, where one of the limits is passed (fault I3)."""

    def __init__(self, limits: InputLimits) -> None:
        self._limits = limits
        self._nodes = 0
        self._characters = 0

    def nodes(self, number: int, place: int) -> None:
        """So many more keys, values and containers in the parameters of the jobs."""
        self._nodes += number
        if self._nodes > self._limits.grown:
            message = f"more than {self._limits.grown:,} parameters and items in the jobs that are made from the file"
            raise JobFileError(*line_column(place), message)

    def characters(self, number: int, place: int) -> None:
        """So much more text read or written while placeholders were filled in."""
        self._characters += number
        if self._characters > self._limits.characters:
            message = f"more than {self._limits.characters:,} characters by filling in placeholders"
            raise JobFileError(*line_column(place), message)


class MarkedEvent(Protocol):
    """An event of the parser, as far as its place."""

    start_mark: Any  # typed as optional in PyYAML, though the parsers always set it


def event_position(event: MarkedEvent) -> int:
    """Where an event starts."""
    mark = event.start_mark
    return int(mark.line << COLUMN_BITS | mark.column)


class ParseLimits:
    """Raises JobFileError where one of the limits is passed, or the problems are more than anybody reads."""

    def __init__(self, limits: InputLimits, problems: list[FileProblem]) -> None:
        self._limits = limits
        self._problems = problems
        self._documents = 0
        self._entries = 0
        self._added = 0

    def document(self, event: MarkedEvent) -> None:
        """One more document."""
        self._documents += 1
        if self._documents > self._limits.documents:
            raise _passed(event_position(event), f"more than {self._limits.documents:,} documents")

    def depth(self, depth: int, event: MarkedEvent) -> None:
        """A container stands `depth` deep."""
        if depth > self._limits.depth:
            raise _passed(event_position(event), self._limits.too_deep)

    def entries(self, number: int, event: MarkedEvent, *, pending: int = 0) -> None:
        """So many more keys and list items; those `pending` will be counted later."""
        self._entries += number
        if self._entries + pending > self._limits.entries:
            raise _passed(event_position(event), f"more than {self._limits.entries:,} keys and list items")

    def nodes(self, number: int, place: int) -> None:
        """So many more nodes by an alias or merge."""
        self._added += number
        if self._added > self._limits.nodes:
            raise _passed(place, f"aliases and merges add more than {self._limits.nodes:,} nodes")

    def add_error(self, place: int, message: str) -> None:
        """Note a problem that the rest of the file does not suffer from."""
        if len(self._problems) >= MAX_PROBLEMS:
            raise _passed(place, f"more than {MAX_PROBLEMS:,} problems: the rest was not read")
        self._problems.append(FileProblem(*line_column(place), message))


def _passed(place: int, message: str) -> JobFileError:
    return JobFileError(*line_column(place), message)


@dataclass(slots=True)
class ProblemCollector:
    """Collects what is wrong with the form of a file; `via` goes into every problem (see FileProblem).

    `refusals` counts how often something was refused, the same thing too.
    """

    problems: list[FileProblem] = field(default_factory=list)
    via: str = ""
    error_count: int = 0
    _said: set[tuple[int, str]] = field(default_factory=set)

    @property
    def is_full(self) -> bool:
        """Whether there are more problems than anybody reads: then nobody looks for the nearest names."""
        return len(self.problems) >= MAX_PROBLEMS

    def add_error(self, place: int, message: str) -> None:
        """Note a problem at `place`, once, though many jobs may come out of what stands there."""
        self.error_count += 1
        if (place, message) not in self._said:
            self._said.add((place, message))
            self.problems.append(FileProblem(*line_column(place), message, via=self.via))

    def add(self, problem: FileProblem) -> None:
        """Note a problem that has its place already."""
        self.error_count += 1
        self.problems.append(problem)

    def check_keys(self, node: YamlMapping, known: tuple[str, ...], advice: Words[str, str]) -> None:
        """Refuse keys that are neither known nor `x-…`; `advice` says more about some than the nearest known name."""
        for key in node:
            if key not in known and not key.startswith("x-") and not self.is_full:
                self.add_error(
                    node.place(key), f"unknown key {quote(key)}{advice.get(key) or did_you_mean(key, list(known))}"
                )

    def get_mapping(self, node: YamlMapping, key: str) -> YamlMapping:
        """The mapping at `key`; an empty one where there is nothing or, with a problem, something else."""
        value = node.get(key)
        if isinstance(value, YamlMapping):
            return value
        if value is not None:
            self.add_error(node.place(key), f"{key} must be a mapping, not {quote(value)}")
        return YamlMapping()

    def get_text(self, node: YamlMapping, key: str) -> str | None:
        """The text at `key`; None where there is no such key or, with a problem, where it is empty or no text."""
        value = node.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if key in node:
            advice = "; put it in quotes" if isinstance(value, int | float) else ""
            self.add_error(node.place(key), f"{key} must be text that is not empty, not {quote(value)}{advice}")
        return None
