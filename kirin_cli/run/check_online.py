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
from kirin_cli.modelspec.types import Finding, MediaFile, Problem
from kirin_cli.run.check import CheckedFiles, CheckedJob, check_files, make_finding

Result = TypeVar("Result")


def check_files_online(files: Iterable[JobFile], prober: Prober) -> CheckedFiles:
    """As `check_files`, with what the URLs lead to. Raises UsageError for proxies and certificates of no use."""
    checked = check_twice(partial(check_files, list(files)), prober)
    return replace(checked, jobs=tuple(_remarked(job, prober) for job in checked.jobs))


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


def probe_warnings(values: object, prober: Prober, at: str = "") -> Iterator[Problem]:
    """A warning for each URL among checked values of which something could not be learned."""
    if isinstance(values, MediaFile):
        remark = prober.warning_for(values.given)
        if remark:
            yield Problem(at, remark[0], f"{at}: {remark[1]}", "warning")
    elif isinstance(values, Mapping):
        for name, value in values.items():
            yield from probe_warnings(value, prober, f"{at}.{name}" if at else str(name))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from probe_warnings(value, prober, f"{at}[{index}]")


def _remarked(one: CheckedJob, prober: Prober) -> CheckedJob:
    return replace(one, findings=(*one.findings, *_findings(one, prober)))


def _findings(one: CheckedJob, prober: Prober) -> Iterator[Finding]:
    return (make_finding(one.job, problem) for problem in probe_warnings(one.values, prober))
