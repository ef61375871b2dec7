"""Preparation of checked requests into jobs to send: identity, take, path, order; and what need not be done at all."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypedDict, Unpack

from kirin_cli.errors import UsageError
from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.jobs.source_text import job_folder
from kirin_cli.jobs.yaml_loader import pause_gc
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import Finding, MediaError, MediaFile, Problem
from kirin_cli.normal_forms import normalize_name, normalize_origin
from kirin_cli.run.attempt_choice import (
    AttemptChooser,
    ChosenAttempt,
    is_of_another_request,
    with_external_id,
)
from kirin_cli.run.attempts import Attempt, EntryOf, FindEntries, KnownEntries, QueryAttempt, Redo, was_begun
from kirin_cli.run.check import CheckedJob, make_finding
from kirin_cli.run.earlier_results import was_moved_from
from kirin_cli.run.identity import NO_REFERENCES, Shard, derive_external_id, request_text
from kirin_cli.run.job import Job, Outcome, OutputFile, OutputTarget
from kirin_cli.run.note_index import describe_change, is_same_request
from kirin_cli.run.outputs import (
    SANDBOX,
    UNKNOWN_TASK_ID,
    Sidecar,
    path_for_entry,
)
from kirin_cli.run.path_registry import PathRegistry
from kirin_cli.tree import map_leaves, walk


class PendingJob:
    """A checked job on its way to being ready, at its position in the run.

    `needs` are the jobs whose results it refers to, by the names it uses. `identity` is that of what it asks for,
    whatever the service; "" where neither a shard nor another job needs it.
    """

    def __init__(self, checked: CheckedJob, position: int) -> None:
        self.checked, self.position = checked, position
        self.needs: dict[str, PendingJob] = {}
        self.identity = ""
        self.job: Job | None = None


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
    from graphlib import TopologicalSorter  # noqa: PLC0415  (few files have jobs that need others)

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


class PrepareOptions(NamedTuple):
    """What the command line says about all jobs of a run.

    `origin` is the service's; `folder` replaces the output folders of the files; `redo` asks for new attempts, which
    belong to one round, whose name has `token` in it; of a `shard` only the jobs that belong to it are made. `now` is
    in seconds since the epoch: a date in the names of new jobs. `secrets` are values of the environment that no request
    keeps in plain text.
    """

    origin: str = ""
    scope: str = ""
    shard: Shard | None = None
    folder: Path | None = None
    replace: bool = False
    redo: Redo = ""
    token: str = ""
    now: float = 0.0
    secrets: tuple[str, ...] = ()


class PreparedRun:
    """The jobs in order, those of them that are done already, and what is wrong with their paths.

    `paths` says where the video of each job goes, by external id; a task id that is not known yet stands in it as
    `{task_id}`. `changes` says of jobs that are made once more what is other than in their sidecars. `rounds` are those
    of the ledger that the run goes on with: they become one, the first. `put_back` are skipped jobs whose video was
    moved aside when they were changed, with its sidecar and the place where it belongs again; `lost` are
    sidecars that are gone, by the ledger. `has_conflict`: one of
    the findings is an external id of a person's that is another request's.
    """

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        self.jobs = list(jobs)
        self.skipped: dict[str, Outcome] = {}
        self.findings: list[Finding] = []
        self.has_conflict = False
        self.paths: dict[str, Path] = {}
        self.changes: dict[str, str] = {}
        self.rounds: list[str] = []
        self.put_back: list[tuple[Job, Sidecar, Path]] = []
        self.lost: list[Sidecar] = []


def prepare_jobs(
    checked: Iterable[CheckedJob], options: PrepareOptions, known: KnownEntries, query: QueryAttempt | None = None
) -> PreparedRun:
    """Make every checked job ready; `query` asks the service for an attempt that is to be new.

    Raises LocalError where a media file cannot be read any more, or a folder cannot be written to.
    """
    with pause_gc():
        return _prepare(list(checked), options, known, query)


def _prepare(
    checked: Sequence[CheckedJob], options: PrepareOptions, known: KnownEntries, query: QueryAttempt | None
) -> PreparedRun:
    pending = in_dependency_order(checked)
    are_linked = options.shard is not None or any(draft.needs for draft in pending)
    for draft in pending:
        draft.job = _first_attempt(draft, options)
        draft.identity = with_external_id(draft.job, "").external_id if are_linked else ""
    if options.shard:
        chains = chain_of(pending)
        pending = [draft for draft in pending if options.shard.takes(chains[draft.position])]
    prepared = PreparedRun()
    chooser = AttemptChooser(known, origin=options.origin, redo=options.redo, token=options.token, now=options.now)
    choices = chooser.choose([draft.job for draft in pending if draft.job], query)
    prepared.rounds = choices.rounds
    jobs: dict[int, Job] = {}
    registry = PathRegistry()
    for draft, choice in zip(pending, choices.of_jobs, strict=True):
        if draft.needs:
            needs = {name: jobs[needed.position].external_id for name, needed in draft.needs.items()}
            choice.job = choice.job.replace(needs=needs)
        jobs[draft.position] = job = choice.job
        try:
            _claim_path(choice, options, registry, prepared)
        except UsageError as error:
            prepared.findings.append(_finding_at(draft.checked, job, error))
        if job.external_id not in prepared.skipped:
            prepared.findings += _damaged_pictures(job, draft.checked, known.of_ids)
    _check_names(prepared, [(jobs[draft.position], draft.checked) for draft in pending], registry)
    prepared.jobs = with_labels([jobs[position] for position in sorted(jobs)])
    return prepared


def _damaged_pictures(job: Job, checked: CheckedJob, find_entries: FindEntries) -> list[Finding]:
    """What is wrong with the pixels of the pictures of a job, if it would be sent (rule I6)."""
    if '"sha256":' not in job.request:  # by which it names files and Base64: most jobs have URLs
        return []
    pictures = [
        (path, leaf) for path, leaf in walk(checked.values) if isinstance(leaf, MediaFile) and leaf.format == "png"
    ]
    if not pictures:
        return []
    from kirin_cli.media.png_data import check_pixels  # noqa: PLC0415  (few jobs have pictures)

    entry = find_entries([job.external_id]).get(job.external_id)
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
            entry = entry_of(job.external_id)
            choice = ChosenAttempt(job, Attempt(entry), path_for_entry(job, entry, options.now))
            _claim_path(choice, options, registry, prepared)
        except UsageError as error:
            prepared.findings.append(replace(_finding(job, error), flag="--output"))
    return prepared


def _claim_path(choice: ChosenAttempt, options: PrepareOptions, registry: PathRegistry, prepared: PreparedRun) -> None:
    """Give the job its path. Raises UsageError where it cannot have one, or cannot be the job that it says it is."""
    job, attempt, entry = choice.job, choice.attempt, choice.attempt.entry
    if job.has_own_id and entry is not None and was_begun(entry) and is_of_another_request(entry, job):
        prepared.has_conflict = True
        task = f" (task {entry.task_id})" if entry.task_id else ""
        message = f"external_task_id {job.external_id} was used for another request{task}"
        raise UsageError(message, hint=f"give another id; kirin show {job.external_id} tells what it is")
    if choice.refusal:
        raise UsageError(choice.refusal, hint=choice.hint)
    if job.file and options.folder is None:
        registry.check_inside(job)
    is_moved = attempt.sidecar is not None and was_moved_from(attempt.sidecar, choice.path)
    path = attempt.outputs[0].path if attempt.outputs and not is_moved else choice.path
    prepared.paths[job.external_id] = path
    is_final = UNKNOWN_TASK_ID not in job.target.template or bool(entry and entry.task_id) or bool(attempt.outputs)
    registry.take(job, path, is_final=is_final)
    if choice.lost is not None:
        prepared.lost.append(choice.lost)
    if attempt.outputs and attempt.sidecar is not None:
        prepared.skipped[job.external_id] = _skip(job, attempt.sidecar, attempt.outputs)
        if not is_moved:
            return
        prepared.put_back.append((job, attempt.sidecar, path))
    sidecar = registry.ensure_usable(job, path, choice.lost)
    if sidecar is not None and sidecar.is_of_take(job) and sidecar.external_id != job.external_id:
        _ensure_same_service(sidecar, job, path, options.origin)
        if not is_moved:
            prepared.changes[job.external_id] = describe_change(sidecar, job)


def _skip(job: Job, sidecar: Sidecar, outputs: tuple[OutputFile, ...]) -> Outcome:
    facts = {"task_id": sidecar.task_id, "cost": sidecar.cost_usd, "outputs": outputs, "times": sidecar.times}
    reason = "its file is there"
    return Outcome(job=job, state="skipped", reason=reason, service=sidecar.service, **facts)  # type: ignore[arg-type]


def _ensure_same_service(sidecar: Sidecar, job: Job, path: Path, origin: str) -> None:
    """Raise UsageError where a job's video was made by another service: a changed setting must not pay for all anew."""
    is_other = normalize_origin(sidecar.origin) != normalize_origin(origin)
    if not is_other or job.target.replace or sidecar.origin.startswith(SANDBOX):
        return
    if origin.startswith(SANDBOX) or is_same_request(sidecar, job):
        here = "a sandbox" if origin.startswith(SANDBOX) else origin
        message = f"{path} is the video of job {job.name} already, made by {sidecar.origin}; this run is for {here}"
        raise UsageError(message, hint="-o FOLDER makes it elsewhere; --force replaces it")


def _check_names(prepared: PreparedRun, jobs: Iterable[tuple[Job, CheckedJob]], registry: PathRegistry) -> None:
    """Note the jobs whose name is what kirin would call another file of another job."""
    for job, checked in jobs:
        path = prepared.paths.get(job.external_id)
        if path is not None and job.external_id not in prepared.skipped:
            try:
                registry.ensure_apart(job, path)
            except UsageError as error:
                prepared.findings.append(_finding_at(checked, job, error))


def _finding_at(checked: CheckedJob, job: Job, error: UsageError) -> Finding:
    line, column = checked.job.position("output.name")
    return replace(_finding(job, error), file=str(checked.job.file), line=line, column=column)


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
        label = label if seen[label] == 1 else f"{label}#{seen[label]}"
        labelled.append(job if label == job.label else job.replace(label=label))
    return labelled


def _first_attempt(pending: PendingJob, options: PrepareOptions) -> Job:
    checked, spec = pending.checked, pending.checked.job
    assert checked.model is not None  # noqa: S101  (a job of an unknown model has an error and is not prepared)
    folder = options.folder or spec.output.dir or _default_folder(spec.file)
    return make_job(
        checked.model, checked.values, name=spec.name, target=OutputTarget(folder, spec.output.name, options.replace),
        options=options, take=spec.take, needs={name: needed.identity for name, needed in pending.needs.items()},
        file=str(spec.file), line=spec.line, column=spec.column, position=pending.position + 1, tags=spec.tags,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _default_folder(job_file: Path) -> Path:
    return job_folder(job_file) / "renders"


class JobOrigin(TypedDict, total=False):
    """Where a job stands in which file, and its tags there (`job.Job`)."""

    file: str
    line: int
    column: int
    position: int
    tags: tuple[str, ...]


def make_job(
    model: Model,
    values: Mapping[str, object],
    *,
    name: str,
    target: OutputTarget,
    options: PrepareOptions,
    take: int = 1,
    needs: Mapping[str, str] = NO_REFERENCES,
    **origin: Unpack[JobOrigin],
) -> Job:
    """The job of these checked values. Of `options` the service, the scope and the secrets count, for its identity.

    `needs` holds the identities of the jobs that the values refer to. Raises LocalError for a media file that is gone.
    """
    values, label, name = dict(values), name, normalize_name(name)
    own_id = str(values.pop("external_task_id", None) or "")
    request = request_text(model.id, values, needs, options.secrets)
    external_id = own_id or derive_external_id(
        normalize_origin(options.origin), request, scope=options.scope, job=name, take=take
    )
    return Job(
        name=name, label=label, model=model, values=values, request=request, external_id=external_id,
        scope=options.scope, target=target, take=take, has_own_id=bool(own_id),
        masked=bool(options.secrets) and request != request_text(model.id, values, needs), **origin,
    )  # fmt: skip
