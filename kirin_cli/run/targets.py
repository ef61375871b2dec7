"""Where files go: the path of each output of a job, and what may be in its place already (fault D14)."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from kirin_cli.errors import LocalFault, UsageError
from kirin_cli.jobs.naming import confined, render
from kirin_cli.ledger.entry import Entry
from kirin_cli.run import sidecar
from kirin_cli.run.job import Job, Output
from kirin_cli.run.sidecar import Sidecar
from kirin_cli.wire.answers import Content

EXTENSIONS: Final = {"video": ("mp4", "mov"), "image": ("png", "jpg", "jpeg", "webp")}
SANDBOX: Final = "sandbox:"
LEAST_ROOM: Final = 1 << 20  # bytes
ELSEWHERE: Final = "-o writes elsewhere"


def path_of(job: Job, *, n: int = 1, ext: str = "mp4", task_id: str = "", day: float = 0.0) -> Path:
    """The path of the job's n-th output (from 1). Raises UsageError for a name that leads out of the folder.

    `day` is a time in seconds since the epoch: the day of the intent, UTC.
    """
    date = datetime.fromtimestamp(day, UTC).strftime("%Y-%m-%d")
    name = render(
        _numbered(job.target.template, n), job=job.name, model=job.model.id, take=job.take, ext=ext, task_id=task_id,
        date=date, n=n,
    )  # fmt: skip
    return confined(job.target.folder, name)


def place_of(job: Job, entry: Entry | None, day: float, task_id: str) -> Path:
    """The path of the job's video by its entry in the ledger, or, where it has none, by `day` and `task_id`."""
    known = (entry.task_id or task_id, entry.created) if entry else (task_id, day)
    return path_of(job, task_id=known[0], day=known[1])


def _numbered(template: str, n: int) -> str:
    """The template with a place for the output's number, where it has none and needs one."""
    if n == 1 or "{n}" in template or "{-n}" in template:
        return template
    return template.replace(".{ext}", "{-n}.{ext}") if ".{ext}" in template else template + "{-n}"


def extension(content: Content) -> str:
    """The suffix, without its dot, of a file of this content: the URL's where it fits the type."""
    known = EXTENSIONS.get(content.type, EXTENSIONS["video"])
    try:
        given = PurePosixPath(urlsplit(content.url).path).suffix.lower().removeprefix(".")
    except ValueError:  # no URL at all; the download says so
        given = ""
    return given if given in known else known[0]


def finished(job: Job, path: Path) -> tuple[Sidecar, tuple[Output, ...]] | None:
    """The note and files of this very job at `path`, if they are there and whole."""
    note = sidecar.read(sidecar.beside(path))
    if note is None or note.external_id != job.external_id:
        return None
    outputs = note.outputs()
    return (note, outputs) if outputs else None


def check_folder(folder: Path) -> None:
    """Raise LocalFault where no file can be made in `folder`, which need not be there yet: before anything is paid."""
    try:
        whole = folder.absolute()
        there = next(one for one in (whole, *whole.parents) if one.exists() or one.is_symlink())
        if not there.is_dir():
            raise LocalFault(f"{there} is no folder; nothing can be written there", hint=ELSEWHERE)
        if not os.access(there, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise LocalFault(f"{there} cannot be written to", hint=ELSEWHERE)
        free = shutil.disk_usage(there).free
    except OSError as error:
        raise LocalFault(f"{folder} cannot be used: {error.strerror or error}", hint=ELSEWHERE) from error
    if free < LEAST_ROOM:
        raise LocalFault(f"the disk of {there} is full ({free} bytes are free)", hint=f"make room; {ELSEWHERE}")


def check_note(job: Job, path: Path) -> None:
    """Raise UsageError where the note of the file `path` would replace a file that is no such note."""
    note = sidecar.beside(path)
    if note == path:
        raise UsageError(f"{path} has the name of a note, NAME.json; job {job.name} needs another", hint="use {ext}")
    if not job.target.replace and os.path.lexists(note) and sidecar.read(note) is None:
        raise UsageError(
            f"{note} is there already and was not made by kirin; the note of job {job.name} would replace it",
            hint="--force replaces it, -o writes elsewhere",
        )


def check_free(job: Job, path: Path) -> bool:
    """Whether a file in the way may be replaced; False where nothing is in the way.

    Raises UsageError where there is a file that is not to be replaced, a folder or a symbolic link.
    """
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file():
        kind = "a symbolic link" if path.is_symlink() else "a folder" if path.is_dir() else "no plain file"
        raise UsageError(f"{path} is {kind}; job {job.name} cannot write there", hint="choose another name")
    note = sidecar.read(sidecar.beside(path))
    own = note is not None and note.external_id == job.external_id
    missed_by_nobody = own or (note is not None and note.origin.startswith(SANDBOX))
    if job.target.replace or (note is not None and missed_by_nobody and note.describes(path)):
        return True
    made = "was made from another request" if note else "was not made by kirin"
    made = "is not the file that was fetched" if own else made
    raise UsageError(
        f"{path} is there already and {made}; job {job.name} would replace it",
        hint="--force replaces it, -o writes elsewhere, --again makes a new take",
    )
