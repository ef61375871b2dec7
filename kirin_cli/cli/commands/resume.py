"""`kirin resume`: finish whatever was sent and is unfinished."""

from __future__ import annotations

from typing import Annotated

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import DisplayFlags, PrintingFlags, ServiceFlags, ViewFlags, command_from
from kirin_cli.cli.parameters import OptionSpec
from kirin_cli.modelspec.record import Record


class ResumeFlags(Record, kw_only=True):
    """Finish what was sent, or may have been: ask for it, wait for it, fetch it. Without ids: all that is unfinished.

    Sends nothing and costs nothing. Jobs of files that were never sent are named; `kirin run` of the file sends them.
    """

    ids: o.AnyTaskIds = None
    in_flight: o.InFlight = o.DEFAULT_IN_FLIGHT
    timeout: o.Timeout = o.DEFAULT_TIMEOUT
    max_cost: Annotated[
        str | None, OptionSpec("--max-cost", metavar="USD", hidden=True, help="Nothing is paid here.")
    ] = None
    service: ServiceFlags
    printing: PrintingFlags
    view: ViewFlags
    display: DisplayFlags


def run_resume(flags: ResumeFlags) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.commands.wait import finish_unfinished

    return finish_unfinished(flags, in_flight=flags.in_flight)


resume = command_from(ResumeFlags, run_resume, examples=("kirin resume", "kirin resume 123456789"))
