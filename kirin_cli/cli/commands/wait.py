"""`kirin wait` and `kirin download`: see tasks to their end and fetch their files, submitting nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import DisplayFlags, PrintingFlags, ServiceFlags, ViewFlags, command_from
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import pluralize
from kirin_cli.shell_words import quote_word

if TYPE_CHECKING:
    from kirin_cli.cli.commands.resume import ResumeFlags
    from kirin_cli.cli.session import Session
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.run.job import OutputTarget
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
    from kirin_cli.cli.output_path import parse_output
    from kirin_cli.cli.runner import ExecuteOptions, execute, job_output_format, run_options
    from kirin_cli.modelspec.types import ResultKind
    from kirin_cli.run.resume import unsent_entries

    console = flags.display.console()
    options = ExecuteOptions(
        settings=flags.service.load_settings(), output=job_output_format(flags.printing), submits=False,
        limits=run_options(flags.timeout, in_flight=in_flight), resume="kirin resume", view=flags.view,
    )  # fmt: skip
    target = parse_output(output, replace=force, results=get_args(ResultKind)) if output else None

    def prepare(session: Session) -> PreparedRun:
        prepared, entries = prepare_unfinished(session, flags.ids or (), target, force=force)
        console.talk(describe_work(entries) or "there is nothing to do")
        if not flags.ids:
            unsent = unsent_entries(session.ledger, origin=session.origin, account=session.account)
            console.talk(*describe_unsent(unsent))
        return prepared

    return execute(prepare, options, console)


def prepare_unfinished(
    session: Session, ids: Sequence[str] = (), target: OutputTarget | None = None, *, force: bool = False
) -> tuple[PreparedRun, list[LedgerEntry]]:
    """The jobs that the ids name, or all of the account that were sent and are not at their end, with their entries.

    Other keys' of the account are among them. Raises NotPermitted without a key, UsageError for an id of nobody.
    """
    from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
    from kirin_cli.run.resume import adopt_other_keys, entries_for_ids, jobs_from_entries, unfinished_entries

    session.require_key()
    ledger, whose = session.ledger, {"origin": session.origin, "account": session.account}
    if ids:
        entries = entries_for_ids(ledger, session.client, ids, **whose)
    else:
        adopt_other_keys(ledger, session.client, **whose)
        entries = unfinished_entries(ledger, **whose)
    if len(entries) > 1 and target and target.template != DEFAULT_TEMPLATE:
        raise UsageError(f"-o names one file for {len(entries)} tasks", hint="-o may name a folder")
    return jobs_from_entries(entries, target, force=force), entries


def describe_work(entries: Iterable[LedgerEntry]) -> str:
    """What is done about these entries, in one line: `2 tasks to wait for, 1 file to fetch`; "" for none."""
    from kirin_cli.ledger.states import LedgerState

    running = {LedgerState.ACCEPTED, LedgerState.RUNNING}
    generated = {LedgerState.SUCCEEDED, LedgerState.FETCHING, LedgerState.EXPIRED, LedgerState.DONE}
    numbers = Counter(
        "wait" if entry.state in running else "fetch" if entry.state in generated else "ask" for entry in entries
    )
    texts = {
        "wait": f"{pluralize(numbers['wait'], 'task')} to wait for",
        "fetch": f"{pluralize(numbers['fetch'], 'video')} to fetch",
        "ask": f"{pluralize(numbers['ask'], 'submission')} to ask about",
    }
    return ", ".join(text for kind, text in texts.items() if numbers[kind])


def describe_unsent(entries: Iterable[LedgerEntry]) -> Iterator[str]:
    """A line for each job file with jobs that were never sent, and the command that sends them."""
    for job_file, number in Counter(entry.job_file for entry in entries).items():
        path, verb = Path(job_file), "was" if number == 1 else "were"
        name = str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
        it = "it" if number == 1 else "them"
        yield f"{pluralize(number, 'job')} of {name} {verb} never sent: kirin run {quote_word(name)} sends {it}"


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
