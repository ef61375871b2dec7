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
from kirin_cli.cli.console import talk
from kirin_cli.cli.entries import as_json, opened_ledger
from kirin_cli.cli.settings import seconds
from kirin_cli.cli.shaping import shape_of
from kirin_cli.errors import UsageError
from kirin_cli.ledger.questions import Spent, spent
from kirin_cli.spec.words import nearest
from kirin_cli.ui.escape import harmless
from kirin_cli.ui.tables import table

By = Literal["model", "day", "file"]
COLUMNS: Final[Mapping[str, Literal["model", "day", "job_file"]]] = {"model": "model", "day": "day", "file": "job_file"}


def usage(
    by: Annotated[str, typer.Option("--by", metavar="model|day|file", help="What to sum up by.")] = "model",
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only the last 2h, 7d, ….")] = None,
    profile: o.Profile = None,
    json: o.Json = False,
    jsonl: o.Jsonl = False,
    template: o.Format = "",
    comma: Annotated[bool, typer.Option("--csv", rich_help_panel=o.OUTPUT, help="Print the table as CSV.")] = False,
    color: o.Color = "auto",
) -> int:
    """Show what was spent, in US dollars, by model, day (UTC) or job file.

    `maybe` counts submissions whose outcome is unknown: they may have been charged.
    """
    if by not in COLUMNS:
        raise UsageError(f"--by is {by!r}{nearest(by, list(get_args(By)))}")
    voice = talk(color=color)
    fields = dict.fromkeys((by, "videos", "cost_usd", "maybe"))
    shape = shape_of(fields, json=json, jsonl=jsonl, template=template, csv=comma)
    begin = None if since is None else time.time() - seconds(since, "--since")
    with opened_ledger(os.environ, profile) as ledger:
        found = spent(ledger.store, COLUMNS[by], since=begin)
    if json:
        voice.data(as_json(_data(by, found)))
    elif shape.rows:
        voice.data(*shape.lines({by: name, **_plain(one)} for name, one in found.items()))
    elif comma:
        voice.data(_csv(by, found))
    else:
        rows = [*_rows(found), ("total", *_row(_total(found)))]
        voice.data(*table((by, "videos", "cost USD", "maybe"), rows, voice.streams.out))
    return 0


def _total(found: Mapping[str, Spent]) -> Spent:
    groups = found.values()
    cost = sum((one.cost for one in groups), Decimal(0))
    return Spent(paid=sum(one.paid for one in groups), cost=cost, maybe=sum(one.maybe for one in groups))


def _rows(found: Mapping[str, Spent]) -> list[tuple[str, ...]]:
    return [(name or "(none)", *_row(one)) for name, one in found.items()]


def _row(one: Spent) -> tuple[str, str, str]:
    return str(one.paid), str(one.cost), str(one.maybe)


def _data(by: str, found: Mapping[str, Spent]) -> dict[str, object]:
    return {"by": by, "groups": {name: _plain(one) for name, one in found.items()}, "total": _plain(_total(found))}


def _plain(one: Spent) -> dict[str, object]:
    return {"videos": one.paid, "cost_usd": str(one.cost), "maybe": one.maybe}


def _csv(by: str, found: Mapping[str, Spent]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((by, "videos", "cost_usd", "maybe"))
    writer.writerows((harmless(name), *numbers) for name, *numbers in _rows(found))
    return text.getvalue().rstrip("\n")
