"""Preparation of checked requests into jobs to send: identity, take, path, order; and what need not be done at all."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Literal

from kirin_cli.errors import UsageError
from kirin_cli.jobs.filenames import file_key
from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import Finding, MediaFile
from kirin_cli.run.check import CheckedJob
from kirin_cli.run.identity import NO_REFERENCES, Shard, derive_external_id, request_text
from kirin_cli.run.job import Job, Outcome, OutputTarget
from kirin_cli.run.outputs import (
    ensure_free,
    ensure_sidecar_free,
    ensure_writable,
    existing_result,
    output_path,
    path_for_entry,
    sidecar_path,
)

JobKey = tuple[int, str]


@dataclass(slots=True)
class PendingJob:
    """A job on its way to being ready. `identity` is that of what it asks for, whatever the service.

    `needs` are the drafts whose results it refers to, by the names it uses.
    """

    one: CheckedJob
    place: int
    needs: dict[str, "PendingJob"] = field(default_factory=dict)
    identity: str = ""
    job: Job | None = None


def in_dependency_order(checked: Sequence[CheckedJob]) -> list[PendingJob]:
    """Drafts of the jobs, each after those that it needs. Raises UsageError where one of those is not in the run."""
    drafts = [PendingJob(one, place) for place, one in enumerate(checked)]
    if not any(one.job.needs for one in checked):
        return drafts
    named: dict[JobKey, PendingJob] = {draft.one.job.key: draft for draft in drafts}
    for draft in drafts:
        draft.needs = {name: _needed(draft, name, named) for name in draft.one.job.needs}
    graph = {draft.place: [need.place for need in draft.needs.values()] for draft in drafts}
    return [drafts[place] for place in TopologicalSorter(graph).static_order()]


def _needed(pending: PendingJob, name: str, named: Mapping[JobKey, PendingJob]) -> PendingJob:
    job = pending.one.job
    found = named.get((job.key[0], name))
    if found is None:
        hint = "select that job too; it is skipped if it is done"
        raise UsageError(f"{job.file}:{job.line}: job {job.name} needs job {name}, which is not selected", hint=hint)
    return found


def chain_of(drafts: Iterable[PendingJob]) -> dict[int, str]:
    """By place: the name of the chain that a draft belongs to, the same for all that are linked in any way."""
    chain: dict[int, str] = {}
    members: dict[str, list[int]] = {}
    for draft in drafts:
        joined = {draft.identity, *(chain[need.place] for need in draft.needs.values())}
        name = min(joined)
        places = [draft.place, *(place for one in joined for place in members.pop(one, ()))]
        members[name] = places
        chain.update(dict.fromkeys(places, name))
    return chain


def fill_references(tree: object, urls: Mapping[str, str]) -> object:
    """The values with each reference replaced by the URL of the job it names."""
    if isinstance(tree, MediaFile):
        return MediaFile(urls[tree.given.job], "url") if isinstance(tree.given, JobReference) else tree
    if isinstance(tree, JobReference):
        return urls[tree.job]
    if isinstance(tree, Mapping):
        return {name: fill_references(value, urls) for name, value in tree.items()}
    return [fill_references(value, urls) for value in tree] if isinstance(tree, list) else tree


class PathRegistry:
    """The places that are taken in one run."""

    def __init__(self) -> None:
        self._taken: dict[str, Job] = {}
        self._folders: set[Path] = set()
        self._real: dict[Path, Path] = {}

    def take(self, job: Job, path: Path) -> Outcome | None:
        """Give the job its place `path`; how it stands if its files are there already (then it need not be done).

        Raises UsageError for a place that another job has and for what is in the way, LocalFault for a folder that is
        of no use.
        """
        self._own(job, path)
        there = existing_result(job, path)
        if there is not None:
            note, outputs = there
            facts = {"task_id": note.task_id, "cost": note.cost_usd, "outputs": outputs, "times": note.times}
            return Outcome(job=job, state="skipped", reason="its file is there", **facts)  # type: ignore[arg-type]
        ensure_free(job, path)
        ensure_sidecar_free(job, path)
        if path.parent not in self._folders:
            ensure_writable(path.parent)
            self._folders.add(path.parent)
        return None

    def _own(self, job: Job, path: Path) -> None:
        """Raise UsageError where the path of the job's video, or the sidecar beside it, is another job's."""
        twin = self._taken.setdefault(job.external_id, job)
        if twin is not job:
            where = f"job {twin.name} at {twin.file}:{twin.line}"
            hint = "give it another name, or take: 2"
            raise UsageError(f"job {job.name} asks for the very same as {where}", hint=hint)
        if path.parent not in self._real:
            self._real[path.parent] = Path(os.path.realpath(path.parent))
        note = self._real[path.parent] / sidecar_path(path).name
        other = self._taken.setdefault(file_key(str(note)), job)
        if other is not job:
            field = "{-take}" if other.name == job.name else "{job}"
            hint = f"give output.name a {field}"
            raise UsageError(f"{path} is where the video of job {other.name} goes too", hint=hint)


EntryOf = Callable[[str], LedgerEntry | None]
Redo = Literal["", "again", "retry-failed"]
ENDED_BADLY = frozenset({LedgerState.FAILED, LedgerState.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareOptions:
    """What the command line says about all jobs of a run.

    `origin` is the service's; `folder` replaces the output folders of the files; `redo` asks for new takes; of a
    `shard` only the jobs that belong to it are made. `day` is now, in seconds since the epoch: a date in the names of
    new jobs.
    """

    origin: str = ""
    scope: str = ""
    shard: Shard | None = None
    folder: Path | None = None
    replace: bool = False
    redo: Redo = ""
    now: float = 0.0


@dataclass(slots=True)
class PreparedRun:
    """The jobs in order, those of them that are done already, and what is wrong with their paths."""

    jobs: list[Job] = field(default_factory=list)
    skipped: dict[str, Outcome] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def prepare_jobs(checked: Iterable[CheckedJob], choices: PrepareOptions, entry_of: EntryOf) -> PreparedRun:
    """Make every checked job ready.

    Raises LocalFault where a media file cannot be read any more, or a folder cannot be written to.
    """
    prepared = PreparedRun()
    places = PathRegistry()
    drafts = in_dependency_order(list(checked))
    for draft in drafts:
        draft.job = _job(draft, choices)
        draft.identity = with_external_id(draft.job, "").external_id
    ready = {draft.place: _ready(draft, choices, entry_of) for draft in _of_shard(drafts, choices.shard)}
    for draft in drafts:
        if job := ready.get(draft.place):
            _check(job, draft.one, entry_of, places, prepared, choices)
    prepared.jobs = with_labels([ready[place] for place in sorted(ready)])
    return prepared


def _of_shard(drafts: list[PendingJob], shard: Shard | None) -> list[PendingJob]:
    """The drafts of the shard; jobs that need one another stay together."""
    linked = chain_of(drafts) if shard else {}
    return [draft for draft in drafts if shard is None or shard.takes(linked[draft.place])]


def _ready(pending: PendingJob, choices: PrepareOptions, entry_of: EntryOf) -> Job:
    """The job in the take to be made, knowing the external ids of those that it needs."""
    assert pending.job is not None  # noqa: S101  (every draft has got its job)
    needs = {name: need.job.external_id for name, need in pending.needs.items() if need.job}
    pending.job = replace(_with_take(pending.job, choices, entry_of, pending.one.job.takes), needs=needs)
    return pending.job


def prepare_new_jobs(jobs: Iterable[Job], entry_of: EntryOf, now: float) -> PreparedRun:
    """Make jobs of the command line ready, which are in no file; their findings name the flag of their path.

    Raises LocalFault as `prepare_jobs` does.
    """
    prepared = PreparedRun(jobs=with_labels(list(jobs)))
    places = PathRegistry()
    for job in prepared.jobs:
        entry = entry_of(job.external_id)
        try:
            _same_request(job, entry)
            skipped = places.take(job, path_for_entry(job, entry, now, job.external_id))
        except UsageError as error:
            prepared.findings.append(Finding(message=_sentence(error), path="output", job=job.name, flag="--output"))
        else:
            prepared.skipped |= {job.external_id: skipped} if skipped else {}
    return prepared


def _check(
    job: Job, one: CheckedJob, entry_of: EntryOf, places: PathRegistry, prepared: PreparedRun, choices: PrepareOptions
) -> None:
    entry = entry_of(job.external_id)
    try:
        _same_request(job, entry)
        _one_take(job, one, choices, entry_of)
        skipped = places.take(job, path_for_entry(job, entry, choices.now, job.external_id))
    except UsageError as error:
        prepared.findings.append(_finding(one, error))
        return
    if skipped is not None:
        prepared.skipped[job.external_id] = skipped


def with_labels(jobs: list[Job]) -> list[Job]:
    """The jobs with labels that tell them apart: the name, with its take, file or number where that is needed."""
    seen: Counter[str] = Counter()
    names = Counter((job.name, job.take) for job in jobs)
    result = []
    for job in jobs:
        take = f"-{job.take}" if job.take > 1 else ""
        label = (f"{Path(job.file).stem}:{job.name}" if names[job.name, job.take] > 1 and job.file else job.name) + take
        seen[label] += 1
        result.append(replace(job, label=label if seen[label] == 1 else f"{label}#{seen[label]}"))
    return result


def _job(pending: PendingJob, choices: PrepareOptions) -> Job:
    one = pending.one
    assert one.model is not None  # noqa: S101  (a job of an unknown model has an error and is not prepared)
    folder = choices.folder or one.job.output.dir or one.job.base / "renders"
    job = make_job(
        one.model, one.values, name=one.job.name, target=OutputTarget(folder, one.job.output.name, choices.replace),
        choices=choices, take=one.job.take, needs={name: need.identity for name, need in pending.needs.items()},
    )  # fmt: skip
    return replace(job, file=str(one.job.file), line=one.job.line, column=one.job.column)


def make_job(
    model: Model,
    values: Mapping[str, object],
    *,
    name: str,
    target: OutputTarget,
    choices: PrepareOptions,
    take: int = 1,
    needs: Mapping[str, str] = NO_REFERENCES,
) -> Job:
    """The job of these checked values. Of `choices` only the service and the scope count, as parts of its identity.

    `needs` holds the identities of the jobs that the values refer to. Raises LocalFault for a media file that is gone.
    """
    values = dict(values)
    external_id = str(values.pop("external_task_id", None) or "")
    job = Job(
        name=name, label=name, model=model, values=values, request=request_text(model.id, values, needs),
        external_id=external_id, scope=choices.scope, target=target, take=take,
    )  # fmt: skip
    return job if job.external_id else with_external_id(job, choices.origin)


def with_external_id(job: Job, origin: str) -> Job:
    """The job with the external id that follows from what it asks for."""
    return replace(
        job, external_id=derive_external_id(origin, job.request, scope=job.scope, job=job.name, take=job.take)
    )


def _with_take(job: Job, choices: PrepareOptions, entry_of: EntryOf, step: int) -> Job:
    """The take to be made or gone on with: with --again a new one, after failures the latest there is.

    Of a job with `step` takes each goes on by so many, so that no two of them meet.
    """
    derived = with_external_id(job, choices.origin)
    if job.external_id != derived.external_id:
        return job
    take = derived
    while _is_past(take, choices, entry_of, step):
        take = with_external_id(replace(take, take=take.take + step), choices.origin)
    return take


def _is_past(job: Job, choices: PrepareOptions, entry_of: EntryOf, step: int) -> bool:
    entry = entry_of(job.external_id)
    if choices.redo == "again":
        if entry is not None and entry.state is LedgerState.INTENT and not entry.counters.exposed:
            return False  # a take that was never sent is new
        return entry is not None or existing_result(job, output_path(job)) is not None
    if entry is None or entry.state not in ENDED_BADLY:
        return False
    following = with_external_id(replace(job, take=job.take + step), choices.origin)
    return choices.redo == "retry-failed" or entry_of(following.external_id) is not None


def _same_request(job: Job, entry: LedgerEntry | None) -> None:
    if entry is not None and entry.request != job.request:
        raise UsageError(f"external_task_id {job.external_id} was used for another request", hint="give another id")


def _one_take(job: Job, one: CheckedJob, choices: PrepareOptions, entry_of: EntryOf) -> None:
    """Raise UsageError where another take is asked for of a job whose external id was given: it has only one."""
    if choices.redo and one.values.get("external_task_id") and _is_past(job, choices, entry_of, one.job.takes):
        hint = "give another external_task_id, or leave that job out with --only"
        raise UsageError(f"job {job.name} has an external_task_id of its own: there is no other take of it", hint=hint)


def _finding(one: CheckedJob, error: UsageError) -> Finding:
    line, column = one.job.position("output.name")
    position = {"file": str(one.job.file), "line": line, "column": column}
    return Finding(message=_sentence(error), path="output", job=one.job.name, **position)  # type: ignore[arg-type]


def _sentence(error: UsageError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message
