"""From checked requests to jobs that can be sent: identity, take, path; and what need not be done at all.

Reads media (to hash them), sidecars and the ledger; sends nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.states import State
from kirin_cli.run import targets
from kirin_cli.run.chains import Draft, chains, needed_first
from kirin_cli.run.checking import CheckedJob
from kirin_cli.run.findings import Finding
from kirin_cli.run.identity import external_id, request_text
from kirin_cli.run.job import Job, Outcome, Target
from kirin_cli.run.placing import Places
from kirin_cli.run.sharding import Shard

EntryOf = Callable[[str], Entry | None]
Redo = Literal["", "again", "retry-failed"]
ENDED_BADLY = frozenset({State.FAILED, State.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
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
    day: float = 0.0


@dataclass(slots=True)
class Prepared:
    """The jobs in order, those of them that are done already, and what is wrong with their paths."""

    jobs: list[Job] = field(default_factory=list)
    skipped: dict[str, Outcome] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def prepare(checked: Iterable[CheckedJob], choices: Choices, entry_of: EntryOf) -> Prepared:
    """Make every checked job ready.

    Raises LocalFault where a medium cannot be read any more, or a folder cannot be written to.
    """
    prepared = Prepared()
    places = Places()
    drafts = needed_first(list(checked))
    for draft in drafts:
        draft.job = _job(draft, choices)
        draft.identity = identified(draft.job, "").external_id
    ready = {draft.place: _ready(draft, choices, entry_of) for draft in _of_shard(drafts, choices.shard)}
    for draft in drafts:
        if job := ready.get(draft.place):
            _check(job, draft.one, entry_of, places, prepared, choices)
    prepared.jobs = labelled([ready[place] for place in sorted(ready)])
    return prepared


def _of_shard(drafts: list[Draft], shard: Shard | None) -> list[Draft]:
    """The drafts of the shard; jobs that need one another stay together."""
    linked = chains(drafts) if shard else {}
    return [draft for draft in drafts if shard is None or shard.takes(linked[draft.place])]


def _ready(draft: Draft, choices: Choices, entry_of: EntryOf) -> Job:
    """The job in the take to be made, knowing the external ids of those that it needs."""
    assert draft.job is not None  # noqa: S101  (every draft has got its job)
    needs = {name: need.job.external_id for name, need in draft.needs.items() if need.job}
    draft.job = replace(_with_take(draft.job, choices, entry_of, draft.one.job.takes), needs=needs)
    return draft.job


def _check(job: Job, one: CheckedJob, entry_of: EntryOf, places: Places, prepared: Prepared, choices: Choices) -> None:
    entry = entry_of(job.external_id)
    try:
        _same_request(job, entry)
        _one_take(job, one, choices, entry_of)
        skipped = places.take(job, targets.place_of(job, entry, choices.day, job.external_id))
    except UsageError as error:
        prepared.findings.append(_finding(one, error))
        return
    if skipped is not None:
        prepared.skipped[job.external_id] = skipped


def labelled(jobs: list[Job]) -> list[Job]:
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


def _job(draft: Draft, choices: Choices) -> Job:
    one = draft.one
    assert one.model is not None  # noqa: S101  (a job of an unknown model has an error and is not prepared)
    values = {name: value for name, value in one.values.items() if name != "external_task_id"}
    folder = choices.folder or one.job.output.dir or one.job.base / "renders"
    request = request_text(one.model.id, values, {name: need.identity for name, need in draft.needs.items()})
    job = Job(
        name=one.job.name, label=one.job.name, model=one.model, values=values, request=request,
        external_id=str(one.values.get("external_task_id") or ""), scope=choices.scope,
        target=Target(folder, one.job.output.name, choices.replace), take=one.job.take,
        file=str(one.job.file) if one.job.line else "", line=one.job.line, column=one.job.column,
    )  # fmt: skip
    return job if job.external_id else identified(job, choices.origin)


def identified(job: Job, origin: str) -> Job:
    """The job with the external id that follows from what it asks for."""
    return replace(job, external_id=external_id(origin, job.request, scope=job.scope, job=job.name, take=job.take))


def _with_take(job: Job, choices: Choices, entry_of: EntryOf, step: int) -> Job:
    """The take to be made or gone on with: with --again a new one, after failures the latest there is.

    Of a job with `step` takes each goes on by so many, so that no two of them meet.
    """
    derived = identified(job, choices.origin)
    if job.external_id != derived.external_id:
        return job
    take = derived
    while _is_past(take, choices, entry_of, step):
        take = identified(replace(take, take=take.take + step), choices.origin)
    return take


def _is_past(job: Job, choices: Choices, entry_of: EntryOf, step: int) -> bool:
    entry = entry_of(job.external_id)
    if choices.redo == "again":
        if entry is not None and entry.state is State.INTENT and not entry.tally.exposed:
            return False  # a take that was never sent is new
        return entry is not None or targets.finished(job, targets.path_of(job)) is not None
    if entry is None or entry.state not in ENDED_BADLY:
        return False
    following = identified(replace(job, take=job.take + step), choices.origin)
    return choices.redo == "retry-failed" or entry_of(following.external_id) is not None


def _same_request(job: Job, entry: Entry | None) -> None:
    if entry is not None and entry.request != job.request:
        raise UsageError(f"external_task_id {job.external_id} was used for another request", hint="give another id")


def _one_take(job: Job, one: CheckedJob, choices: Choices, entry_of: EntryOf) -> None:
    """Raise UsageError where another take is asked for of a job whose external id was given: it has only one."""
    if choices.redo and one.values.get("external_task_id") and _is_past(job, choices, entry_of, one.job.takes):
        hint = "give another external_task_id, or leave that job out with --only"
        raise UsageError(f"job {job.name} has an external_task_id of its own: there is no other take of it", hint=hint)


def _finding(one: CheckedJob, error: UsageError) -> Finding:
    line, column = one.job.spot("output.name")
    message = f"{error.message}; {error.hint}" if error.hint else error.message
    return Finding(message=message, path="output", job=one.job.name, file=str(one.job.file), line=line, column=column)
