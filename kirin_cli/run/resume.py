"""Jobs taken up from the ledger, or from the service alone, for resume, wait and download."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from kirin_cli.api.client import Client, QueryResult, QueryStatus, task_identity
from kirin_cli.errors import ServiceUnreachable, UsageError
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
from kirin_cli.ledger.entry import Intent, LedgerEntry
from kirin_cli.ledger.ledger import Ledger, TaskOwnedElsewhere
from kirin_cli.ledger.lookup import NoSuchTask
from kirin_cli.ledger.queries import reassign, select_entries, unfinished_keys
from kirin_cli.ledger.states import TERMINAL, LedgerEvent, LedgerState
from kirin_cli.media.detect import inspect_with_videos
from kirin_cli.media.formats import VIDEO_SUFFIXES
from kirin_cli.models import MODELS
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind
from kirin_cli.redaction import mask_tree
from kirin_cli.run.earlier_results import find_result
from kirin_cli.run.identity import EXTERNAL_ID_PREFIX, canonical_json, media_digest
from kirin_cli.run.job import Job, OutputTarget
from kirin_cli.run.outcomes import is_unsent
from kirin_cli.run.outputs import UNKNOWN_TASK_ID, path_for_entry
from kirin_cli.run.path_registry import PathRegistry
from kirin_cli.run.prepare import PreparedRun, with_labels
from kirin_cli.run.reconcile import DENIALS, denial_error
from kirin_cli.run.task_lookup import find_task
from kirin_cli.tree import walk
from kirin_cli.wire.responses import Task, valid_id

ANOTHER_JOB: Final = '{"job":'
"""What stands in a request for the result of another job; within a text the quotes would be escaped."""

MASKED: Final = "what the environment gave it (--allow-env) is not kept; `kirin run` of its file goes on with it"
NOT_KNOWN: Final = "it was taken up by its id alone; what was asked for is not known here"


def serialize_plan(job: Job) -> str:
    """The plan of a job, as JSON text. Raises LocalError where a media file cannot be read."""
    leaves = (leaf for _, leaf in walk(job.values))
    files = {media_digest(leaf): str(leaf.path) for leaf in leaves if isinstance(leaf, MediaFile) and leaf.path}
    folder = str(job.target.folder.absolute())
    target = {"folder": folder, "template": job.target.template, "replace": job.target.replace}
    more: dict[str, object] = {"masked": True} if job.masked else {}
    more |= {"own_id": True} if job.has_own_id else {}
    more |= {"tags": mask_tree(job.tags)} if job.tags else {}
    more |= {"position": job.position} if job.position else {}
    return canonical_json({"target": target, "media": files, "line": job.line, **more})


def restore_job(entry: LedgerEntry) -> Job:
    """The job of an entry.

    It is unsendable where one of its media is no longer what it was, or was never a file, and where its model is not
    known here: then it can still be waited for and fetched, for it is paid.
    """
    request = json.loads(entry.request or "{}")
    model, model_problem = _find_model(entry.model)
    plan = json.loads(entry.plan or "{}")
    target, files = plan.get("target") or {}, plan.get("media") or {}
    params = request.get("params") or {}
    missing: list[str] = []
    values = {name: _restored(value, files, missing) for name, value in params.items()}
    folder, template = Path(target.get("folder") or "."), target.get("template") or DEFAULT_TEMPLATE
    return Job(
        name=entry.job, label=entry.job or entry.external_id, model=model, request=entry.request,
        values=values, external_id=entry.external_id,
        target=OutputTarget(folder, template, bool(target.get("replace"))), take=entry.take,
        attempt=entry.attempt, redo_round=entry.redo_round, scope=entry.scope,
        file=entry.job_file, line=plan.get("line") or 0, position=plan.get("position") or 0,
        tags=tuple(plan.get("tags") or ()),
        unsendable=(
            MASKED if plan.get("masked")
            else model_problem or (_unsendable(entry, files, missing) if params else NOT_KNOWN)
        ),
        masked=bool(plan.get("masked")), has_own_id=bool(plan.get("own_id")),
    )  # fmt: skip


def _find_model(model_id: str) -> tuple[Model, str]:
    """The model, and "" or why nothing can be sent to it: one without parameters, where it is not known here."""
    try:
        model = MODELS.get(model_id)
    except UsageError:  # its file makes no sense
        model = None
    unknown = f"its model, {model_id}, is not known in this folder (kirin models)"
    return (model, "") if model else (Model(id=model_id, command=model_id, help="", fields=()), unknown)


def _restored(tree: object, files: Mapping[str, str], missing: list[str]) -> object:
    """The tree with media files in place of their SHA-256; `missing` gets those that no file has any more."""
    if isinstance(tree, list):
        return [_restored(value, files, missing) for value in tree]
    if not isinstance(tree, Mapping):
        return tree
    digest = tree.get("sha256") if len(tree) == 1 else None
    if not isinstance(digest, str) or not digest:
        return {name: _restored(value, files, missing) for name, value in tree.items()}
    media_file = _same_media(files[digest], digest) if digest in files else None
    if media_file is None:
        missing.append(digest)
    return media_file or tree


def _same_media(path: str, digest: str) -> MediaFile | None:
    kind: MediaKind = "video" if Path(path).suffix.lower() in VIDEO_SUFFIXES else "image"
    try:
        media_file = inspect_with_videos(path, kind, Path(), uploads=True)
        return media_file if media_digest(media_file) == digest else None
    except (MediaError, OSError):
        return None


def _unsendable(entry: LedgerEntry, files: Mapping[str, str], missing: list[str]) -> str:
    if ANOTHER_JOB in entry.request:
        return "it needs what another job makes"
    if not missing:
        return ""
    paths = [files[digest] for digest in missing if digest in files]
    return f"{paths[0]} is no longer what it was" if paths else "its pictures were given as Base64 and are not kept"


MAX_TASKS_QUERIED: Final = 3  # of each earlier key


def unfinished_entries(ledger: Ledger, *, origin: str, account: str) -> list[LedgerEntry]:
    """All entries of an account that were sent, or may have been, and are not at their end, oldest first."""
    going = [state for state in LedgerState if state not in TERMINAL]
    entries = select_entries(ledger.store, states=going, origin=origin, account=account)[::-1]
    return [entry for entry in entries if not is_unsent(entry)]


def unsent_entries(ledger: Ledger, *, origin: str, account: str) -> list[LedgerEntry]:
    """The jobs of files that were never sent, oldest first: only their `kirin run` sends them (promise 8)."""
    entries = select_entries(ledger.store, states=[LedgerState.INTENT], origin=origin, account=account)[::-1]
    return [entry for entry in entries if is_unsent(entry)]


def adopt_other_keys(ledger: Ledger, client: Client, *, origin: str, account: str) -> None:
    """Take over what earlier keys of the same account left unfinished (fault P7).

    Tasks are shown to their own account only: one that the service finds under this key proves that the key which
    sent it is of this account.
    """
    for earlier in unfinished_keys(ledger.store, origin):
        if earlier == account:
            continue
        states = [state for state in LedgerState if state not in {LedgerState.INTENT, LedgerState.REJECTED}]
        latest = select_entries(ledger.store, states=states, origin=origin, account=earlier, limit=MAX_TASKS_QUERIED)
        if any(_is_found(client, entry) for entry in latest):
            reassign(ledger.store, origin, earlier, account)


def _is_found(client: Client, entry: LedgerEntry) -> bool:
    is_external = entry.counters.posts > 0 or entry.external_id.startswith(EXTERNAL_ID_PREFIX)
    about = task_identity(entry.task_id, entry.external_id, entry.model, is_external=is_external)
    return client.query(entry.task_id or entry.external_id, about=about).kind is QueryStatus.FOUND


def jobs_from_entries(
    entries: Iterable[LedgerEntry], target: OutputTarget | None = None, *, force: bool = False
) -> PreparedRun:
    """The jobs of the entries, to be gone on with; `target` replaces where their files go, `force` what is there.

    Raises UsageError where something is in the way at the new place, LocalError where nothing can be written there.
    """
    jobs, registry = [], PathRegistry()
    for entry in entries:
        job = restore_job(entry)
        new_target = job.target
        if target is not None:
            template = target.template if target.template != DEFAULT_TEMPLATE else new_target.template
            new_target = OutputTarget(target.folder, template, target.replace)
        elif force:
            new_target = new_target._replace(replace=True)
        job = job.replace(target=new_target)
        if target is not None:
            _claim_new_place(job, entry, registry)
        jobs.append(job)
    return PreparedRun(jobs=with_labels(jobs))


def _claim_new_place(job: Job, entry: LedgerEntry, registry: PathRegistry) -> None:
    """Give the job its place, before the ledger keeps it: every later command would go there too."""
    path = path_for_entry(job, entry)
    try:
        registry.take(job, path, is_final=UNKNOWN_TASK_ID not in path.name)
    except UsageError as error:
        raise UsageError(error.message, hint="fetch each by a command of its own, with another -o") from None
    if find_result(job, path) is None:
        registry.ensure_usable(job, path)


def entries_for_ids(
    ledger: Ledger, client: Client, ids: Sequence[str], *, origin: str, account: str
) -> list[LedgerEntry]:
    """The entries that the ids name; a task that only the service knows is written into the ledger first.

    Raises UsageError for an id that nobody knows or that is ambiguous.
    """
    entries = {}
    for task_id in ids:
        try:
            entry = find_task(ledger.store, task_id, origin=origin, account=account)
        except NoSuchTask as unknown:
            task = query_task(client, unknown.task_id, unknown)
            entry = _adopted(ledger, unknown.task_id, task, origin, account)
        entries[entry.id] = entry
    return list(entries.values())


def query_task(client: Client, task_id: str, unknown: NoSuchTask) -> Task:
    """The task as the service tells it, where the ledger has none.

    Raises UsageError where the service has none either, NotPermitted, ServiceUnreachable.
    """
    result = client.query(task_id)
    if result.task and task_id not in {result.task.id, result.task.external_id}:
        result = _ask_again(client, task_id, result.task)
    if result.kind is QueryStatus.FOUND and result.task:
        return result.task
    if result.kind in DENIALS:
        raise denial_error(result)
    if result.kind is QueryStatus.ABSENT:
        raise UsageError(f"{unknown.message.rstrip('.')}, and neither has the service", hint=unknown.hint)
    raise ServiceUnreachable(f"{unknown.message.rstrip('.')}, and the service gives no answer about it")


def _ask_again(client: Client, task_id: str, first: Task) -> QueryResult:
    """The second answer about an id that the first one does not name: an external id, or the answer was another's."""
    second = client.query(task_id, fresh=True)
    if second.kind is not QueryStatus.FOUND or not second.task:
        return second
    is_clear = second.task.id in {task_id, first.id} or second.task.external_id == task_id
    return second if is_clear else replace(second, kind=QueryStatus.UNCLEAR)


def _adopted(ledger: Ledger, external_id: str, task: Task, origin: str, account: str) -> LedgerEntry:
    model = task.raw.get("model")
    if not isinstance(model, str) or not valid_id(model):
        raise UsageError(f"task {external_id} is of no model that the service names")
    request = canonical_json({"model": model, "params": {}})
    plan = canonical_json({"target": {"folder": str(Path.cwd()), "template": DEFAULT_TEMPLATE, "replace": False}})
    intent = Intent(
        origin=origin,
        account=account,
        external_id=external_id,
        model=model,
        request=request,
        job=task.id or external_id,
        plan=plan,
    )
    entry = ledger.intend(intent)
    try:
        return ledger.move(entry, LedgerEvent.FOUND, "asked for by its id", task_id=task.id or external_id)
    except TaskOwnedElsewhere as taken:
        return taken.holder
