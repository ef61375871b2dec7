"""The job file parser: from a path to jobs and problems. Knows parameters by name, not by meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kirin_cli.jobs.expand import Expansions, JobEntry, JobExpander
from kirin_cli.jobs.interpolation import Interpolator, Variables, fill_heading
from kirin_cli.jobs.job import JOB_KEYS, JobSpec, check_dependencies
from kirin_cli.jobs.job_builder import DocumentDefaults, FieldsByModel, JobBuilder
from kirin_cli.jobs.placeholders import may_interpolate
from kirin_cli.jobs.problems import (
    DEFAULT_INPUT_LIMITS,
    MAX_PROBLEMS,
    ExpansionLimits,
    FileProblem,
    InputLimits,
    JobFileError,
    ProblemCollector,
)
from kirin_cli.jobs.scope import ExternalInputs, VariableScope
from kirin_cli.jobs.source_text import decode, read_bytes
from kirin_cli.jobs.yaml_loader import Document, parse_yaml, pause_gc
from kirin_cli.jobs.yaml_nodes import YamlMapping, YamlSequence
from kirin_cli.modelspec.text import did_you_mean, quote

_SINGLE_KEYS = tuple(key for key in JOB_KEYS if key != "output")
_TOP_KEYS = ("version", "vars", "defaults", "output", "jobs", *_SINGLE_KEYS)
_JOB_MAKING = frozenset({"model", "params", "matrix", "include", "foreach"})
_DEFAULTS_KEYS = ("model", "params", "output", "tags", "take")


class JobFileParser:
    """Reads the documents of the file at `path`; what is wrong goes to `shape`. `interpolates` where there is a `$`."""

    def __init__(
        self,
        path: Path,
        fields: FieldsByModel,
        problems: ProblemCollector,
        inputs: ExternalInputs,
        limits: InputLimits,
        *,
        interpolates: bool,
    ) -> None:
        self._stem = path.stem
        self._shape = problems
        self._outside = inputs
        self._growth = ExpansionLimits(limits)
        self._maker = JobBuilder(path, fields, problems, self._growth)
        self._ways = Expansions(path, inputs, limits, problems)
        self._interpolates = interpolates
        self._parameters = sorted({name for names in fields.values() for name in names})
        self._advice = dict.fromkeys(self._parameters, "; it is a parameter: write it under params")
        self._ordinal = 0

    def jobs(self, document: Document, found: list[JobSpec]) -> None:
        """Add the jobs of one document, which is a file of its own; but nameless jobs are counted through.

        Raises JobFileError where there are too many, or where they become too much.
        """
        top = document.root
        if not isinstance(top, YamlMapping):
            self._shape.add_error(document.place, f"a job file is a mapping with `jobs:` in it, not {quote(top)}")
            return
        self._shape.check_keys(top, _TOP_KEYS, self._advice)
        version = top.get("version", 1)
        if version != 1 or type(version) is not int:
            self._shape.add_error(top.place("version"), f"version must be 1, not {quote(version)}")
        unfolder = self._unfolder(top, document.place)
        start = len(found)
        taken: dict[str, int] = {}
        for entry in self._entries(top, document.place):
            for job in unfolder.jobs(entry):
                self._claim(job, entry, taken)
                found.append(job)
        found[start:] = check_dependencies(found[start:], self._outside.hints)

    def _unfolder(self, top: YamlMapping, place: int) -> JobExpander:
        variables = Variables(self._shape.get_mapping(top, "vars"), self._outside, self._growth, self._shape)
        filler = Interpolator(VariableScope(variables, self._outside), self._growth, place)
        return JobExpander(
            maker=self._maker,
            ways=self._ways,
            shared=self._shared(top, filler),
            variables=variables,
            outside=self._outside,
            growth=self._growth,
            shape=self._shape,
            interpolates=self._interpolates,
        )

    def _shared(self, top: YamlMapping, interpolator: Interpolator) -> DocumentDefaults:
        defaults = self._shape.get_mapping(top, "defaults")
        self._shape.check_keys(defaults, _DEFAULTS_KEYS, self._advice)
        params = self._shape.get_mapping(defaults, "params")
        for name in params:
            if name not in self._advice and not self._shape.is_full:
                hint = did_you_mean(name, self._parameters)
                self._shape.add_error(params.place(name), f"no model has a parameter {quote(name)}{hint}")
        if self._interpolates:
            defaults = fill_heading(defaults, interpolator, self._shape)
            top = fill_heading(top, interpolator, self._shape) if "jobs" in top else top
        return self._maker.shared_defaults(top, defaults, params)

    def _entries(self, top: YamlMapping, place: int) -> Iterator[JobEntry]:
        if "jobs" in top:
            return self._listed(top)
        if not _JOB_MAKING.isdisjoint(top):
            self._ordinal += 1
            return iter([JobEntry(top, place, self._stem if self._ordinal == 1 else f"{self._stem}-{self._ordinal}")])
        self._shape.add_error(place, "there is no job: write `jobs:`, or one job's `model:` and `params:`")
        return iter(())

    def _listed(self, top: YamlMapping) -> Iterator[JobEntry]:
        for key in _SINGLE_KEYS:
            if key in top:
                self._shape.add_error(
                    top.place(key), f"{key} cannot stand beside jobs; write it in a job or in defaults"
                )
        jobs = top["jobs"]
        if not isinstance(jobs, YamlSequence):
            self._shape.add_error(top.place("jobs"), f"jobs must be a list, not {quote(jobs)}")
            return
        for node, place in zip(jobs, jobs.places, strict=True):
            self._ordinal += 1
            if isinstance(node, YamlMapping):
                self._shape.check_keys(node, JOB_KEYS, self._advice)
                yield JobEntry(node, place, f"{self._stem}-{self._ordinal}")
            else:
                self._shape.add_error(place, f"a job is a mapping with params, not {quote(node)}")

    def _claim(self, job: JobSpec, entry: JobEntry, taken: dict[str, int]) -> None:
        if job.take > 1:
            return
        if job.name in taken:
            place = entry.node.place("name") if "name" in entry.node else entry.place
            self._shape.via = job.via
            self._shape.add_error(place, f"the name {quote(job.name)} is taken by the job on line {taken[job.name]}")
            self._shape.via = ""
        taken.setdefault(job.name, job.line)


@dataclass(frozen=True, slots=True)
class JobFile:
    """What a file asks for, and what is wrong with it as a file, by line; with problems, nothing of it may be sent."""

    path: Path
    jobs: tuple[JobSpec, ...]
    problems: tuple[FileProblem, ...]


def read_job_file(
    path: Path, fields: FieldsByModel, limits: InputLimits = DEFAULT_INPUT_LIMITS, inputs: ExternalInputs | None = None
) -> JobFile:
    """The jobs of all documents of a YAML file. Raises nothing: what cannot be read is a problem too.

    Everything that is wrong with a file is found in one pass; only an error of syntax hides what stands below it.
    `outside` is shared by all files of a command; without it there is nothing outside of the file.
    """
    with pause_gc():
        try:
            text = decode(read_bytes(path, limits.bytes))
        except JobFileError as stop:
            return JobFile(path, (), (stop.problem,))
        stream = parse_yaml(text, limits)
        shape = ProblemCollector()
        reader = JobFileParser(
            path, fields, shape, inputs or ExternalInputs(), limits, interpolates=may_interpolate(text)
        )
        documents = [document for document in stream.documents if document.root is not None]
        jobs: list[JobSpec] = []
        try:
            for document in documents:
                reader.jobs(document, jobs)
        except JobFileError as stop:
            shape.add(stop.problem)
        if not documents and not stream.problems:
            shape.add_error(0, "the file is empty; it needs `jobs:`, or one job's `model:` and `params:`")
    return JobFile(path, tuple(jobs), _in_order([*stream.problems, *shape.problems]))


def _in_order(problems: list[FileProblem]) -> tuple[FileProblem, ...]:
    problems.sort(key=lambda problem: (problem.file, problem))
    shown = problems[:MAX_PROBLEMS]
    if len(problems) > MAX_PROBLEMS:
        last, words = shown[-1], f"more than {MAX_PROBLEMS:,} problems: the rest is not shown"
        shown.append(FileProblem(last.line, last.column, words, last.file))
    return tuple(shown)
