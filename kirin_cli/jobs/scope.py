"""What the names in `${…}` stand for in one place of a file. Knows neither where values go nor where rows come from."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from kirin_cli.jobs.outside import Outside
from kirin_cli.jobs.reference import FIELDS, Reference
from kirin_cli.jobs.templates import Placeholder
from kirin_cli.spec.words import shown


class _Missing:
    """What stands for a name that is not set."""


MISSING: Final = _Missing()


class Unfilled(ValueError):
    """A placeholder has no value; the text says why. `told` where a problem elsewhere says it already."""

    def __init__(self, message: str, *, told: bool = False) -> None:
        super().__init__(message)
        self.told = told


class Variables(Protocol):
    """The variables of a document."""

    def get(self, name: str) -> object:
        """The value, or MISSING. Raises Unfilled for one that is wrong itself."""

    @property
    def names(self) -> Sequence[str]:
        """Those that are set."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`row` and `combination` are None where there is no foreach and no matrix."""

    variables: Variables
    outside: Outside
    row: Table[str, object] | None = None
    combination: Table[str, object] | None = None

    def value(self, asked: Placeholder, *, whole: bool) -> object:
        """The value of a placeholder; `whole` where it is all of its text. Raises Unfilled (I4).

        None is the value of an empty cell, or a null of a row or matrix, where it is whole.
        """
        found = self._found(asked.name)
        data = asked.name.startswith(("row.", "matrix."))
        empty = found is MISSING or found is None or found == ""
        if empty and asked.otherwise == "-":
            return asked.words
        if empty and asked.otherwise == "?":
            raise Unfilled(asked.words or f"{asked.name} is not set")
        if found is MISSING:
            raise Unfilled(self._unset(asked.name))
        if empty and whole and data:
            return None
        if found is None or (empty and (data or asked.name.startswith("env."))):
            raise Unfilled(f"{asked.name} is empty; ${{{asked.name}:-}} takes it as it is")
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
        raise Unfilled(f"unknown name {shown(name)}; with a dot there are {known}")

    def _environment(self, name: str) -> object:
        if name in self.outside.secrets:
            raise Unfilled(f"env.{name} is a secret, which never goes into a request")
        return self.outside.environ.get(name, MISSING)

    def _unset(self, name: str) -> str:
        space, dot, key = name.partition(".")
        if dot and space == "env":
            near = self.outside.hints.near(key, tuple(self.outside.environ))
            return f"{name} is not set in the environment{near if 'did you mean' in near else ''}"
        for data, given, key in (("row", self.row, "foreach"), ("matrix", self.combination, "matrix")):
            if dot and space == data and given is None:
                return f"{name} is not set; it is for parameters and names of a job with {key}"
        return f"{name} is not set{self.outside.hints.near(name, self._known) or '; --set gives variables a value'}"

    @property
    def _known(self) -> tuple[str, ...]:
        data = (("row", self.row), ("matrix", self.combination))
        return *self.variables.names, *(f"{space}.{key}" for space, values in data for key in values or ())


def _reference(key: str) -> Reference:
    job, _, field = key.rpartition(".")
    if not job or field not in FIELDS:
        raise Unfilled(f"unknown name {shown(f'jobs.{key}')}; what another job makes is jobs.NAME.url")
    return Reference(job, field)
