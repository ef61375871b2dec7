"""The rows and combinations that one entry is expanded by. Makes no jobs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kirin_cli.jobs.cells import find_column
from kirin_cli.jobs.interpolation import Interpolator
from kirin_cli.jobs.matrix import MATRIX_KEYS, MAX_COMBINATIONS_COUNTED, Combination, MatrixReader, combination_labels
from kirin_cli.jobs.placeholders import (
    referenced_names,
    short_label,
)
from kirin_cli.jobs.problems import FileProblem, InputLimits, ProblemCollector
from kirin_cli.jobs.scope import ExternalInputs
from kirin_cli.jobs.source_text import job_folder
from kirin_cli.jobs.tables import TableRow
from kirin_cli.jobs.yaml_nodes import (
    YamlMapping,
    YamlSequence,
)
from kirin_cli.modelspec.fields import INVALID, Field
from kirin_cli.modelspec.text import quote


@dataclass(slots=True)
class JobEntry:
    """What describes a job or several; `fallback_name` is the name where none is written.

    `own` is what stands in its place alone, where `node` has parts of the defaults in it.
    """

    node: Final[YamlMapping]  # Final in place of a frozen class, as in JobSpec
    position: Final[int]
    fallback_name: Final[str]
    own: Final[YamlMapping | None] = None


EXPANDING = frozenset({*MATRIX_KEYS, "foreach", "take"})
"""Keys by which one entry becomes several jobs."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """One of the jobs of an entry. `number` is the row's, from 1; `via` says which row and combination it is."""

    number: int = 0
    row: TableRow | None = None
    combination: Combination | None = None
    via: str = ""

    @property
    def row_name(self) -> object:
        """What the row's column `name` says, or the value that the row is; None or "" where it has no name."""
        cells = self.row.cells if self.row else {}
        if "name" in cells:  # as it mostly is
            return cells["name"]
        column = find_column(cells, "name") or ("value" if list(cells) == ["value"] else "")
        return cells.get(column)

    @property
    def row_label(self) -> str:
        """How the row is called: by its name, else by its number."""
        name = self.row_name
        return str(self.number) if name is None or name == "" else short_label(name)

    def with_combination(self, combination: Combination | None) -> "Expansion":
        """The same row with a combination."""
        if combination is None:
            return self
        values = ",".join(f"{key}={text}" for key, text in combination_labels(combination).items())
        via = f"{self.via}, matrix {values}" if self.via else f"matrix {values}"
        return replace(self, combination=combination, via=via)


SINGLE: Final = Expansion()
"""The one expansion of a job without row and combination."""


class Expansions:
    """Finds the expansions of the entries of the file at `path`, and reads the files of rows for it.

    `sources` are the texts that may ask for a column, `models` the ids of all models.
    """

    def __init__(
        self, path: Path, inputs: ExternalInputs, limits: InputLimits, problems: ProblemCollector, sources: list[str],
        models: Collection[str],
    ) -> None:  # fmt: skip
        self.sources = sources
        self._path = path
        self._models = models
        self._inputs = inputs
        self._limits = limits
        self._problems = problems
        self._by_file: dict[str, list[Expansion]] = {}

    def of(self, entry: JobEntry, interpolator: Interpolator, parameters: Mapping[str, Field]) -> Iterator[Expansion]:
        """Every expansion; none where one is wrong or there are too many, without making them all first (fault I5)."""
        rows = self._rows(entry, interpolator)
        combinations = self._combinations(entry, interpolator, parameters)
        number = len(rows) * len(combinations)
        if number > self._inputs.max_jobs - self._inputs.jobs:
            key = next(key for key in entry.node if key in EXPANDING)
            already = f"; it has {self._inputs.jobs:,} already" if self._inputs.jobs else ""
            self._refuse(entry, key, f"{key} makes at least {number:,} jobs; {self._limit}{already}")
            return
        if "foreach" in entry.node:
            from kirin_cli.jobs.lint import warn_of_columns  # noqa: PLC0415  (few files have rows)

            self._warn_of_numbers(entry, rows)
            table = [row.row for row in rows if row.row]
            warn_of_columns(table, parameters, self._models, self.sources, self._problems)
        for row in rows:
            for combination in combinations:
                yield row.with_combination(combination)

    def _warn_of_numbers(self, entry: JobEntry, rows: list[Expansion]) -> None:
        """Say that rows are called by numbers, since such a name changes when a row is put above."""
        unnamed = sum(row.row is not None and row.row_name in (None, "") for row in rows)
        if unnamed and not any(name.startswith("row.") for name in referenced_names(entry.node.get("name"))):
            count = (
                "the rows have no name and are"
                if unnamed == len(rows)
                else f"{unnamed} of the rows have no name and are"
            )
            message = f"{count} numbered: a row put above renames the jobs below, which are then made anew"
            self._problems.add_warning(entry.node.position("foreach"), f"{message}; give them a column `name`")

    @property
    def _limit(self) -> str:
        return f"a run may have {self._inputs.max_jobs:,} (--max-jobs)"

    def _refuse(self, entry: JobEntry, key: str, message: str) -> None:
        self._problems.add_error(entry.node.position(key), message)

    def _combinations(
        self, entry: JobEntry, interpolator: Interpolator, parameters: Mapping[str, Field]
    ) -> list[Combination | None]:
        if entry.node.keys().isdisjoint(MATRIX_KEYS):
            return [None]
        matrix = MatrixReader(entry.node, interpolator, parameters, self._problems).read()
        if matrix is None:
            return []
        key = next(key for key in MATRIX_KEYS if key in entry.node)
        if matrix.size > self._inputs.max_jobs:
            number = f"{matrix.size:,}" + " or more" * (matrix.size == MAX_COMBINATIONS_COUNTED)
            self._refuse(entry, key, f"{key} makes {number} combinations; {self._limit}")
        elif message := matrix.is_too_large():
            self._refuse(entry, key, message)
        elif combinations := matrix.combinations():
            return [*combinations]
        else:
            self._refuse(entry, key, f"{key} leaves no combination")
        return []

    def _rows(self, entry: JobEntry, interpolator: Interpolator) -> list[Expansion]:
        if "foreach" not in entry.node:
            return [SINGLE]
        from kirin_cli.jobs.rows import RowsError, collect_rows, yaml_rows  # noqa: PLC0415  (few files have rows)

        value = entry.node["foreach"]
        if isinstance(value, str):
            value = interpolator.tree(value, None, "foreach")
        if value is INVALID:
            return []
        if not isinstance(value, str | YamlSequence):
            self._refuse(entry, "foreach", f"foreach must be a list or the name of a file, not {quote(value)}")
            return []
        max_rows = self._inputs.max_jobs - self._inputs.jobs
        try:
            if isinstance(value, str):
                return self._from_file(value, max_rows)
            rows, problems = collect_rows(yaml_rows(value), max_rows)
        except RowsError as error:
            self._refuse(entry, "foreach", f"foreach {error}")
            return []
        for problem in problems:
            self._problems.add(problem)
        for index, row in enumerate(rows):
            cells = {
                name: interpolator.tree(cell, None, f"foreach[{index}].{name}") for name, cell in row.cells.items()
            }
            rows[index] = replace(row, cells=cells)
        return _number_rows(rows, self._path.name)

    def _from_file(self, name: str, max_rows: int) -> list[Expansion]:
        from kirin_cli.jobs.rows import RowsError, glob_rows, is_glob, read_rows  # noqa: PLC0415  (the same)

        if name not in self._by_file:
            base = job_folder(self._path)
            problems: list[FileProblem] = []
            try:
                if is_glob(name) and not (base / name).exists():
                    rows = glob_rows(name, base, max_rows)
                else:
                    rows, problems = read_rows(base / name, self._limits, max_rows)
            except RowsError as error:
                raise RowsError(f"{quote(name)} {error}") from error
            for problem in problems:
                self._problems.add(replace(problem, row=problem.line))
            self._by_file[name] = _number_rows(rows, name)
        return self._by_file[name]


def _number_rows(rows: list[TableRow], file: str) -> list[Expansion]:
    return [
        Expansion(number, row, via=f"{file}:{row.line}" if row.line else str(row.cells["path"]))
        for number, row in enumerate(rows, start=1)
    ]
