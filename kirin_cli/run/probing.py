"""Checks with a look behind URLs (`--check-urls`): all URLs are looked at together, then the check is made.

Knows no HTTP. What could not be learned of a URL becomes a warning at its field.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from kirin_cli import media
from kirin_cli.api.network import Network
from kirin_cli.api.probe import LookIn, Prober
from kirin_cli.jobs.files import JobFile
from kirin_cli.run.checking import CheckedFiles, CheckedJob, check_files, finding_of
from kirin_cli.run.findings import Finding
from kirin_cli.spec.medium import Medium
from kirin_cli.spec.model import Checked, Model
from kirin_cli.spec.problem import Problem

Result = TypeVar("Result")


def check_files_online(files: Iterable[JobFile], prober: Prober) -> CheckedFiles:
    """As `check_files`, with what the URLs lead to. Raises UsageError for proxies and certificates of no use."""
    checked = probed(partial(check_files, list(files)), prober)
    return replace(checked, jobs=tuple(_remarked(one, prober) for one in checked.jobs))


def check_online(model: Model, params: Mapping[str, object], base: Path, prober: Prober) -> Checked:
    """As `model.check`, with what the URLs lead to; paths are relative to `base`. Raises as above."""

    def check(look: LookIn) -> Checked:
        return model.check(params, lambda given, kind: look(given, kind, base))

    checked = probed(check, prober)
    return replace(checked, problems=(*checked.problems, *remarks(checked.values, prober)))


def open_prober(environ: Mapping[str, str], look: LookIn = media.look) -> Prober:
    """What looks behind URLs, through the proxies and with the certificates of the environment."""
    return Prober(Network(environ), look=look)


def probed(check: Callable[[LookIn], Result], prober: Prober) -> Result:
    """The result of `check`, made twice: first only to hear which URLs it asks for, so that they wait together."""
    check(prober.expect)
    prober.ahead()
    return check(prober.look)


def remarks(values: object, prober: Prober, at: str = "") -> Iterator[Problem]:
    """A warning for each URL among checked values of which something could not be learned."""
    if isinstance(values, Medium):
        remark = prober.remark(values.given)
        if remark:
            yield Problem(at, remark[0], f"{at}: {remark[1]}", "warning")
    elif isinstance(values, Mapping):
        for name, value in values.items():
            yield from remarks(value, prober, f"{at}.{name}" if at else str(name))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from remarks(value, prober, f"{at}[{index}]")


def _remarked(one: CheckedJob, prober: Prober) -> CheckedJob:
    return replace(one, findings=(*one.findings, *_findings(one, prober)))


def _findings(one: CheckedJob, prober: Prober) -> Iterator[Finding]:
    return (finding_of(one.job, problem) for problem in remarks(one.values, prober))
