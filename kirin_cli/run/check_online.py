"""Checks with the facts of what URLs lead to (`--check-urls`), for job files and requests.

All URLs are looked at together, then the check is made.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.probe import InspectIn, Prober
from kirin_cli.jobs.parser import JobFile
from kirin_cli.media.detect import inspect_media
from kirin_cli.modelspec.model import CheckResult, Model
from kirin_cli.modelspec.types import MediaFile, Problem
from kirin_cli.run.check import CheckedFiles, check_files, make_finding
from kirin_cli.tree import walk

Result = TypeVar("Result")


def check_files_online(files: Iterable[JobFile], prober: Prober) -> CheckedFiles:
    """As `check_files`, with what the URLs lead to. Raises UsageError for proxies and certificates of no use."""
    checked = check_twice(partial(check_files, list(files)), prober)
    jobs = []
    for job in checked.jobs:
        warnings = [make_finding(job.job, problem) for problem in probe_warnings(job.values, prober)]
        jobs.append(replace(job, findings=(*job.findings, *warnings)))
    return replace(checked, jobs=tuple(jobs))


def check_online(model: Model, params: Mapping[str, object], base: Path, prober: Prober) -> CheckResult:
    """As `model.check`, with what the URLs lead to; paths are relative to `base`. Raises as above."""

    def check(look: InspectIn) -> CheckResult:
        return model.check(params, lambda given, kind: look(given, kind, base))

    checked = check_twice(check, prober)
    return replace(checked, problems=(*checked.problems, *probe_warnings(checked.values, prober)))


def make_prober(environ: Mapping[str, str], look: InspectIn = inspect_media) -> Prober:
    """What looks behind URLs, through the proxies and with the certificates of the environment."""
    return Prober(NetworkSettings(environ), look=look)


def check_twice(check: Callable[[InspectIn], Result], prober: Prober) -> Result:
    """The result of `check`, made twice: first only to hear which URLs it asks for, so that they wait together."""
    check(prober.expect)
    prober.ahead()
    return check(prober.inspect)


def probe_warnings(values: object, prober: Prober) -> Iterator[Problem]:
    """A warning for each URL among checked values of which something could not be learned."""
    for path, value in walk(values):
        if isinstance(value, MediaFile) and (warning := prober.warning_for(value.given)):
            rule, message = warning
            yield Problem(path, rule, f"{path}: {message}", "warning")
