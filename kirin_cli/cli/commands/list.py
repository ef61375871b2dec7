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
    """List the tasks of the ledger, the newest first. Asks the service nothing.

    A state is one of done, failed, rejected, pending, unknown and expired, or a finer one of the ledger (running).
    """

    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only tasks in this state. Repeatable.")
    ] = None
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="Only tasks of this model.")] = ""
    job_file: Annotated[str, typer.Option("--file", metavar="FILE", help="Only tasks of this job file.")] = ""
    since: o.Since = None
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=1_000_000, help="At most so many.")] = (
        50
    )
    all_services: o.AllServices = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    printing: PrintingFlags
    color: o.Color = "auto"


def run_list(flags: ListFlags) -> int:
    """Find the entries and print them; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console, output_format
    from kirin_cli.cli.entries import ENTRY_FIELDS, entry_data, left_out_text, service_of, unfinished_text
    from kirin_cli.json_text import answer_json
    from kirin_cli.ui.tables import render_table

    console = make_console(color=flags.color)
    output = output_format(ENTRY_FIELDS, flags.printing)
    service = service_of(flags.base_url, flags.profile)
    entries, services, unfinished = _find_entries(flags, "" if flags.all_services else service)
    others = [] if flags.all_services else [number for origin, number in services.items() if origin != service]
    if output.for_programs:
        rows = list(map(entry_data, entries))
        left_out = {"tasks": sum(others), "services": len(others)}
        answer = {"service": service, "left_out": left_out, "tasks": rows}
        console.data(*(output.lines(rows) if output.rows else (answer_json(answer),)))
    elif entries:
        headings = (*HEADINGS, "service") if flags.all_services else HEADINGS
        cells = [_row(entry, with_service=flags.all_services) for entry in entries]
        console.data(*render_table(headings, cells, console.streams.out))
    else:
        console.info("the ledger has no such tasks")
    if others and not output.for_programs:
        console.info(left_out_text(sum(others), len(others)))
    if unfinished and not output.for_programs:
        console.info(unfinished_text(unfinished))
    return 0


def _find_entries(flags: ListFlags, service: str) -> tuple[list[LedgerEntry], dict[str, int], int]:
    """The entries, how many of each service there are, and how many unfinished ones of this; "" is every service."""
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.entries import open_ledger, parse_since
    from kirin_cli.ledger.queries import count_unfinished, select_entries, services

    since = parse_since(flags.since)
    file = str(Path(flags.job_file).absolute()) if flags.job_file else ""
    with open_ledger(flags.profile) as ledger:
        states = _parse_states(flags.state or ())
        model = find_model(flags.model).id if flags.model else ""
        filters = {"states": states, "model": model, "job_file": file, "origin": service, "since": since}
        entries = select_entries(ledger.store, **filters, limit=flags.limit)  # type: ignore[arg-type]
        return entries, services(ledger.store), count_unfinished(ledger.store, service) if service else 0


def _parse_states(names: Iterable[str]) -> list[LedgerState]:
    """The ledger's states of these names. Raises UsageError naming the nearest."""
    from kirin_cli.run.events import STATES_OF_ENTRIES

    known = list(dict.fromkeys((*STATES_OF_ENTRIES.values(), *(state.value for state in STATES_OF_ENTRIES))))
    for name in names:
        if name not in known:
            raise UsageError(f"there is no state {name!r}{did_you_mean(name, known)}")
    wanted = set(names)
    coarse = wanted & set(STATES_OF_ENTRIES.values())
    return [state for state, word in STATES_OF_ENTRIES.items() if word in coarse or state.value in wanted - coarse]


def _row(entry: LedgerEntry, *, with_service: bool) -> tuple[str, ...]:
    from kirin_cli.cli.entries import state_text
    from kirin_cli.formatting import format_usd

    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created))
    cost = "" if entry.cost is None else format_usd(entry.cost)
    row = (entry.task_id or entry.external_id, state_text(entry), entry.model, entry.job, cost, created)
    return (*row, entry.origin) if with_service else row


list_tasks = command_from(
    ListFlags, run_list, examples=("kirin list --state pending --since 2h", r"kirin list --format '{task_id}\t{path}'")
)
