"""Problems of a job file, collected with line and column; limits on its size. Knows neither YAML nor jobs."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from kirin_cli.jobs.yaml_nodes import YamlMapping, file_index, line_column
from kirin_cli.modelspec.text import did_you_mean, quote

MAX_PROBLEMS: Final = 1000
"""More of one file are not told; nobody reads them."""


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """One error of a file; line and column count from 1 and are 0 where the file could not be read at all.

    `file` is the path of a file that the job file names, "" for the job file itself. `via` says how an expansion led
    here ("shots.csv:17"). `row` is the line of the row that the problem is about, 0 for none.
    """

    line: int
    column: int
    message: str
    file: str = ""
    via: str = ""
    row: int = 0


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
    text = did_you_mean(name, alike[:_MAX_COMPARED]) if alike else ""
    return text if "did you mean" in text or len(known) <= _MAX_LISTED else ""


@dataclass(slots=True)
class Suggestions:
    """Looks for so many names at most, and for none twice."""

    _texts: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def suggest(self, name: str, known: tuple[str, ...]) -> str:
        """As `suggestion`; nothing once it was asked for too many."""
        key = name, known
        if key not in self._texts and len(self._texts) < MAX_SUGGESTIONS:
            self._texts[key] = suggestion(*key)
        return self._texts.get(key, "")


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
    expanded: int = 2_000_000  # keys, values and containers that jobs have in common, counted for each job
    characters: int = 64 << 20  # of texts with placeholders, before and after

    @property
    def too_deep(self) -> str:
        """What is said of a text that passes `depth`, whether the builder or the parser meets it first."""
        return f"nested more than {self.depth} deep, aliases written out"


DEFAULT_INPUT_LIMITS: Final = InputLimits()


Countable = Literal["nodes", "entries", "documents", "expanded", "characters"]

_EXCEEDED: Final[Mapping[Countable, str]] = {
    "nodes": "aliases and merges add more than {:,} nodes",
    "entries": "more than {:,} keys and list items",
    "documents": "more than {:,} documents",
    "expanded": "more than {:,} parameters and items in the jobs that are made from the file",
    "characters": "more than {:,} characters by filling in placeholders",
}


class LimitCounter:
    """Counts what a file makes of itself against the limits (fault I3)."""

    def __init__(self, limits: InputLimits) -> None:
        self.limits = limits
        self._counts: Counter[Countable] = Counter()

    def add(self, kind: Countable, number: int, position: int, *, pending: int = 0) -> None:
        """Count so many more, of which those `pending` will be added later. Raises JobFileError at `position`."""
        self._counts[kind] += number
        maximum: int = getattr(self.limits, kind)
        if self._counts[kind] + pending > maximum:
            raise JobFileError(*line_column(position), _EXCEEDED[kind].format(maximum))


_WORD_WITHOUT_BLANK = re.compile(r"([\w.-]+):(?!//)\S.*", re.DOTALL)


def not_a_mapping(key: str, value: object) -> str:
    """The sentence about a value that should be a mapping, and what may be the cause."""
    match = _WORD_WITHOUT_BLANK.fullmatch(value) if isinstance(value, str) else None
    advice = f'; a blank is missing behind "{match[1]}:"' if match else ""
    return f"{key} must be a mapping, not {quote(value)}{advice}"


@dataclass(slots=True)
class ProblemCollector:
    """Collects what is wrong with the form of a file; `via` goes into every problem (see FileProblem).

    `error_count` counts how often something was refused, the same thing too. `find_cell` finds the cell of the present
    row that is to blame for a problem at a position of the job file. `files` are the paths of the files that positions
    are in; the job file itself is "".
    """

    files: list[str] = field(default_factory=lambda: [""])
    problems: list[FileProblem] = field(default_factory=list)
    warnings: list[FileProblem] = field(default_factory=list)
    via: str = ""
    error_count: int = 0
    find_cell: Callable[[int, str], FileProblem | None] | None = None
    _seen: set[tuple[object, str]] = field(default_factory=set)

    @property
    def is_full(self) -> bool:
        """Whether there are more problems than anybody reads: then nobody looks for the nearest names."""
        return len(self.problems) >= MAX_PROBLEMS

    def add_error(self, position: int, message: str) -> None:
        """Add a problem at a position, once, though many jobs may come out of what stands there."""
        self.error_count += 1
        problem = self.find_cell(position, message) if self.find_cell else None
        key = (problem or position, message)
        if key not in self._seen:
            self._seen.add(key)
            self.problems.append(problem or self._problem(position, message, self.via))

    def add_warning(self, position: int, message: str) -> None:
        """Add what does not forbid sending, once."""
        if (position, message) not in self._seen and len(self.warnings) < MAX_PROBLEMS:
            self._seen.add((position, message))
            self.warnings.append(self._problem(position, message))

    def add_row_warning(self, warning: FileProblem) -> None:
        """Add what does not forbid sending and has its line already, once."""
        if (warning, "") not in self._seen and len(self.warnings) < MAX_PROBLEMS:
            self._seen.add((warning, ""))
            self.warnings.append(warning)

    def _problem(self, position: int, message: str, via: str = "") -> FileProblem:
        return FileProblem(*line_column(position), message, self.files[file_index(position)], via)

    def add_of_file(self, problem: FileProblem, index: int) -> None:
        """Add a problem of an included file, which has its line already."""
        self.add(replace(problem, file=self.files[index]))

    def add(self, problem: FileProblem) -> None:
        """Add a problem that has its line already."""
        self.error_count += 1
        self.problems.append(problem)

    def check_keys(
        self, node: YamlMapping, known: tuple[str, ...], advise: Callable[[str], str] = lambda _: ""
    ) -> None:
        """Refuse keys that are neither known nor `x-…`; `advise` says more about some than the nearest known name."""
        for key in node:
            if key not in known and not key.startswith("x-") and not self.is_full:
                self.add_error(node.position(key), f"unknown key {quote(key)}{advise(key) or did_you_mean(key, known)}")

    def get_mapping(self, node: YamlMapping, key: str) -> YamlMapping:
        """The mapping at `key`; an empty one where there is nothing or, with a problem, something else."""
        value = node.get(key)
        if isinstance(value, YamlMapping):
            return value
        if value is not None:
            self.add_error(node.position(key), not_a_mapping(key, value))
        return YamlMapping()

    def get_text(self, node: YamlMapping, key: str) -> str | None:
        """The text at `key`; None where there is no such key or, with a problem, where it is empty or no text."""
        value = node.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if key in node:
            advice = "; put it in quotes" if isinstance(value, int | float) else ""
            self.add_error(node.position(key), f"{key} must be text that is not empty, not {quote(value)}{advice}")
        return None
