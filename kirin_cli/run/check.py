"""Job files held against the models: every problem of every job with its position. Sends nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.jobs.cells import cell_advice
from kirin_cli.jobs.filenames import encoding_problem
from kirin_cli.jobs.job import JOB_KEYS, JobSpec
from kirin_cli.jobs.parser import JobFile
from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.jobs.problems import FileProblem
from kirin_cli.jobs.source_text import job_folder
from kirin_cli.jobs.yaml_loader import pause_gc
from kirin_cli.media import MediaInspector, make_inspector
from kirin_cli.models import MODELS, explain_extra, explain_unknown
from kirin_cli.modelspec.model import MODEL_NAME, Model
from kirin_cli.modelspec.text import did_you_mean, pluralize, quote
from kirin_cli.modelspec.types import (
    Finding,
    InspectMedia,
    MediaError,
    MediaFile,
    MediaKind,
    Problem,
    ResultKind,
    Severity,
)
from kirin_cli.run.check_paths import shared_paths

INSPECT = make_inspector(uploads=False, max_decoded=0)
_UNCHECKABLE = frozenset({"model", "params"})
_ANCHOR = "an anchor"
_MAX_CACHED = 4096  # images and videos of a file


@dataclass(slots=True)
class CheckedJob:
    """A job of a file after its check. `model` is None where the id is unknown (rule A1)."""

    job: Final[JobSpec]  # Final in place of a frozen class, as in JobSpec
    model: Final[Model | None]
    values: Final[Mapping[str, object]]
    findings: Final[tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class CheckedFiles:
    """All files of one command: their jobs, what is wrong with the files themselves, how many jobs an `if` left out."""

    jobs: tuple[CheckedJob, ...]
    findings: tuple[Finding, ...]
    left_out: int = 0

    @property
    def left_out_text(self) -> str:
        """How many jobs an `if` left out, as a person reads it; "" for none."""
        return f"{pluralize(self.left_out, 'job')} left out by if" if self.left_out else ""

    def all_findings(self) -> list[Finding]:
        """Everything found, file by file."""
        return [*self.findings, *(finding for job in self.jobs for finding in job.findings)]

    def is_refused(self, *, strict: bool) -> bool:
        """Whether anything forbids sending; with `strict` a warning does."""
        return any(strict or finding.severity == "error" for finding in self.all_findings())


def check_files(files: Iterable[JobFile], look: MediaInspector = INSPECT) -> CheckedFiles:
    """Hold every job of every file against its model; ids given by hand must be unique in the run (rule A4)."""
    read = list(files)
    looks = [(file, _looking(look, file)) for file in read]
    with pause_gc():
        models = cache(MODELS.get)
        checked = [_checked(job, looking, models) for file, looking in looks for job in file.jobs]
        checked = list(_with_unique_ids(checked))
    for index, problem in shared_paths([one.job for one in checked]):
        job = checked[index]
        checked[index] = replace(job, findings=(*job.findings, make_finding(job.job, problem)))
    if any(one.findings for one in checked):
        checked = list(_with_shared_origin(checked))
    return CheckedFiles(tuple(checked), tuple(file_findings(read)), sum(file.left_out for file in read))


def file_findings(files: Sequence[JobFile]) -> list[Finding]:
    """What is wrong with the files themselves: their errors, then their warnings."""
    by_severity: list[tuple[Severity, JobFile, tuple[FileProblem, ...]]] = [
        *(("error", file, file.problems) for file in files),
        *(("warning", file, file.warnings) for file in files),
    ]
    return [
        Finding(
            message=problem.message, severity=severity, file=problem.file or str(file.path), line=problem.line,
            column=problem.column, via=problem.via, row=problem.row,
        )
        for severity, file, problems in by_severity
        for problem in problems
    ]  # fmt: skip


def _checked(job: JobSpec, look: InspectMedia, find_model: Callable[[str], Model | None]) -> CheckedJob:
    problems = [*job.problems, *_unwritable_name(job)]
    values: Mapping[str, object] = {}
    try:
        model = find_model(job.model)
    except UsageError as error:  # the file of an added model makes no sense
        model = None
        problems.append(Problem("model", "A1", f"model {quote(job.model)} cannot be used: {error.message}"))
    if model is None and not problems and "model" not in job.invalid_paths:
        suggestion = did_you_mean(job.model, MODELS)
        problems.append(Problem("model", "A1", f"unknown model {quote(job.model)}{suggestion}"))
    if model is not None and not (problems and any(problem.path in _UNCHECKABLE for problem in problems)):
        result = model.check(job.params, look)
        for problem in result.problems:
            if problem.rule == "A2":
                problems.append(_explained(job, model, problem))
            elif not _is_broken(job, problem):
                problems.append(problem)
        values = result.values
        if job.extra_params:
            extra = list(_extra_problems(job, model))
            problems += extra
            sent = {problem.path for problem in extra if problem.severity == "warning"}
            values |= {name: value for name, value in job.extra_params.items() if f"extra_params.{name}" in sent}
    findings = tuple([make_finding(job, problem) for problem in problems]) if problems else ()
    return CheckedJob(job, model, values, findings)


def _explained(job: JobSpec, model: Model, problem: Problem) -> Problem:
    """The problem of an unknown parameter, with what is known of it: a key of the job, a parameter of other models."""
    name = problem.path
    if name not in job.params:
        return problem
    if name in JOB_KEYS:
        return Problem(f"params.{name}", "A2", f"{name} is no parameter; it stands beside params, not below it")
    return explain_unknown(model, problem)


def _unwritable_name(job: JobSpec) -> list[Problem]:
    """What of the name of the job's file this system cannot write, found before anything is paid (fault X5)."""
    template, folder = job.output.name, str(job.output.dir or "")
    name = job.name if "{job}" in template else ""
    if (template + folder + name).isascii():
        return []
    path = "name" if name and encoding_problem(name) else "output"
    error = encoding_problem(name + template + folder)
    advice = ", or output.name gives its file another name" if path == "name" else ""
    return [Problem(path, "", f"{path}: {error}{advice}")] if error else []


def _extra_problems(job: JobSpec, model: Model) -> Iterator[Problem]:
    """What is to be said of the parameters that are sent unchecked: a warning, or why they are not."""
    for name, value in job.extra_params.items():
        path = f"extra_params.{name}"
        if name == MODEL_NAME:
            yield Problem(path, "A1", f"{path} would be sent in place of the job's model, which stands beside params")
        elif name in model.names:
            yield Problem(path, "A2", f"{name} is a parameter of {model.id}; write it under params, to be checked")
        elif path not in job.invalid_paths and value is not None:
            message = f"{path} is sent as it is: {model.id} has no such parameter here"
            yield Problem(
                path, "A2", "; ".join(filter(None, (message, explain_extra(model.id, name, value)))), "warning"
            )


def make_finding(job: JobSpec, problem: Problem) -> Finding:
    """A problem of a job with its place in the file, or at the cell of its row, and with how it came there."""
    message, row = problem.message, 0
    file, line, column = job.place(problem.item or problem.path)
    anchor = _ANCHOR if job.comes_from_anchor(problem.path) else ""
    via = ", ".join(filter(None, (anchor, job.via)))
    if job.row is not None and (name := job.cell_column(problem.path, message)):
        via = f"{Path(file).name}:{line}"
        # A parameter that no model has is the fault of the heading.
        line, column = job.row.position(name, heading=problem.rule == "A2")
        file, row, message = job.row.file or str(job.file), job.row.line, message + cell_advice(job.row.cells[name])
    return Finding(
        message=message, severity=problem.severity, rule=problem.rule, path=problem.path, job=job.name,
        file=file, line=line, column=column, via=via, row=row,
    )  # fmt: skip


def _looking(look: MediaInspector, file: JobFile) -> InspectMedia:
    """`look` in the folder of a file; what is given in many jobs is looked at once."""
    base = job_folder(file.path)

    @lru_cache(_MAX_CACHED, typed=True)  # a Reference is not the text that it equals
    def inspect_once(given: str, kind: MediaKind) -> MediaFile:
        if not isinstance(given, JobReference):
            return look(given, kind, base)
        result = _result_of(file, given.job)
        if result == kind:
            return MediaFile(given, "url")
        if result == "video":
            raise MediaError("I1", f"{given} is a video; save a frame of it as a picture, and give that picture")
        what = "a picture" if result == "image" else "sound"
        raise MediaError("I1" if kind == "image" else "V1", f"{given} is {what}; it takes {_WORDS[kind]}")

    return inspect_once


_WORDS: Final[Mapping[MediaKind, str]] = {"image": "a picture", "video": "a video"}


def _result_of(file: JobFile, name: str) -> ResultKind:
    """What the job of this name makes; a video, where its model is not known."""
    job = next((job for job in file.jobs if name in {job.name, job.base_name}), None)
    with suppress(UsageError):  # the model's file makes no sense, which is said at that job
        model = MODELS.get(job.model) if job else None
        return model.result if model else "video"
    return "video"


def _is_broken(job: JobSpec, problem: Problem) -> bool:
    """Whether a problem is of a value that could not be filled in, which was said already."""
    path = problem.path
    return any(path == broken or path.startswith((f"{broken}.", f"{broken}[")) for broken in job.invalid_paths)


def _with_shared_origin(checked: Iterable[CheckedJob]) -> Iterator[CheckedJob]:
    """What all jobs that came of one entry have in common comes from the entry, and from no row or combination."""
    for _, group in groupby(checked, lambda job: (job.job.file, job.job.line, job.job.column)):
        siblings = list(group)
        if len(siblings) < 2 or not siblings[0].job.via:  # most jobs
            yield from siblings
            continue
        seen = Counter(_sameness(finding) for sibling in siblings for finding in sibling.findings)
        for sibling in siblings:
            findings = [
                replace(finding, via=_ANCHOR if finding.via.startswith(_ANCHOR) else "")
                if seen[_sameness(finding)] == len(siblings)
                else finding
                for finding in sibling.findings
            ]
            yield replace(sibling, findings=tuple(findings))


def _sameness(finding: Finding) -> tuple[object, ...]:
    return finding.message, finding.severity, finding.rule, finding.path, finding.line, finding.column


def _with_unique_ids(checked: list[CheckedJob]) -> Iterator[CheckedJob]:
    seen: dict[object, CheckedJob] = {}
    for job in checked:
        external_id = job.values.get("external_task_id")
        first = seen.setdefault(external_id, job) if isinstance(external_id, str) else job
        if first is job:
            yield job
            continue
        position = f"job {first.job.name} at {first.job.file}:{first.job.line}"
        problem = Problem("external_task_id", "A4", f"external_task_id {quote(external_id)} is used by {position} too")
        yield replace(job, findings=(*job.findings, make_finding(job.job, problem)))
