"""`kirin show`: everything known of one task, from the ledger or from the service."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.commands.list import data_json, entry_data, open_ledger, output_paths
from kirin_cli.cli.console import CommandConsole, make_console
from kirin_cli.formatting import iso_time
from kirin_cli.json_text import format_json
from kirin_cli.ledger.entry import HistoryRow, LedgerEntry
from kirin_cli.ledger.queries import NoSuchTask, find_entry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.ui.tables import render_table
from kirin_cli.ui.terminal_text import escape_untrusted
from kirin_cli.wire.responses import TaskState

if TYPE_CHECKING:
    from kirin_cli.wire.responses import Task

SHOWN: Final = ("task_id", "external_task_id", "state", "model", "job", "file", "take", "posts", "cost_usd", "origin")
MAX_SHOWN_LENGTH: Final = 100_000
"""Characters of a request that are shown."""


def show(
    task: o.TaskId,
    profile: o.Profile = None,
    json: o.Json = False,
    preview: o.Preview = False,
    color: o.Color = "auto",
) -> int:
    """Show everything that the ledger knows of one task: its request, its cost, its files and its history.

    Of a task that is not in the ledger, what the service says.
    """
    console = make_console(color=color)
    entry, history = _found(task, profile, console)
    if json:
        console.data(data_json({**entry_data(entry), "events": [_event(record) for record in history]}))
    else:
        _say(entry, history, console)
        if preview:
            console.pictures(output_paths(entry))
    return 0


def _found(task: str, profile: str | None, console: CommandConsole) -> tuple[LedgerEntry, Sequence[HistoryRow]]:
    try:
        with open_ledger(os.environ, profile) as ledger:
            entry = find_entry(ledger.store, task)
            return entry, ledger.history(entry)
    except NoSuchTask as unknown:
        entry = fetch_unknown_task(task, profile, unknown)
    console.info("the ledger does not know this task; the service says:")
    return entry, ()


def _say(entry: LedgerEntry, history: Sequence[HistoryRow], console: CommandConsole) -> None:
    data, out = entry_data(entry), console.streams.out
    console.data(*render_table(("", ""), [(name, str(data[name])) for name in SHOWN if data[name] is not None], out))
    for name, title in (("request", "request:"), ("outputs", "files:"), ("error", "error:")):
        if data[name]:
            console.data("", title, escape_untrusted(format_json(data[name]), multiline=True, limit=MAX_SHOWN_LENGTH))
    rows = [
        (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.at)), row.event, row.after.value, row.why)
        for row in history
    ]
    if rows:
        console.data("", *render_table(("time", "event", "state", "why"), rows, out))


def _event(record: HistoryRow) -> dict[str, object]:
    return {
        "at": iso_time(record.at), "event": record.event, "from": record.before.value, "to": record.after.value,
        "why": record.why, "task_id": record.task_id,
    }  # fmt: skip


STATES = {
    TaskState.RUNNING: LedgerState.RUNNING,
    TaskState.COMPLETED: LedgerState.SUCCEEDED,
    TaskState.FAILED: LedgerState.FAILED,
}


def fetch_unknown_task(given: str, profile: str | None, unknown: NoSuchTask) -> LedgerEntry:
    """The task as an entry would hold it. Raises `unknown` without a key, and what `ask` raises."""
    from kirin_cli.cli.session import open_session
    from kirin_cli.cli.settings import settings
    from kirin_cli.run.resume import query_task

    with open_session(settings(os.environ, profile=profile), sandbox=False) as opened:
        if not opened.key:
            raise unknown
        return _entry(query_task(opened.client, given, unknown), given, opened.origin)


def _entry(task: Task, given: str, origin: str) -> LedgerEntry:
    from kirin_cli.ledger.entry import Intent, new_entry
    from kirin_cli.run.identity import canonical_json
    from kirin_cli.run.outcomes import failure_text

    external_id = given if task.id and task.id != given else ""
    model = str(task.raw.get("model") or "")
    known = Intent(origin=origin, account="", external_id=external_id, model=model, request="")
    contents = [{"type": output.type, "url": output.url, "duration": output.duration} for output in task.outputs]
    return replace(
        new_entry(known, task.created_at or time.time()), state=STATES[task.state], task_id=task.id or given,
        cost=task.cost, outputs=canonical_json(contents) if contents else "", error=failure_text(task.failure),
    )  # fmt: skip
