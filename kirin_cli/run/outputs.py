"""Output paths, what may be overwritten, and the sidecar `NAME.json` beside each result (fault D14)."""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, get_args
from urllib.parse import urlsplit

from kirin_cli.api.part_file import part_path
from kirin_cli.atomic_file import OpenFolder, write_atomically
from kirin_cli.errors import LocalError, UsageError
from kirin_cli.jobs.filenames import numbered_template, path_problem, render_name, resolve_inside
from kirin_cli.json_text import ensure_shallow, indented_json
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.types import MediaFile, ResultKind, result_suffixes
from kirin_cli.normal_forms import normalize_name
from kirin_cli.redaction import strip_url
from kirin_cli.regular_file import obstacle_at, open_regular_file, read_regular_file
from kirin_cli.run.job import Job, OutputFile
from kirin_cli.tree import walk

if TYPE_CHECKING:
    from kirin_cli.wire.responses import OutputContent

SIDECAR_VERSION: Final = 1
OUTPUT_FIELDS: Final = ("type", "url", "bytes", "sha256", "duration")
MAX_SIDECAR_BYTES: Final = 1 << 20
MAX_COUNT: Final = 1_000_000
"""Of takes and attempts: more are no count."""
MAX_COST_DIGITS: Final = 9
"""Digits of a cost: a sum over one of a million digits would never end."""


class Sidecar(Record, kw_only=True, eq=True):
    """A sidecar that was read: whose it is, the task, its cost ("" unknown), its files by name, how many belong to it.

    `about` is the whole sidecar as it was read.
    """

    external_id: str
    origin: str
    task_id: str
    cost: str
    files: Mapping[str, Mapping[str, object]]
    count: object
    path: Path
    raw: Mapping[str, object]

    @property
    def cost_usd(self) -> Decimal | None:
        """The cost in US dollars, None where the service did not say."""
        try:
            cost = Decimal(self.cost)
        except InvalidOperation:
            return None
        return cost if cost.is_finite() and cost >= 0 and abs(cost.adjusted()) <= MAX_COST_DIGITS else None

    @property
    def job(self) -> str:
        """The name of the job."""
        return str(self.raw.get("job") or "")

    @property
    def take(self) -> int:
        """Which take, from 1."""
        return _count(self.raw.get("take"))

    @property
    def attempt(self) -> int:
        """Which attempt of the take, from 1."""
        return _count(self.raw.get("attempt"))

    @property
    def scope(self) -> str | None:
        """The scope of the job; None in sidecars of earlier versions, which do not say it."""
        scope = self.raw.get("scope")
        return scope if isinstance(scope, str) else None

    @property
    def request(self) -> dict[str, object]:
        """The model and its parameters, media by their SHA-256."""
        request = self.raw.get("request")
        return request if isinstance(request, dict) else {}

    @property
    def times(self) -> dict[str, str]:
        """When the job reached which stage (`outcomes.entry_times`)."""
        times = self.raw.get("times")
        return {str(stage): str(at) for stage, at in times.items()} if isinstance(times, dict) else {}

    @property
    def service(self) -> dict[str, object]:
        """What the service said of the task beyond the rest (wire.answer_record)."""
        service = self.raw.get("service")
        return service if isinstance(service, dict) else {}

    def is_of_take(self, job: Job) -> bool:
        """Whether it is of the same take of a job of that name, whatever was asked for then."""
        same_scope = self.scope is None or self.scope == job.scope
        return same_scope and (normalize_name(self.job), self.take) == (normalize_name(job.name), job.take)

    def outputs(self) -> tuple[OutputFile, ...] | None:
        """All files of the job; None where one is missing or has another size."""
        outputs = tuple([self._output(name, facts) for name, facts in self.files.items()])
        return outputs if len(outputs) == self.count and all(map(_is_there, outputs)) else None

    def matches(self, path: Path) -> bool:
        """Whether the file at `path` is, byte by byte, the one that the sidecar means. Raises LocalError."""
        facts = self.files.get(path.name)
        if facts is None or not _is_there(self._output(path.name, facts)):
            return False
        try:
            with open_regular_file(path, follow_links=False) as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == facts.get("sha256")
        except OSError as error:
            raise LocalError(f"{path} cannot be read: {error.strerror or error}") from error

    def output_at(self, path: Path, content: "OutputContent") -> OutputFile | None:
        """The file at `path` where it is the one that was fetched for this content. Raises LocalError.

        Its suffix may be another: that of what came.
        """
        path = next((path.with_name(name) for name in self.files if PurePosixPath(name).stem == path.stem), path)
        facts = self.files.get(path.name, {})
        url = strip_url(str(facts.get("url") or ""))
        kinds = {content.type or kind for kind in EXTENSIONS}
        is_same = url == strip_url(content.url) and facts.get("type") in kinds
        return self._output(path.name, facts) if is_same and self.matches(path) else None

    def _output(self, name: str, facts: Mapping[str, object]) -> OutputFile:
        size = facts.get("bytes")
        texts = {key: str(facts.get(key) or "") for key in ("type", "url", "sha256", "duration")}
        texts["url"] = strip_url(texts["url"])
        return OutputFile(path=self.path.parent / name, bytes=size if isinstance(size, int) else -1, **texts)


def _count(value: object) -> int:
    return value if type(value) is int and 1 <= value <= MAX_COUNT else 1


@lru_cache(maxsize=256)
def sidecar_path(path: Path) -> Path:
    """Where the sidecar of the file `path` lies."""
    return path.with_suffix(".json")


def write_sidecar(
    job: Job, origin: str, task: Mapping[str, object], outputs: tuple[OutputFile, ...], first: Path | None = None,
    folder: OpenFolder | None = None,
) -> None:  # fmt: skip
    """Write the sidecar beside the first output, whole or not at all. Raises LocalError.

    `first` is the path of the first output where that is not there yet, `folder` its folder, which is synced when the
    file gets its name.
    """
    note = {
        "kirin": SIDECAR_VERSION,
        "job": job.name,
        "take": job.take,
        "attempt": job.attempt,
        "scope": job.scope,
        "external_task_id": job.external_id,
        "origin": origin,
        "request": json.loads(job.request),
        "tags": list(job.tags),
        "inputs": input_rows(job, (first or outputs[0].path).parent),
        **task,
        "outputs": {output.path.name: {name: getattr(output, name) for name in OUTPUT_FIELDS} for output in outputs},
    }
    write_sidecar_data(sidecar_path(first or outputs[0].path), note, folder)


def input_rows(job: Job, folder: Path | None = None) -> list[dict[str, object]]:
    """The files that the job was made from: parameter, path from `folder` on (None: as it is), bytes, SHA-256."""
    pictures = [(param, leaf) for param, leaf in walk(job.values) if isinstance(leaf, MediaFile) and leaf.path]
    digests = dict(walk(json.loads(job.request or "{}").get("params"))) if pictures else {}
    return [
        {
            "param": param,
            "path": str(media.path) if folder is None else relative_path(str(media.path), folder),
            "bytes": media.size,
            "sha256": digests.get(f"{param}.sha256"),
        }
        for param, media in pictures
    ]


def relative_path(path: str, folder: Path) -> str:
    """A path as a file in `folder` has it, with slashes; as it is where no relative path leads there."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/") if path else path
    except ValueError:  # another drive of Windows
        return path


def write_sidecar_data(path: Path, note: Mapping[str, object], folder: OpenFolder | None = None) -> None:
    """Write this as the sidecar at `path`; in an open `folder` its name is the caller's to sync. Raises LocalError."""
    try:
        write_atomically(path, indented_json(note) + "\n", folder=folder)
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or error}") from error


def read_sidecar(path: Path) -> Sidecar | None:
    """The sidecar at `path`; None where there is none that this program wrote. A link is none: it lies elsewhere."""
    try:
        note = json.loads(read_regular_file(path, MAX_SIDECAR_BYTES, follow_links=False))
        ensure_shallow(note)
    except (OSError, ValueError, RecursionError):
        return None
    return sidecar_from_data(note, path)


def sidecar_from_data(note: object, path: Path) -> Sidecar | None:
    """The sidecar at `path` that says this; None where no such program wrote it."""
    if not isinstance(note, dict) or note.get("kirin") != SIDECAR_VERSION or not isinstance(note.get("outputs"), dict):
        return None
    files = {name: facts for name, facts in note["outputs"].items() if _is_name(name) and isinstance(facts, dict)}
    external_id, origin, task_id, cost = (
        str(note.get(key) or "") for key in ("external_task_id", "origin", "task_id", "cost_usd")
    )
    return Sidecar(
        external_id=external_id, origin=origin, task_id=task_id, cost=cost, files=files, count=note.get("files"),
        path=path, raw=note,
    )  # fmt: skip


def _is_name(name: object) -> bool:
    if not isinstance(name, str) or name in {"", ".", ".."} or "\0" in name:
        return False
    return Path(name).name == name


def _is_there(output: OutputFile) -> bool:
    try:
        status = output.path.stat()
    except (OSError, ValueError):  # nothing there, or no name
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == output.bytes


IMAGE_LABELS: Final = ("image", "cover", "poster", "thumb", "picture", "photo", "frame")
SOUND_LABELS: Final = ("audio", "music", "speech", "sound", "voice")
EXTENSIONS: Final[Mapping[ResultKind, tuple[str, ...]]] = {
    kind: tuple(suffix[1:] for suffix in result_suffixes(kind)) for kind in get_args(ResultKind)
}
UNKNOWN_TASK_ID: Final = "{task_id}"
"""What stands in a path for the id of a task that is not there yet."""
SANDBOX: Final = "sandbox:"
MIN_FREE_BYTES: Final = 1 << 20  # bytes
DAY_SECONDS: Final = 86_400
ELSEWHERE: Final = "-o writes elsewhere"
FOREIGN: Final = "was not made by kirin"


def output_path(job: Job, *, n: int = 1, ext: str = "", task_id: str = "", now: float = 0.0) -> Path:
    """The path of the job's n-th output (from 1). Raises UsageError for a name that leads out of the folder.

    Without `ext` the suffix is the usual one of what the model makes. `now` is a time in seconds since the epoch: the
    day of the intent, UTC.
    """
    template = job.target.template if n == 1 else numbered_template(job.target.template)
    name = render_name(
        template, job=job.name, model=job.model.id, take=job.take, task_id=task_id,
        ext=ext or EXTENSIONS[job.model.result][0], date=_date(int(now // DAY_SECONDS)), n=n,
    )  # fmt: skip
    return resolve_inside(job.target.folder, name)


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    """The date, UTC, of the day that is so many days after the first of the epoch."""
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).strftime("%Y-%m-%d")


def path_for_entry(job: Job, entry: LedgerEntry | None, now: float = 0.0, *, n: int = 1, ext: str = "") -> Path:
    """The path of the job's n-th output by its entry in the ledger; `now` is the day of a job that has none."""
    task_id = (entry.task_id if entry else None) or UNKNOWN_TASK_ID
    return output_path(job, n=n, ext=ext, task_id=task_id, now=entry.created if entry else now)


def content_kind(content: "OutputContent", default: ResultKind = "video") -> ResultKind:
    """What a file of this content is likely to be, by its label and the suffix of its URL; its bytes decide.

    `default` is what the model makes, where neither tells.
    """
    labels: tuple[tuple[ResultKind, tuple[str, ...]], ...] = (
        ("video", ("video",)), ("image", IMAGE_LABELS), ("audio", SOUND_LABELS),
    )  # fmt: skip
    by_label = (kind for kind, words in labels if any(word in content.type for word in words))
    by_suffix = (kind for kind, suffixes in EXTENSIONS.items() if _suffix(content.url) in suffixes)
    return next(chain(by_label, by_suffix, (default,)))


def extension(content: "OutputContent", default: ResultKind = "video") -> str:
    """The suffix, without its dot, of a file of this content: the URL's where it fits its kind."""
    suffixes, suffix = EXTENSIONS[content_kind(content, default)], _suffix(content.url)
    return suffix if suffix in suffixes else suffixes[0]


def named_by_content(job: Job, path: Path, suffix: str) -> Path:
    """The path with the suffix of what came, where the job's template leaves that open and it is of another kind."""
    is_open = job.target.template.endswith("{ext}")
    same = next((names for names in (("mp4", "mov"), ("jpg", "jpeg")) if suffix in names), (suffix,))
    return path if not is_open or path.suffix.lower()[1:] in same else path.with_suffix(f".{suffix}")


def _suffix(url: str) -> str:
    try:
        stem, _, suffix = urlsplit(url).path.rstrip("/").rpartition("/")[2].rpartition(".")
    except ValueError:  # no URL at all; the download says so
        return ""
    return suffix.lower() if stem else ""


def existing_result(job: Job, path: Path) -> tuple[Sidecar, tuple[OutputFile, ...]] | None:
    """The sidecar and files of this very job at `path`, if they are there and whole."""
    return whole_result(job, read_sidecar(sidecar_path(path)))


def whole_result(job: Job, sidecar: Sidecar | None) -> tuple[Sidecar, tuple[OutputFile, ...]] | None:
    """The sidecar with its files, if it is this very job's and they are there and whole."""
    if sidecar is None or sidecar.external_id != job.external_id:
        return None
    outputs = sidecar.outputs()
    return (sidecar, outputs) if outputs else None


def ensure_writable(folder: Path) -> None:
    """Raise LocalError where no file can be made in `folder`, which need not be there yet: before anything is paid."""
    if problem := path_problem(folder):
        raise LocalError(problem, hint=ELSEWHERE)
    try:
        path = folder.absolute()
        places = (parent for parent in (path, *path.parents) if parent.exists() or parent.is_symlink())
        existing = next(places, None)
        if existing is None:
            raise LocalError(f"there is no {path.anchor}", hint=ELSEWHERE)
        if not existing.is_dir():
            raise LocalError(f"{existing} is no folder; nothing can be written there", hint=ELSEWHERE)
        if not os.access(existing, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise LocalError(f"{existing} cannot be written to", hint=ELSEWHERE)
        free = shutil.disk_usage(existing).free
    except OSError as error:
        raise LocalError(f"{folder} cannot be used: {error.strerror or error}", hint=ELSEWHERE) from error
    if free < MIN_FREE_BYTES:
        raise LocalError(f"the disk of {existing} is full ({free} bytes are free)", hint=f"make room; {ELSEWHERE}")


def ensure_sidecar_free(job: Job, path: Path) -> Sidecar | None:
    """The sidecar of the file `path`, if it is there. Raises UsageError where it would replace a file that is none."""
    sidecar = sidecar_path(path)
    if sidecar == path:
        raise UsageError(f"{path} has the name of a sidecar, NAME.json; job {job.name} needs another", hint="use {ext}")
    is_there = os.path.lexists(sidecar)
    existing = read_sidecar(sidecar) if is_there else None
    if is_there and existing is None and not job.target.replace:
        raise UsageError(
            f"{sidecar} is there already and was not made by kirin; the sidecar of job {job.name} would replace it",
            hint="--force replaces it, -o writes elsewhere",
        )
    # Before anything is paid: neither is ever written through (fault X1).
    for place in (*((sidecar,) if is_there else ()), part_path(path)):
        if kind := obstacle_at(place):
            raise UsageError(f"{place} is {kind}; job {job.name} cannot write there", hint="move it away")
    return existing


def ensure_free(job: Job, path: Path, first: Path | None = None, lost: Sidecar | None = None) -> bool:
    """Whether a file in the way may be replaced or moved aside; False where nothing is in the way.

    `first` is the path of the job's first file, where that is another; `lost` what its sidecar said, which is gone.
    Raises UsageError where there is a file that stays where it is, a folder or a symbolic link.
    """
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file():
        kind = "a symbolic link" if path.is_symlink() else "a folder" if path.is_dir() else "no plain file"
        raise UsageError(f"{path} is {kind}; job {job.name} cannot write there", hint="choose another name")
    sidecar = lost or read_sidecar(sidecar_path(first or path))
    is_ours = sidecar is not None and (sidecar.external_id == job.external_id or sidecar.is_of_take(job))
    missed_by_nobody = is_ours or (sidecar is not None and sidecar.origin.startswith(SANDBOX))
    if job.target.replace or (sidecar is not None and missed_by_nobody and sidecar.matches(path)):
        return True
    problem = f"is the video of job {sidecar.job}" if sidecar else FOREIGN
    problem = "is not the file that was fetched" if is_ours else problem
    raise UsageError(
        f"{path} is there already and {problem}; job {job.name} would replace it",
        hint="move it away, or -o writes elsewhere; --force replaces it",
    )
