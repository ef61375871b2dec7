"""Jobs taken up from the ledger, or from the service alone, for resume, wait and download."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from kirin_cli.api.client import Client, QueryStatus
from kirin_cli.errors import NotPermitted, ServiceUnreachable, UsageError
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
from kirin_cli.ledger.entry import Intent, LedgerEntry
from kirin_cli.ledger.ledger import Ledger, TaskOwnedElsewhere
from kirin_cli.ledger.queries import NoSuchTask, find_entry, reassign, select_entries, unfinished_keys
from kirin_cli.ledger.states import TERMINAL, LedgerEvent, LedgerState
from kirin_cli.media.detect import inspect_with_videos
from kirin_cli.media.formats import VIDEO_SUFFIXES
from kirin_cli.models import MODELS
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind
from kirin_cli.run.identity import canonical_json, media_digest
from kirin_cli.run.job import Job, OutputTarget
from kirin_cli.run.prepare import PreparedRun, with_labels
from kirin_cli.run.submit import DENIALS
from kirin_cli.wire.responses import Task

ANOTHER_JOB: Final = '{"job":'
"""What stands in a request for the result of another job; within a text the quotes would be escaped."""

NOT_KNOWN: Final = "it was taken up by its id alone; what was asked for is not known here"


def serialize_plan(job: Job) -> str:
    """The plan of a job, as JSON text. Raises LocalFault where a media file cannot be read."""
    files = {
        media_digest(media_file): str(media_file.path)
        for media_file in _media(job.values)
        if media_file.path is not None
    }
    where = job.target
    target = {"folder": str(where.folder.absolute()), "template": where.template, "replace": where.replace}
    return canonical_json({"target": target, "media": files, "line": job.line})


def restore_job(entry: LedgerEntry) -> Job | None:
    """The job of an entry, None where its model is not known here.

    It is unsendable where one of its media is no longer what it was, or was never a file.
    """
    request = json.loads(entry.request or "{}")
    model = MODELS.get(entry.model)
    if model is None:
        return None
    plan = json.loads(entry.plan or "{}")
    target, files = plan.get("target") or {}, plan.get("media") or {}
    params = request.get("params") or {}
    missing = [digest for digest in _digests(params) if not _same(files, digest)]
    folder, template = Path(target.get("folder") or "."), target.get("template") or DEFAULT_TEMPLATE
    return Job(
        name=entry.job, label=entry.job or entry.external_id, model=model, request=entry.request,
        values={name: _restored(value, files) for name, value in params.items()}, external_id=entry.external_id,
        target=OutputTarget(folder, template, bool(target.get("replace"))), take=entry.take, scope=entry.scope,
        file=entry.job_file, line=plan.get("line") or 0,
        unsendable=_unsendable(entry, files, missing) if params else NOT_KNOWN,
    )  # fmt: skip


def _media(tree: object) -> Iterator[MediaFile]:
    if isinstance(tree, MediaFile):
        yield tree
    elif isinstance(tree, Mapping | list):
        for value in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _media(value)


def _mark(tree: object) -> str:
    """The SHA-256 that stands for a media file, "" for anything else."""
    found = tree.get("sha256") if isinstance(tree, Mapping) and len(tree) == 1 else None
    return found if isinstance(found, str) else ""


def _digests(tree: object) -> Iterator[str]:
    if mark := _mark(tree):
        yield mark
    elif isinstance(tree, Mapping | list):
        for value in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _digests(value)


def _restored(tree: object, files: Mapping[str, str]) -> object:
    if mark := _mark(tree):
        return _inspect(files[mark]) if _same(files, mark) else tree
    if isinstance(tree, Mapping):
        return {name: _restored(value, files) for name, value in tree.items()}
    return [_restored(value, files) for value in tree] if isinstance(tree, list) else tree


def _same(files: Mapping[str, str], mark: str) -> bool:
    if mark not in files:
        return False
    try:
        return media_digest(_inspect(files[mark])) == mark
    except (MediaError, OSError):
        return False


def _inspect(path: str) -> MediaFile:
    kind: MediaKind = "video" if Path(path).suffix.lower() in VIDEO_SUFFIXES else "image"
    return inspect_with_videos(path, kind, Path(), uploads=True)


def _unsendable(entry: LedgerEntry, files: Mapping[str, str], missing: list[str]) -> str:
    if ANOTHER_JOB in entry.request:
        return "it needs what another job makes"
    if not missing:
        return ""
    named = [files[mark] for mark in missing if mark in files]
    return f"{named[0]} is no longer what it was" if named else "its pictures were given as Base64 and are not kept"


PROBES: Final = 3


def unfinished_entries(ledger: Ledger, *, origin: str, account: str) -> list[LedgerEntry]:
    """All entries of an account that are not at their end, oldest first."""
    going = [state for state in LedgerState if state not in TERMINAL]
    return select_entries(ledger.store, states=going, origin=origin, account=account)[::-1]


def adopt_other_keys(ledger: Ledger, client: Client, *, origin: str, account: str) -> None:
    """Take over what earlier keys of the same account left unfinished (fault P7).

    Tasks are shown to their own account only: one that the service finds under this key proves that the key which
    sent it is of this account.
    """
    for earlier in unfinished_keys(ledger.store, origin):
        if earlier != account and any(_can_see(client, task) for task in _latest(ledger, origin, earlier)):
            reassign(ledger.store, origin, earlier, account)


def _latest(ledger: Ledger, origin: str, account: str) -> list[LedgerEntry]:
    states = [state for state in LedgerState if state not in {LedgerState.INTENT, LedgerState.REJECTED}]
    return select_entries(ledger.store, states=states, origin=origin, account=account, limit=PROBES)


def _can_see(client: Client, entry: LedgerEntry) -> bool:
    return client.query(entry.task_id or entry.external_id).kind is QueryStatus.FOUND


def jobs_from_entries(
    entries: Iterable[LedgerEntry], target: OutputTarget | None = None, *, force: bool = False
) -> PreparedRun:
    """The jobs of the entries, to be gone on with; `target` replaces where their files go, `force` what is there."""
    jobs = [job for entry in entries if (job := restore_job(entry)) is not None]
    return PreparedRun(jobs=with_labels([_to(job, target, force=force) for job in jobs]))


def entries_for_ids(
    ledger: Ledger, client: Client, given: Sequence[str], *, origin: str, account: str
) -> list[LedgerEntry]:
    """The entries that the ids name; a task that only the service knows is written into the ledger first.

    Raises UsageError for an id that nobody knows or that is ambiguous.
    """
    entries = [_entry(ledger, client, one, origin, account) for one in given]
    return list({entry.id: entry for entry in entries}.values())


def _to(job: Job, target: OutputTarget | None, *, force: bool) -> Job:
    if target is None:
        return replace(job, target=replace(job.target, replace=True)) if force else job
    template = target.template if target.template != DEFAULT_TEMPLATE else job.target.template
    return replace(job, target=OutputTarget(target.folder, template, target.replace))


def _entry(ledger: Ledger, client: Client, given: str, origin: str, account: str) -> LedgerEntry:
    try:
        return find_entry(ledger.store, given, origin=origin, account=account)
    except NoSuchTask as unknown:
        task = query_task(client, given, unknown)
    return _adopted(ledger, given, task, origin, account)


def query_task(client: Client, given: str, unknown: NoSuchTask) -> Task:
    """The task as the service tells it, where the ledger has none.

    Raises UsageError where the service has none either, NotPermitted, ServiceUnreachable.
    """
    queried = client.query(given)
    if queried.kind is QueryStatus.FOUND and queried.task:
        return queried.task
    if queried.kind in DENIALS:
        raise NotPermitted("the service refuses the key", hint="check KIRIN_API_KEY")
    if queried.kind is QueryStatus.ABSENT:
        raise UsageError(f"{unknown.message.rstrip('.')}, and neither has the service", hint=unknown.hint)
    raise ServiceUnreachable(f"{unknown.message.rstrip('.')}, and the service gives no answer about it")


def _adopted(ledger: Ledger, given: str, task: Task, origin: str, account: str) -> LedgerEntry:
    model = task.raw.get("model")
    if not isinstance(model, str) or model not in MODELS:
        raise UsageError(f"task {given} is of a model that this kirin does not know")
    request = canonical_json({"model": model, "params": {}})
    plan = canonical_json({"target": {"folder": str(Path.cwd()), "template": DEFAULT_TEMPLATE, "replace": False}})
    intent = Intent(
        origin=origin, account=account, external_id=given, model=model, request=request, job=task.id or given, plan=plan
    )
    entry = ledger.intend(intent)
    try:
        return ledger.move(entry, LedgerEvent.FOUND, "asked for by its id", task_id=task.id or given)
    except TaskOwnedElsewhere as taken:
        return taken.holder
