"""`kirin resume`: finish whatever is unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import DisplayFlags, PrintingFlags, ServiceFlags, command_from
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.session import Session
    from kirin_cli.run.prepare import PreparedRun


class ResumeFlags(Record, kw_only=True):
    """Finish whatever is unfinished: ask for, wait for and fetch every task in the ledger that is not at its end.

    What was submitted is never submitted twice; what was not sent yet is sent now.
    """

    in_flight: o.InFlight = o.DEFAULT_IN_FLIGHT
    timeout: o.Timeout = o.DEFAULT_TIMEOUT
    max_cost: o.MaxCost = None
    service: ServiceFlags
    printing: PrintingFlags
    display: DisplayFlags


def run_resume(flags: ResumeFlags) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.runner import ExecuteOptions, execute, job_output_format, run_options

    console = flags.display.console()
    options = ExecuteOptions(
        settings=flags.service.load_settings(), output=job_output_format(flags.printing), resume="kirin resume",
        limits=run_options(flags.timeout, flags.max_cost, flags.in_flight),
    )  # fmt: skip
    return execute(prepare_unfinished, options, console)


def prepare_unfinished(session: Session) -> PreparedRun:
    """All jobs of the account that are not at their end, other keys' among them. Raises NotPermitted without a key."""
    from kirin_cli.run.resume import adopt_other_keys, jobs_from_entries, unfinished_entries

    session.require_key()
    adopt_other_keys(session.ledger, session.client, origin=session.origin, account=session.account)
    return jobs_from_entries(unfinished_entries(session.ledger, origin=session.origin, account=session.account))


resume = command_from(ResumeFlags, run_resume, examples=("kirin resume",))
