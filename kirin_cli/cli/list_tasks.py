"""`kirin list`: the tasks of the ledger."""

import os
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.console import talk
from kirin_cli.cli.entries import FIELDS, as_data, as_json, listed_states, opened_ledger
from kirin_cli.cli.models import named
from kirin_cli.cli.settings import seconds
from kirin_cli.cli.shaping import shape_of
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.questions import select
from kirin_cli.run.amounts import money
from kirin_cli.ui.tables import table

HEADINGS: Final = ("task", "state", "model", "job", "cost", "created")


def list_tasks(
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only tasks in this state. Repeatable.")
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="Only tasks of this model.")] = "",
    job_file: Annotated[str, typer.Option("--file", metavar="FILE", help="Only tasks of this job file.")] = "",
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only the last 2h, 7d, ….")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many.")] = 50,
    profile: o.Profile = None,
    json: o.Json = False,
    jsonl: o.Jsonl = False,
    template: o.Format = "",
    color: o.Color = "auto",
) -> int:
    """List the tasks of the ledger, the newest first. Asks the service nothing."""
    voice = talk(color=color)
    shape = shape_of(FIELDS, json=json, jsonl=jsonl, template=template)
    begin = None if since is None else time.time() - seconds(since, "--since")
    file = str(Path(job_file).absolute()) if job_file else ""
    with opened_ledger(os.environ, profile) as ledger:
        wanted = listed_states(state or ())
        of_model = named(model).id if model else ""
        found = select(ledger.store, states=wanted, model=of_model, job_file=file, since=begin, limit=limit)
    if shape.for_programs:
        rows = list(map(as_data, found))
        voice.data(*(shape.lines(rows) if shape.rows else (as_json({"tasks": rows}),)))
        return 0
    voice.data(*(table(HEADINGS, [_row(entry) for entry in found], voice.streams.out) if found else ()))
    if not found:
        voice.note("the ledger has no such tasks")
    return 0


def _row(entry: Entry) -> tuple[str, ...]:
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created))
    cost = "" if entry.cost is None else money(entry.cost)
    return (entry.task_id or entry.external_id, entry.state.value, entry.model, entry.job, cost, created)
