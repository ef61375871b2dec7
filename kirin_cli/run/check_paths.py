"""Output files of the jobs of a run held against one another, before there is any service: what `run` would refuse."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from kirin_cli.jobs.filenames import file_key, render_name, template_errors
from kirin_cli.jobs.job import JobSpec
from kirin_cli.modelspec.types import Problem

_TELLING = re.compile("[^0-9a-z]+")
_DAY = "2026-01-01"  # the same for all of a run


def shared_paths(jobs: Sequence[JobSpec]) -> Iterator[tuple[int, Problem]]:
    """(index, problem) of every job whose video would go where that of an earlier job goes (fault D14).

    Where names lead to one file, in any spelling that some file system takes for the same.
    """
    folder_of = cache(_real_folder)
    owners: dict[tuple[Path, str], JobSpec] = {}
    for index in _candidates(jobs):
        job = jobs[index]
        name = render_name(job.output.name, job=job.name, model=job.model, take=job.take, ext="mp4", date=_DAY)
        folder = job.output.dir or job.base / "renders"
        owner = owners.setdefault((folder_of(folder), file_key(name)), job)
        if owner is not job:
            field = "{-take}" if owner.name == job.name and owner.file == job.file else "{job}"
            has_it = all(field in template for template in (job.output.name, owner.output.name))
            advice = "give one of them another name" if has_it else f"give output.name a {field}"
            message = f"{folder / name} is where the video of job {owner.name} goes too; {advice}"
            yield index, Problem("name" if has_it else "output.name", "", message)


def _candidates(jobs: Sequence[JobSpec]) -> list[int]:
    """The jobs that may share a file with another, so that most names need not be rendered."""
    templates = {job.output.name for job in jobs}
    one_template = len(templates) == 1 and all("{job}" in template for template in templates)
    usable = {name for name in templates if "{task_id}" not in name and not template_errors(name)}
    indices = [index for index, job in enumerate(jobs) if job.model and job.output.name in usable]
    gists = [_gist(jobs[index].name) if one_template else "" for index in indices]
    shared = {gist for gist, number in Counter(gists).items() if number > 1}
    return [index for index, gist in zip(indices, gists, strict=True) if gist in shared]


def _gist(name: str) -> str:
    """What is equal for all names that lead to one file, and for a few others."""
    return _TELLING.sub("", (name if name.isascii() else unicodedata.normalize("NFD", name)).casefold())


def _real_folder(folder: Path) -> Path:
    return Path(os.path.realpath(folder))
