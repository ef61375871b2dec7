"""Sends what a model command asks: one job, or as many as --count says."""

import secrets
import time
from pathlib import Path

from kirin_cli.cli.asked import Asked
from kirin_cli.cli.console import Talk
from kirin_cli.cli.destinations import target_of
from kirin_cli.cli.execute import Options, Prepare, execute, shape_of_jobs
from kirin_cli.cli.publish import reports
from kirin_cli.cli.service import Service
from kirin_cli.cli.settings import Settings, dollars, seconds
from kirin_cli.jobs.job import Job as WrittenJob
from kirin_cli.jobs.job import Output
from kirin_cli.run.batch import Limits
from kirin_cli.run.checking import CheckedJob
from kirin_cli.run.preparing import Choices, Prepared, prepare


def send(asked: Asked, setting: Settings, voice: Talk) -> int:
    """Submit, wait for the videos and fetch them; returns the exit code. Raises the tree of errors."""
    given = asked.given
    shape = shape_of_jobs(given)
    wanted = reports(given.report, json=shape.for_programs)
    options = Options(
        settings=setting, sandbox=given.sandbox, shape=shape, preview=given.preview, waits=given.wait,
        limits=Limits(10, seconds(given.timeout, "--timeout"), dollars(given.max_cost)), resume="kirin resume",
        reports=wanted,
    )  # fmt: skip
    return execute(_preparer(asked), options, voice)


def _preparer(asked: Asked) -> Prepare:
    target = target_of(asked.given.output, replace=asked.given.force)
    stem = f"{asked.model.command}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"

    def ready(opened: Service) -> Prepared:
        choices = Choices(
            origin=opened.origin,
            scope=secrets.token_hex(16),
            folder=target.folder,
            replace=target.replace,
            day=time.time(),
        )
        numbers = range(1, asked.given.count + 1)
        return prepare([_one_of(asked, stem, target.template, number) for number in numbers], choices, opened.entry_of)

    return ready


def _one_of(asked: Asked, stem: str, template: str, number: int) -> CheckedJob:
    """The n-th of `--count`: a job of its own, because each has a name of its own."""
    suffix = f"-{number}" if number > 1 else ""
    name = template if "{job}" in template else template.replace(".{ext}", f"{suffix}.{{ext}}")
    job = WrittenJob(
        name=stem + suffix, model=asked.model.id, params=asked.typed.params, file=Path(), line=0, column=0,
        output=Output(name=name),
    )  # fmt: skip
    return CheckedJob(job, asked.model, asked.values, ())
