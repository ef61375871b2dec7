"""`kirin wait` and `kirin download`: see tasks to their end and fetch their files, submitting nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import DisplayFlags, PrintingFlags, ServiceFlags, command_from
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.session import Session
    from kirin_cli.run.prepare import PreparedRun

MAX_IN_FLIGHT: Final = 1000


class WaitFlags(Record, kw_only=True):
    """Wait for tasks and fetch their videos.

    Takes tasks of the ledger and tasks that only the service knows. Submits nothing.
    """

    ids: o.TaskIds
    output: o.OutputPath = None
    force: o.Force = False
    timeout: o.Timeout = o.DEFAULT_TIMEOUT
    service: ServiceFlags
    printing: PrintingFlags
    display: DisplayFlags


def run_wait(flags: WaitFlags) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.runner import ExecuteOptions, execute, job_output_format, run_options

    console = flags.display.console()
    options = ExecuteOptions(
        settings=flags.service.load_settings(), output=job_output_format(flags.printing), submits=False,
        limits=run_options(flags.timeout, in_flight=MAX_IN_FLIGHT), resume="kirin resume",
    )  # fmt: skip
    return execute(partial(_prepare_tasks, flags), options, console)


def _prepare_tasks(flags: WaitFlags, session: Session) -> PreparedRun:
    from kirin_cli.cli.generate import parse_output
    from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
    from kirin_cli.run.resume import entries_for_ids, jobs_from_entries

    session.require_key()
    target = parse_output(flags.output, replace=flags.force) if flags.output else None
    entries = entries_for_ids(session.ledger, session.client, flags.ids, origin=session.origin, account=session.account)
    if len(entries) > 1 and target and target.template != DEFAULT_TEMPLATE:
        raise UsageError(f"-o {flags.output} names one file for {len(entries)} tasks", hint="-o may name a folder")
    return jobs_from_entries(entries, target, force=flags.force)


wait = command_from(WaitFlags, run_wait, examples=("kirin wait 123456789 --timeout 30m",))
download = command_from(
    WaitFlags,
    run_wait,
    """Fetch the videos of finished tasks again, free of charge, from fresh URLs.

    A task that still runs is waited for. A file that is there and whole is left alone.
    """,
    examples=("kirin download 123456789 -o renders",),
)
