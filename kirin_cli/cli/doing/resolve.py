"""Writes into the ledger what a person decided about a submission whose outcome nobody knows."""

import os

from kirin_cli.cli.console import talk
from kirin_cli.cli.resolve import Resolve
from kirin_cli.cli.service import service
from kirin_cli.cli.settings import settings
from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.journal import Ledger
from kirin_cli.ledger.questions import find
from kirin_cli.ledger.states import Event, NotAllowed
from kirin_cli.wire.answers import usable_id


def do(asked: Resolve) -> int:
    """Find the entry and move it; returns the exit code. Raises the tree of errors."""
    voice = talk(color=asked.color)
    if asked.adopt is not None and not usable_id(asked.adopt):
        raise UsageError(f"--adopt is {asked.adopt[:40]!r}; that cannot be the id of a task")
    if sum((asked.adopt is not None, asked.resend, asked.abandon)) != 1:
        raise UsageError("decide for one of --adopt TASK, --resend and --abandon")
    with service(settings(os.environ, base_url=asked.base_url, profile=asked.profile), sandbox=False) as opened:
        entry = find(opened.ledger.store, asked.task, origin=opened.origin, account=opened.account)
        decided = _decide(opened.ledger, entry, asked.adopt, resend=asked.resend)
    voice.data(f"{decided.external_id} {decided.state.value}")
    if not asked.abandon:
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
