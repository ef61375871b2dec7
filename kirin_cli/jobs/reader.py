"""The documents of a job file as jobs: keys, defaults, names. Knows which parameters there are, not what they mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kirin_cli.jobs.builder import Document
from kirin_cli.jobs.job import JOB_KEYS, Job
from kirin_cli.jobs.making import Fields, Maker, Shared
from kirin_cli.jobs.nodes import Mapping, Sequence
from kirin_cli.jobs.shape import Shape
from kirin_cli.spec.words import nearest, shown

_SINGLE_KEYS = ("model", "params", "name")
_TOP_KEYS = ("version", "defaults", "output", "jobs", *_SINGLE_KEYS)
_DEFAULTS_KEYS = ("model", "params", "output")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A job as it was written, and the name it has where none is given."""

    node: Mapping
    place: int
    fallback: str


class Reader:
    """Reads the documents of the file at `path`; what is wrong goes to `shape`."""

    def __init__(self, path: Path, fields: Fields, shape: Shape) -> None:
        self._stem = path.stem
        self._shape = shape
        self._maker = Maker(path, fields, shape)
        self._parameters = sorted({name for names in fields.values() for name in names})
        self._advice = dict.fromkeys(self._parameters, "; it is a parameter: write it under params")
        self._ordinal = 0

    def jobs(self, document: Document) -> Iterator[Job]:
        """The jobs of one document, which is a file of its own, except that nameless jobs are counted through."""
        top = document.root
        if not isinstance(top, Mapping):
            self._shape.refuse(document.place, f"a job file is a mapping with `jobs:` in it, not {shown(top)}")
            return
        self._shape.keys(top, _TOP_KEYS, self._advice)
        version = top.get("version", 1)
        if version != 1 or type(version) is not int:
            self._shape.refuse(top.place("version"), f"version must be 1, not {shown(version)}")
        shared = self._shared(top)
        taken: dict[str, int] = {}
        for entry in self._entries(top, document.place):
            for job in self._expanded(entry, shared):
                self._claim(job, entry, taken)
                yield job

    def _shared(self, top: Mapping) -> Shared:
        defaults = self._shape.mapping(top, "defaults")
        self._shape.keys(defaults, _DEFAULTS_KEYS, self._advice)
        params = self._shape.mapping(defaults, "params")
        for name in params:
            if name not in self._advice and not self._shape.full:
                hint = nearest(name, self._parameters)
                self._shape.refuse(params.place(name), f"no model has a parameter {shown(name)}{hint}")
        return self._maker.shared(top, defaults, params)

    def _entries(self, top: Mapping, place: int) -> Iterator[_Entry]:
        if "jobs" in top:
            return self._listed(top)
        if "model" in top or "params" in top:
            self._ordinal += 1
            return iter([_Entry(top, place, self._stem if self._ordinal == 1 else f"{self._stem}-{self._ordinal}")])
        self._shape.refuse(place, "there is no job: write `jobs:`, or one job's `model:` and `params:`")
        return iter(())

    def _listed(self, top: Mapping) -> Iterator[_Entry]:
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
                yield _Entry(node, place, f"{self._stem}-{self._ordinal}")
            else:
                self._shape.refuse(place, f"a job is a mapping with params, not {shown(node)}")

    def _expanded(self, entry: _Entry, shared: Shared) -> Iterator[Job]:
        """The jobs that one entry stands for, each with its own name."""
        name = self._shape.text(entry.node, "name") or entry.fallback
        yield self._maker.job(entry.node, entry.place, name, shared)

    def _claim(self, job: Job, entry: _Entry, taken: dict[str, int]) -> None:
        if job.name in taken:
            place = entry.node.place("name") if "name" in entry.node else entry.place
            self._shape.refuse(place, f"the name {shown(job.name)} is taken by the job on line {taken[job.name]}")
        taken.setdefault(job.name, job.line)
