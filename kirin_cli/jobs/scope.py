"""The scope of `${…}`: what names stand for in one place of a file: variables, environment, row, matrix, other jobs."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Final, Protocol

from kirin_cli.errors import UsageError
from kirin_cli.jobs.placeholders import FIELDS, IDENTIFIER, JobReference, Placeholder
from kirin_cli.jobs.problems import Suggestions, suggestion
from kirin_cli.modelspec.text import quote

MAX_JOBS: Final = 10_000
"""Jobs of a run, where nothing else is said; takes count."""


@dataclass(slots=True)
class ExternalInputs:
    """Shared by all files of one command. `sets` are the values of --set, `environ` is what `${env.NAME}` reads.

    `secrets` names variables of the environment that never become part of a request. `jobs` counts those made so far,
    `known` collects the names of variables that the files declare or ask for.
    """

    sets: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    most_jobs: int = MAX_JOBS
    jobs: int = 0
    known: set[str] = field(default_factory=set)
    hints: Suggestions = field(default_factory=Suggestions)

    def unused_warnings(self) -> list[str]:
        """A sentence for each value of --set that no file has a use for."""
        known = sorted(self.known - self.sets.keys())
        strange = [name for name in self.sets if name not in self.known]
        return [f"no file has a variable {quote(name)}{suggestion(name, known)}" for name in strange]


def parse_set_values(given: Iterable[str]) -> dict[str, str]:
    """The values of `--set name=value`, the last of each name. Raises UsageError for anything else."""
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not IDENTIFIER.fullmatch(name):
            raise UsageError(f"--set is {quote(text)}; it must be NAME=VALUE, the name of letters, digits and _")
        values[name] = value
    return values


class _Missing:
    """What stands for a name that is not set."""


MISSING: Final = _Missing()


class InterpolationError(ValueError):
    """A placeholder has no value; the text says why. `told` where a problem elsewhere says it already."""

    def __init__(self, message: str, *, told: bool = False) -> None:
        super().__init__(message)
        self.already_reported = told


class VariableSource(Protocol):
    """The variables of a document."""

    def get(self, name: str) -> object:
        """The value, or MISSING. Raises InterpolationError for one that is wrong itself."""

    @property
    def names(self) -> Sequence[str]:
        """Those that are set."""


@dataclass(frozen=True, slots=True)
class VariableScope:
    """`row` and `combination` are None where there is no foreach and no matrix."""

    variables: VariableSource
    outside: ExternalInputs
    row: Table[str, object] | None = None
    combination: Table[str, object] | None = None

    def value(self, asked: Placeholder, *, whole: bool) -> object:
        """The value of a placeholder; `whole` where it is all of its text. Raises InterpolationError (fault I4).

        None is the value of an empty cell, or a null of a row or matrix, where it is whole.
        """
        found = self._found(asked.name)
        data = asked.name.startswith(("row.", "matrix."))
        empty = found is MISSING or found is None or found == ""
        if empty and asked.otherwise == "-":
            return asked.words
        if empty and asked.otherwise == "?":
            raise InterpolationError(asked.words or f"{asked.name} is not set")
        if found is MISSING:
            raise InterpolationError(self._unset(asked.name))
        if empty and whole and data:
            return None
        if found is None or (empty and (data or asked.name.startswith("env."))):
            raise InterpolationError(f"{asked.name} is empty; ${{{asked.name}:-}} takes it as it is")
        return found

    def _found(self, name: str) -> object:
        space, dot, key = name.partition(".")
        if not dot:
            self.outside.known.add(name)
            return self.variables.get(name)
        match space:
            case "env":
                return self._environment(key)
            case "row":
                return MISSING if self.row is None else self.row.get(key, MISSING)
            case "matrix":
                return MISSING if self.combination is None else self.combination.get(key, MISSING)
            case "jobs":
                return _reference(key)
        known = "env.NAME, row.COLUMN, matrix.KEY and jobs.NAME.url"
        raise InterpolationError(f"unknown name {quote(name)}; with a dot there are {known}")

    def _environment(self, name: str) -> object:
        if name in self.outside.secrets:
            raise InterpolationError(f"env.{name} is a secret, which never goes into a request")
        return self.outside.environ.get(name, MISSING)

    def _unset(self, name: str) -> str:
        space, dot, key = name.partition(".")
        if dot and space == "env":
            near = self.outside.hints.suggest(key, tuple(self.outside.environ))
            return f"{name} is not set in the environment{near if 'did you mean' in near else ''}"
        for data, given, key in (("row", self.row, "foreach"), ("matrix", self.combination, "matrix")):
            if dot and space == data and given is None:
                return f"{name} is not set; it is for parameters and names of a job with {key}"
        return f"{name} is not set{self.outside.hints.suggest(name, self._known) or '; --set gives variables a value'}"

    @property
    def _known(self) -> tuple[str, ...]:
        data = (("row", self.row), ("matrix", self.combination))
        return *self.variables.names, *(f"{space}.{key}" for space, values in data for key in values or ())


def _reference(key: str) -> JobReference:
    job, _, field = key.rpartition(".")
    if not job or field not in FIELDS:
        raise InterpolationError(f"unknown name {quote(f'jobs.{key}')}; what another job makes is jobs.NAME.url")
    return JobReference(job, field)
