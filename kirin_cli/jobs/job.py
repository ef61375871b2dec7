"""A job as a file describes it, with the position of each part; the order of jobs that need one another."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final

from kirin_cli.jobs.cells import find_column
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
from kirin_cli.jobs.placeholders import find_references, referenced_names
from kirin_cli.jobs.problems import Suggestions
from kirin_cli.jobs.source_text import job_folder
from kirin_cli.jobs.tables import TableRow
from kirin_cli.jobs.yaml_nodes import YamlMapping, file_index, find_node, find_position, line_column, split_path
from kirin_cli.modelspec.text import pluralize, quote
from kirin_cli.modelspec.types import Problem

JOB_KEYS = (
    "name",
    "model",
    "params",
    "output",
    "matrix",
    "exclude",
    "include",
    "foreach",
    "if",
    "take",
    "tags",
    "extra_params",
)
_OWN_PATHS = ("name", "model", "params", "output", "extra_params")


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """Where results go: `dir` is absolute or relative as the job file's path is; None leaves it to the caller."""

    dir: Path | None = None
    name: str = DEFAULT_TEMPLATE


@dataclass(slots=True)
class JobSpec:
    """One generation. `params` has the defaults merged in and is not checked yet; `line` and `column` count from 1.

    `problems` holds what is wrong with the parameters before a model checks them: no known model (rule A1), `params` of
    a wrong type, a placeholder without a value; their paths are for `position` like those of the models' problems.
    At `invalid_paths` stands INVALID, which is not to be complained about again.
    `layers` are the mappings that the job was read from, the nearest first; the last `inherited` of them are shared.
    `base_name` is the name before matrix and foreach, `via` says which row and combination it is ("shots.csv:17").
    `row` is the row that it was made of. It is take `take` (from 1) of `takes`, which share one name. `needs` are the
    names of the jobs of the same document whose results its parameters refer to (see JobReference). `files` are those
    that positions in `layers` are in. `extra_params` are sent unchecked.
    """

    # Final in place of a frozen class: nothing may change either, and ten thousand are made in half the time.
    name: Final[str]
    model: Final[str]
    params: Final[dict[str, object]]
    file: Final[Path]
    line: Final[int]
    column: Final[int]
    output: Final[OutputSpec] = OutputSpec()
    problems: Final[tuple[Problem, ...]] = ()
    invalid_paths: Final[tuple[str, ...]] = ()
    layers: Final[tuple[YamlMapping, ...]] = field(default=(), repr=False, compare=False)
    inherited: Final[int] = field(default=0, repr=False, compare=False)
    base_name: Final[str] = ""
    via: Final[str] = ""
    tags: Final[tuple[str, ...]] = ()
    take: Final[int] = 1
    takes: Final[int] = 1
    needs: Final[tuple[str, ...]] = ()
    row: Final[TableRow | None] = field(default=None, repr=False, compare=False)
    files: Final[Sequence[str]] = field(default=("",), repr=False, compare=False)
    extra_params: Final[Mapping[str, object]] = field(default_factory=dict)

    @property
    def base(self) -> Path:
        """The folder that paths of media are relative to."""
        return job_folder(self.file)

    def place(self, path: str) -> tuple[str, int, int]:
        """The path of the file, line and column of what stands at a spec path, which may be in an included file."""
        position, _ = self._find(path)
        included = "" if position is None else self.files[file_index(position)]
        return (included or str(self.file), *self.position(path))

    def position(self, path: str) -> tuple[int, int]:
        """Line and column of the innermost key or item on a spec path: `model`, `dynamic_masks[0].mask`, `output.name`.

        A default's place is where the default stands. What is missing is at the job's `params`, or else at the job.
        """
        position, _ = self._find(path)
        return (self.line, self.column) if position is None else line_column(position)

    def cell_column(self, path: str, message: str) -> str:
        """The column of its row that gave the value at a path, "" for none; `message` says which of several."""
        if self.row is None:
            return ""
        name = path
        while name:
            column = find_column(self.row.cells, f"params.{name}")
            if column and self.row.cells[column] not in (None, ""):
                return column
            name = name.rpartition(".")[0]
        for steps in _alternatives(path):
            for layer in self.layers:
                node, count = find_node(layer, steps)
                if count >= min(2, len(steps)):
                    return blamed_column(self.row, node, message)
        return ""

    def comes_from_anchor(self, path: str) -> bool:
        """Whether what stands at a path was written elsewhere and is part of this job through an anchor."""
        position, layer = self._find(path)
        own = layer < len(self.layers) - self.inherited
        return own and position is not None and line_column(position) < (self.line, self.column)

    @property
    def key(self) -> tuple[int, str]:
        """What is the same for jobs of one name in one document, while the jobs of its file live."""
        return id(self.layers[-1]) if self.layers else 0, self.name

    def _find(self, path: str) -> tuple[int | None, int]:
        """The position of what stands at a path, None where nothing does, and which layer it is in."""
        for alternative in _alternatives(path):
            for index, layer in enumerate(self.layers):
                position, count = find_position(layer, alternative)
                if count >= min(2, len(alternative)):
                    return position, index
        position, count = find_position(self.layers[0], ["params"]) if self.layers else (0, 0)
        return (position if count else None), 0


def _alternatives(path: str) -> tuple[list[str | int], ...]:
    """The steps that may lead to a spec path in the mapping of a job."""
    steps = split_path(path)
    if not steps or steps[0] not in _OWN_PATHS:
        steps.insert(0, "params")
    # The second is for a parameter with a dot in its name, which no model has but a person may write.
    return (steps, ["params", path]) if path else ()


def blamed_column(row: TableRow, template: object, message: str) -> str:
    """The column that a problem of a text is about: the only one it asks for, or the one that the message names."""
    names = [name for name in dict.fromkeys(referenced_names(template)) if name.startswith("row.")]
    if len(names) > 1:
        names = [name for name in names if f"{name} " in message]
    return (find_column(row.cells, names[0].removeprefix("row.")) or "") if len(names) == 1 else ""


_MAX_CYCLE_SHOWN = 8


def topological_order(names: Iterable[str], needs: Callable[[str], Iterable[str]]) -> Iterator[tuple[str, list[str]]]:
    """(name, []) for every name once all that it needs have come, and (name, cycle) where it needs itself before that.

    A cycle begins with what the name needs and ends with it. No recursion, however long a chain is (fault I3).
    """
    done: set[str] = set()
    for first in names:
        path = {} if first in done else {first: iter(needs(first))}  # a stack that knows what is on it
        while path:
            current, others = next(reversed(path.items()))
            other = next(others, None)
            if other is None:
                done.add(current)
                del path[current]
                yield current, []
            elif other in path:
                names_on_path = list(path)
                yield current, names_on_path[names_on_path.index(other) :]
            elif other not in done:
                path[other] = iter(needs(other))


def format_cycle(names: Sequence[str]) -> str:
    """The way around a cycle; a long one is cut."""
    shown = [*names[:3], "…", *names[-2:]] if len(names) > _MAX_CYCLE_SHOWN else names
    return " → ".join([*shown, names[0]])


MAX_CYCLES: Final = 100
"""More of one document are not told."""


def check_dependencies(jobs: list[JobSpec], suggestions: Suggestions, left_out: int = 0) -> list[JobSpec]:
    """The jobs of one document; those that need what is not there, or themselves, with a problem at the reference.

    `left_out` is how many jobs of the document an `if` left out, of which one may be needed.
    """
    if not any(job.needs for job in jobs):
        return jobs
    by_name = {job.name: job for job in jobs if job.take == 1}
    order = topological_order(by_name, lambda name: [need for need in by_name[name].needs if need in by_name])
    cycles = {name: cycle for cycle in islice((cycle for _, cycle in order if cycle), MAX_CYCLES) for name in cycle}

    def find_error(job: JobSpec, need: str) -> str:
        if need not in by_name:
            advice = suggestions.suggest(need, tuple(by_name))
            if left_out and "did you mean" not in advice:
                advice = f"; {pluralize(left_out, 'job')} left out by if"
            return f"there is no job {quote(need)} in this file{advice}"
        names = cycles.get(job.name, [])
        if need in names:
            start = names.index(job.name)
            return f"the jobs wait for one another in a circle: {format_cycle([*names[start:], *names[:start]])}"
        if by_name[need].takes > 1:
            return f"job {quote(need)} has {by_name[need].takes} takes; what is waited for has one"
        return ""

    def check(job: JobSpec) -> JobSpec:
        errors = ((path, find_error(job, reference.job)) for path, reference in find_references(job.params))
        problems = (Problem(path, "", f"{path}: {error}") for path, error in errors if error)
        return replace(job, problems=(*job.problems, *problems))

    return [check(job) if job.needs else job for job in jobs]
