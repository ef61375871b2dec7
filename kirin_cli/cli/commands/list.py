"""`kirin list`: the tasks of the ledger."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import PrintingFlags, command_from
from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.output_format import OutputFormat
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.ledger.states import LedgerState

DEFAULT_LIMIT: Final = 50
MIN_WATCHED: Final = 5
"""Tasks that are drawn over and over, however low the terminal is."""


class ListFlags(Record, kw_only=True):
    """List the tasks of the ledger, the newest first. Asks the service nothing, but with --refresh and --watch.

    Words search prompt, job, file and id; a task has to hold all of them, in any case. A state is one of done, failed,
    rejected, pending, unknown and expired, or a finer one of the ledger (running).
    """

    words: Annotated[list[str] | None, ArgumentSpec(metavar="[WORD]…", help="Only tasks that hold these words.")] = None
    state: Annotated[
        list[str] | None, OptionSpec("--state", metavar="STATE", help="Only tasks in this state. Repeatable.")
    ] = None
    model: Annotated[str, OptionSpec("--model", metavar="MODEL", help="Only tasks of this model.")] = ""
    job_file: Annotated[str, OptionSpec("--file", metavar="FILE", help="Only tasks of this job file.")] = ""
    since: o.Since = None
    limit: Annotated[
        int | None,
        OptionSpec("--limit", "-n", metavar="N", min=1, max=1_000_000, help=f"At most so many (else {DEFAULT_LIMIT})."),
    ] = None
    all: Annotated[bool, OptionSpec("--all", help="All of them, however many.")] = False
    refresh: Annotated[
        bool, OptionSpec("--refresh", help="Ask the service, free of charge, for those under way; fetch nothing.")
    ] = False
    watch: Annotated[bool, OptionSpec("--watch", help="Go on asking until none is under way.")] = False
    all_services: o.AllServices = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    printing: PrintingFlags
    color: o.Color = "auto"


def run_list(flags: ListFlags) -> int:
    """Find the entries and print them; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.entries import ENTRY_FIELDS, service_of
    from kirin_cli.cli.output_format import output_format

    console = make_console(color=flags.color)
    output = output_format(ENTRY_FIELDS, flags.printing)
    if flags.all and flags.limit is not None:
        raise UsageError("--all and --limit cannot both say how many; give one of them")
    if flags.watch and output.json:
        raise UsageError("--watch prints as it goes on, and --json once", hint="--jsonl prints a line for each change")
    service = service_of(flags.base_url, flags.profile)
    if flags.refresh or flags.watch:
        return _refresh_and_print(flags, service, output, console)
    _print(flags, service, output, console)
    return 0


def _refresh_and_print(flags: ListFlags, service: str, output: OutputFormat, console: CommandConsole) -> int:
    """Ask the service for what is under way, once or until nothing is; returns the exit code."""
    from kirin_cli.cli.entries import unfinished_text
    from kirin_cli.cli.settings import load_settings
    from kirin_cli.cli.task_watch import CLEAR, open_refresh, refresh_error, watch

    settings = load_settings(os.environ, base_url=flags.base_url, profile=flags.profile)
    of_service = "" if flags.all_services else service
    if flags.watch and console.streams.out.animated and not flags.all:
        flags = flags.replace(limit=flags.limit or max(MIN_WATCHED, console.streams.out.height // 2 - 2))

    def show(entries: Sequence[LedgerEntry], is_first: bool) -> None:  # noqa: FBT001  (watch calls it)
        if console.streams.out.animated and not output.rows:
            console.streams.stdout.write(CLEAR)
            _print(flags, service, output, console)
        elif is_first:
            _print(flags, service, output, console, says_unfinished=False)  # the end of the watch does
        else:
            _print_entries(entries, flags, output, console, headings=False)

    with open_refresh(settings) as ask:
        if flags.watch:
            find = lambda: _find_entries(flags, of_service).entries  # noqa: E731
            exit_code = watch(find, ask, show, console, seconds=settings.poll_seconds)
            unfinished = _find_entries(flags, of_service).unfinished
            if unfinished and not console.streams.out.animated:
                console.info(unfinished_text(unfinished))
            return exit_code
        result = ask(_find_entries(flags, of_service).entries)
    _print(flags, service, output, console)
    return refresh_error(result, console)


def _print(
    flags: ListFlags, service: str, output: OutputFormat, console: CommandConsole, *, says_unfinished: bool = True
) -> None:
    """Print the entries, and say what is left out and unfinished."""
    from kirin_cli.cli.entries import entry_data, left_out_data, left_out_text, unfinished_text
    from kirin_cli.json_text import answer_json

    listed = _find_entries(flags, "" if flags.all_services else service)
    if output.json:
        rows = list(map(entry_data, listed.entries))
        left_out = left_out_data(listed.others)
        answer = {"service": service, "left_out": left_out, "is_cut": listed.is_cut, "tasks": rows}
        console.data(answer_json(answer))
        return
    _print_entries(listed.entries, flags, output, console)
    if output.for_programs:
        return
    if not listed.entries:
        console.info("the ledger has no such tasks")
    if listed.is_cut:
        shown = len(listed.entries)
        console.info(f"these are the newest {shown}; there are more: --all, or -n {2 * shown}")
    if listed.others:
        console.info(left_out_text(listed.others))
    if listed.unfinished and says_unfinished:
        console.info(unfinished_text(listed.unfinished))


def _print_entries(
    entries: Sequence[LedgerEntry], flags: ListFlags, output: OutputFormat, console: CommandConsole, *,
    headings: bool = True,
) -> None:  # fmt: skip
    """Print the rows for programs, or the table."""
    from kirin_cli.cli.entries import entry_data, state_text
    from kirin_cli.ui.task_table import render_tasks

    if output.rows:
        console.data(*output.lines(map(entry_data, entries)))
    elif entries:
        rows = ((entry, state_text(entry)) for entry in entries)
        lines = render_tasks(
            rows, console.streams.out, now=time.time(), with_service=flags.all_services, headings=headings
        )
        console.data(*lines)


class ListedTasks(Record):
    """Entries, newest first, and whether there are more; the tasks of each other service, and those unfinished."""

    entries: list[LedgerEntry]
    is_cut: bool
    others: tuple[int, ...]
    unfinished: int


def _find_entries(flags: ListFlags, service: str) -> ListedTasks:
    """The entries that the flags ask for, of a service; "" is every service."""
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.entries import open_ledger, parse_since
    from kirin_cli.ledger.queries import count_unfinished, other_services, select_entries

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
        others = tuple(other_services(ledger.store, service).values()) if service else ()
        return ListedTasks(entries[:limit] if is_cut else entries, is_cut, others, unfinished)


def _parse_states(names: Iterable[str]) -> list[LedgerState]:
    """The ledger's states of these names. Raises UsageError naming the nearest."""
    from kirin_cli.ledger.states import STATES_OF_ENTRIES

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
        "kirin list --state pending --refresh",
        "kirin list --state pending --since 2h",
        r"kirin list --format '{task_id}\t{path}'",
    ),
)
