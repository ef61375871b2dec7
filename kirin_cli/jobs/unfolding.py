"""All the jobs of one entry: its placeholders filled in, once for each row, combination and take.

A job is called `NAME[ROW,key=value]`: by the row's `name` or number and the values of its combination, except for what
the written name asks for itself (`name: cup-${matrix.mode}`).
"""

from array import array
from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from typing import Final

from kirin_cli.jobs.entry import Entry
from kirin_cli.jobs.fileproblem import Unreadable
from kirin_cli.jobs.filling import Filler
from kirin_cli.jobs.growth import Growth
from kirin_cli.jobs.heading import filled_heading
from kirin_cli.jobs.job import Job
from kirin_cli.jobs.making import Maker, Shared
from kirin_cli.jobs.matrix import Entry as Combination
from kirin_cli.jobs.matrix import Value, labels
from kirin_cli.jobs.matrixnode import MATRIX_KEYS
from kirin_cli.jobs.nodes import Mapping, Measures, measure, steps, unpacked, walk
from kirin_cli.jobs.outside import Outside
from kirin_cli.jobs.reference import references
from kirin_cli.jobs.scope import Scope, Variables
from kirin_cli.jobs.shape import Shape
from kirin_cli.jobs.templates import holds_dollar, names_in
from kirin_cli.jobs.ways import EXPANDING, Way, Ways
from kirin_cli.spec.words import shown

ALONE: Final = Way()
"""The one way of a job without row and combination."""


@dataclass(frozen=True, slots=True)
class Unfolder:
    """Makes the jobs of the entries of one document, which share `shared` and `variables`."""

    maker: Maker
    ways: Ways
    shared: Shared
    variables: Variables
    outside: Outside
    growth: Growth
    shape: Shape
    interpolates: bool
    known: Measures = field(default_factory=dict)
    dollars: dict[int, bool] = field(default_factory=dict)

    def jobs(self, entry: Entry) -> Iterator[Job]:
        """All jobs of an entry, the takes of each after one another. Raises Unreadable where there are too many."""
        if entry.node.keys().isdisjoint(EXPANDING) and self.shared.take == 1:
            self._count(1, entry)
            if self.interpolates and (holds_dollar(entry.node) or self._asks(self.shared.params)):
                filler = self._filler(entry, ALONE)
                yield self._made(entry, filled_heading(entry.node, filler, self.shape), filler, ALONE)
            else:
                yield self.maker.job(entry.node, entry.place, self._written(entry, entry.node), self.shared)
            return
        nodes = measure(entry.node.get("params"), self.known)[0]
        for way in self._ways(entry):
            self.growth.nodes(nodes, entry.place)
            yield from self._takes(entry, way)

    def _ways(self, entry: Entry) -> Iterator[Way]:
        filler = self._filler(entry, ALONE)
        yield from self.ways.of(entry, filler, self.maker.parts(entry.node.get("model", self.shared.model)))
        for problem in filler.problems:
            self.shape.refuse(walk(entry.node, steps(problem.path))[0], problem.message)

    def _filler(self, entry: Entry, way: Way) -> Filler:
        cells = way.row.cells if way.row else None
        values = {key: value.value for key, value in way.combination.items()} if way.combination else None
        return Filler(Scope(self.variables, self.outside, cells, values), self.growth, entry.place)

    def _takes(self, entry: Entry, way: Way) -> Iterator[Job]:
        filler = self._filler(entry, way)
        self.shape.via = way.via
        node = filled_heading(entry.node, filler, self.shape)
        self.shape.via = way.via if node is not entry.node else ""
        takes = self.maker.take(node, self.shared.take)
        self._count(takes, entry)
        job = self._made(entry, node, filler, way)
        self.shape.via = ""
        if way.combination:
            self._check_keys(entry, way.combination, job.model)
        yield from (job if takes == 1 else replace(job, take=take, takes=takes) for take in range(1, takes + 1))

    def _made(self, entry: Entry, node: Mapping, filler: Filler, way: Way) -> Job:
        """The job with the parameters of its row and combination; the heading of `node` is filled in."""
        written = self._written(entry, node)
        job = self.maker.job(node, entry.place, written + self._suffix(entry, way), self.shared)
        parts = self.maker.parts(job.model)
        sets = {key: value for key, value in (way.combination or {}).items() if key in parts}
        params = {
            name: filler.tree(value, parts.get(name), name) if self._asks(value) else value
            for name, value in job.params.items()
            if name not in sets
        }
        params |= {key: value.value for key, value in sets.items()}
        return replace(
            job,
            params=params,
            problems=(*job.problems, *filler.problems),
            broken=(*job.broken, *filler.broken),
            layers=(_layer(sets, entry.node), *job.layers) if sets else job.layers,
            written=written,
            via=way.via,
            needs=_needs(params) if filler.refers or sets else (),
        )

    def _check_keys(self, entry: Entry, combination: Combination, model: str) -> None:
        """A key that sets nothing must be asked for."""
        parts = self.maker.parts(model)
        unknown = [key for key in combination if key not in parts] if parts else []
        if not unknown:
            return
        asked = {*names_in(entry.node), *names_in(self.shared.params)}
        for key in unknown:
            if f"matrix.{key}" not in asked:
                self._refuse_key(key, combination[key].place, model, entry)

    def _refuse_key(self, key: str, place: int, model: str, entry: Entry) -> None:
        matrix = entry.node.get("matrix")
        place = matrix.place(key) if isinstance(matrix, Mapping) and key in matrix else place
        near = self.outside.hints.near(key, tuple(self.maker.parts(model)))
        self.shape.refuse(place, f"{shown(key)} is no parameter of {model}, nor is it used as ${{matrix.{key}}}{near}")

    def _asks(self, value: object) -> bool:
        """Whether something that stands in the document has to be filled in; looked up once in each container."""
        if not isinstance(value, dict | list):
            return holds_dollar(value)
        if id(value) not in self.dollars:
            self.dollars[id(value)] = holds_dollar(value)
        return self.dollars[id(value)]

    def _written(self, entry: Entry, node: Mapping) -> str:
        return self.shape.text(node, "name") or entry.fallback

    def _suffix(self, entry: Entry, way: Way) -> str:
        named = set(names_in(entry.node.get("name")))
        row = [way.row_label] if way.row and not any(name.startswith("row.") for name in named) else []
        values = labels(way.combination or {})
        parts = [*row, *(f"{key}={text}" for key, text in values.items() if f"matrix.{key}" not in named)]
        return f"[{','.join(parts)}]" if parts else ""

    def _count(self, number: int, entry: Entry) -> None:
        self.outside.jobs += number
        if self.outside.jobs > self.outside.most_jobs:
            message = f"more than {self.outside.most_jobs:,} jobs in this run; --max-jobs allows more"
            raise Unreadable(*unpacked(entry.place), message)


def _layer(sets: Table[str, Value], node: Mapping) -> Mapping:
    """A mapping in which what the combination sets stands where it was written."""
    params = Mapping((key, value.value) for key, value in sets.items())
    params.places = array("Q", (value.place for value in sets.values()))
    layer = Mapping(params=params)
    key = next(key for key in ("params", *MATRIX_KEYS) if key in node)
    layer.places = array("Q", (node.place(key),))
    return layer


def _needs(params: Table[str, object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reference.job for _, reference in references(params)))
