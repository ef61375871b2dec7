"""`kirin list`: the tasks of the ledger; entries of the ledger as JSON."""

import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.commands.models import find_model
from kirin_cli.cli.console import make_console, output_format
from kirin_cli.cli.settings import seconds, state_dir
from kirin_cli.errors import UsageError
from kirin_cli.formatting import format_usd, iso_time
from kirin_cli.json_text import escape_ci_commands, format_json
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import select_entries
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.ui.tables import render_table

ENTRY_FIELDS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("task_id", "external_task_id", "state", "model", "job", "file", "take", "origin", "posts")),
    **dict.fromkeys(("cost_usd", "created_at", "sent_at", "accepted_at", "generated_at", "updated_at")),
    "request": ...,
    "outputs": [dict.fromkeys(("type", "path", "bytes", "sha256"))],
    "error": ...,
}
"""The names in an entry as data: None has nothing below it, a list more of the same, `...` what there is."""


@contextmanager
def open_ledger(environ: Mapping[str, str], profile: str | None = None) -> Iterator[Ledger]:
    """The ledger of the state folder. Raises LocalFault, and UsageError for settings that make no sense."""
    with Ledger.open(state_dir(environ, profile), time.time) as ledger:
        yield ledger


def parse_states(words: Iterable[str]) -> list[LedgerState]:
    """The states of these names. Raises UsageError naming the nearest."""
    known = [state.value for state in LedgerState]
    for word in words:
        if word not in known:
            raise UsageError(f"there is no state {word!r}{did_you_mean(word, known)}")
    return [LedgerState(word) for word in words]


def entry_data(entry: LedgerEntry) -> dict[str, object]:
    """An entry as JSON data; times in ISO 8601 (UTC), cost a decimal string in US dollars. The shape only grows."""
    return {
        "task_id": entry.task_id,
        "external_task_id": entry.external_id,
        "state": entry.state.value,
        "model": entry.model,
        "job": entry.job or None,
        "file": entry.job_file or None,
        "take": entry.take,
        "origin": entry.origin,
        "posts": entry.counters.posts,
        "cost_usd": None if entry.cost is None else str(entry.cost),
        "created_at": iso_time(entry.created),
        "sent_at": iso_time(entry.last_sent),
        "accepted_at": iso_time(entry.accepted_at),
        "generated_at": iso_time(entry.generated_at),
        "updated_at": iso_time(entry.updated),
        "request": parse_json_text(entry.request),
        "outputs": parse_json_text(entry.outputs) or [],
        "error": parse_json_text(entry.error),
    }


def output_paths(entry: LedgerEntry) -> list[Path]:
    """The files of a result that is on the disk."""
    outputs = parse_json_text(entry.outputs)
    return [Path(output["path"]) for output in outputs if "path" in output] if isinstance(outputs, list) else []


def data_json(data: object) -> str:
    """Data as JSON text in ASCII: nothing in it can do anything to a terminal or a log (faults H1, H3)."""
    return escape_ci_commands(re.sub(r"[^ -~\n]", _escaped, format_json(data)))


def _escaped(character: re.Match[str]) -> str:
    return json.dumps(character[0])[1:-1]


def parse_json_text(text: str) -> object:
    """JSON text of the ledger as data; None for none."""
    return json.loads(text) if text else None


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
    template: o.FormatOption = "",
    color: o.Color = "auto",
) -> int:
    """List the tasks of the ledger, the newest first. Asks the service nothing."""
    console = make_console(color=color)
    shape = output_format(ENTRY_FIELDS, json=json, jsonl=jsonl, template=template)
    begin = None if since is None else time.time() - seconds(since, "--since")
    file = str(Path(job_file).absolute()) if job_file else ""
    with open_ledger(os.environ, profile) as ledger:
        wanted = parse_states(state or ())
        of_model = find_model(model).id if model else ""
        found = select_entries(ledger.store, states=wanted, model=of_model, job_file=file, since=begin, limit=limit)
    if shape.for_programs:
        rows = list(map(entry_data, found))
        console.data(*(shape.lines(rows) if shape.rows else (data_json({"tasks": rows}),)))
        return 0
    console.data(*(render_table(HEADINGS, [_row(entry) for entry in found], console.streams.out) if found else ()))
    if not found:
        console.info("the ledger has no such tasks")
    return 0


def _row(entry: LedgerEntry) -> tuple[str, ...]:
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created))
    cost = "" if entry.cost is None else format_usd(entry.cost)
    return (entry.task_id or entry.external_id, entry.state.value, entry.model, entry.job, cost, created)
