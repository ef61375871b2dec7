"""`kirin wait` and `kirin download`: see tasks to their end and fetch their files, submitting nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.options import command_from
from kirin_cli.errors import UsageError

if TYPE_CHECKING:
    from kirin_cli.cli.session import Session
    from kirin_cli.run.prepare import PreparedRun


@dataclass(slots=True, eq=False, repr=False)
class WaitFlags:
    """The flags, as Typer fills them in."""

    ids: o.TaskIds
    output: o.OutputPath = None
    force: o.Force = False
    timeout: o.Timeout = "2h"
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.FormatOption = ""
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


MAX_CONCURRENT: Final = 1000


def run_wait(flags: WaitFlags) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.generate import parse_output
    from kirin_cli.cli.runner import ExecuteOptions, execute, output_format_for_jobs
    from kirin_cli.cli.settings import seconds, settings
    from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
    from kirin_cli.run.resume import entries_for_ids, jobs_from_entries
    from kirin_cli.run.scheduler import RunOptions

    console = make_console(color=flags.color, progress=flags.progress, quiet=flags.quiet)
    target = parse_output(flags.output, replace=flags.force) if flags.output else None

    def ready(session: Session) -> PreparedRun:
        session.require_key()
        found = entries_for_ids(
            session.ledger, session.client, flags.ids, origin=session.origin, account=session.account
        )
        if len(found) > 1 and target and target.template != DEFAULT_TEMPLATE:
            raise UsageError(f"-o {flags.output} names one file for {len(found)} tasks", hint="-o may name a folder")
        return jobs_from_entries(found, target, force=flags.force)

    setting = settings(os.environ, base_url=flags.base_url, api_key_file=flags.api_key_file, profile=flags.profile)
    options = ExecuteOptions(
        settings=setting, shape=output_format_for_jobs(flags),
        limits=RunOptions(MAX_CONCURRENT, seconds(flags.timeout, "--timeout")), submits=False, resume="kirin resume",
    )  # fmt: skip
    return execute(ready, options, console)


wait = command_from(
    WaitFlags,
    run_wait,
    """Wait for tasks and fetch their videos.

    Takes tasks of the ledger and tasks that only the service knows. Submits nothing.
    """,
)

download = command_from(
    WaitFlags,
    run_wait,
    """Fetch the videos of finished tasks again, free of charge, from fresh URLs.

    A task that still runs is waited for. A file that is there and whole is left alone.
    """,
)
