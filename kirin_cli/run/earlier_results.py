"""Earlier results of a take: the video at a job's place stays beside the new one, as NAME.old-1.mp4 with its sidecar.

A crash between any two steps leaves both videos where a sidecar names them. Knows no service and no ledger.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kirin_cli.atomic_file import OpenFolder, write_atomically
from kirin_cli.errors import LocalError
from kirin_cli.formatting import iso_utc
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.modelspec.record import Record
from kirin_cli.run.job import Job, OutputFile, OutputTarget
from kirin_cli.run.outputs import SANDBOX, Sidecar, existing_result, read_sidecar, sidecar_path

MAX_EARLIER_RESULTS: Final = 10_000
"""Of one take; more are not kept in one folder."""
MAX_GAP: Final = 8
"""How many of the first earlier results of a take may be gone, and the later ones are found yet."""
MOVED_FROM: Final = "moved_from"
"""What an earlier result's sidecar calls the name that its first file had at its place."""


class MovedResult(Record, kw_only=True, eq=True):
    """A result that was moved aside: whose it is, and its files by their paths before."""

    external_id: str
    origin: str
    files: dict[Path, Path]

    @property
    def absolute_files(self) -> dict[str, str]:
        """The paths as the ledger holds them."""
        return {str(before.absolute()): str(after.absolute()) for before, after in self.files.items()}


def find_result(job: Job, path: Path) -> tuple[Sidecar, tuple[OutputFile, ...]] | None:
    """The sidecar and files of this very job at its place, or beside it among the earlier results."""
    result = existing_result(job, path)
    if result is not None:
        return result
    stem = path.with_suffix("")
    if not any(os.path.lexists(f"{stem}.old-{number}.json") for number in range(1, MAX_GAP + 1)):
        return None  # a folder of thousands is not listed for each of its videos
    from glob import escape  # noqa: PLC0415  (few takes have an earlier result)

    notes = sorted(path.parent.glob(f"{escape(path.stem)}.old-*.json"))[:MAX_EARLIER_RESULTS]
    results = (existing_result(job, note.with_suffix(path.suffix)) for note in notes)
    return next(filter(None, results), None)


def move_aside(job: Job, path: Path) -> MovedResult | None:
    """Move what the sidecar at the place of the job's first file `path` names, unless it is the job's own.

    With `replace` (--force) nothing stays, nor does what a sandbox made. Raises LocalError.
    """
    sidecar = read_sidecar(sidecar_path(path))
    if sidecar is None or job.target.replace or sidecar.external_id == job.external_id:
        return None
    if not sidecar.is_of_take(job) or sidecar.origin.startswith(SANDBOX):
        return None
    try:
        return _move(sidecar, path)
    except OSError as error:
        raise LocalError(f"{path} cannot be moved aside: {error.strerror or error}") from error


def was_moved_from(sidecar: Sidecar, path: Path) -> bool:
    """Whether the sidecar is of an earlier result whose place is `path`, as `move_aside` leaves it and nobody else."""
    stem = sidecar.path.stem
    is_beside = sidecar.path.parent == path.parent and stem.startswith(f"{path.stem}.old-")
    return MOVED_FROM in sidecar.raw and is_beside and all(name.startswith(f"{stem}.") for name in sidecar.files)


def put_back(job: Job, sidecar: Sidecar, path: Path) -> list[MovedResult]:
    """Let an earlier result be at its place `path` again, since it is what the job asks for; what is there moves aside.

    Raises LocalError.
    """
    try:
        moved = [move_aside(job, path)]
        names = {
            sidecar.path.with_name(name): path.with_name(name.replace(sidecar.path.stem, path.stem, 1))
            for name in sidecar.files
        }
        outputs = {names[sidecar.path.with_name(name)].name: facts for name, facts in sidecar.files.items()}
        note = {name: value for name, value in sidecar.raw.items() if name != MOVED_FROM} | {"outputs": outputs}
        write_atomically(sidecar_path(path), json.dumps(note, indent=2, ensure_ascii=True) + "\n")
        with OpenFolder(path.parent) as folder:
            for before, after in names.items():
                if os.path.lexists(before):  # else a crash came between
                    folder.move(before.name, after.name, replace=job.target.replace)
            folder.remove(sidecar.path.name)
            folder.sync()
    except OSError as error:
        raise LocalError(f"{path} cannot be put back: {error.strerror or error}") from error
    moved.append(MovedResult(external_id=sidecar.external_id, origin=sidecar.origin, files=names))
    return [result for result in moved if result is not None]


def beside_later_result(job: Job, entry: LedgerEntry, path: Path, sidecar: Sidecar | None) -> Job:
    """The job with its place among the earlier results, where a later request of its take has the place already.

    `sidecar` is what stands at the place, `path`.
    """
    if sidecar is None or sidecar.external_id == job.external_id or not sidecar.is_of_take(job):
        return job
    is_later = (sidecar.times.get("intended", ""), sidecar.attempt) > (iso_utc(entry.created), job.attempt)
    if job.target.replace or not is_later or sidecar.outputs() is None or sidecar.origin.startswith(SANDBOX):
        return job
    for stem in _earlier_stems(path):
        place = path.with_name(f"{stem}{path.suffix}")
        if not os.path.lexists(place) and not os.path.lexists(sidecar_path(place)):
            return at_place(job, place)
    return job


def at_place(job: Job, path: Path) -> Job:
    """The job with `path` for its first file, whatever its template; unchanged where no template can say that."""
    if "{" in path.name or "}" in path.name:
        return job
    template = f"{path.stem}.{{ext}}" if path.suffix else path.name
    return job.replace(target=OutputTarget(path.parent, template, job.target.replace))


def _earlier_stems(path: Path) -> Iterator[str]:
    return (f"{path.stem}.old-{number}" for number in range(1, MAX_EARLIER_RESULTS))


def _move(sidecar: Sidecar, path: Path) -> MovedResult | None:
    # What lies beside as another's, with a sidecar of its own, stays: this one may have been written by anybody.
    files = [
        file for file in map(path.with_name, sidecar.files)
        if file.name.startswith(f"{path.stem}.") or not os.path.lexists(sidecar_path(file))
    ]  # fmt: skip
    if not any(map(os.path.lexists, files)):
        return None
    for stem in _earlier_stems(path):
        names = {file: path.with_name(_earlier_name(file.name, path.stem, stem)) for file in files}
        if _is_free(path.with_name(f"{stem}.json"), names, sidecar):
            break
    else:
        raise LocalError(f"{path.parent} holds too many earlier results of {path.name}", hint="move some away")
    # The sidecar first: a file without one would be nobody's.
    outputs = {after.name: sidecar.files[before.name] for before, after in names.items()}
    note = {**sidecar.raw, "outputs": outputs, MOVED_FROM: path.name}
    write_atomically(path.with_name(f"{stem}.json"), json.dumps(note, indent=2, ensure_ascii=True) + "\n")
    with OpenFolder(path.parent) as folder:
        for before, after in names.items():
            if os.path.lexists(before):
                folder.move(before.name, after.name, replace=False)
        folder.sync()
    return MovedResult(external_id=sidecar.external_id, origin=sidecar.origin, files=names)


def _earlier_name(name: str, stem: str, earlier_stem: str) -> str:
    rest = name.removeprefix(stem)
    return f"{earlier_stem}{rest}" if rest != name and rest.startswith(".") else f"{earlier_stem}.{name}"


def _is_free(note: Path, names: dict[Path, Path], sidecar: Sidecar) -> bool:
    """Whether nothing is there, or only what a crash has left of moving this very result."""
    earlier = read_sidecar(note)
    if os.path.lexists(note) and (earlier is None or earlier.external_id != sidecar.external_id):
        return False
    if earlier is None:
        return not any(map(os.path.lexists, names.values()))
    return not any(os.path.lexists(before) and os.path.lexists(after) for before, after in names.items())
