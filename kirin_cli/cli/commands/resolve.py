"""`kirin resolve`: a person decides about a submission whose outcome nobody knows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.ledger.ledger import Ledger


class ResolveFlags(Record):
    """Decide about a submission whose outcome is unknown, in conflict, or lost.

    Look at the account's task list on the service first; then `kirin resume` goes on with what you decided.
    """

    task: o.TaskId
    adopt: Annotated[
        str | None, typer.Option("--adopt", metavar="TASK", help="It became this task of the service.")
    ] = None
    resend: Annotated[bool, typer.Option("--resend", help="It was not created: send it again. May cost twice.")] = False
    abandon: Annotated[bool, typer.Option("--abandon", help="Forget it. May have cost something.")] = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    color: o.Color = "auto"


def run_resolve(flags: ResolveFlags) -> int:
    """Find the entry and move it; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.session import open_session
    from kirin_cli.cli.settings import load_settings
    from kirin_cli.ledger.queries import find_entry
    from kirin_cli.wire.responses import valid_id

    console = make_console(color=flags.color)
    if flags.adopt is not None and not valid_id(flags.adopt):
        raise UsageError(f"--adopt is {flags.adopt[:40]!r}; that cannot be the id of a task")
    if sum((flags.adopt is not None, flags.resend, flags.abandon)) != 1:
        raise UsageError("decide for one of --adopt TASK, --resend and --abandon")
    settings = load_settings(os.environ, base_url=flags.base_url, profile=flags.profile)
    with open_session(settings, sandbox=False) as session:
        entry = find_entry(session.ledger.store, flags.task, origin=session.origin, account=session.account)
        resolved = _move(session.ledger, entry, flags.adopt, resend=flags.resend)
    console.data(f"{resolved.external_id} {resolved.state.value}")
    if not flags.abandon:
        console.info("kirin resume goes on with it")
    return 0


def _move(ledger: Ledger, entry: LedgerEntry, adopt: str | None, *, resend: bool) -> LedgerEntry:
    from kirin_cli.ledger.states import InvalidTransition, LedgerEvent

    why = "decided by hand"
    try:
        if adopt is not None:
            return ledger.move(entry, LedgerEvent.ADOPT, why, task_id=adopt)
        return ledger.move(entry, LedgerEvent.SEND_AGAIN if resend else LedgerEvent.ABANDON, why)
    except InvalidTransition:
        state = entry.state.value
        hint = "kirin show tells its history; kirin resume goes on with it"
        raise UsageError(f"{entry.external_id} is {state}: there is nothing to decide", hint=hint) from None


resolve = command_from(ResolveFlags, run_resolve, examples=("kirin resolve 123456789",))
