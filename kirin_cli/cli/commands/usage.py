"""`kirin usage`: what was spent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import PrintingFlags, command_from
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.ledger.queries import SpendingTotal

COLUMNS: Final[Mapping[str, Literal["model", "day", "job_file"]]] = {"model": "model", "day": "day", "file": "job_file"}


class UsageFlags(Record, kw_only=True):
    """Show what was spent, in US dollars, by model, day (UTC) or job file.

    `maybe` counts submissions whose outcome is unknown: they may have been charged.
    """

    by: Annotated[str, typer.Option("--by", metavar="|".join(COLUMNS), help="What to sum up by.")] = "model"
    since: o.Since = None
    profile: o.Profile = None
    printing: PrintingFlags
    csv: Annotated[bool, typer.Option("--csv", rich_help_panel=o.OUTPUT, help="Print the table as CSV.")] = False
    color: o.Color = "auto"


def run_usage(flags: UsageFlags) -> int:
    """Sum up and print; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console, output_format
    from kirin_cli.cli.entries import open_ledger, parse_since
    from kirin_cli.json_text import answer_json
    from kirin_cli.ledger.queries import spending

    if flags.by not in COLUMNS:
        raise UsageError(f"--by is {flags.by!r}{did_you_mean(flags.by, list(COLUMNS))}")
    console = make_console(color=flags.color)
    fields = dict.fromkeys((flags.by, "videos", "cost_usd", "maybe"))
    output = output_format(fields, flags.printing, csv=flags.csv)
    since = parse_since(flags.since)
    with open_ledger(flags.profile) as ledger:
        groups = spending(ledger.store, COLUMNS[flags.by], since=since)
    if output.json:
        data = {name: _group_data(group) for name, group in groups.items()}
        console.data(answer_json({"by": flags.by, "groups": data, "total": _group_data(_total(groups.values()))}))
    elif output.rows:
        console.data(*output.lines({flags.by: name, **_group_data(group)} for name, group in groups.items()))
    else:
        _print_table(flags, groups, console)
    return 0


def _print_table(flags: UsageFlags, groups: Mapping[str, SpendingTotal], console: CommandConsole) -> None:
    from kirin_cli.ui.tables import render_table
    from kirin_cli.ui.terminal_text import escape_untrusted

    rows = [(name or "(none)", *_cells(group)) for name, group in groups.items()]
    if not flags.csv:
        rows.append(("total", *_cells(_total(groups.values()))))
        console.data(*render_table((flags.by, "videos", "cost USD", "maybe"), rows, console.streams.out))
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((flags.by, "videos", "cost_usd", "maybe"))
    writer.writerows((escape_untrusted(name), *numbers) for name, *numbers in rows)
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
