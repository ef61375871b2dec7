"""Unfinished work: what `resume`, `wait` and `download` take up, and what every command says of it. Sends nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from kirin_cli.cli.entries import unfinished_text
from kirin_cli.cli.session import Session
from kirin_cli.errors import UsageError
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.text import pluralize
from kirin_cli.run.job import OutputTarget
from kirin_cli.run.prepare import PreparedRun
from kirin_cli.run.resume import (
    adopt_other_keys,
    entries_for_ids,
    jobs_from_entries,
    unfinished_entries,
)
from kirin_cli.shell_words import quote_word

RUNNING: Final = frozenset({LedgerState.ACCEPTED, LedgerState.RUNNING})
GENERATED: Final = frozenset({LedgerState.SUCCEEDED, LedgerState.FETCHING, LedgerState.EXPIRED, LedgerState.DONE})
"""States of tasks whose files are to be fetched, unless they are there."""


def prepare_unfinished(
    session: Session, ids: Sequence[str] = (), target: OutputTarget | None = None, *, force: bool = False
) -> tuple[PreparedRun, list[LedgerEntry]]:
    """The jobs that the ids name, or all of the account that were sent and are not at their end, with their entries.

    Other keys' of the account are among them. Raises NotPermitted without a key, UsageError for an id of nobody.
    """
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
    numbers = Counter(
        "wait" if entry.state in RUNNING else "fetch" if entry.state in GENERATED else "ask" for entry in entries
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


def describe_others(session: Session, ours: Collection[str]) -> str:
    """A line about unfinished paid tasks that no living process looks after, but for the external ids `ours`."""
    if not session.account:
        return ""
    entries = unfinished_entries(session.ledger, origin=session.origin, account=session.account)
    left = [entry for entry in entries if entry.external_id not in ours and not session.leases.is_held(entry)]
    if not left:
        return ""
    return unfinished_text(len(left), "earlier task")
