"""`kirin show`: everything known of one task."""

import os
import time
from collections.abc import Sequence
from typing import Final

from kirin_cli.cli import options as o
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.entries import as_data, as_json, files_of, moment, opened_ledger
from kirin_cli.derive.pretty import pretty
from kirin_cli.ledger.entry import Entry, Record
from kirin_cli.ledger.questions import NoSuchTask, find
from kirin_cli.ui.escape import harmless
from kirin_cli.ui.tables import table

SHOWN: Final = ("task_id", "external_task_id", "state", "model", "job", "file", "take", "posts", "cost_usd", "origin")
LONGEST: Final = 100_000
"""Characters of a request that are shown."""


def show(
    task: o.TaskId,
    profile: o.Profile = None,
    json: o.Json = False,
    preview: o.Preview = False,
    color: o.Color = "auto",
) -> int:
    """Show everything that the ledger knows of one task: its request, its cost, its files and its story.

    Of a task that is not in the ledger, what the service says.
    """
    voice = talk(color=color)
    entry, history = _found(task, profile, voice)
    if json:
        voice.data(as_json({**as_data(entry), "events": [_event(record) for record in history]}))
    else:
        _say(entry, history, voice)
        if preview:
            voice.pictures(files_of(entry))
    return 0


def _found(task: str, profile: str | None, voice: Talk) -> tuple[Entry, Sequence[Record]]:
    try:
        with opened_ledger(os.environ, profile) as ledger:
            entry = find(ledger.store, task)
            return entry, ledger.history(entry)
    except NoSuchTask as unknown:
        from kirin_cli.cli.doing.ask import told_by_the_service  # noqa: PLC0415  (network, only where it is asked)

        entry = told_by_the_service(task, profile, unknown)
    voice.note("the ledger does not know this task; the service says:")
    return entry, ()


def _say(entry: Entry, history: Sequence[Record], voice: Talk) -> None:
    data, out = as_data(entry), voice.streams.out
    voice.data(*table(("", ""), [(name, str(data[name])) for name in SHOWN if data[name] is not None], out))
    for name, title in (("request", "request:"), ("outputs", "files:"), ("error", "error:")):
        if data[name]:
            voice.data("", title, harmless(pretty(data[name]), multiline=True, limit=LONGEST))
    rows = [
        (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.at)), one.event, one.after.value, one.why)
        for one in history
    ]
    if rows:
        voice.data("", *table(("time", "event", "state", "why"), rows, out))


def _event(record: Record) -> dict[str, object]:
    return {
        "at": moment(record.at), "event": record.event, "from": record.before.value, "to": record.after.value,
        "why": record.why, "task_id": record.task_id,
    }  # fmt: skip
