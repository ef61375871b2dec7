"""How a job can be taken up without the command that began it: what the ledger keeps besides the request, and back.

The plan says where the file goes and in which local files the media were; the request names those by their SHA-256.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from kirin_cli.jobs.naming import DEFAULT_TEMPLATE
from kirin_cli.ledger.entry import Entry
from kirin_cli.media.formats import VIDEO_SUFFIXES
from kirin_cli.media.video_files import look_with_videos
from kirin_cli.models import MODELS
from kirin_cli.run.identity import canonical, digest
from kirin_cli.run.job import Job, Target
from kirin_cli.spec.medium import Kind, Medium, UnreadableMedium

ANOTHER_JOB: Final = '{"job":'
"""What stands in a request for the result of another job; within a text the quotes would be escaped."""

NOT_KNOWN: Final = "it was taken up by its id alone; what was asked for is not known here"


def plan_text(job: Job) -> str:
    """The plan of a job, as JSON text. Raises LocalFault where a medium cannot be read."""
    files = {digest(one): str(one.path) for one in _media(job.values) if one.path is not None}
    where = job.target
    target = {"folder": str(where.folder.absolute()), "template": where.template, "replace": where.replace}
    return canonical({"target": target, "media": files, "line": job.line})


def job_of(entry: Entry) -> Job | None:
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
    missing = [one for one in _digests(params) if not _same(files, one)]
    folder, template = Path(target.get("folder") or "."), target.get("template") or DEFAULT_TEMPLATE
    return Job(
        name=entry.job, label=entry.job or entry.external_id, model=model, request=entry.request,
        values={name: _restored(value, files) for name, value in params.items()}, external_id=entry.external_id,
        target=Target(folder, template, bool(target.get("replace"))), take=entry.take, scope=entry.scope,
        file=entry.job_file, line=plan.get("line") or 0,
        unsendable=_unsendable(entry, files, missing) if params else NOT_KNOWN,
    )  # fmt: skip


def _media(tree: object) -> Iterator[Medium]:
    if isinstance(tree, Medium):
        yield tree
    elif isinstance(tree, Mapping | list):
        for value in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _media(value)


def _mark(tree: object) -> str:
    """The SHA-256 that stands for a medium, "" for anything else."""
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
        return _look(files[mark]) if _same(files, mark) else tree
    if isinstance(tree, Mapping):
        return {name: _restored(value, files) for name, value in tree.items()}
    return [_restored(value, files) for value in tree] if isinstance(tree, list) else tree


def _same(files: Mapping[str, str], mark: str) -> bool:
    if mark not in files:
        return False
    try:
        return digest(_look(files[mark])) == mark
    except (UnreadableMedium, OSError):
        return False


def _look(path: str) -> Medium:
    kind: Kind = "video" if Path(path).suffix.lower() in VIDEO_SUFFIXES else "image"
    return look_with_videos(path, kind, Path(), uploads=True)


def _unsendable(entry: Entry, files: Mapping[str, str], missing: list[str]) -> str:
    if ANOTHER_JOB in entry.request:
        return "it needs what another job makes"
    if not missing:
        return ""
    named = [files[mark] for mark in missing if mark in files]
    return f"{named[0]} is no longer what it was" if named else "its pictures were given as Base64 and are not kept"
