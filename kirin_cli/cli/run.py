"""`kirin run`: make the videos that job files describe."""

import os
import shlex
import sys
from pathlib import Path
from typing import Final

from kirin_cli.cli import options as o
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.execute import Options, Prepare, execute
from kirin_cli.cli.files import check_paths
from kirin_cli.cli.publish import reports
from kirin_cli.cli.service import Service
from kirin_cli.cli.settings import dollars, seconds, settings
from kirin_cli.run.batch import Limits
from kirin_cli.run.checking import CheckedFiles
from kirin_cli.run.preparing import Choices, Prepared, Redo, prepare

DEFAULT_TIMEOUT: Final = "2h"


def run(
    files: o.JobFiles,
    output: o.OutputFolder = None,
    in_flight: o.InFlight = 10,
    timeout: o.Timeout = DEFAULT_TIMEOUT,
    wait: o.Wait = True,
    max_cost: o.MaxCost = None,
    again: o.Again = False,
    retry_failed: o.RetryFailed = False,
    force: o.Force = False,
    scope: o.Scope = "",
    strict: o.Strict = False,
    sandbox: o.Sandbox = False,
    base_url: o.BaseUrl = None,
    api_key_file: o.ApiKeyFile = None,
    report: o.Report = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.ProgressMode = "auto",
    color: o.Color = "auto",
) -> int:
    """Make the videos that job files describe.

    Checks everything first and sends nothing if anything is wrong. A job whose file is there is skipped;
    the same command again goes on where it stopped.
    """
    voice = talk(color=color, progress=progress, quiet=quiet)
    wanted = reports(report, json=json)
    checked = check_paths(files)
    if refused(checked, voice, strict=strict):
        return wanted.refused(checked.all_findings(), voice)
    redo: Redo = "again" if again else "retry-failed" if retry_failed else ""
    options = Options(
        settings=settings(os.environ, base_url=base_url, api_key_file=api_key_file), sandbox=sandbox, json=json,
        limits=Limits(in_flight, seconds(timeout, "--timeout"), dollars(max_cost)), waits=wait,
        resume=f"kirin {shlex.join(sys.argv[1:])}", reports=wanted,
    )  # fmt: skip
    return execute(preparer(checked, output, scope=scope, force=force, redo=redo), options, voice)


def refused(checked: CheckedFiles, voice: Talk, *, strict: bool) -> bool:
    """Say what was found; whether it forbids sending."""
    voice.findings(checked.all_findings())
    return checked.refused(strict=strict)


def preparer(checked: CheckedFiles, folder: Path | None, *, scope: str, force: bool, redo: Redo) -> Prepare:
    """What makes the checked jobs ready for a service, with the choices of the command line."""
    def ready(opened: Service) -> Prepared:
        choices = Choices(origin=opened.origin, scope=scope, folder=folder, replace=force, redo=redo)
        return prepare(checked.jobs, choices, opened.entry_of)

    return ready
