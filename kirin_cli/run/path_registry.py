"""The registry of the paths of one run: no two jobs have one; what is in the way is found before anything is sent."""

import os
from functools import cache, lru_cache
from pathlib import Path

from kirin_cli.errors import UsageError
from kirin_cli.jobs.filenames import encoding_problem, file_key, is_inside, numbered_stem
from kirin_cli.jobs.source_text import job_folder
from kirin_cli.regular_file import is_missing
from kirin_cli.run.job import Job
from kirin_cli.run.outputs import Sidecar, ensure_free, ensure_sidecar_free, ensure_writable


@lru_cache(maxsize=256)
def _folder_of(path: Path) -> str:
    return os.path.dirname(path)  # noqa: PTH120  (to hash the Path of a folder takes longer than to look it up)


class PathRegistry:
    """The paths that are taken in one run."""

    def __init__(self) -> None:
        self._owners: dict[str, Job] = {}
        self._stems: dict[str, Job] = {}  # by path without suffix: files with one sidecar have one owner
        self._folders: set[str] = set()
        self._real: dict[str, str] = {}
        self._inside: dict[tuple[str, Path], bool] = {}
        self._is_missing = cache(is_missing)

    def take(self, job: Job, path: Path, *, is_final: bool) -> None:
        """Give the job its path.

        A path that is not final, since a task id is still to come into it, is nobody else's. Raises UsageError for a
        path that another job has, or that could be that of another job's second file.
        """
        twin = self._owners.setdefault(job.external_id, job)
        if twin is not job:
            position = f"job {twin.name} at {twin.file}:{twin.line}"
            hint = "give it another name, or take: 2"
            raise UsageError(f"job {job.name} asks for the very same as {position}", hint=hint)
        if problem := encoding_problem(str(path)):
            raise UsageError(f"{path}: {problem}")
        if not is_final:
            return
        folder = _folder_of(path)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        other = self._stems.setdefault(file_key(f"{self._real[folder]}/{path.stem}"), job)
        if other is not job:
            placeholder = "{-take}" if other.name == job.name else "{job}"
            has_it = all(placeholder in template for template in (job.target.template, other.target.template))
            hint = "give one of them another name" if has_it else f"give output.name a {placeholder}"
            raise UsageError(f"{path} is where the video of job {other.name} goes too", hint=hint)

    def ensure_apart(self, job: Job, path: Path) -> None:
        """Raise UsageError where further or earlier files of another job of the run would have this job's name."""
        stem = numbered_stem(path.stem)
        folder = self._real.get(_folder_of(path))
        other = self._stems.get(file_key(f"{folder}/{stem}")) if stem and folder else None
        if other is not None and other is not job:
            message = f"{path} could be the name of a second or an earlier file of job {other.name} too"
            raise UsageError(message, hint=f"give job {job.name} a name that does not end in .NUMBER")

    def ensure_usable(self, job: Job, path: Path, lost: Sidecar | None = None) -> Sidecar | None:
        """The sidecar at the path, if there is one; `lost` is what it said, where it is gone (`ensure_free`).

        Raises UsageError for what is in the way, LocalError for a folder that is of no use.
        """
        folder, sidecar = _folder_of(path), None
        if path.suffix.lower() == ".json" or not self._is_missing(folder):
            ensure_free(job, path, lost=lost)
            sidecar = ensure_sidecar_free(job, path)
        if folder not in self._folders:
            ensure_writable(path.parent)
            self._folders.add(folder)
        return lost or sidecar

    def check_inside(self, job: Job) -> None:
        """Raise UsageError where the folder that a job file names leads out of its own through a link.

        A link comes with a checkout as a file does (faults I8, X1); the person may name any folder.
        """
        folder = job.target.folder
        if (job.file, folder) not in self._inside:
            self._inside[job.file, folder] = is_inside(job_folder(Path(job.file)), folder)
        if not self._inside[job.file, folder]:
            raise outside_error(folder, Path(job.file))


def outside_error(folder: Path, job_file: Path) -> UsageError:
    """What is said of an output folder that leads out of that of its job file through a link."""
    hint = f"-o {folder} says that you want it so"
    return UsageError(f"{folder} leads out of the folder of {job_file.name} through a link", hint=hint)
