"""Runs job files: reads and checks all of them, then sends nothing or everything."""

import os
import shlex
import sys
import time
from dataclasses import replace

from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.execute import Options, Prepare, execute, shape_of_jobs
from kirin_cli.cli.files import Picks, check_paths
from kirin_cli.cli.publish import reports
from kirin_cli.cli.run import Run
from kirin_cli.cli.service import Service
from kirin_cli.cli.settings import dollars, seconds, settings
from kirin_cli.run.batch import Limits
from kirin_cli.run.checking import CheckedFiles
from kirin_cli.run.preparing import Choices, Prepared, Redo, prepare
from kirin_cli.run.sharding import shard_of


def do(asked: Run) -> int:
    """Check, run, report; returns the exit code. Raises the tree of errors."""
    voice = talk(color=asked.color, progress=asked.progress, quiet=asked.quiet)
    shape = shape_of_jobs(asked)
    wanted = reports(asked.report, json=shape.for_programs)
    setting = settings(os.environ, base_url=asked.base_url, api_key_file=asked.api_key_file, profile=asked.profile)
    picks = Picks(asked.sets, asked.only, asked.tag, asked.max_jobs)
    uploads = bool(setting.upload_url) or asked.sandbox
    checked = check_paths(asked.files, picks, check_urls=asked.check_urls, uploads=uploads)
    if refused(checked, voice, strict=asked.strict):
        return wanted.refused(checked.all_findings(), voice)
    options = Options(
        settings=setting, sandbox=asked.sandbox, shape=shape, preview=asked.preview,
        limits=Limits(asked.in_flight, seconds(asked.timeout, "--timeout"), dollars(asked.max_cost)), waits=asked.wait,
        resume="kirin resume" if asked.again else f"kirin {shlex.join(sys.argv[1:])}", reports=wanted,
        shard=shard_of(asked.shard, os.environ) if asked.shard else None,
    )  # fmt: skip
    redo = redo_of(asked.again, asked.retry_failed)
    choices = Choices(
        scope=asked.scope, folder=asked.output, replace=asked.force, redo=redo, shard=options.shard, day=time.time()
    )
    return execute(preparer(checked, choices), options, voice)


def refused(checked: CheckedFiles, voice: Talk, *, strict: bool) -> bool:
    """Say what was found; whether it forbids sending."""
    voice.findings(checked.all_findings())
    return checked.refused(strict=strict)


def redo_of(again: bool, retry_failed: bool) -> Redo:  # noqa: FBT001  (two flags as they were typed)
    """Which jobs get a new take."""
    return "again" if again else "retry-failed" if retry_failed else ""


def preparer(checked: CheckedFiles, choices: Choices) -> Prepare:
    """What makes the checked jobs ready for a service, with the choices of the command line."""

    def ready(opened: Service) -> Prepared:
        return prepare(checked.jobs, replace(choices, origin=opened.origin), opened.entry_of)

    return ready
