"""Reads job files for the commands that take them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kirin_cli.cli.looks import looker
from kirin_cli.cli.setting_table import API_KEY
from kirin_cli.jobs.files import JobFile, read
from kirin_cli.jobs.limits import LIMITS
from kirin_cli.jobs.outside import MOST_JOBS, Outside, set_values
from kirin_cli.jobs.selecting import Selection
from kirin_cli.models import MODELS
from kirin_cli.run.checking import CheckedFiles, check_files
from kirin_cli.run.findings import Finding
from kirin_cli.spec.fields import Field
from kirin_cli.spec.model import Model


@dataclass(frozen=True, slots=True)
class Picks:
    """What the command line says about the jobs of files: values for variables, which jobs, how many at most."""

    sets: Iterable[str] | None = None
    only: Iterable[str] | None = None
    tags: Iterable[str] | None = None
    most_jobs: int = MOST_JOBS

    @property
    def selection(self) -> Selection:
        """Which jobs are wanted."""
        return Selection(tuple(self.only or ()), tuple(self.tags or ()))


def check_paths(
    paths: Iterable[Path],
    picks: Picks = Picks(),
    *,
    check_urls: bool = False,
    uploads: bool = False,
) -> CheckedFiles:
    """Read all files and check their wanted jobs; what is wrong with one does not hide what is wrong with another.

    With `check_urls` images and videos behind URLs are looked at too (then raises UsageError for a useless proxy), with
    `uploads` local videos are accepted. Raises UsageError for a --set that is no NAME=VALUE.
    """
    files, findings = _wanted(paths, picks)
    checked = _checked(files, check_urls=check_urls, uploads=uploads)
    return replace(checked, findings=(*findings, *checked.findings))


def parameters(models: Iterable[Model]) -> Mapping[str, Mapping[str, Field]]:
    """By id of a model: its parameters by name, as job files are read with them."""
    return {model.id: {part.name: part for part in model.fields} for model in models}


def outside(picks: Picks = Picks()) -> Outside:
    """What job files may ask for besides themselves: never the API key. Raises UsageError."""
    return Outside(
        sets=set_values(picks.sets or ()),
        environ=os.environ,
        secrets=frozenset({API_KEY.env}),
        most_jobs=picks.most_jobs,
    )


def _wanted(paths: Iterable[Path], picks: Picks) -> tuple[list[JobFile], list[Finding]]:
    around = outside(picks)
    fields = parameters(MODELS.values())
    read_files = [read(path, fields, LIMITS, around) for path in dict.fromkeys(paths)]
    files, flaws = picks.selection.of(read_files)
    unused = [("--set", words) for words in around.unused()]
    return files, [Finding(message=words, flag=flag) for flag, words in (*unused, *flaws)]


def _checked(files: Iterable[JobFile], *, check_urls: bool, uploads: bool) -> CheckedFiles:
    if not check_urls:
        return check_files(files, looker(uploads=uploads))
    from kirin_cli.run.probing import check_files_online, open_prober  # noqa: PLC0415  (HTTP, only with --check-urls)

    with open_prober(os.environ, looker(uploads=uploads)) as looking:
        return check_files_online(files, looking)
