"""The index of sidecars: which of them, wherever it lies in an output folder, is of a job.

Asks neither ledger nor service. Folders are untrusted: links are not followed, what is read is bounded, and no name in
a sidecar leaves its folder.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.normal_forms import normalize_name, normalize_origin
from kirin_cli.redaction import redact_tree
from kirin_cli.run.identity import IdentityKey, canonical_json, derive_external_id, identity_key
from kirin_cli.run.job import Job
from kirin_cli.run.outputs import (
    OUTPUT_FIELDS,
    SIDECAR_VERSION,
    Sidecar,
    read_sidecar,
    sidecar_from_data,
    sidecar_path,
)

MAX_ENTRIES_SCANNED: Final = 200_000
"""Names in an output folder and below it; what lies beyond them is not looked at."""
MAX_BYTES_READ: Final = 256 << 20
MAX_FOLDER_DEPTH: Final = 16


def job_key(job: Job) -> IdentityKey:
    """What all attempts of the job have in common."""
    return identity_key(job.name, job.take, job.scope, job.request)


def is_of_job(sidecar: Sidecar, job: Job, origin: str) -> bool:
    """Whether the sidecar is of this very request of the job, by any attempt, at the service called `origin`.

    Its external id must be the one that follows from what it says: it may have been written by anybody.
    """
    if sidecar.external_id == job.external_id and not job.has_own_id:
        return True
    scope = job.scope if sidecar.scope is None else sidecar.scope
    request = canonical_json(sidecar.request)
    if request != job.request and request == _without_url_secrets(job.request):
        request = job.request  # what the sidecar has left out (fault X4)
    key = identity_key(sidecar.job, sidecar.take, scope, request)
    if key != job_key(job) or normalize_origin(sidecar.origin) != normalize_origin(origin):
        return False
    if job.has_own_id:
        return sidecar.external_id == job.external_id
    name, take, _, normalized = key
    ids = {
        derive_external_id(
            normalize_origin(origin), normalized, scope=scope, job=name, take=take, attempt=sidecar.attempt
        ),
        derive_external_id(sidecar.origin, request, scope=scope, job=sidecar.job, take=take),  # as kirin 0.1 did
    }
    return sidecar.external_id in ids


def is_same_request(sidecar: Sidecar, job: Job) -> bool:
    """Whether the job asks for what the sidecar says, whoever it is and of whichever service."""
    request = identity_key(job.name, job.take, job.scope, canonical_json(sidecar.request))[3]
    return request in {job.request, _without_url_secrets(job.request)}


def _without_url_secrets(request: str) -> str:
    return canonical_json(redact_tree(json.loads(request))) if "://" in request else request


def sidecar_from_entry(entry: LedgerEntry, path: Path) -> Sidecar | None:
    """What the sidecar of the file `path` said, by its entry; None where that file is not the entry's, byte by byte."""
    outputs = [output for output in json.loads(entry.outputs or "[]") if isinstance(output, dict)]
    files = {Path(str(output.get("path") or "")).name: output for output in outputs}
    raw: dict[str, object] = {
        "kirin": SIDECAR_VERSION, "job": entry.job, "take": entry.take, "attempt": entry.attempt, "scope": entry.scope,
        "external_task_id": entry.external_id, "origin": entry.origin, "request": json.loads(entry.request),
        "files": len(files), "task_id": entry.task_id or "",
        "cost_usd": None if entry.cost is None else str(entry.cost),
        "outputs": {name: {key: facts.get(key, "") for key in OUTPUT_FIELDS} for name, facts in files.items()},
    }  # fmt: skip
    sidecar = sidecar_from_data(raw, sidecar_path(path))
    return sidecar if sidecar is not None and sidecar.matches(path) else None


class NoteIndex:
    """The sidecars of the output folders of one run, each read once."""

    def __init__(self) -> None:
        self._by_path: dict[str, Sidecar | None] = {}
        self._by_job: dict[Path, dict[tuple[str, int], list[Sidecar]]] = {}
        self._bytes_left = MAX_BYTES_READ

    def beside(self, path: Path) -> Sidecar | None:
        """The sidecar at the place of the file `path`, if there is one."""
        return self._read(sidecar_path(path))

    def of_job(self, job: Job, origin: str) -> list[Sidecar]:
        """All sidecars in the job's output folder, and below it, that are of this request of the job."""
        folder = job.target.folder
        if folder not in self._by_job:
            found: dict[tuple[str, int], list[Sidecar]] = {}
            for path in self._scan(folder):
                if (sidecar := self._read(Path(path))) is not None:
                    found.setdefault((normalize_name(sidecar.job), sidecar.take), []).append(sidecar)
            self._by_job[folder] = found
        sidecars = self._by_job[folder].get((normalize_name(job.name), job.take), [])
        return [sidecar for sidecar in sidecars if is_of_job(sidecar, job, origin)]

    def _read(self, path: Path) -> Sidecar | None:
        name = str(path)
        if name not in self._by_path:
            self._by_path[name] = read_sidecar(path)
        return self._by_path[name]

    def _scan(self, folder: Path) -> Iterator[str]:
        """The JSON files below a folder that may be sidecars, spelled as `beside` spells them."""
        folders, names_left = [(str(folder), 0)], MAX_ENTRIES_SCANNED
        while folders:
            current, depth = folders.pop()
            with suppress(OSError), os.scandir(current) as entries:
                for entry in entries:
                    names_left -= 1
                    if names_left < 0:
                        return
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False) and depth < MAX_FOLDER_DEPTH:
                        folders.append((entry.path, depth + 1))
                    elif entry.name.endswith(".json") and entry.is_file(follow_symlinks=False):
                        self._bytes_left -= (
                            0 if entry.path in self._by_path else entry.stat(follow_symlinks=False).st_size
                        )
                        if self._bytes_left < 0:
                            return
                        yield entry.path.removeprefix("./")


def describe_change(sidecar: Sidecar, job: Job) -> str:
    """What a job asks for otherwise than its sidecar: "its prompt changed, its duration changed from 5 to 10"."""
    request = json.loads(job.request)
    before, after = sidecar.request.get("params"), request.get("params")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return "its request changed"
    changes = []
    if sidecar.request.get("model") != request.get("model"):
        changes.append(f"its model changed from {sidecar.request.get('model')} to {request.get('model')}")
    shown = cast("dict[str, object]", redact_tree(after))
    names = (name for name in dict.fromkeys((*before, *after)) if before.get(name) != shown.get(name))
    changes += [_describe(name, before, shown, job) for name in names]
    if not changes and sidecar.request != request and shown != after:
        changes.append("its URLs changed in what is not written down: passwords, signatures")
    return ", ".join(changes) or "it is asked for once more"


MAX_VALUE_SHOWN: Final = 24


def _describe(name: str, before: dict[str, object], after: dict[str, object], job: Job) -> str:
    if name not in before:
        return f"its {name} is new"
    if name not in after:
        return f"its {name} was left out"
    path = getattr(job.values.get(name), "path", None)
    if path:
        return f"its {name} changed ({path})"
    values = before[name], after[name]
    are_short = all(
        isinstance(value, bool | int | float | str) and len(str(value)) <= MAX_VALUE_SHOWN for value in values
    )
    if name in {"prompt", "negative_prompt"} or not are_short:
        return f"its {name} changed"
    return f"its {name} changed from {values[0]} to {values[1]}"
