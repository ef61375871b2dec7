"""The watch over listed tasks: the service is asked, and what it says is printed, until nothing is under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from kirin_cli.errors import ServiceUnreachable
from kirin_cli.modelspec.text import pluralize

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.session import Session
    from kirin_cli.cli.settings import Settings
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.run.refresh import RefreshResult

MIN_INTERVAL: Final = 0.1  # seconds between two questions about a task
CLEAR: Final = "\x1b[H\x1b[2J"
ListEntries = Callable[[], Sequence["LedgerEntry"]]
AskAll = Callable[[Iterable["LedgerEntry"]], "RefreshResult"]


@contextmanager
def open_refresh(settings: Settings) -> Iterator[AskAll]:
    """What asks the service of the settings for entries, of this key. Raises NotPermitted where there is none."""
    from kirin_cli.cli.runner import handle_signals
    from kirin_cli.cli.session import open_session
    from kirin_cli.run.limits import RunLimits
    from kirin_cli.run.refresh import refresh
    from kirin_cli.run.work_queue import SystemClock

    def is_ours(entry: LedgerEntry, session: Session) -> bool:
        return (entry.origin, entry.account) == (session.origin, session.account)

    with handle_signals(), open_session(settings, sandbox=False) as session:
        session.require_key()
        limits = RunLimits(in_flight=1, jobs=0)
        context = session.run_context(SystemClock(), lambda _: None, limits, wait=True, submits=False)
        yield lambda entries: refresh([entry for entry in entries if is_ours(entry, session)], context, session.leases)


def refresh_error(result: RefreshResult, console: CommandConsole) -> int:
    """Say what was not answered; the exit code: 3 where nothing was, or that of an error of the key."""
    if result.error is not None:
        console.error(result.error)
        return result.error.exit_code
    if result.unanswered:
        some = pluralize(result.unanswered, "task")
        console.info(f"the service gives no answer about {some} of {result.asked}: {result.reason}")
    return ServiceUnreachable.exit_code if result.asked and result.unanswered >= result.asked else 0


def watch(
    find: ListEntries, ask: AskAll, show: Callable[[Sequence[LedgerEntry], bool], None], console: CommandConsole, *,
    seconds: float, sleep: Callable[[float], None] = time.sleep,
) -> int:  # fmt: skip
    """Ask and show every few `seconds` until no entry is under way; returns the exit code of the last round.

    `show` is given what has changed, the first time everything.
    """
    from kirin_cli.run.refresh import QUERIES

    versions: dict[int, tuple[str, str | None]] = {}
    while True:
        result = ask(find())
        entries = find()
        changed = [entry for entry in entries if versions.get(entry.id) != (entry.state.value, entry.task_id)]
        is_first = not versions
        if changed or is_first:
            show(entries if is_first else changed, is_first)
        versions = {entry.id: (entry.state.value, entry.task_id) for entry in entries}
        code = refresh_error(result, console)
        if result.error is not None or not any(entry.state in QUERIES for entry in entries):
            return code
        if not result.asked and not result.held:  # what is left is another key's
            return code
        sleep(max(seconds, MIN_INTERVAL))
