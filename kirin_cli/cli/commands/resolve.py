"""`kirin resolve`: a person decides about a submission whose outcome nobody knows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.parameters import OptionSpec
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.shell_words import quote_word

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.session import Session
    from kirin_cli.cli.settings import Settings
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.ledger.ledger import Ledger
    from kirin_cli.ledger.states import LedgerEvent


class ResolveFlags(Record):
    """Decide about a submission whose outcome is unknown, in conflict, or lost.

    Look at the account's task list on the service first. A task to adopt is asked for before it is believed; --resend
    sends at once, after one more query. `kirin resume` goes on with what you decided.
    """

    task: o.TaskId
    adopt: Annotated[str | None, OptionSpec("--adopt", metavar="TASK", help="It became this task of the service.")] = (
        None
    )
    resend: Annotated[bool, OptionSpec("--resend", help="It was not created: send it again. May cost twice.")] = False
    abandon: Annotated[bool, OptionSpec("--abandon", help="Forget it. May have cost something.")] = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    verbose: o.Verbose = False
    color: o.Color = "auto"


def run_resolve(flags: ResolveFlags) -> int:
    """Find the entry and move it; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.session import open_session
    from kirin_cli.cli.settings import load_settings
    from kirin_cli.ledger.states import LedgerEvent, LedgerState
    from kirin_cli.run.task_lookup import find_task
    from kirin_cli.wire.responses import valid_id

    console = make_console(color=flags.color, verbose=flags.verbose)
    if flags.adopt is not None and not valid_id(flags.adopt):
        raise UsageError(f"--adopt is {flags.adopt[:40]!r}; that cannot be the id of a task")
    if sum((flags.adopt is not None, flags.resend, flags.abandon)) != 1:
        raise UsageError("decide for one of --adopt TASK, --resend and --abandon")
    settings = load_settings(os.environ, base_url=flags.base_url, profile=flags.profile)
    with open_session(settings, sandbox=False, tracer=console.tracer) as session:
        entry = find_task(session.ledger.store, flags.task, origin=session.origin, account=session.account)
        if flags.adopt is not None:
            entry = _adopt(session, entry, flags.adopt)
        elif flags.abandon:
            entry = _move(session.ledger, entry, LedgerEvent.ABANDON)
        elif entry.state is not LedgerState.INTENT or not entry.counters.exposed:
            entry = _move(session.ledger, entry, LedgerEvent.SEND_AGAIN)
    console.data(f"{entry.external_id} {entry.state.value}")
    if flags.resend:
        return _send(entry, settings, console)
    if not flags.abandon:
        console.info("kirin resume goes on with it")
    return 0


def _adopt(session: Session, entry: LedgerEntry, task_id: str) -> LedgerEntry:
    """Take a task of the service for the entry's, if the service has it and nothing in it says otherwise."""
    from kirin_cli.api.client import QueryStatus
    from kirin_cli.errors import NotPermitted, ServiceUnreachable
    from kirin_cli.ledger.states import LedgerEvent, is_allowed
    from kirin_cli.run.reconcile import DENIALS

    if not is_allowed(entry.state, LedgerEvent.ADOPT, entry.counters):
        return _move(session.ledger, entry, LedgerEvent.ADOPT)
    session.require_key()
    result = session.client.query(task_id)
    task, unchanged = result.task, "nothing was changed"
    if result.kind in DENIALS:
        raise NotPermitted(f"the service refuses the key; {unchanged}", hint="check KIRIN_API_KEY")
    if result.kind is QueryStatus.ABSENT:
        raise UsageError(f"the service has no task {task_id}; {unchanged}", hint="look at the account's task list")
    if result.kind is not QueryStatus.FOUND or task is None:
        raise ServiceUnreachable(f"the service gives no answer about task {task_id}; {unchanged}")
    model = str(task.raw.get("model") or entry.model)
    if model != entry.model:
        raise UsageError(f"task {task_id} is of {model}, and {entry.external_id} asked for {entry.model}; {unchanged}")
    if task.external_id not in {"", entry.external_id}:
        message = f"task {task_id} was made under the external_task_id {task.external_id}, not {entry.external_id}"
        raise UsageError(f"{message}; {unchanged}")
    return _move(session.ledger, entry, LedgerEvent.ADOPT, task.id or task_id)


def _move(ledger: Ledger, entry: LedgerEntry, event: LedgerEvent, task_id: str = "") -> LedgerEntry:
    from kirin_cli.ledger.states import TERMINAL, InvalidTransition

    why = "decided by hand"
    try:
        if task_id:
            return ledger.move(entry, event, why, task_id=task_id, error="")
        return ledger.move(entry, event, why)
    except (InvalidTransition, ValueError):
        state = entry.state.value
        name = quote_word(entry.external_id)
        hint = f"kirin show {name} tells its history"
        hint += "" if entry.state in TERMINAL else f"; kirin wait {name} goes on with it"
        raise UsageError(f"{entry.external_id} is {state}: there is nothing to decide", hint=hint) from None


def _send(entry: LedgerEntry, settings: Settings, console: CommandConsole) -> int:
    """Send what is to be sent again, if that can be done without its job file, and do not wait for the video."""
    from kirin_cli.cli.runner import ExecuteOptions, execute, run_options
    from kirin_cli.run.resume import jobs_from_entries

    prepared = jobs_from_entries([entry])
    if not prepared.jobs or prepared.jobs[0].unsendable:
        reason = prepared.jobs[0].unsendable if prepared.jobs else f"this kirin does not know {entry.model}"
        how = f"kirin run {quote_word(entry.job_file)} sends it" if entry.job_file else "type its command again"
        raise UsageError(f"{entry.external_id} cannot be sent from here: {reason}", hint=how)
    limits = run_options(o.DEFAULT_TIMEOUT)
    options = ExecuteOptions(settings=settings, limits=limits, wait=False, resume="kirin resume")
    return execute(lambda _: prepared, options, console)


resolve = command_from(
    ResolveFlags, run_resolve, examples=("kirin resolve 987654321 --resend", "kirin resolve 987654321 --abandon")
)
