"""The note beside each result, `NAME.json`: what was asked for, what it cost, and the SHA-256 of the files.

The next run decides from it whether a job is done, so it survives a lost ledger and travels with a CI cache.
"""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from kirin_cli.errors import LocalFault
from kirin_cli.run.job import Job, Output

VERSION: Final = 1
LARGEST: Final = 1 << 20
DEAREST: Final = 9
"""Digits of a cost: a sum over one of a million digits would never end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """A note that was read: whose it is, the task, its cost ("" unknown), its files by name, how many belong to it.

    `about` is the whole note as it was read.
    """

    external_id: str
    origin: str
    task_id: str
    cost: str
    files: Mapping[str, Mapping[str, object]]
    count: object
    path: Path
    about: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def price(self) -> Decimal | None:
        """The cost in US dollars, None where the service did not say."""
        try:
            cost = Decimal(self.cost)
        except InvalidOperation:
            return None
        return cost if cost.is_finite() and cost >= 0 and abs(cost.adjusted()) <= DEAREST else None

    @property
    def times(self) -> dict[str, str]:
        """When the job reached which stage (`run.times`)."""
        times = self.about.get("times")
        return {str(stage): str(at) for stage, at in times.items()} if isinstance(times, dict) else {}

    def outputs(self) -> tuple[Output, ...] | None:
        """All files of the job; None where one is missing or has another size."""
        found = tuple(self._output(name, facts) for name, facts in self.files.items())
        return found if len(found) == self.count and all(_is_there(output) for output in found) else None

    def describes(self, path: Path) -> bool:
        """Whether the file at `path` is, byte by byte, the one that the note means. Raises LocalFault."""
        facts = self.files.get(path.name)
        if facts is None or not _is_there(self._output(path.name, facts)):
            return False
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == facts.get("sha256")
        except OSError as error:
            raise LocalFault(f"{path} cannot be read: {error.strerror or error}") from error

    def _output(self, name: str, facts: Mapping[str, object]) -> Output:
        size = facts.get("bytes")
        texts = {key: str(facts.get(key) or "") for key in ("type", "url", "sha256", "duration")}
        return Output(path=self.path.parent / name, bytes=size if isinstance(size, int) else -1, **texts)


def beside(path: Path) -> Path:
    """Where the note of the file `path` lies."""
    return path.with_suffix(".json")


def write(job: Job, origin: str, task: Mapping[str, object], outputs: tuple[Output, ...]) -> None:
    """Write the note beside the first output, whole or not at all. Raises LocalFault."""
    note = {
        "kirin": VERSION,
        "job": job.name,
        "take": job.take,
        "external_task_id": job.external_id,
        "origin": origin,
        "request": json.loads(job.request),
        **task,
        "outputs": {output.path.name: _facts(output) for output in outputs},
    }
    path = beside(outputs[0].path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(note, file, indent=2, ensure_ascii=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise LocalFault(f"{path} cannot be written: {error.strerror or error}") from error


def read(path: Path) -> Sidecar | None:
    """The note at `path`; None where there is none that this program wrote."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
            return None
        note = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(note, dict) or note.get("kirin") != VERSION or not isinstance(note.get("outputs"), dict):
        return None
    files = {name: facts for name, facts in note["outputs"].items() if _is_name(name) and isinstance(facts, dict)}
    said = {key: str(note.get(key) or "") for key in ("external_task_id", "origin", "task_id", "cost_usd")}
    return Sidecar(
        external_id=said["external_task_id"], origin=said["origin"], task_id=said["task_id"], cost=said["cost_usd"],
        files=files, count=note.get("files"), path=path, about=note,
    )  # fmt: skip


def _facts(output: Output) -> dict[str, object]:
    return {
        "type": output.type,
        "url": output.url,
        "bytes": output.bytes,
        "sha256": output.sha256,
        "duration": output.duration,
    }


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name not in {"", ".."} and Path(name).name == name and "\0" not in name


def _is_there(output: Output) -> bool:
    try:
        return output.path.is_file() and output.path.stat().st_size == output.bytes
    except OSError:
        return False
