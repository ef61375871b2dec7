"""The documents of a job file as jobs: keys, variables, defaults, names. Knows which parameters there are, no more."""

from collections.abc import Iterator
from pathlib import Path

from kirin_cli.jobs.builder import Document
from kirin_cli.jobs.chains import linked
from kirin_cli.jobs.entry import Entry
from kirin_cli.jobs.filling import Filler
from kirin_cli.jobs.growth import Growth
from kirin_cli.jobs.heading import filled_heading
from kirin_cli.jobs.job import JOB_KEYS, Job
from kirin_cli.jobs.limits import Limits
from kirin_cli.jobs.making import Fields, Maker, Shared
from kirin_cli.jobs.nodes import Mapping, Sequence
from kirin_cli.jobs.outside import Outside
from kirin_cli.jobs.scope import Scope
from kirin_cli.jobs.shape import Shape
from kirin_cli.jobs.unfolding import Unfolder
from kirin_cli.jobs.variables import DocumentVariables
from kirin_cli.jobs.ways import Ways
from kirin_cli.spec.words import nearest, shown

_SINGLE_KEYS = tuple(key for key in JOB_KEYS if key != "output")
_TOP_KEYS = ("version", "vars", "defaults", "output", "jobs", *_SINGLE_KEYS)
_JOB_MAKING = frozenset({"model", "params", "matrix", "include", "foreach"})
_DEFAULTS_KEYS = ("model", "params", "output", "tags", "take")


class Reader:
    """Reads the documents of the file at `path`; what is wrong goes to `shape`. `interpolates` where there is a `$`."""

    def __init__(
        self, path: Path, fields: Fields, shape: Shape, outside: Outside, limits: Limits, *, interpolates: bool
    ) -> None:
        self._stem = path.stem
        self._shape = shape
        self._outside = outside
        self._growth = Growth(limits)
        self._maker = Maker(path, fields, shape, self._growth)
        self._ways = Ways(path, outside, limits, shape)
        self._interpolates = interpolates
        self._parameters = sorted({name for names in fields.values() for name in names})
        self._advice = dict.fromkeys(self._parameters, "; it is a parameter: write it under params")
        self._ordinal = 0

    def jobs(self, document: Document, found: list[Job]) -> None:
        """Add the jobs of one document, which is a file of its own; but nameless jobs are counted through.

        Raises Unreadable where there are too many, or where they become too much.
        """
        top = document.root
        if not isinstance(top, Mapping):
            self._shape.refuse(document.place, f"a job file is a mapping with `jobs:` in it, not {shown(top)}")
            return
        self._shape.keys(top, _TOP_KEYS, self._advice)
        version = top.get("version", 1)
        if version != 1 or type(version) is not int:
            self._shape.refuse(top.place("version"), f"version must be 1, not {shown(version)}")
        unfolder = self._unfolder(top, document.place)
        start = len(found)
        taken: dict[str, int] = {}
        for entry in self._entries(top, document.place):
            for job in unfolder.jobs(entry):
                self._claim(job, entry, taken)
                found.append(job)
        found[start:] = linked(found[start:], self._outside.hints)

    def _unfolder(self, top: Mapping, place: int) -> Unfolder:
        variables = DocumentVariables(self._shape.mapping(top, "vars"), self._outside, self._growth, self._shape)
        filler = Filler(Scope(variables, self._outside), self._growth, place)
        return Unfolder(
            maker=self._maker,
            ways=self._ways,
            shared=self._shared(top, filler),
            variables=variables,
            outside=self._outside,
            growth=self._growth,
            shape=self._shape,
            interpolates=self._interpolates,
        )

    def _shared(self, top: Mapping, filler: Filler) -> Shared:
        defaults = self._shape.mapping(top, "defaults")
        self._shape.keys(defaults, _DEFAULTS_KEYS, self._advice)
        params = self._shape.mapping(defaults, "params")
        for name in params:
            if name not in self._advice and not self._shape.full:
                hint = nearest(name, self._parameters)
                self._shape.refuse(params.place(name), f"no model has a parameter {shown(name)}{hint}")
        if self._interpolates:
            defaults = filled_heading(defaults, filler, self._shape)
            top = filled_heading(top, filler, self._shape) if "jobs" in top else top
        return self._maker.shared(top, defaults, params)

    def _entries(self, top: Mapping, place: int) -> Iterator[Entry]:
        if "jobs" in top:
            return self._listed(top)
        if not _JOB_MAKING.isdisjoint(top):
            self._ordinal += 1
            return iter([Entry(top, place, self._stem if self._ordinal == 1 else f"{self._stem}-{self._ordinal}")])
        self._shape.refuse(place, "there is no job: write `jobs:`, or one job's `model:` and `params:`")
        return iter(())

    def _listed(self, top: Mapping) -> Iterator[Entry]:
        for key in _SINGLE_KEYS:
            if key in top:
                self._shape.refuse(top.place(key), f"{key} cannot stand beside jobs; write it in a job or in defaults")
        jobs = top["jobs"]
        if not isinstance(jobs, Sequence):
            self._shape.refuse(top.place("jobs"), f"jobs must be a list, not {shown(jobs)}")
            return
        for node, place in zip(jobs, jobs.places, strict=True):
            self._ordinal += 1
            if isinstance(node, Mapping):
                self._shape.keys(node, JOB_KEYS, self._advice)
                yield Entry(node, place, f"{self._stem}-{self._ordinal}")
            else:
                self._shape.refuse(place, f"a job is a mapping with params, not {shown(node)}")

    def _claim(self, job: Job, entry: Entry, taken: dict[str, int]) -> None:
        if job.take > 1:
            return
        if job.name in taken:
            place = entry.node.place("name") if "name" in entry.node else entry.place
            self._shape.via = job.via
            self._shape.refuse(place, f"the name {shown(job.name)} is taken by the job on line {taken[job.name]}")
            self._shape.via = ""
        taken.setdefault(job.name, job.line)
