"""`kirin resolve`: a person decides about a submission whose outcome nobody knows."""

import os
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.console import talk
from kirin_cli.cli.service import service
from kirin_cli.cli.settings import settings
from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.journal import Ledger
from kirin_cli.ledger.questions import find
from kirin_cli.ledger.states import Event, NotAllowed


def resolve(
    task: o.TaskId,
    adopt: Annotated[
        str | None, typer.Option("--adopt", metavar="TASK", help="It became this task of the service.")
    ] = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="It was not created: send it again. May cost twice.")
    ] = False,
    abandon: Annotated[bool, typer.Option("--abandon", help="Forget it. May have cost something.")] = False,
    base_url: o.BaseUrl = None,
    color: o.Color = "auto",
) -> int:
    """Decide about a submission whose outcome is unknown, in conflict, or lost.

    Look at the account's task list on the service first; then `kirin resume` goes on with what you decided.
    """
    voice = talk(color=color)
    if sum((adopt is not None, resend, abandon)) != 1:
        raise UsageError("decide for one of --adopt TASK, --resend and --abandon")
    with service(settings(os.environ, base_url=base_url), sandbox=False) as opened:
        entry = find(opened.ledger.store, task, origin=opened.origin, account=opened.account)
        decided = _decide(opened.ledger, entry, adopt, resend=resend)
    voice.data(f"{decided.external_id} {decided.state.value}")
    if not abandon:
        voice.note("kirin resume goes on with it")
    return 0


def _decide(ledger: Ledger, entry: Entry, adopt: str | None, *, resend: bool) -> Entry:
    why = "decided by hand"
    try:
        if adopt is not None:
            return ledger.move(entry, Event.ADOPT, why, task_id=adopt)
        return ledger.move(entry, Event.SEND_AGAIN if resend else Event.ABANDON, why)
    except NotAllowed:
        state = entry.state.value
        hint = "kirin show tells its story; kirin resume goes on with it"
        raise UsageError(f"{entry.external_id} is {state}: there is nothing to decide", hint=hint) from None
