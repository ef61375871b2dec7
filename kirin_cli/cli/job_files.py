"""The job files of a command: read, selected and checked."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from kirin_cli.cli.settings_schema import API_KEY
from kirin_cli.jobs.job import JobSpec
from kirin_cli.jobs.parser import JobFile, read_job_file
from kirin_cli.jobs.problems import DEFAULT_INPUT_LIMITS, suggestion
from kirin_cli.jobs.scope import MAX_JOBS, ExternalInputs, parse_set_values
from kirin_cli.media import make_inspector
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import Field
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.text import quote
from kirin_cli.modelspec.types import Finding
from kirin_cli.run.check import CheckedFiles, check_files


@dataclass(frozen=True, slots=True)
class JobSelection:
    """A job is wanted if one of the patterns `only` holds for it and it has one of `tags`; none asks for nothing."""

    only: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def of(self, files: Sequence[JobFile]) -> tuple[list[JobFile], list[tuple[str, str]]]:
        """The files with the wanted jobs, and those that these need; (flag, sentence) of all that finds nothing.

        Where something is wrong with a file, what it lacks is not told.
        """
        if not self.only and not self.tags:
            return list(files), []
        jobs = [job for file in files for job in file.jobs]
        names = {name for job in jobs for name in (job.name, job.written)}
        found = {pattern: _matching(pattern, names) for pattern in self.only}
        wanted = {name for names in found.values() for name in names}
        chosen = [replace(file, jobs=self._kept(file.jobs, wanted)) for file in files]
        if any(file.problems for file in files):
            return chosen, []
        flaws = [("--only", _nothing("job called", pattern, names)) for pattern in self.only if not found[pattern]]
        tags = {tag for job in jobs for tag in job.tags}
        flaws += [("--tag", _nothing("job with the tag", tag, tags)) for tag in self.tags if tag not in tags]
        if not flaws and not any(file.jobs for file in chosen):
            flaws.append(("--tag", "no job has both such a name and such a tag"))
        return chosen, flaws

    def _kept(self, jobs: tuple[JobSpec, ...], wanted: set[str]) -> tuple[JobSpec, ...]:
        by_key = {job.key: job for job in jobs}
        todo = [job for job in by_key.values() if self._wants(job, wanted)]
        kept = {job.key for job in todo}
        while todo:
            job = todo.pop()
            needed = {(job.key[0], need) for need in job.needs} & by_key.keys() - kept
            kept |= needed
            todo += [by_key[key] for key in needed]
        return tuple(job for job in jobs if job.key in kept)

    def _wants(self, job: JobSpec, wanted: set[str]) -> bool:
        named = not self.only or job.name in wanted or job.written in wanted
        return named and (not self.tags or not set(self.tags).isdisjoint(job.tags))


def _matching(pattern: str, names: Iterable[str]) -> list[str]:
    plain = pattern.replace("[", "[[]")
    for way in (plain, pattern):
        if found := [name for name in names if fnmatchcase(name, way)]:
            return found
    return []


def _nothing(what: str, given: str, known: Iterable[str]) -> str:
    return f"there is no {what} {quote(given)}{suggestion(given, sorted(known))}"


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What the command line says about the jobs of files: values for variables, which jobs, how many at most."""

    sets: Iterable[str] | None = None
    only: Iterable[str] | None = None
    tags: Iterable[str] | None = None
    most_jobs: int = MAX_JOBS

    @property
    def selection(self) -> JobSelection:
        """Which jobs are wanted."""
        return JobSelection(tuple(self.only or ()), tuple(self.tags or ()))


def check_paths(
    paths: Iterable[Path],
    picks: JobFilter = JobFilter(),
    *,
    check_urls: bool = False,
    uploads: bool = False,
) -> CheckedFiles:
    """Read all files and check their wanted jobs; what is wrong with one does not hide what is wrong with another.

    With `check_urls` images and videos behind URLs are looked at too (then raises UsageError for a useless proxy), with
    `uploads` local videos are accepted. Raises UsageError for a --set that is no NAME=VALUE.
    """
    files, findings = _wanted(paths, picks)
    checked = _checked(files, check_urls=check_urls, uploads=uploads)
    return replace(checked, findings=(*findings, *checked.findings))


def parameters(models: Iterable[Model]) -> Mapping[str, Mapping[str, Field]]:
    """By id of a model: its parameters by name, as job files are read with them."""
    return {model.id: {field.name: field for field in model.fields} for model in models}


def external_inputs(picks: JobFilter = JobFilter()) -> ExternalInputs:
    """What job files may ask for besides themselves: never the API key. Raises UsageError."""
    return ExternalInputs(
        sets=parse_set_values(picks.sets or ()),
        environ=os.environ,
        secrets=frozenset({API_KEY.env}),
        most_jobs=picks.most_jobs,
    )


def _wanted(paths: Iterable[Path], picks: JobFilter) -> tuple[list[JobFile], list[Finding]]:
    around = external_inputs(picks)
    fields = parameters(MODELS.values())
    read_files = [read_job_file(path, fields, DEFAULT_INPUT_LIMITS, around) for path in dict.fromkeys(paths)]
    files, flaws = picks.selection.of(read_files)
    unused = [("--set", words) for words in around.unused()]
    return files, [Finding(message=words, flag=flag) for flag, words in (*unused, *flaws)]


def _checked(files: Iterable[JobFile], *, check_urls: bool, uploads: bool) -> CheckedFiles:
    if not check_urls:
        return check_files(files, make_inspector(uploads=uploads))
    from kirin_cli.run.check_online import check_files_online, make_prober

    with make_prober(os.environ, make_inspector(uploads=uploads)) as looking:
        return check_files_online(files, looking)
