"""`kirin run`: make the videos that job files describe."""

from __future__ import annotations

import os
import shlex
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kirin_cli.cli import options as o
from kirin_cli.cli.options import command_from

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.runner import Prepare
    from kirin_cli.cli.session import Session
    from kirin_cli.run.check import CheckedFiles
    from kirin_cli.run.prepare import PreparedRun, PrepareOptions, Redo


@dataclass(slots=True, eq=False, repr=False)
class RunFlags:
    """Make the videos that job files describe.

    Checks everything first and sends nothing if anything is wrong. A job whose file is there is skipped;
    the same command again goes on where it stopped.
    """

    files: o.JobFiles
    sets: o.Sets = None
    only: o.Only = None
    tag: o.Tag = None
    max_jobs: o.MaxJobs = 10_000
    output: o.OutputFolder = None
    in_flight: o.InFlight = 10
    timeout: o.Timeout = "2h"
    wait: o.WaitOption = True
    max_cost: o.MaxCost = None
    again: o.Again = False
    retry_failed: o.RetryFailed = False
    force: o.Force = False
    scope: o.ScopeOption = ""
    shard: o.ShardOption = ""
    strict: o.Strict = False
    check_urls: o.CheckUrls = False
    sandbox: o.SandboxOption = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    report: o.ReportOption = None
    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.FormatOption = ""
    preview: o.Preview = False
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


def run_run(flags: RunFlags) -> int:
    """Check, run, report; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.job_files import JobFilter, check_paths
    from kirin_cli.cli.reports import reports
    from kirin_cli.cli.runner import ExecuteOptions, execute, output_format_for_jobs
    from kirin_cli.cli.settings import dollars, seconds, settings
    from kirin_cli.run.identity import parse_shard
    from kirin_cli.run.prepare import PrepareOptions
    from kirin_cli.run.scheduler import RunOptions

    console = make_console(color=flags.color, progress=flags.progress, quiet=flags.quiet)
    shape = output_format_for_jobs(flags)
    wanted = reports(flags.report, json=shape.for_programs)
    setting = settings(os.environ, base_url=flags.base_url, api_key_file=flags.api_key_file, profile=flags.profile)
    picks = JobFilter(flags.sets, flags.only, flags.tag, flags.max_jobs)
    uploads = bool(setting.upload_url) or flags.sandbox
    checked = check_paths(flags.files, picks, check_urls=flags.check_urls, uploads=uploads)
    if refused(checked, console, strict=flags.strict):
        return wanted.write_refused(checked.all_findings(), console)
    options = ExecuteOptions(
        settings=setting,
        sandbox=flags.sandbox,
        shape=shape,
        preview=flags.preview,
        limits=RunOptions(flags.in_flight, seconds(flags.timeout, "--timeout"), dollars(flags.max_cost)),
        wait=flags.wait,
        resume="kirin resume" if flags.again else f"kirin {shlex.join(sys.argv[1:])}",
        reports=wanted,
        shard=parse_shard(flags.shard, os.environ) if flags.shard else None,
    )
    redo = redo_mode(flags.again, flags.retry_failed)
    choices = PrepareOptions(
        scope=flags.scope, folder=flags.output, replace=flags.force, redo=redo, shard=options.shard, now=time.time()
    )
    return execute(make_prepare(checked, choices), options, console)


def refused(checked: CheckedFiles, console: CommandConsole, *, strict: bool) -> bool:
    """Say what was found; whether it forbids sending."""
    console.findings(checked.all_findings())
    return checked.refused(strict=strict)


def redo_mode(again: bool, retry_failed: bool) -> Redo:  # noqa: FBT001  (two flags as they were typed)
    """Which jobs get a new take."""
    return "again" if again else "retry-failed" if retry_failed else ""


def make_prepare(checked: CheckedFiles, choices: PrepareOptions) -> Prepare:
    """What makes the checked jobs ready for a service, with the choices of the command line."""
    from kirin_cli.run.prepare import prepare_jobs

    def ready(session: Session) -> PreparedRun:
        return prepare_jobs(checked.jobs, replace(choices, origin=session.origin), session.find_entry)

    return ready


run = command_from(RunFlags, run_run)
