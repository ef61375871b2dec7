"""Where the jobs of a run put their files: each in a place of its own, free, in a folder that can be written to.

Looks at names, notes and folders only; makes nothing.
"""

import os
from pathlib import Path

from kirin_cli.errors import UsageError
from kirin_cli.jobs.naming import same_file
from kirin_cli.run import sidecar, targets
from kirin_cli.run.job import Job, Outcome


class Places:
    """The places that are taken in one run."""

    def __init__(self) -> None:
        self._taken: dict[str, Job] = {}
        self._folders: set[Path] = set()
        self._real: dict[Path, Path] = {}

    def take(self, job: Job, path: Path) -> Outcome | None:
        """Give the job its place `path`; how it stands if its files are there already (then it need not be done).

        Raises UsageError for a place that another job has and for what is in the way, LocalFault for a folder that is
        of no use.
        """
        self._own(job, path)
        there = targets.finished(job, path)
        if there is not None:
            note, outputs = there
            facts = {"task_id": note.task_id, "cost": note.price, "outputs": outputs, "times": note.times}
            return Outcome(job=job, state="skipped", reason="its file is there", **facts)  # type: ignore[arg-type]
        targets.check_free(job, path)
        targets.check_note(job, path)
        if path.parent not in self._folders:
            targets.check_folder(path.parent)
            self._folders.add(path.parent)
        return None

    def _own(self, job: Job, path: Path) -> None:
        """Raise UsageError where the path of the job's video, or the note beside it, is another job's."""
        twin = self._taken.setdefault(job.external_id, job)
        if twin is not job:
            where = f"job {twin.name} at {twin.file}:{twin.line}"
            hint = "give it another name, or take: 2"
            raise UsageError(f"job {job.name} asks for the very same as {where}", hint=hint)
        if path.parent not in self._real:
            self._real[path.parent] = Path(os.path.realpath(path.parent))
        note = self._real[path.parent] / sidecar.beside(path).name
        other = self._taken.setdefault(same_file(str(note)), job)
        if other is not job:
            field = "{-take}" if other.name == job.name else "{job}"
            hint = f"give output.name a {field}"
            raise UsageError(f"{path} is where the video of job {other.name} goes too", hint=hint)
