"""All the jobs of one entry: its placeholders filled in, once for each row, combination and take."""

from array import array
from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from kirin_cli.jobs.interpolation import Interpolator, fill_heading
from kirin_cli.jobs.job import JobSpec
from kirin_cli.jobs.job_builder import DocumentDefaults, JobBuilder
from kirin_cli.jobs.matrix import (
    MATRIX_KEYS,
    MAX_COMBINATIONS_COUNTED,
    Combination,
    MatrixReader,
    MatrixValue,
    combination_labels,
)
from kirin_cli.jobs.placeholders import find_references, needs_interpolation, referenced_names, short_label
from kirin_cli.jobs.problems import ExpansionLimits, InputLimits, JobFileError, ProblemCollector
from kirin_cli.jobs.rows import RowsError, TableRow, collect_rows, read_rows, yaml_rows
from kirin_cli.jobs.scope import ExternalInputs, VariableScope, VariableSource
from kirin_cli.jobs.yaml_nodes import (
    Measures,
    YamlMapping,
    YamlSequence,
    count_nodes,
    find_position,
    line_column,
    split_path,
)
from kirin_cli.modelspec.fields import INVALID, Field
from kirin_cli.modelspec.text import quote


@dataclass(frozen=True, slots=True)
class JobEntry:
    """`place` is where it stands, `fallback` the name it has where none is given."""

    node: YamlMapping
    place: int
    fallback: str


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
    def row_label(self) -> str:
        """How the row is called: what its column `name` says, else its number."""
        name = self.row.cells.get("name") if self.row else None
        return str(self.number) if name is None or name == "" else short_label(name)

    def with_combination(self, combination: Combination | None) -> "Expansion":
        """The same row with a combination."""
        if combination is None:
            return self
        values = ",".join(f"{key}={text}" for key, text in combination_labels(combination).items())
        via = f"{self.via}, matrix {values}" if self.via else f"matrix {values}"
        return replace(self, combination=combination, via=via)


class Expansions:
    """Finds the ways of the entries of the file at `path`; what is wrong goes to `shape`. Reads the files of rows."""

    def __init__(self, path: Path, inputs: ExternalInputs, limits: InputLimits, problems: ProblemCollector) -> None:
        self._path = path
        self._outside = inputs
        self._limits = limits
        self._shape = problems
        self._read: dict[str, list[Expansion]] = {}

    def of(self, entry: JobEntry, interpolator: Interpolator, parts: Table[str, Field]) -> Iterator[Expansion]:
        """Every expansion; none where one is wrong or there are too many, without making them all first (fault I5)."""
        rows = self._rows(entry, interpolator)
        combinations = self._combinations(entry, interpolator, parts)
        most = self._outside.most_jobs - self._outside.jobs
        number = len(rows) * len(combinations)
        if number > most:
            key = next(key for key in entry.node if key in EXPANDING)
            there = f"; it has {self._outside.jobs:,} already" if self._outside.jobs else ""
            self._refuse(entry, key, f"{key} makes at least {number:,} jobs; {self._limit}{there}")
            return
        for row in rows:
            for combination in combinations:
                yield row.with_combination(combination)

    @property
    def _limit(self) -> str:
        return f"a run may have {self._outside.most_jobs:,} (--max-jobs)"

    def _refuse(self, entry: JobEntry, key: str, message: str) -> None:
        self._shape.add_error(entry.node.place(key), message)

    def _combinations(
        self, entry: JobEntry, interpolator: Interpolator, parts: Table[str, Field]
    ) -> list[Combination | None]:
        if entry.node.keys().isdisjoint(MATRIX_KEYS):
            return [None]
        reader = MatrixReader(entry.node, interpolator, parts, self._shape)
        matrix = reader.read()
        if matrix is None:
            return []
        key = next(key for key in MATRIX_KEYS if key in entry.node)
        if matrix.size > self._outside.most_jobs:
            self._refuse(entry, key, f"{key} makes {_number(matrix.size)} combinations; {self._limit}")
        elif words := matrix.is_too_large():
            self._refuse(entry, key, words)
        elif found := matrix.combinations():
            return [*found]
        else:
            self._refuse(entry, key, f"{key} leaves no combination")
        return []

    def _rows(self, entry: JobEntry, interpolator: Interpolator) -> list[Expansion]:
        if "foreach" not in entry.node:
            return [Expansion()]
        given = entry.node["foreach"]
        value = interpolator.tree(given, None, "foreach") if isinstance(given, str) else given
        if value is INVALID:
            return []
        if not isinstance(value, str | YamlSequence):
            self._refuse(entry, "foreach", f"foreach must be a list or the name of a file, not {quote(value)}")
            return []
        try:
            return self._from_file(value) if isinstance(value, str) else self._from_list(value, interpolator)
        except RowsError as error:
            self._refuse(entry, "foreach", f"foreach {error}")
        return []

    def _from_file(self, name: str) -> list[Expansion]:
        if name not in self._read:
            path = self._path.parent / name
            try:
                rows, problems = read_rows(path, self._limits, self._outside.most_jobs - self._outside.jobs)
            except RowsError as error:
                raise RowsError(f"{quote(name)} {error}") from error
            for problem in problems:
                self._shape.add(replace(problem, file=str(path)))
            self._read[name] = _numbered(rows, name)
        return self._read[name]

    def _from_list(self, node: YamlSequence, interpolator: Interpolator) -> list[Expansion]:
        rows, problems = collect_rows(yaml_rows(node), self._outside.most_jobs - self._outside.jobs)
        for problem in problems:
            self._shape.add(problem)
        filled = [replace(row, cells=_cells(row, index, interpolator)) for index, row in enumerate(rows)]
        return _numbered(filled, self._path.name)


def _number(size: int) -> str:
    return f"{size:,}" + " or more" * (size == MAX_COMBINATIONS_COUNTED)


def _cells(row: TableRow, index: int, interpolator: Interpolator) -> Table[str, object]:
    return {name: interpolator.tree(value, None, f"foreach[{index}].{name}") for name, value in row.cells.items()}


def _numbered(rows: list[TableRow], file: str) -> list[Expansion]:
    return [Expansion(number, row, via=f"{file}:{row.line}") for number, row in enumerate(rows, start=1)]


ALONE: Final = Expansion()
"""The one way of a job without row and combination."""


@dataclass(frozen=True, slots=True)
class JobExpander:
    """Makes the jobs of the entries of one document, which share `shared` and `variables`."""

    maker: JobBuilder
    ways: Expansions
    shared: DocumentDefaults
    variables: VariableSource
    outside: ExternalInputs
    growth: ExpansionLimits
    shape: ProblemCollector
    interpolates: bool
    known: Measures = field(default_factory=dict)
    dollars: dict[int, bool] = field(default_factory=dict)

    def jobs(self, entry: JobEntry) -> Iterator[JobSpec]:
        """All jobs of an entry, the takes of each after one another. Raises JobFileError where there are too many."""
        if entry.node.keys().isdisjoint(EXPANDING) and self.shared.take == 1:
            self._count(1, entry)
            if self.interpolates and (needs_interpolation(entry.node) or self._asks(self.shared.params)):
                filler = self._filler(entry, ALONE)
                yield self._made(entry, fill_heading(entry.node, filler, self.shape), filler, ALONE)
            else:
                yield self.maker.job(entry.node, entry.place, self._written(entry, entry.node), self.shared)
            return
        nodes = count_nodes(entry.node.get("params"), self.known)[0]
        for way in self._ways(entry):
            self.growth.nodes(nodes, entry.place)
            yield from self._takes(entry, way)

    def _ways(self, entry: JobEntry) -> Iterator[Expansion]:
        filler = self._filler(entry, ALONE)
        yield from self.ways.of(entry, filler, self.maker.parts(entry.node.get("model", self.shared.model)))
        for problem in filler.problems:
            self.shape.add_error(find_position(entry.node, split_path(problem.path))[0], problem.message)

    def _filler(self, entry: JobEntry, expansion: Expansion) -> Interpolator:
        cells = expansion.row.cells if expansion.row else None
        values = {key: value.value for key, value in expansion.combination.items()} if expansion.combination else None
        return Interpolator(VariableScope(self.variables, self.outside, cells, values), self.growth, entry.place)

    def _takes(self, entry: JobEntry, expansion: Expansion) -> Iterator[JobSpec]:
        filler = self._filler(entry, expansion)
        self.shape.via = expansion.via
        node = fill_heading(entry.node, filler, self.shape)
        self.shape.via = expansion.via if node is not entry.node else ""
        takes = self.maker.take(node, self.shared.take)
        self._count(takes, entry)
        job = self._made(entry, node, filler, expansion)
        self.shape.via = ""
        if expansion.combination:
            self._check_keys(entry, expansion.combination, job.model)
        yield from (job if takes == 1 else replace(job, take=take, takes=takes) for take in range(1, takes + 1))

    def _made(self, entry: JobEntry, node: YamlMapping, interpolator: Interpolator, expansion: Expansion) -> JobSpec:
        """The job with the parameters of its row and combination; the heading of `node` is filled in."""
        written = self._written(entry, node)
        job = self.maker.job(node, entry.place, written + self._suffix(entry, expansion), self.shared)
        parts = self.maker.parts(job.model)
        sets = {key: value for key, value in (expansion.combination or {}).items() if key in parts}
        params = {
            name: interpolator.tree(value, parts.get(name), name) if self._asks(value) else value
            for name, value in job.params.items()
            if name not in sets
        }
        params |= {key: value.value for key, value in sets.items()}
        return replace(
            job,
            params=params,
            problems=(*job.problems, *interpolator.problems),
            broken=(*job.broken, *interpolator.broken),
            layers=(_layer(sets, entry.node), *job.layers) if sets else job.layers,
            written=written,
            via=expansion.via,
            needs=_needs(params) if interpolator.refers or sets else (),
        )

    def _check_keys(self, entry: JobEntry, combination: Combination, model: str) -> None:
        """A key that sets nothing must be asked for."""
        parts = self.maker.parts(model)
        unknown = [key for key in combination if key not in parts] if parts else []
        if not unknown:
            return
        asked = {*referenced_names(entry.node), *referenced_names(self.shared.params)}
        for key in unknown:
            if f"matrix.{key}" not in asked:
                self._refuse_key(key, combination[key].place, model, entry)

    def _refuse_key(self, key: str, place: int, model: str, entry: JobEntry) -> None:
        matrix = entry.node.get("matrix")
        place = matrix.place(key) if isinstance(matrix, YamlMapping) and key in matrix else place
        near = self.outside.hints.suggest(key, tuple(self.maker.parts(model)))
        self.shape.add_error(
            place, f"{quote(key)} is no parameter of {model}, nor is it used as ${{matrix.{key}}}{near}"
        )

    def _asks(self, value: object) -> bool:
        """Whether something that stands in the document has to be filled in; looked up once in each container."""
        if not isinstance(value, dict | list):
            return needs_interpolation(value)
        if id(value) not in self.dollars:
            self.dollars[id(value)] = needs_interpolation(value)
        return self.dollars[id(value)]

    def _written(self, entry: JobEntry, node: YamlMapping) -> str:
        return self.shape.get_text(node, "name") or entry.fallback

    def _suffix(self, entry: JobEntry, expansion: Expansion) -> str:
        named = set(referenced_names(entry.node.get("name")))
        row = [expansion.row_label] if expansion.row and not any(name.startswith("row.") for name in named) else []
        values = combination_labels(expansion.combination or {})
        parts = [*row, *(f"{key}={text}" for key, text in values.items() if f"matrix.{key}" not in named)]
        return f"[{','.join(parts)}]" if parts else ""

    def _count(self, number: int, entry: JobEntry) -> None:
        self.outside.jobs += number
        if self.outside.jobs > self.outside.most_jobs:
            message = f"more than {self.outside.most_jobs:,} jobs in this run; --max-jobs allows more"
            raise JobFileError(*line_column(entry.place), message)


def _layer(sets: Table[str, MatrixValue], node: YamlMapping) -> YamlMapping:
    """A mapping in which what the combination sets stands where it was written."""
    params = YamlMapping((key, value.value) for key, value in sets.items())
    params.places = array("Q", (value.place for value in sets.values()))
    layer = YamlMapping(params=params)
    key = next(key for key in ("params", *MATRIX_KEYS) if key in node)
    layer.places = array("Q", (node.place(key),))
    return layer


def _needs(params: Table[str, object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reference.job for _, reference in find_references(params)))
