"""`kirin resume`: finish whatever is unfinished."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kirin_cli.cli import options as o
from kirin_cli.cli.options import command_from

if TYPE_CHECKING:
    from kirin_cli.cli.session import Session
    from kirin_cli.run.prepare import PreparedRun


@dataclass(slots=True, eq=False, repr=False)
class ResumeFlags:
    """Finish whatever is unfinished: ask for, wait for and fetch every task in the ledger that is not at its end.

    What was submitted is never submitted twice; what was not sent yet is sent now.
    """

    in_flight: o.InFlight = 10
    timeout: o.Timeout = "2h"
    max_cost: o.MaxCost = None
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.FormatOption = ""
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


def run_resume(flags: ResumeFlags) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.runner import ExecuteOptions, execute, output_format_for_jobs
    from kirin_cli.cli.settings import dollars, seconds, settings
    from kirin_cli.run.scheduler import RunOptions

    console = make_console(color=flags.color, progress=flags.progress, quiet=flags.quiet)
    setting = settings(os.environ, base_url=flags.base_url, api_key_file=flags.api_key_file, profile=flags.profile)
    options = ExecuteOptions(
        settings=setting, shape=output_format_for_jobs(flags), resume="kirin resume",
        limits=RunOptions(flags.in_flight, seconds(flags.timeout, "--timeout"), dollars(flags.max_cost)),
    )  # fmt: skip
    return execute(_unfinished, options, console)


def _unfinished(session: Session) -> PreparedRun:
    from kirin_cli.run.resume import adopt_other_keys, jobs_from_entries, unfinished_entries

    session.require_key()
    adopt_other_keys(session.ledger, session.client, origin=session.origin, account=session.account)
    return jobs_from_entries(unfinished_entries(session.ledger, origin=session.origin, account=session.account))


resume = command_from(ResumeFlags, run_resume)
