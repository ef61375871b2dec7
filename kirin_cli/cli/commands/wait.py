"""`kirin wait` and `kirin download`: see tasks to their end and fetch their files, submitting nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, get_args

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import DisplayFlags, PrintingFlags, ServiceFlags, ViewFlags, command_from
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.commands.resume import ResumeFlags
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.session import Session
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.run.prepare import PreparedRun

MAX_IN_FLIGHT: Final = 1000


class WaitFlags(Record, kw_only=True):
    """Wait for tasks and fetch their videos. Without ids: for all that are unfinished.

    Takes tasks of the ledger and tasks that only the service knows. Submits nothing.
    """

    ids: o.AnyTaskIds = None
    output: o.OutputPath = None
    force: o.Force = False
    timeout: o.Timeout = o.DEFAULT_TIMEOUT
    service: ServiceFlags
    printing: PrintingFlags
    view: ViewFlags
    display: DisplayFlags


def finish_unfinished(
    flags: WaitFlags | ResumeFlags, *, in_flight: int, output: str | None = None, force: bool = False
) -> int:
    """Say what there is to do, then ask, wait and fetch; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.generate import parse_output
    from kirin_cli.cli.open_tasks import prepare_unfinished
    from kirin_cli.cli.runner import ExecuteOptions, execute, job_output_format, run_options
    from kirin_cli.modelspec.types import ResultKind

    console = flags.display.console()
    options = ExecuteOptions(
        settings=flags.service.load_settings(), output=job_output_format(flags.printing), submits=False,
        limits=run_options(flags.timeout, in_flight=in_flight), resume="kirin resume",
        view=flags.view,
    )  # fmt: skip
    target = parse_output(output, replace=force, results=get_args(ResultKind)) if output else None

    def prepare(session: Session) -> PreparedRun:
        prepared, entries = prepare_unfinished(session, flags.ids or (), target, force=force)
        _announce(entries, session, console, says_unsent=not flags.ids)
        return prepared

    return execute(prepare, options, console)


def _announce(entries: Sequence[LedgerEntry], session: Session, console: CommandConsole, *, says_unsent: bool) -> None:
    """Say what is done now, and what is not."""
    from kirin_cli.cli.open_tasks import describe_unsent, describe_work
    from kirin_cli.run.resume import unsent_entries

    console.talk(describe_work(entries) or "there is nothing to do")
    if says_unsent:
        console.talk(*describe_unsent(unsent_entries(session.ledger, origin=session.origin, account=session.account)))


def run_wait(flags: WaitFlags) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    return finish_unfinished(flags, in_flight=MAX_IN_FLIGHT, output=flags.output, force=flags.force)


wait = command_from(WaitFlags, run_wait, examples=("kirin wait 123456789 --timeout 30m", "kirin wait"))
download = command_from(
    WaitFlags,
    run_wait,
    """Fetch the videos of finished tasks, free of charge, from fresh URLs. Without ids: all that is unfinished.

    A task that still runs is waited for. A file that is there and whole is left alone.
    """,
    examples=("kirin download 123456789 -o renders",),
)
