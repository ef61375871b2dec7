"""`kirin usage`: what was spent."""

import csv
import io
import os
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal, get_args

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.commands.list import data_json, open_ledger
from kirin_cli.cli.console import make_console, output_format
from kirin_cli.cli.settings import seconds
from kirin_cli.errors import UsageError
from kirin_cli.ledger.queries import SpendingTotal, spending
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.ui.tables import render_table
from kirin_cli.ui.terminal_text import escape_untrusted

By = Literal["model", "day", "file"]
COLUMNS: Final[Mapping[str, Literal["model", "day", "job_file"]]] = {"model": "model", "day": "day", "file": "job_file"}


def usage(
    by: Annotated[str, typer.Option("--by", metavar="model|day|file", help="What to sum up by.")] = "model",
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only the last 2h, 7d, ….")] = None,
    profile: o.Profile = None,
    json: o.Json = False,
    jsonl: o.Jsonl = False,
    template: o.FormatOption = "",
    comma: Annotated[bool, typer.Option("--csv", rich_help_panel=o.OUTPUT, help="Print the table as CSV.")] = False,
    color: o.Color = "auto",
) -> int:
    """Show what was spent, in US dollars, by model, day (UTC) or job file.

    `maybe` counts submissions whose outcome is unknown: they may have been charged.
    """
    if by not in COLUMNS:
        raise UsageError(f"--by is {by!r}{did_you_mean(by, list(get_args(By)))}")
    console = make_console(color=color)
    fields = dict.fromkeys((by, "videos", "cost_usd", "maybe"))
    shape = output_format(fields, json=json, jsonl=jsonl, template=template, csv=comma)
    begin = None if since is None else time.time() - seconds(since, "--since")
    with open_ledger(os.environ, profile) as ledger:
        found = spending(ledger.store, COLUMNS[by], since=begin)
    if json:
        console.data(data_json(_data(by, found)))
    elif shape.rows:
        console.data(*shape.lines({by: name, **_plain(one)} for name, one in found.items()))
    elif comma:
        console.data(_csv(by, found))
    else:
        rows = [*_rows(found), ("total", *_row(_total(found)))]
        console.data(*render_table((by, "videos", "cost USD", "maybe"), rows, console.streams.out))
    return 0


def _total(found: Mapping[str, SpendingTotal]) -> SpendingTotal:
    groups = found.values()
    cost = sum((group.cost for group in groups), Decimal(0))
    return SpendingTotal(
        paid=sum(one.paid for one in groups), cost=cost, maybe_paid=sum(one.maybe_paid for one in groups)
    )


def _rows(found: Mapping[str, SpendingTotal]) -> list[tuple[str, ...]]:
    return [(name or "(none)", *_row(one)) for name, one in found.items()]


def _row(one: SpendingTotal) -> tuple[str, str, str]:
    return str(one.paid), str(one.cost), str(one.maybe_paid)


def _data(by: str, found: Mapping[str, SpendingTotal]) -> dict[str, object]:
    return {"by": by, "groups": {name: _plain(one) for name, one in found.items()}, "total": _plain(_total(found))}


def _plain(one: SpendingTotal) -> dict[str, object]:
    return {"videos": one.paid, "cost_usd": str(one.cost), "maybe": one.maybe_paid}


def _csv(by: str, found: Mapping[str, SpendingTotal]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((by, "videos", "cost_usd", "maybe"))
    writer.writerows((escape_untrusted(name), *numbers) for name, *numbers in _rows(found))
    return text.getvalue().rstrip("\n")
