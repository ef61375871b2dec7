"""The job file parser: from a path to jobs and problems. Knows parameters by name, not by meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kirin_cli.jobs.cells import find_column
from kirin_cli.jobs.expand import JobExpander
from kirin_cli.jobs.expansions import Expansions, JobEntry
from kirin_cli.jobs.interpolation import Interpolator, fill_heading, read_variables
from kirin_cli.jobs.job import JOB_KEYS, JobSpec, check_dependencies
from kirin_cli.jobs.job_builder import FieldsByModel, JobBuilder
from kirin_cli.jobs.matrix import MATRIX_KEYS
from kirin_cli.jobs.placeholders import may_interpolate, referenced_names
from kirin_cli.jobs.problems import (
    DEFAULT_INPUT_LIMITS,
    MAX_PROBLEMS,
    FileProblem,
    InputLimits,
    JobFileError,
    LimitCounter,
    ProblemCollector,
)
from kirin_cli.jobs.scope import ExternalInputs, VariableScope
from kirin_cli.jobs.source_text import decode, file_stem, job_folder, read_bytes
from kirin_cli.jobs.text_files import TextFiles
from kirin_cli.jobs.yaml_loader import Document, parse_yaml, pause_gc
from kirin_cli.jobs.yaml_nodes import YamlMapping, YamlSequence, line_column, make_mapping, overlay
from kirin_cli.modelspec.text import did_you_mean, quote

_SINGLE_KEYS = tuple(key for key in JOB_KEYS if key != "output")
_TOP_KEYS = ("version", "vars", "defaults", "output", "jobs", *_SINGLE_KEYS)
_JOB_DEFINING = frozenset({"model", "params", "matrix", "include", "foreach"})
_EXPANDING_DEFAULTS = frozenset({"name", "matrix", "exclude", "include", "foreach", "if"})
_HEADING_DEFAULTS = frozenset({"model", "output", "tags", "take"})


class JobFileParser:
    """Reads the documents of the file at `path`; what is wrong goes to `problems`.

    `source` is the text of the file.
    """

    def __init__(
        self,
        path: Path,
        fields: FieldsByModel,
        problems: ProblemCollector,
        inputs: ExternalInputs,
        limits: InputLimits,
        source: str,
    ) -> None:
        self._path = path
        self._stem = file_stem(path)
        self._problems = problems
        self._inputs = inputs
        self._limits = limits
        self._counter = LimitCounter(limits)
        self._inherited = make_mapping(())
        self._builder = JobBuilder(path, fields, problems, self._counter)
        self._expansions = Expansions(path, inputs, limits, problems, [source], fields)
        self._source = source
        self._interpolates = may_interpolate(source)
        self._fields = fields
        self._ordinal = 0

    @cached_property
    def _parameters(self) -> list[str]:
        """Of every model; asked for only where a name is wrong, because all models are loaded then."""
        return sorted({name for names in self._fields.values() for name in names})

    def _advise(self, key: str) -> str:
        """What to do about an unknown key."""
        return "; it is a parameter: write it under params" if key in self._parameters else ""

    def jobs(self, document: Document, jobs: list[JobSpec]) -> None:
        """Add the jobs of one document, which is a file of its own; but nameless jobs are counted through.

        Raises JobFileError where there are too many, or where they become too much.
        """
        top = document.root
        if not isinstance(top, YamlMapping):
            self._problems.add_error(document.position, f"a job file is a mapping with `jobs:` in it, not {quote(top)}")
            return
        self._problems.check_keys(top, _TOP_KEYS, self._advise)
        root, others = top, list[str]()
        if "include" in top:
            from kirin_cli.jobs.include import Includer  # noqa: PLC0415  (few files include others)

            includer = Includer(self._path, self._limits, self._problems)
            top = includer.merge(top)
            self._interpolates |= any(map(may_interpolate, includer.sources))
            others = includer.sources
            self._expansions.sources += others
        version = top.get("version", 1)
        if version != 1 or type(version) is not int:
            self._problems.add_error(top.position("version"), f"version must be 1, not {quote(version)}")
        expander = self._expander(top, document.position)
        start, left_out = len(jobs), self._inputs.left_out
        lines: dict[str, int] = {}
        for entry in self._entries(top, document.position):
            for job in expander.jobs(entry):
                if job.take == 1:
                    self._check_name(job, entry, lines)
                jobs.append(job)
        if "vars" in root or self._inputs.sets or may_mislead(self._source):
            from kirin_cli.jobs.lint import warn_of_texts  # noqa: PLC0415  (most files have nothing to warn of)

            warn_of_texts(root, self._source, others, self._inputs.sets, self._problems)
        left_out = self._inputs.left_out - left_out
        jobs[start:] = check_dependencies(jobs[start:], self._inputs.suggestions, left_out)

    def _expander(self, top: YamlMapping, position: int) -> JobExpander:
        problems = self._problems
        files = TextFiles(job_folder(self._path))
        variables = read_variables(problems.get_mapping(top, "vars"), self._inputs, self._counter, problems, files)
        interpolator = Interpolator(VariableScope(variables, self._inputs), self._counter, position)
        defaults = problems.get_mapping(top, "defaults")
        problems.check_keys(defaults, JOB_KEYS, self._advise)
        params = problems.get_mapping(defaults, "params")
        for name in params:
            if name not in self._parameters and not problems.is_full:
                hint = did_you_mean(name, self._parameters)
                problems.add_error(params.position(name), f"no model has a parameter {quote(name)}{hint}")
        self._inherited = _for_each_job(defaults)
        if len(self._inherited):
            kept = [key for key in defaults if key not in self._inherited]
            defaults = make_mapping((key, defaults[key], defaults.position(key)) for key in kept)
        if self._interpolates:
            defaults = fill_heading(defaults, interpolator, problems)
            top = fill_heading(top, interpolator, problems) if "jobs" in top else top
        return JobExpander(
            builder=self._builder,
            expansions=self._expansions,
            defaults=self._builder.shared_defaults(top, defaults, params),
            variables=variables,
            inputs=self._inputs,
            counter=self._counter,
            problems=problems,
            file=self._path,
            interpolates=self._interpolates,
        )

    def _entries(self, top: YamlMapping, position: int) -> Iterator[JobEntry]:
        if "jobs" not in top:
            if _JOB_DEFINING.isdisjoint(top):
                message = "there is no job: write `jobs:`, or one job's `model:` and `params:`"
                self._problems.add_error(position, message)
            else:
                self._ordinal += 1
                name = self._stem if self._ordinal == 1 else f"{self._stem}-{self._ordinal}"
                yield self._entry(top, position, name)
            return
        for key in _SINGLE_KEYS:
            if key in top:
                message = f"{key} cannot stand beside jobs; write it in a job or in defaults"
                self._problems.add_error(top.position(key), message)
        jobs = top["jobs"]
        if not isinstance(jobs, YamlSequence):
            self._problems.add_error(top.position("jobs"), f"jobs must be a list, not {quote(jobs)}")
            return
        for node, job_position in zip(jobs, jobs.positions, strict=True):
            self._ordinal += 1
            if isinstance(node, YamlMapping):
                self._problems.check_keys(node, JOB_KEYS, self._advise)
                yield self._entry(node, job_position, f"{self._stem}-{self._ordinal}")
            else:
                self._problems.add_error(job_position, f"a job is a mapping with params, not {quote(node)}")
        self._warn_of_numbers(jobs)

    def _warn_of_numbers(self, jobs: YamlSequence) -> None:
        """Warn of jobs without a name: their numbers, and the file's own name, are part of what they are known by."""
        pairs = zip(jobs, jobs.positions, strict=True)
        unnamed = [position for node, position in pairs if isinstance(node, YamlMapping) and "name" not in node]
        if len(jobs) > 1 and unnamed and "name" not in self._inherited:
            which = "the jobs" if len(unnamed) == len(jobs) else f"{len(unnamed)} of the jobs"
            message = "have no name and are numbered: a job put above, or another name of the file, renames them"
            self._problems.add_warning(
                unnamed[0], f"{which} {message}, and they are then made anew, at new cost; give them a name"
            )

    def _entry(self, node: YamlMapping, position: int, name: str) -> JobEntry:
        """The entry, with what the defaults say of names, rows and combinations where it says nothing itself."""
        if not len(self._inherited):
            return JobEntry(node, position, name)
        lower = self._inherited
        if "matrix" in node:  # exclude and include belong to the matrix that they stand with
            others = [key for key in lower if key not in MATRIX_KEYS]
            lower = make_mapping((key, lower[key], lower.position(key)) for key in others)
        return JobEntry(overlay(lower, node, {"output": {}}), position, name, node)

    def _check_name(self, job: JobSpec, entry: JobEntry, lines: dict[str, int]) -> None:
        """Refuse a name that an earlier job of the document has; `lines` holds where they are, by name."""
        if job.name in lines:
            position = entry.node.position("name") if "name" in entry.node else entry.position
            message = f"the name {quote(job.name)} is taken by the job on line {lines[job.name]}"
            if job.row and (column := job.cell_column("name", message) or find_column(job.row.cells, "name")):
                via = f"{self._path.name}:{line_column(position)[0]}"
                place = job.row.position(column)
                self._problems.add(FileProblem(*place, message, job.row.file, via, job.row.line))
            else:
                self._problems.via = job.via
                self._problems.add_error(position, message)
                self._problems.via = ""
        lines.setdefault(job.name, job.row.line if job.row and job.row.file else job.line)


_DATA_SPACES = ("row.", "matrix.", "env.")


def may_mislead(source: str) -> bool:
    """Whether a text may have something in it to be warned of though there are no variables."""
    # One character is found in a twentieth of the time that two take.
    if ("{" in source and "{{" in source) or ("#" in source and (" #" in source or "\t#" in source)):
        return True
    return any(mark in source and any(mark + space in source for space in _DATA_SPACES) for mark in "$%")


def _for_each_job(defaults: YamlMapping) -> YamlMapping:
    """Those of the defaults that mean something else in each job: how it expands, and what asks for row or matrix."""

    def asks_for_data(key: str) -> bool:
        return any(name.startswith(("row.", "matrix.")) for name in referenced_names(defaults[key]))

    keys = [key for key in defaults if key in _EXPANDING_DEFAULTS or (key in _HEADING_DEFAULTS and asks_for_data(key))]
    return make_mapping((key, defaults[key], defaults.position(key)) for key in keys)


@dataclass(frozen=True, slots=True)
class JobFile:
    """What a file asks for, and what is wrong with it as a file, by line; with problems, nothing of it may be sent.

    `left_out` is how many of its jobs an `if` left out.
    """

    path: Path
    jobs: tuple[JobSpec, ...]
    problems: tuple[FileProblem, ...]
    warnings: tuple[FileProblem, ...] = ()
    left_out: int = 0


def read_job_file(
    path: Path, fields: FieldsByModel, limits: InputLimits = DEFAULT_INPUT_LIMITS, inputs: ExternalInputs | None = None
) -> JobFile:
    """The jobs of all documents of a YAML file. Raises nothing: what cannot be read is a problem too.

    Everything that is wrong with a file is found in one pass; only an error of syntax hides what stands below it.
    `inputs` are shared by all files of a command; without them there is nothing outside of the file.
    """
    inputs = inputs or ExternalInputs()
    left_out = inputs.left_out
    with pause_gc():
        try:
            text = decode(read_bytes(path, limits.bytes))
        except JobFileError as error:
            return JobFile(path, (), (error.problem,))
        stream = parse_yaml(text, limits)
        collector = ProblemCollector()
        parser = JobFileParser(path, fields, collector, inputs, limits, text)
        documents = [document for document in stream.documents if document.root is not None]
        jobs: list[JobSpec] = []
        try:
            for document in documents:
                parser.jobs(document, jobs)
        except JobFileError as error:
            collector.add(error.problem)
        if not documents and not stream.problems:
            collector.add_error(0, "the file is empty; it needs `jobs:`, or one job's `model:` and `params:`")
    problems = sorted((*stream.problems, *collector.problems), key=lambda problem: (problem.file, problem))
    if len(problems) > MAX_PROBLEMS:
        last = problems[MAX_PROBLEMS - 1]
        message = f"more than {MAX_PROBLEMS:,} problems: the rest is not shown"
        problems[MAX_PROBLEMS:] = [FileProblem(last.line, last.column, message, last.file)]
    return JobFile(path, tuple(jobs), tuple(problems), tuple(collector.warnings), inputs.left_out - left_out)
