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

DEFAULT_LIMIT: Final = 50


class ListFlags(Record, kw_only=True):
    """List the tasks of the ledger, the newest first. Asks the service nothing.

    Words search prompt, job, file and id; a task has to hold all of them, in any case. A state is one of done, failed,
    rejected, pending, unknown and expired, or a finer one of the ledger (running).
    """

    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD]…", help="Only tasks that hold these words.")] = (
        None
    )
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only tasks in this state. Repeatable.")
    ] = None
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="Only tasks of this model.")] = ""
    job_file: Annotated[str, typer.Option("--file", metavar="FILE", help="Only tasks of this job file.")] = ""
    since: o.Since = None
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "-n", metavar="N", min=1, max=1_000_000, help=f"At most so many (else {DEFAULT_LIMIT})."
        ),
    ] = None
    all: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False
    all_services: o.AllServices = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    printing: PrintingFlags
    color: o.Color = "auto"


def run_list(flags: ListFlags) -> int:
    """Find the entries and print them; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console, output_format
    from kirin_cli.cli.entries import ENTRY_FIELDS, entry_data, left_out_text, service_of, state_text, unfinished_text
    from kirin_cli.json_text import answer_json
    from kirin_cli.ui.task_table import render_tasks

    console = make_console(color=flags.color)
    output = output_format(ENTRY_FIELDS, flags.printing)
    if flags.all and flags.limit is not None:
        raise UsageError("--all and --limit cannot both say how many; give one of them")
    service = service_of(flags.base_url, flags.profile)
    listed = _find_entries(flags, "" if flags.all_services else service)
    others = [] if flags.all_services else [number for origin, number in listed.services.items() if origin != service]
    if output.for_programs:
        rows = list(map(entry_data, listed.entries))
        left_out = {"tasks": sum(others), "services": len(others)}
        answer = {"service": service, "left_out": left_out, "is_cut": listed.is_cut, "tasks": rows}
        console.data(*(output.lines(rows) if output.rows else (answer_json(answer),)))
        return 0
    if listed.entries:
        entries = ((entry, state_text(entry)) for entry in listed.entries)
        console.data(*render_tasks(entries, console.streams.out, now=time.time(), with_service=flags.all_services))
    else:
        console.info("the ledger has no such tasks")
    if listed.is_cut:
        console.info(
            f"these are the newest {len(listed.entries)}; there are more: --all, or -n {2 * len(listed.entries)}"
        )
    if others:
        console.info(left_out_text(sum(others), len(others)))
    if listed.unfinished:
        console.info(unfinished_text(listed.unfinished))
    return 0


class ListedTasks(Record):
    """Entries, newest first, and whether there are more; how many tasks each service has, and this one unfinished."""

    entries: list[LedgerEntry]
    is_cut: bool
    services: dict[str, int]
    unfinished: int


def _find_entries(flags: ListFlags, service: str) -> ListedTasks:
    """The entries that the flags ask for, of a service; "" is every service."""
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.entries import open_ledger, parse_since
    from kirin_cli.ledger.queries import count_unfinished, select_entries, services

    limit = -1 if flags.all else flags.limit or DEFAULT_LIMIT
    with open_ledger(flags.profile) as ledger:
        entries = select_entries(
            ledger.store,
            states=_parse_states(flags.state or ()),
            model=find_model(flags.model).id if flags.model else "",
            job_file=str(Path(flags.job_file).absolute()) if flags.job_file else "",
            origin=service,
            since=parse_since(flags.since),
            words=flags.words or (),
            limit=-1 if flags.all else limit + 1,
        )
        unfinished = count_unfinished(ledger.store, service) if service else 0
        is_cut = not flags.all and len(entries) > limit
        return ListedTasks(entries[:limit] if is_cut else entries, is_cut, services(ledger.store), unfinished)


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


list_tasks = command_from(
    ListFlags,
    run_list,
    examples=(
        "kirin list neon harbour",
        "kirin list --state pending --since 2h",
        r"kirin list --format '{task_id}\t{path}'",
    ),
)
