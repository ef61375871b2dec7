"""Preparation of checked requests into jobs to send: identity, take, path, order; and what need not be done at all."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Literal

from kirin_cli.errors import UsageError
from kirin_cli.jobs.filenames import encoding_problem, file_key, is_inside
from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.media.png_data import check_pixels
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import Finding, MediaError, MediaFile, Problem
from kirin_cli.run.check import CheckedJob, make_finding
from kirin_cli.run.identity import NO_REFERENCES, Shard, derive_external_id, request_text
from kirin_cli.run.job import Job, Outcome, OutputTarget
from kirin_cli.run.outputs import (
    UNKNOWN_TASK_ID,
    ensure_free,
    ensure_sidecar_free,
    ensure_writable,
    existing_result,
    output_path,
    path_for_entry,
    sidecar_path,
)
from kirin_cli.tree import map_leaves, walk


@dataclass(slots=True)
class PendingJob:
    """A checked job on its way to being ready, at its position in the run.

    `needs` are the jobs whose results it refers to, by the names it uses. `identity` is that of what it asks for,
    whatever the service; "" where neither a shard nor another job needs it.
    """

    checked: CheckedJob
    position: int
    needs: dict[str, "PendingJob"] = field(default_factory=dict)
    identity: str = ""
    job: Job | None = None


def in_dependency_order(checked: Sequence[CheckedJob]) -> list[PendingJob]:
    """The jobs, each after those that it needs. Raises UsageError where one of those is not in the run."""
    jobs = [PendingJob(job, position) for position, job in enumerate(checked)]
    if not any(job.job.needs for job in checked):
        return jobs
    by_key = {pending.checked.job.key: pending for pending in jobs}
    for pending in jobs:
        spec = pending.checked.job
        for name in spec.needs:
            needed = by_key.get((spec.key[0], name))
            if needed is None:
                message = f"{spec.file}:{spec.line}: job {spec.name} needs job {name}, which is not selected"
                raise UsageError(message, hint="select that job too; it is skipped if it is done")
            pending.needs[name] = needed
    graph = {pending.position: [needed.position for needed in pending.needs.values()] for pending in jobs}
    return [jobs[position] for position in TopologicalSorter(graph).static_order()]


def chain_of(jobs: Iterable[PendingJob]) -> dict[int, str]:
    """By position: the name of the chain that a job belongs to, the same for all that are linked in any way."""
    chain: dict[int, str] = {}
    members: dict[str, list[int]] = {}
    for pending in jobs:
        linked = {pending.identity, *(chain[needed.position] for needed in pending.needs.values())}
        name = min(linked)
        positions = [pending.position, *(position for old in linked for position in members.pop(old, ()))]
        members[name] = positions
        chain.update(dict.fromkeys(positions, name))
    return chain


def fill_references(tree: object, urls: Mapping[str, str]) -> object:
    """The values with each reference replaced by the URL of the job it names."""

    def fill(leaf: object) -> object:
        if isinstance(leaf, MediaFile) and isinstance(leaf.given, JobReference):
            return MediaFile(urls[leaf.given.job], "url")
        return urls[leaf.job] if isinstance(leaf, JobReference) else leaf

    return map_leaves(tree, fill)


EntryOf = Callable[[str], LedgerEntry | None]
Redo = Literal["", "again", "retry-failed"]
ENDED_BADLY = frozenset({LedgerState.FAILED, LedgerState.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareOptions:
    """What the command line says about all jobs of a run.

    `origin` is the service's; `folder` replaces the output folders of the files; `redo` asks for new takes; of a
    `shard` only the jobs that belong to it are made. `now` is in seconds since the epoch: a date in the names of new
    jobs. `secrets` are values of the environment that no request keeps in plain text.
    """

    origin: str = ""
    scope: str = ""
    shard: Shard | None = None
    folder: Path | None = None
    replace: bool = False
    redo: Redo = ""
    now: float = 0.0
    secrets: tuple[str, ...] = ()


@dataclass(slots=True)
class PreparedRun:
    """The jobs in order, those of them that are done already, and what is wrong with their paths.

    `paths` says where the video of each job goes, by external id; a task id that is not known yet stands in it as
    `{task_id}`.
    """

    jobs: list[Job] = field(default_factory=list)
    skipped: dict[str, Outcome] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)


class PathRegistry:
    """The paths that are taken in one run."""

    def __init__(self) -> None:
        self._owners: dict[str, Job] = {}
        self._folders: set[Path] = set()
        self._real: dict[Path, Path] = {}
        self._inside: dict[tuple[Path, Path], bool] = {}

    def take(self, job: Job, path: Path, *, is_final: bool) -> Outcome | None:
        """Give the job its path; how it stands if its files are there already (then it need not be done).

        A path that is not final, since a task id is still to come into it, is nobody else's. Raises UsageError for a
        path that another job has and for what is in the way, LocalError for a folder that is of no use.
        """
        twin = self._owners.setdefault(job.external_id, job)
        if twin is not job:
            position = f"job {twin.name} at {twin.file}:{twin.line}"
            hint = "give it another name, or take: 2"
            raise UsageError(f"job {job.name} asks for the very same as {position}", hint=hint)
        if problem := encoding_problem(str(path)):
            raise UsageError(f"{path}: {problem}")
        if path.parent not in self._real:
            self._real[path.parent] = Path(os.path.realpath(path.parent))
        sidecar = self._real[path.parent] / sidecar_path(path).name
        other = self._owners.setdefault(file_key(str(sidecar)), job) if is_final else job
        if other is not job:
            placeholder = "{-take}" if other.name == job.name else "{job}"
            hint = f"give output.name a {placeholder}"
            raise UsageError(f"{path} is where the video of job {other.name} goes too", hint=hint)
        result = existing_result(job, path)
        if result is not None:
            note, outputs = result
            facts = {"task_id": note.task_id, "cost": note.cost_usd, "outputs": outputs, "times": note.times}
            return Outcome(job=job, state="skipped", reason="its file is there", **facts)  # type: ignore[arg-type]
        ensure_free(job, path)
        ensure_sidecar_free(job, path)
        if path.parent not in self._folders:
            ensure_writable(path.parent)
            self._folders.add(path.parent)
        return None

    def check_inside(self, job: Job, base: Path) -> None:
        """Raise UsageError where the folder that a job file names leads out of its own, `base`, through a link.

        A link comes with a checkout as a file does (faults I8, X1); the person may name any folder.
        """
        folder = job.target.folder
        if (base, folder) not in self._inside:
            self._inside[base, folder] = is_inside(base, folder)
        if not self._inside[base, folder]:
            hint = f"-o {folder} says that you want it so"
            raise UsageError(f"{folder} leads out of the folder of {Path(job.file).name} through a link", hint=hint)


def prepare_jobs(checked: Iterable[CheckedJob], options: PrepareOptions, entry_of: EntryOf) -> PreparedRun:
    """Make every checked job ready.

    Raises LocalError where a media file cannot be read any more, or a folder cannot be written to.
    """
    pending = in_dependency_order(list(checked))
    are_linked = options.shard is not None or any(draft.needs for draft in pending)
    for draft in pending:
        draft.job = _first_take(draft, options)
        draft.identity = with_external_id(draft.job, "").external_id if are_linked else ""
    if options.shard:
        chains = chain_of(pending)
        pending = [draft for draft in pending if options.shard.takes(chains[draft.position])]
    jobs: dict[int, Job] = {}
    for draft in pending:
        needs = {name: jobs[needed.position].external_id for name, needed in draft.needs.items()}
        jobs[draft.position] = replace(_current_take(draft, options, entry_of), needs=needs)
    prepared, registry = PreparedRun(), PathRegistry()
    for draft in pending:
        job, spec = jobs[draft.position], draft.checked.job
        try:
            _claim_path(job, draft.checked, options, entry_of, registry, prepared)
        except UsageError as error:
            line, column = spec.position("output.name")
            finding = _finding(job, error)
            prepared.findings.append(replace(finding, file=str(spec.file), line=line, column=column))
        if job.external_id not in prepared.skipped:
            prepared.findings += _damaged_pictures(job, draft.checked, entry_of)
    prepared.jobs = with_labels([jobs[position] for position in sorted(jobs)])
    return prepared


def _damaged_pictures(job: Job, checked: CheckedJob, entry_of: EntryOf) -> list[Finding]:
    """What is wrong with the pixels of the pictures of a job, if it would be sent (rule I6)."""
    leaves = walk(checked.values)
    pictures = [(path, leaf) for path, leaf in leaves if isinstance(leaf, MediaFile) and leaf.format == "png"]
    entry = entry_of(job.external_id) if pictures else None
    findings = []
    for path, picture in pictures if entry is None or entry.state is LedgerState.INTENT else ():
        try:
            check_pixels(picture)
        except MediaError as error:
            problem = Problem(path, error.rule, f"{path} cannot be used: {error.message}")
            findings.append(make_finding(checked.job, problem))
    return findings


def prepare_new_jobs(jobs: Iterable[Job], options: PrepareOptions, entry_of: EntryOf) -> PreparedRun:
    """Make jobs of the command line ready, which are in no file; their findings name the flag of their path.

    Raises LocalError as `prepare_jobs` does.
    """
    prepared, registry = PreparedRun(jobs=with_labels(list(jobs))), PathRegistry()
    for job in prepared.jobs:
        try:
            _claim_path(job, None, options, entry_of, registry, prepared)
        except UsageError as error:
            prepared.findings.append(replace(_finding(job, error), flag="--output"))
    return prepared


def _claim_path(
    job: Job,
    checked: CheckedJob | None,
    options: PrepareOptions,
    entry_of: EntryOf,
    registry: PathRegistry,
    prepared: PreparedRun,
) -> None:
    """Give the job its path. Raises UsageError where it cannot have one, or cannot be the job that it says it is."""
    entry = entry_of(job.external_id)
    if entry is not None and entry.request != job.request:
        raise UsageError(f"external_task_id {job.external_id} was used for another request", hint="give another id")
    if options.redo and checked and _has_own_id(checked) and _is_past(job, options.redo, entry):
        hint = "give another external_task_id, or leave that job out with --only"
        raise UsageError(f"job {job.name} has an external_task_id of its own: there is no other take of it", hint=hint)
    if checked and options.folder is None:
        registry.check_inside(job, checked.job.base)
    path = prepared.paths[job.external_id] = path_for_entry(job, entry, options.now)
    is_final = UNKNOWN_TASK_ID not in job.target.template or bool(entry and entry.task_id)
    skipped = registry.take(job, path, is_final=is_final)
    if skipped is not None:
        prepared.skipped[job.external_id] = skipped


def _finding(job: Job, error: UsageError) -> Finding:
    message = f"{error.message}; {error.hint}" if error.hint else error.message
    return Finding(message=message, path="output", job=job.name)


def with_labels(jobs: list[Job]) -> list[Job]:
    """The jobs with labels that tell them apart: the name, with its take, file or number where that is needed."""
    seen: Counter[str] = Counter()
    names = Counter((job.name, job.take) for job in jobs)
    labelled = []
    for job in jobs:
        take = f"-{job.take}" if job.take > 1 else ""
        label = (f"{Path(job.file).stem}:{job.name}" if names[job.name, job.take] > 1 and job.file else job.name) + take
        seen[label] += 1
        labelled.append(replace(job, label=label if seen[label] == 1 else f"{label}#{seen[label]}"))
    return labelled


def _first_take(pending: PendingJob, options: PrepareOptions) -> Job:
    checked, spec = pending.checked, pending.checked.job
    assert checked.model is not None  # noqa: S101  (a job of an unknown model has an error and is not prepared)
    folder = options.folder or spec.output.dir or spec.base / "renders"
    job = make_job(
        checked.model, checked.values, name=spec.name, target=OutputTarget(folder, spec.output.name, options.replace),
        options=options, take=spec.take, needs={name: needed.identity for name, needed in pending.needs.items()},
    )  # fmt: skip
    return replace(job, file=str(spec.file), line=spec.line, column=spec.column)


def make_job(
    model: Model,
    values: Mapping[str, object],
    *,
    name: str,
    target: OutputTarget,
    options: PrepareOptions,
    take: int = 1,
    needs: Mapping[str, str] = NO_REFERENCES,
) -> Job:
    """The job of these checked values. Of `options` the service, the scope and the secrets count, for its identity.

    `needs` holds the identities of the jobs that the values refer to. Raises LocalError for a media file that is gone.
    """
    values = dict(values)
    external_id = str(values.pop("external_task_id", None) or "")
    request = request_text(model.id, values, needs, options.secrets)
    job = Job(
        name=name, label=name, model=model, values=values, request=request, external_id=external_id,
        scope=options.scope, target=target, take=take,
        masked=bool(options.secrets) and request != request_text(model.id, values, needs),
    )  # fmt: skip
    return job if job.external_id else with_external_id(job, options.origin)


def with_external_id(job: Job, origin: str) -> Job:
    """The job with the external id that follows from what it asks for."""
    external_id = derive_external_id(origin, job.request, scope=job.scope, job=job.name, take=job.take)
    return replace(job, external_id=external_id)


def _has_own_id(checked: CheckedJob) -> bool:
    """Whether the person gave the job its external id: then it has one take only (rule A4)."""
    return bool(checked.values.get("external_task_id"))


def _current_take(pending: PendingJob, options: PrepareOptions, entry_of: EntryOf) -> Job:
    """The take to be made or gone on with: with --again a new one, after failures the latest there is.

    Of a job with several takes each goes on by so many, so that no two of them meet.
    """
    assert pending.job is not None  # noqa: S101  (every pending job has got its first take)
    job = pending.job
    while not _has_own_id(pending.checked) and _is_past(job, options.redo, entry_of(job.external_id)):
        following = with_external_id(replace(job, take=job.take + pending.checked.job.takes), options.origin)
        if not options.redo and entry_of(following.external_id) is None:
            break
        job = following
    return job


def _is_past(job: Job, redo: Redo, entry: LedgerEntry | None) -> bool:
    """Whether another take may follow this one: with --again whatever was begun, else what ended badly."""
    if redo != "again":
        return entry is not None and entry.state in ENDED_BADLY
    if entry is not None and entry.state is LedgerState.INTENT and not entry.counters.exposed:
        return False  # a take that was never sent is new
    return entry is not None or existing_result(job, output_path(job)) is not None
