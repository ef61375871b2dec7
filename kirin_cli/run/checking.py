"""Job files held against the models: every problem of every job with its place. Sends nothing, hashes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kirin_cli import media
from kirin_cli.jobs.files import JobFile
from kirin_cli.jobs.job import Job
from kirin_cli.models import MODELS
from kirin_cli.run.findings import Finding
from kirin_cli.spec.medium import Kind, Medium
from kirin_cli.spec.model import Checked, Model
from kirin_cli.spec.problem import Problem
from kirin_cli.spec.words import nearest, shown

LookIn = Callable[[str, Kind, Path], Medium]


@dataclass(frozen=True, slots=True)
class CheckedJob:
    """A job of a file after its check. `model` is None where the id is unknown (rule A1)."""

    job: Job
    model: Model | None
    values: Mapping[str, object]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class CheckedFiles:
    """All files of one command: their jobs, and what is wrong with the files themselves."""

    jobs: tuple[CheckedJob, ...]
    findings: tuple[Finding, ...]

    def all_findings(self) -> list[Finding]:
        """Everything found, file by file."""
        return [*self.findings, *(finding for job in self.jobs for finding in job.findings)]

    def refused(self, *, strict: bool) -> bool:
        """Whether anything forbids sending; with `strict` a warning does."""
        return any(strict or finding.severity == "error" for finding in self.all_findings())


def check_files(files: Iterable[JobFile], look: LookIn = media.look) -> CheckedFiles:
    """Hold every job of every file against its model; ids given by hand must be unique in the run (rule A4)."""
    read = list(files)
    checked = [check_job(job, look) for file in read for job in file.jobs]
    of_files = tuple(finding for file in read for finding in _file_findings(file))
    return CheckedFiles(tuple(_with_unique_ids(checked)), of_files)


def check_job(job: Job, look: LookIn = media.look) -> CheckedJob:
    """Hold one job against its model."""
    model = MODELS.get(job.model)
    problems = list(job.problems)
    values: Mapping[str, object] = {}
    if model is None and not problems:
        known = nearest(job.model, list(MODELS))
        problems.append(Problem("model", "A1", f"unknown model {shown(job.model)}{known}"))
    if model is not None and not problems:
        result: Checked = model.check(job.params, partial(_look, look, job.base))
        problems += result.problems
        values = result.values
    return CheckedJob(job, model, values, tuple(_finding(job, problem) for problem in problems))


def _look(look: LookIn, base: Path, given: str, kind: Kind) -> Medium:
    return look(given, kind, base)


def _finding(job: Job, problem: Problem) -> Finding:
    line, column = job.spot(problem.path)
    return Finding(
        message=problem.message, severity=problem.severity, rule=problem.rule, path=problem.path, job=job.name,
        file=str(job.file), line=line, column=column,
    )  # fmt: skip


def _file_findings(file: JobFile) -> Iterator[Finding]:
    for problem in file.problems:
        yield Finding(message=problem.message, file=str(file.path), line=problem.line, column=problem.column)


def _with_unique_ids(checked: list[CheckedJob]) -> Iterator[CheckedJob]:
    seen: dict[object, CheckedJob] = {}
    for one in checked:
        given = one.values.get("external_task_id")
        first = seen.setdefault(given, one) if isinstance(given, str) else one
        if first is one:
            yield one
            continue
        where = f"job {first.job.name} at {first.job.file}:{first.job.line}"
        problem = Problem("external_task_id", "A4", f"external_task_id {shown(given)} is used by {where} too")
        yield replace(one, findings=(*one.findings, _finding(one.job, problem)))
