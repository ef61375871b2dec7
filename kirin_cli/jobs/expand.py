"""All the jobs of one entry: its placeholders filled in, once for each row, combination and take."""

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

from kirin_cli.jobs.cells import cell_advice
from kirin_cli.jobs.expansions import EXPANDING, SINGLE, Expansion, Expansions, JobEntry
from kirin_cli.jobs.interpolation import HEADING, Interpolator, fill_heading
from kirin_cli.jobs.job import JobSpec, blamed_column
from kirin_cli.jobs.job_builder import DocumentDefaults, JobBuilder
from kirin_cli.jobs.matrix import MATRIX_KEYS, Combination, combination_labels
from kirin_cli.jobs.placeholders import (
    InterpolationError,
    find_references,
    needs_interpolation,
    referenced_names,
)
from kirin_cli.jobs.problems import FileProblem, JobFileError, LimitCounter, ProblemCollector
from kirin_cli.jobs.scope import ExternalInputs, Variables, VariableScope
from kirin_cli.jobs.tables import PARAM_COLUMN, TableRow
from kirin_cli.jobs.yaml_nodes import (
    POSITION_CODE,
    Measures,
    YamlMapping,
    YamlSequence,
    count_nodes,
    find_position,
    line_column,
    split_path,
)
from kirin_cli.modelspec.text import quote
from kirin_cli.modelspec.types import Problem


@dataclass(frozen=True, slots=True)
class JobExpander:
    """Makes the jobs of the entries of one document, which share `defaults` and `variables`."""

    builder: JobBuilder
    expansions: Expansions
    defaults: DocumentDefaults
    variables: Variables
    inputs: ExternalInputs
    counter: LimitCounter
    problems: ProblemCollector
    file: Path
    interpolates: bool
    measures: Measures = field(default_factory=dict)
    with_dollars: dict[int, bool] = field(default_factory=dict)  # by id of a container of the document

    def jobs(self, entry: JobEntry) -> Iterator[JobSpec]:
        """All jobs of an entry, the takes of each after one another. Raises JobFileError where there are too many."""
        if entry.node.keys().isdisjoint(EXPANDING) and self.defaults.take == 1:
            if "if" in entry.node and not self._is_wanted(entry, SINGLE):
                return
            self._count(1, entry)
            shared = self.defaults.params, self.defaults.extra_params
            if self.interpolates and (needs_interpolation(entry.node) or any(map(self._has_dollar, shared))):
                interpolator = self._interpolator(entry, SINGLE)
                yield self._job(entry, fill_heading(entry.node, interpolator, self.problems), interpolator, SINGLE)
            else:
                name = self._base_name(entry, entry.node)
                yield self.builder.job(entry.node, entry.position, name, self.defaults, entry.own)
            return
        nodes = count_nodes(entry.node.get("params"), self.measures)[0]
        interpolator = self._interpolator(entry, SINGLE)
        parameters = self.builder.parameters(entry.node.get("model", self.defaults.model))
        for expansion in self.expansions.of(entry, interpolator, parameters):
            if "if" in entry.node and not self._is_wanted(entry, expansion):
                continue
            self.counter.add("expanded", nodes, entry.position)
            yield from self._takes(entry, expansion)
        for problem in interpolator.problems:
            self.problems.add_error(find_position(entry.node, split_path(problem.path))[0], problem.message)

    def _is_wanted(self, entry: JobEntry, expansion: Expansion) -> bool:
        """Whether the condition of an entry holds; one with something wrong leaves the job out too."""
        problems = self.problems
        problems.via, problems.find_cell = expansion.via, self._cell_finder(entry, expansion)
        try:
            wanted = self._interpolator(entry, expansion).holds(entry.node["if"])
        except InterpolationError as error:
            wanted = False
            for message in error.messages:
                problems.add_error(entry.node.position("if"), f"if: {message}")
        problems.via, problems.find_cell = "", None
        self.inputs.left_out += not wanted
        return wanted

    def _interpolator(self, entry: JobEntry, expansion: Expansion) -> Interpolator:
        cells = expansion.row.cells if expansion.row else None
        values = {key: value.value for key, value in expansion.combination.items()} if expansion.combination else None
        return Interpolator(VariableScope(self.variables, self.inputs, cells, values), self.counter, entry.position)

    def _takes(self, entry: JobEntry, expansion: Expansion) -> Iterator[JobSpec]:
        interpolator = self._interpolator(entry, expansion)
        problems = self.problems
        problems.via, problems.find_cell = expansion.via, self._cell_finder(entry, expansion)
        node = fill_heading(entry.node, interpolator, problems)
        if node is entry.node:
            problems.via, problems.find_cell = "", None
        takes = self.builder.take(node, self.defaults.take)
        self._count(takes, entry)
        job = self._job(entry, node, interpolator, expansion)
        problems.via, problems.find_cell = "", None
        if expansion.combination:
            self._check_keys(entry, expansion.combination, job.model)
        yield from (job if takes == 1 else replace(job, take=take, takes=takes) for take in range(1, takes + 1))

    def _job(self, entry: JobEntry, node: YamlMapping, interpolator: Interpolator, expansion: Expansion) -> JobSpec:
        """The job with the parameters of its row and combination; the heading of `node` is filled in."""
        base_name = self._base_name(entry, node)
        job = self.builder.job(node, entry.position, base_name + _suffix(entry, expansion), self.defaults)
        parameters = self.builder.parameters(job.model)
        sets = {key: value for key, value in (expansion.combination or {}).items() if key in parameters}
        cells = _param_cells(expansion.row, parameters)
        params = {
            name: interpolator.tree(value, parameters.get(name), name) if self._has_dollar(value) else value
            for name, value in job.params.items()
            if name not in sets and name not in cells
        }
        for path, column in cells.items():
            interpolator.set_cell(params, parameters, path, column)
        params |= {key: value.value for key, value in sets.items()}
        own = entry.node if entry.own is None else entry.own
        layers = [own, *([] if entry.own is None else [entry.node]), *self.defaults.layers]
        matrix_is_own = any(key in MATRIX_KEYS for key in own)
        if sets:
            layers.insert(0 if matrix_is_own else 1, _matrix_layer(sets, entry.node))
        tree = interpolator.tree
        extra_params = {name: tree(value, None, f"extra_params.{name}") for name, value in job.extra_params.items()}
        refers = interpolator.refers or sets
        needs = dict.fromkeys(reference.job for _, reference in find_references(params)) if refers else ()
        return replace(
            job,
            params=params,
            problems=(*job.problems, *interpolator.problems, *self._misplaced_secrets(job, params, extra_params)),
            invalid_paths=(*job.invalid_paths, *interpolator.invalid_paths),
            layers=tuple(layers),
            inherited=len(layers) - 1 - (matrix_is_own and bool(sets)),
            extra_params=extra_params,
            base_name=base_name,
            via=expansion.via,
            needs=tuple(needs),
            row=expansion.row if expansion.row and expansion.row.locate else None,
        )

    def _cell_finder(self, entry: JobEntry, expansion: Expansion) -> Callable[[int, str], FileProblem | None] | None:
        """What finds the cell that is to blame for a problem of the heading; None where no row has a place."""
        row = expansion.row
        return None if row is None or row.locate is None else partial(self._find_cell, entry, row)

    def _find_cell(self, entry: JobEntry, row: TableRow, position: int, message: str) -> FileProblem | None:
        column = blamed_column(row, self._heading_text(entry.node, position), message)
        if not column:
            return None
        advice, via = cell_advice(row.cells[column]), f"{self.file.name}:{line_column(entry.position)[0]}"
        return FileProblem(*row.position(column), message + advice, row.file, via, row.line)

    def _heading_text(self, node: YamlMapping, position: int) -> object:
        """What stands in the heading of a job at a position."""
        todo: list[YamlMapping | YamlSequence] = [node]
        while todo:
            container = todo.pop()
            items = container.items() if isinstance(container, YamlMapping) else enumerate(container)
            for (key, value), place in zip(items, container.positions, strict=True):
                if place == position:
                    return value
                is_heading = container is not node or key in HEADING or key == "if"
                if isinstance(value, YamlMapping | YamlSequence) and is_heading:
                    todo.append(value)
        return None

    def _misplaced_secrets(self, job: JobSpec, params: Mapping[str, object], extra_params: object) -> Iterator[Problem]:
        """Secrets of the environment that are allowed, where none may stand (fault X2)."""
        secrets = self.inputs.secret_values
        if not secrets:
            return
        from kirin_cli.jobs.environment import secrets_in_text, secrets_in_urls  # noqa: PLC0415  (few files ask for any)

        for path, name in secrets_in_urls({**params, "extra_params": extra_params}, secrets):
            message = f"{path}: env.{name} would stand in a URL, and those are written down by every server on the way"
            yield Problem(path, "", message)
        texts = [job.name, str(params.get("external_task_id"))]  # the rest of the heading was looked through before
        for name in secrets_in_text(texts, secrets):
            yield Problem("name", "", f"env.{name} would stand in the job's name or its external_task_id")

    def _check_keys(self, entry: JobEntry, combination: Combination, model: str) -> None:
        """A key that sets nothing must be asked for."""
        parameters = self.builder.parameters(model)
        unknown = [key for key in combination if key not in parameters] if parameters else []
        if not unknown:
            return
        matrix = entry.node.get("matrix")
        names = {*referenced_names(entry.node), *referenced_names(self.defaults.params)}
        for key in unknown:
            if f"matrix.{key}" in names:
                continue
            position = combination[key].position
            if isinstance(matrix, YamlMapping) and key in matrix:
                position = matrix.position(key)
            hint = self.inputs.suggestions.suggest(key, tuple(parameters))
            message = f"{quote(key)} is no parameter of {model}, nor is it used as ${{matrix.{key}}}{hint}"
            self.problems.add_error(position, message)

    def _has_dollar(self, value: object) -> bool:
        """Whether something that stands in the document has to be filled in; looked up once in each container."""
        if not isinstance(value, dict | list):
            return needs_interpolation(value)
        if id(value) not in self.with_dollars:
            self.with_dollars[id(value)] = needs_interpolation(value)
        return self.with_dollars[id(value)]

    def _base_name(self, entry: JobEntry, node: YamlMapping) -> str:
        return self.problems.get_text(node, "name") or entry.fallback_name

    def _count(self, number: int, entry: JobEntry) -> None:
        self.inputs.jobs += number
        if self.inputs.jobs > self.inputs.max_jobs:
            message = f"more than {self.inputs.max_jobs:,} jobs in this run; --max-jobs allows more"
            raise JobFileError(*line_column(entry.position), message)


def _param_cells(row: TableRow | None, parameters: Collection[str]) -> dict[str, str]:
    """By path of a parameter: the column that sets it in a row, where the cell is not empty."""
    columns = _param_columns(tuple(row.cells), tuple(parameters)) if row else ()
    return {path: name for path, name in columns if row and row.cells[name] not in (None, "")}


@lru_cache(maxsize=64)  # all rows of a table have the same
def _param_columns(names: tuple[str, ...], parameters: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    matches = ((PARAM_COLUMN.fullmatch(name), name) for name in names)
    return tuple((_path_in_any_case(match[1], parameters), name) for match, name in matches if match)


def _path_in_any_case(path: str, parameters: Collection[str]) -> str:
    """The path of a parameter that a heading names in any case; the path itself where no parameter is called so."""
    name, dot, rest = path.partition(".")
    known = next((known for known in parameters if known.casefold() == name.casefold()), name)
    return path if known == name or name in parameters else f"{known}{dot}{rest.casefold()}"


def _suffix(entry: JobEntry, expansion: Expansion) -> str:
    """What tells the jobs of an entry apart, as far as its name does not say it: `[2,mode=std]`."""
    names = set(referenced_names(entry.node.get("name")))
    labels = [expansion.row_label] if expansion.row and not any(name.startswith("row.") for name in names) else []
    values = combination_labels(expansion.combination or {})
    labels += [f"{key}={text}" for key, text in values.items() if f"matrix.{key}" not in names]
    return f"[{','.join(labels)}]" if labels else ""


def _matrix_layer(sets: Combination, node: YamlMapping) -> YamlMapping:
    """A mapping in which what the combination sets stands where it was written."""
    params = YamlMapping((key, value.value) for key, value in sets.items())
    params.positions = array(POSITION_CODE, (value.position for value in sets.values()))
    layer = YamlMapping(params=params)
    key = next(key for key in ("params", *MATRIX_KEYS) if key in node)
    layer.positions = array(POSITION_CODE, (node.position(key),))
    return layer
