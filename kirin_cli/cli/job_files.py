"""The job files of a command: read, selected, checked and prepared."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from kirin_cli.cli.flags import JobFileFlags, TakeFlags
from kirin_cli.cli.settings_schema import API_KEY
from kirin_cli.errors import UsageError
from kirin_cli.jobs.job import JobSpec
from kirin_cli.jobs.parser import JobFile, read_job_file
from kirin_cli.jobs.placeholders import IDENTIFIER
from kirin_cli.jobs.problems import DEFAULT_INPUT_LIMITS, suggestion
from kirin_cli.jobs.scope import ExternalInputs, parse_set_values
from kirin_cli.media import MAX_DECODED, make_inspector
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import Field
from kirin_cli.modelspec.text import pluralize, quote
from kirin_cli.modelspec.types import Finding
from kirin_cli.redaction import hide_values
from kirin_cli.run.check import CheckedFiles, check_files

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.service_ledger import ServiceLedger
    from kirin_cli.cli.session import Session
    from kirin_cli.run.attempts import QueryAttempt
    from kirin_cli.run.prepare import PreparedRun, PrepareOptions


@dataclass(frozen=True, slots=True)
class JobSelection:
    """A job is wanted if one of the patterns `only` holds for it and it has one of `tags`; none asks for nothing.

    One for which a pattern of `skip` holds is not wanted, which is a flaw where another needs it.
    """

    only: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def of(self, files: Sequence[JobFile]) -> tuple[list[JobFile], list[tuple[str, str]]]:
        """The files with the wanted jobs, and those that these need; (flag, sentence) of all that finds nothing.

        Where something is wrong with a file, what it lacks is not told.
        """
        if not self.only and not self.tags and not self.skip:
            return list(files), []
        jobs = [job for file in files for job in file.jobs]
        names = {name for job in jobs for name in (job.name, job.base_name)}
        matches = {pattern: _matching_names(pattern, names) for pattern in (*self.only, *self.skip)}
        wanted = {name for pattern in self.only for name in matches[pattern]}
        skipped = {name for pattern in self.skip for name in matches[pattern]}
        selected = [replace(file, jobs=self._select(file.jobs, wanted, skipped)) for file in files]
        if any(file.problems for file in files):
            return selected, []
        left_out = sum(file.left_out for file in files)
        but = f"; {pluralize(left_out, 'job')} left out by if" if left_out else ""
        flaws = [
            ("--only", _nothing("job called", pattern, names) + but) for pattern in self.only if not matches[pattern]
        ]
        flaws += [("--skip", _nothing("job called", pattern, names)) for pattern in self.skip if not matches[pattern]]
        tags = {tag for job in jobs for tag in job.tags}
        flaws += [("--tag", _nothing("job with the tag", tag, tags)) for tag in self.tags if tag not in tags]
        left = [job for file in selected for job in file.jobs if job.needs]
        keys = {job.key for file in selected for job in file.jobs} if left else set()
        flaws += [
            ("--skip", f"job {job.name} needs job {need}, which is left out; leave it in: what is done costs nothing")
            for job in left
            for need in job.needs
            if (job.key[0], need) not in keys and job.take == 1
        ]
        if not flaws and not any(file.jobs for file in selected):
            every = ("--skip", "every job is skipped") if self.skip else None
            flaws.append(every or ("--tag", "no job has both such a name and such a tag"))
        return selected, flaws

    def _select(self, jobs: tuple[JobSpec, ...], wanted: set[str], skipped: set[str]) -> tuple[JobSpec, ...]:
        """The wanted jobs and those that they need, in their order; never one that is skipped."""
        by_key = {job.key: job for job in jobs if skipped.isdisjoint((job.name, job.base_name))}
        todo = [job for job in by_key.values() if self._wants(job, wanted)]
        selected = {job.key for job in todo}
        while todo:
            job = todo.pop()
            needed = {(job.key[0], need) for need in job.needs} & by_key.keys() - selected
            selected |= needed
            todo += [by_key[key] for key in needed]
        return tuple(job for job in jobs if job.key in selected)

    def _wants(self, job: JobSpec, wanted: set[str]) -> bool:
        is_named = not self.only or job.name in wanted or job.base_name in wanted
        return is_named and (not self.tags or not set(self.tags).isdisjoint(job.tags))


def _matching_names(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a pattern matches with brackets as they are; where there are none, with brackets as a choice."""
    for glob in (pattern.replace("[", "[[]"), pattern):
        if matches := [name for name in names if fnmatchcase(name, glob)]:
            return matches
    return []


def _nothing(what: str, text: str, known: Iterable[str]) -> str:
    return f"there is no {what} {quote(text)}{suggestion(text, sorted(known))}"


class ModelFields(Mapping[str, Mapping[str, Field]]):
    """By id of a model: its fields by name, as job files are read with them; a model is loaded when asked for."""

    def __init__(self, model_ids: Collection[str] = MODELS) -> None:
        self._model_ids = model_ids
        self._fields: dict[str, Mapping[str, Field]] = {}

    def __getitem__(self, model_id: str) -> Mapping[str, Field]:
        if model_id not in self._model_ids:
            raise KeyError(model_id)
        if model_id not in self._fields:
            try:
                fields = MODELS[model_id].fields
            except UsageError:  # the file of an added model makes no sense; the check of the job says so
                fields = ()
            self._fields[model_id] = {field.name: field for field in fields}
        return self._fields[model_id]

    def __contains__(self, model_id: object) -> bool:
        return model_id in self._model_ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._model_ids)

    def __len__(self) -> int:
        return len(self._model_ids)


def external_inputs(flags: JobFileFlags) -> ExternalInputs:
    """What job files may ask for besides themselves: never the API key. Raises UsageError.

    What they may ask for although it looks like a secret is hidden from here on (fault X2).
    """
    allowed = allowed_secrets(flags.allow_env, os.environ)
    hide_values(allowed.values())
    return ExternalInputs(
        sets=parse_set_values(flags.sets or ()), environ=os.environ, secrets=frozenset({API_KEY.env}),
        allow_env=frozenset(allowed), max_jobs=flags.max_jobs,
    )  # fmt: skip


def allowed_secrets(names: Iterable[str] | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The values of the variables that --allow-env names, "" for those that are not set. Raises UsageError."""
    for name in names or ():
        if not IDENTIFIER.fullmatch(name):
            raise UsageError(f"--allow-env is {quote(name)}; it must be the name of a variable of the environment")
        if name.upper() == API_KEY.env:
            raise UsageError(f"--allow-env {name}: the API key never goes into a request")
    return {name: environ.get(name, "") for name in names or ()}


def check_job_files(flags: JobFileFlags, *, check_urls: bool = False, uploads: bool = False) -> CheckedFiles:
    """Read all files and check their wanted jobs; what is wrong with one does not hide what is wrong with another.

    With `check_urls` images and videos behind URLs are inspected too (then raises UsageError for a useless proxy), with
    `uploads` local videos are accepted. Raises UsageError for a --set that is no NAME=VALUE.
    """
    inputs, fields = external_inputs(flags), ModelFields()
    all_files = [read_job_file(path, fields, DEFAULT_INPUT_LIMITS, inputs) for path in dict.fromkeys(flags.files)]
    files, flaws = JobSelection(tuple(flags.only or ()), tuple(flags.tag or ()), tuple(flags.skip or ())).of(all_files)
    flaws = [*(("--set", message) for message in inputs.unused_warnings()), *flaws]
    inspect = make_inspector(uploads=uploads, max_decoded=MAX_DECODED)
    if check_urls:
        from kirin_cli.run.check_online import check_files_online, make_prober

        with make_prober(os.environ, inspect) as prober:
            checked = check_files_online(files, prober)
    else:
        checked = check_files(files, inspect)
    findings = (Finding(message=message, flag=flag) for flag, message in flaws)
    return replace(checked, findings=(*findings, *checked.findings))


def prepare_options(flags: TakeFlags, folder: Path | None, allow_env: Iterable[str] | None) -> PrepareOptions:
    """What the command line says about all jobs of a run; `folder` is that of -o. Raises UsageError."""
    from kirin_cli.cli.output_path import check_output_folder
    from kirin_cli.run.identity import parse_shard
    from kirin_cli.run.prepare import PrepareOptions

    check_output_folder(folder)
    if flags.again and flags.retry_failed:
        message = "--again makes every job once more, --retry-failed only those that failed"
        raise UsageError(message, hint="give one of them: each new attempt is paid for")
    return PrepareOptions(
        scope=flags.scope, folder=folder, replace=flags.force,
        redo="again" if flags.again else "retry-failed" if flags.retry_failed else "",
        shard=parse_shard(flags.shard, os.environ) if flags.shard else None, now=time.time(),
        token=os.urandom(6).hex(), secrets=tuple(allowed_secrets(allow_env, os.environ).values()),
    )  # fmt: skip


def prepare_checked(
    checked: CheckedFiles, choices: PrepareOptions, known: ServiceLedger, query: QueryAttempt | None = None
) -> PreparedRun:
    """The checked jobs, ready for the service of the ledger; `query` asks it which attempts it has.

    Raises as `prepare_jobs`, and what `query` raises.
    """
    from kirin_cli.run.prepare import prepare_jobs

    return prepare_jobs(checked.jobs, choices._replace(origin=known.origin), known.known_entries(), query)


def prepare_and_tell(
    checked: CheckedFiles, choices: PrepareOptions, console: CommandConsole, session: Session
) -> PreparedRun:
    """The same for a session, with what should be known of the cost of what is to be done said.

    Raises NotPermitted, ServiceUnreachable where the service must be asked and does not say.
    """
    from kirin_cli.modelspec.notes import cost_lines
    from kirin_cli.run.outputs import SANDBOX

    query = None if session.origin.startswith(SANDBOX) else session.query_attempt
    prepared = prepare_checked(checked, choices, session, query)
    if not prepared.jobs:
        shard = choices.shard
        console.info(f"no job falls into shard {shard.index}/{shard.total}" if shard else "there is no job to do")
    to_do = [job for job in prepared.jobs if job.external_id not in prepared.skipped]
    console.prose(*cost_lines((job.model, job.values) for job in to_do))
    return prepared
