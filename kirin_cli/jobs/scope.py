"""The scope of `${…}`: what names stand for in one place of a file: variables, environment, row, matrix, other jobs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.jobs.cells import cell_error, find_column
from kirin_cli.jobs.placeholders import (
    FIELDS,
    IDENTIFIER,
    InterpolationError,
    JobReference,
    Placeholder,
    parse_template,
    to_text,
)
from kirin_cli.jobs.problems import Suggestions, suggestion
from kirin_cli.jobs.text_files import NoSuchFile, TextFileError, TextFiles
from kirin_cli.modelspec.text import near_file, quote

MAX_JOBS: Final = 10_000
"""Jobs of a run, where nothing else is said; takes count."""


MISSING: Final = object()
"""What stands for a name that is not set."""


@dataclass(slots=True)
class ExternalInputs:
    """Shared by all files of one command. `sets` are the values of --set, `environ` is what `${env.NAME}` reads.

    `set_flag` is how a variable is given a value: a command without that flag names one that has it. `secrets` names
    variables of the environment that never become part of a request, `allow_env` those that may though they look like
    secrets; `secret_values` collects the values of those that were asked for. `jobs` counts those made so far,
    `left_out` those that an `if` left out; `known` collects the names of variables that the files declare or ask for.
    """

    sets: Mapping[str, str] = field(default_factory=dict)
    set_flag: str = "--set"
    environ: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    allow_env: frozenset[str] = frozenset()
    secret_values: dict[str, str] = field(default_factory=dict)
    max_jobs: int = MAX_JOBS
    jobs: int = 0
    left_out: int = 0
    known: set[str] = field(default_factory=set)
    suggestions: Suggestions = field(default_factory=Suggestions)

    def unused_warnings(self) -> list[str]:
        """A sentence for each value of --set that no file has a use for."""
        known = sorted(self.known - self.sets.keys())
        unknown = [name for name in self.sets if name not in self.known]
        return [f"no file has a variable {quote(name)}{suggestion(name, known)}" for name in unknown]

    def environment(self, name: str) -> object:
        """The value of a variable of the environment, or MISSING. Raises InterpolationError for a secret (fault X2)."""
        from kirin_cli.jobs.environment import looks_secret  # noqa: PLC0415  (few files ask for a variable)

        value = self.environ.get(name, "")
        if name.upper() in self.secrets or (value and value in {self.environ.get(secret) for secret in self.secrets}):
            raise InterpolationError(f"env.{name} is a secret, which never goes into a request")
        if name in self.allow_env:
            self.secret_values[name] = value
        elif looks_secret(name, value):
            message = f"env.{name} looks like a secret, and a request leaves this machine"
            raise InterpolationError(f"{message}; --allow-env {name} sends it all the same, and masks it here")
        return self.environ.get(name, MISSING)


def parse_set_values(texts: Iterable[str]) -> dict[str, str]:
    """The values of `--set name=value`. Raises UsageError for anything else, and for a name that is given twice."""
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not IDENTIFIER.fullmatch(name):
            raise UsageError(f"--set is {quote(text)}; it must be NAME=VALUE, the name of letters, digits and _")
        if name in values:
            raise UsageError(f"--set {name} is given twice; it takes one value")
        values[name] = value
    return values


@dataclass(slots=True)
class Variables:
    """The variables of a document by name; `errors` are those with which something is wrong, said already.

    `files` are the text files beside the job file.
    """

    values: dict[str, object]
    errors: set[str] = field(default_factory=set)
    files: TextFiles = field(default_factory=lambda: TextFiles(Path()))

    def get(self, name: str) -> object:
        """The value, or MISSING. Raises InterpolationError for one that is wrong itself."""
        if name in self.errors:
            raise InterpolationError
        return self.values.get(name, MISSING)


@dataclass(frozen=True, slots=True)
class VariableScope:
    """`row` and `combination` are None where there is no foreach and no matrix."""

    variables: Variables
    inputs: ExternalInputs
    row: Mapping[str, object] | None = None
    combination: Mapping[str, object] | None = None

    def value(self, placeholder: Placeholder, *, whole: bool, may_be_empty: bool = False) -> object:
        """The value of a placeholder; `whole` where it is all of its text. Raises InterpolationError (fault I4).

        None is the value of an empty cell, or a null of a row or matrix, where it is whole. What is empty is an error
        elsewhere, since it would be paid for; but not where it `may_be_empty`.
        """
        name = self._name(placeholder.name) if "${" in placeholder.name else placeholder.name
        value = self._look_up(name)
        empty = value is MISSING or value is None or (isinstance(value, str) and not value.strip())
        if empty and placeholder.operator == "-":
            return placeholder.text
        if empty and placeholder.operator == "?":
            raise InterpolationError(placeholder.text or f"{name} is not set")
        if value is MISSING:
            raise InterpolationError(self._unset(name))
        if empty and may_be_empty:
            return ""
        if empty and whole and name.startswith(("row.", "matrix.")):
            return None
        if empty:
            raise InterpolationError(f"{name} is empty; ${{{name}:-}} takes it as it is")
        return value

    def _name(self, template: str) -> str:
        """A name with the placeholders in it filled in."""
        values = (
            piece if isinstance(piece, str) else self.value(piece, whole=False) for piece in parse_template(template)
        )
        return "".join(map(to_text, values))

    def _look_up(self, name: str) -> object:
        if name.startswith("file:"):
            return self._file(name.removeprefix("file:").strip())
        space, dot, key = name.partition(".")
        if not dot:
            self.inputs.known.add(name)
            return self.variables.get(name)
        match space:
            case "env":
                return self.inputs.environment(key)
            case "row":
                return self._cell(key)
            case "matrix":
                return MISSING if self.combination is None else self.combination.get(key, MISSING)
            case "jobs":
                job, _, job_field = key.rpartition(".")
                if job and job_field in FIELDS:
                    return JobReference(job, job_field)
                raise InterpolationError(f"unknown name {quote(name)}; what another job makes is jobs.NAME.url")
        known = "env.NAME, row.COLUMN, matrix.KEY, jobs.NAME.url and file:PATH"
        raise InterpolationError(f"unknown name {quote(name)}; with a dot there are {known}")

    def _file(self, name: str) -> object:
        try:
            return self.variables.files.read(name)
        except NoSuchFile:
            return MISSING
        except TextFileError as error:
            raise InterpolationError(f"file: {error}") from None

    def _cell(self, name: str) -> object:
        column = None if self.row is None else find_column(self.row, name)
        if self.row is None or column is None:
            return MISSING
        if error := cell_error(self.row[column]):
            raise InterpolationError(f"row.{name} {error}")
        return self.row[column]

    def _unset(self, name: str) -> str:
        if name.startswith("file:"):
            path = name.removeprefix("file:").strip()
            return f"no such file: {path} (in {self.variables.files.base}){near_file(self.variables.files.base / path)}"
        space, dot, key = name.partition(".")
        if dot and space == "env":
            near = self.inputs.suggestions.suggest(key, tuple(self.inputs.environ))
            return f"{name} is not set in the environment{near if 'did you mean' in near else ''}"
        data = (("row", self.row, "foreach"), ("matrix", self.combination, "matrix"))
        for data_space, values, key in data:
            if dot and space == data_space and values is None:
                return f"{name} is not set; it is for parameters and names of a job with {key}"
        known = *self.variables.values, *(f"{space}.{key}" for space, values, _ in data for key in values or ())
        advice = self.inputs.suggestions.suggest(name, known) or f"; {self.inputs.set_flag} gives variables a value"
        return f"{name} is not set{advice}"
