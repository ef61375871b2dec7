"""`kirin usage`: what was spent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import PrintingFlags, command_from
from kirin_cli.cli.parameters import OptionSpec
from kirin_cli.cli.settings_schema import choice
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.ledger.queries import SpendingColumn, SpendingTotal

COLUMNS: Final[Mapping[str, SpendingColumn]] = {
    "model": "model", "day": "day", "month": "month", "file": "job_file", "service": "origin",
}  # fmt: skip
Groups = Mapping[str, "SpendingTotal"]


class UsageFlags(Record, kw_only=True):
    """Show what was spent at the service of the settings, in US dollars, by model, day, month (UTC) or job file.

    `maybe` counts submissions whose outcome is unknown: they may have been charged. What other services cost, a sandbox
    among them, is never summed up with it.
    """

    by: Annotated[str, OptionSpec("--by", metavar="|".join(COLUMNS), help="What to sum up by.")] = "model"
    since: o.Since = None
    all_services: o.AllServices = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    printing: PrintingFlags
    csv: Annotated[bool, OptionSpec("--csv", panel=o.OUTPUT, help="Print the table as CSV.")] = False
    color: o.Color = "auto"


def run_usage(flags: UsageFlags) -> int:
    """Sum up and print; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.entries import left_out_text, open_ledger, parse_since, service_of, unfinished_text
    from kirin_cli.cli.output_format import output_format
    from kirin_cli.ledger.queries import count_unfinished, other_services, spending

    choice(*COLUMNS)(flags.by, "--by")
    console = make_console(color=flags.color)
    fields = dict.fromkeys(("service", flags.by, "videos", "cost_usd", "maybe"))
    output = output_format(fields, flags.printing, csv=flags.csv)
    since = parse_since(flags.since)
    service, every = service_of(flags.base_url, flags.profile), flags.all_services or flags.by == "service"
    with open_ledger(flags.profile) as ledger:
        tasks, unfinished = other_services(ledger.store, service), count_unfinished(ledger.store, service)
        shown = [service, *sorted(tasks)] if every else [service]
        spent = {origin: spending(ledger.store, COLUMNS[flags.by], origin=origin, since=since) for origin in shown}
    others = [] if every else list(tasks.values())
    if output.json:
        console.data(_answer(flags.by, spent, service, others))
    elif output.rows:
        rows = ((origin, *item) for origin, groups in spent.items() for item in groups.items())
        lines = ({"service": origin, flags.by: name, **_group_data(group)} for origin, name, group in rows)
        console.data(*output.lines(lines))
    else:
        _print_table(flags, spent, console)
        if others and not flags.csv:
            console.info(left_out_text(others))
        if unfinished and not flags.csv:
            console.info(unfinished_text(unfinished))
    return 0


def _answer(by: str, spent: Mapping[str, Groups], service: str, others: list[int]) -> str:
    from kirin_cli.cli.entries import left_out_data
    from kirin_cli.json_text import answer_json

    data = {
        origin: {
            "groups": {name: _group_data(group) for name, group in groups.items()},
            "total": _group_data(_total(groups.values())),
        }
        for origin, groups in spent.items()
    }
    named = {"by": by, "service": service, "left_out": left_out_data(others)}
    return answer_json({**named, **data[service], "services": data})


def _print_table(flags: UsageFlags, spent: Mapping[str, Groups], console: CommandConsole) -> None:
    from kirin_cli.ui.tables import render_table
    from kirin_cli.ui.terminal_text import escape_untrusted

    several = flags.all_services and flags.by != "service"
    rows: list[tuple[str, ...]] = []
    for origin, groups in spent.items():
        own = [(name or "(none)", *_cells(group)) for name, group in groups.items()]
        if not flags.csv and flags.by != "service":
            own.append(("total", *_cells(_total(groups.values()))))
        rows += [(origin, *row) for row in own] if several else own
    headings = (*(("service",) if several else ()), flags.by, "videos")
    if not flags.csv:
        console.data(*render_table((*headings, "cost USD", "maybe"), rows, console.streams.out))
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*headings, "cost_usd", "maybe"))
    writer.writerows(tuple(map(escape_untrusted, row)) for row in rows)
    console.data(text.getvalue().rstrip("\n"))


def _total(groups: Iterable[SpendingTotal]) -> SpendingTotal:
    from kirin_cli.ledger.queries import SpendingTotal

    groups = list(groups)
    return SpendingTotal(
        paid=sum(group.paid for group in groups), cost=sum((group.cost for group in groups), Decimal(0)),
        maybe_paid=sum(group.maybe_paid for group in groups),
    )  # fmt: skip


def _cells(group: SpendingTotal) -> tuple[str, str, str]:
    return str(group.paid), str(group.cost), str(group.maybe_paid)


def _group_data(group: SpendingTotal) -> dict[str, object]:
    return {"videos": group.paid, "cost_usd": str(group.cost), "maybe": group.maybe_paid}


usage = command_from(
    UsageFlags, run_usage, examples=("kirin usage --by day --since 7d", "kirin usage --csv > usage.csv")
)
