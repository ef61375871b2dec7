"""`kirin list`: the tasks of the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import PrintingFlags, command_from
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean

if TYPE_CHECKING:
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.ledger.states import LedgerState

HEADINGS: Final = ("task", "state", "model", "job", "cost", "created")


class ListFlags(Record, kw_only=True):
    """List the tasks of the ledger, the newest first. Asks the service nothing."""

    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only tasks in this state. Repeatable.")
    ] = None
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="Only tasks of this model.")] = ""
    job_file: Annotated[str, typer.Option("--file", metavar="FILE", help="Only tasks of this job file.")] = ""
    since: o.Since = None
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=1_000_000, help="At most so many.")] = (
        50
    )
    profile: o.Profile = None
    printing: PrintingFlags
    color: o.Color = "auto"


def run_list(flags: ListFlags) -> int:
    """Find the entries and print them; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console, output_format
    from kirin_cli.cli.entries import ENTRY_FIELDS, entry_data
    from kirin_cli.json_text import answer_json
    from kirin_cli.ui.tables import render_table

    console = make_console(color=flags.color)
    output = output_format(ENTRY_FIELDS, flags.printing)
    entries = _find_entries(flags)
    if output.for_programs:
        rows = list(map(entry_data, entries))
        console.data(*(output.lines(rows) if output.rows else (answer_json({"tasks": rows}),)))
    elif entries:
        console.data(*render_table(HEADINGS, [_row(entry) for entry in entries], console.streams.out))
    else:
        console.info("the ledger has no such tasks")
    return 0


def _find_entries(flags: ListFlags) -> list[LedgerEntry]:
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.entries import open_ledger, parse_since
    from kirin_cli.ledger.queries import select_entries

    since = parse_since(flags.since)
    file = str(Path(flags.job_file).absolute()) if flags.job_file else ""
    with open_ledger(flags.profile) as ledger:
        states = _parse_states(flags.state or ())
        model = find_model(flags.model).id if flags.model else ""
        return select_entries(ledger.store, states=states, model=model, job_file=file, since=since, limit=flags.limit)


def _parse_states(names: Iterable[str]) -> list[LedgerState]:
    """The states of these names. Raises UsageError naming the nearest."""
    from kirin_cli.ledger.states import LedgerState

    known = [state.value for state in LedgerState]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no state {name!r}{did_you_mean(name, known)}")
    return [LedgerState(name) for name in names]


def _row(entry: LedgerEntry) -> tuple[str, ...]:
    from kirin_cli.formatting import format_usd

    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created))
    cost = "" if entry.cost is None else format_usd(entry.cost)
    return (entry.task_id or entry.external_id, entry.state.value, entry.model, entry.job, cost, created)


list_tasks = command_from(
    ListFlags, run_list, examples=("kirin list --state accepted --since 2h", r"kirin list --format '{task_id}\t{path}'")
)
