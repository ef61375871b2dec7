"""`kirin show`: everything known of one task."""

import os
import time
from typing import Final

from kirin_cli.cli import options as o
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.entries import as_data, moment, opened_ledger
from kirin_cli.derive.pretty import pretty
from kirin_cli.ledger.entry import Entry, Record
from kirin_cli.ledger.questions import find
from kirin_cli.ui.tables import table

SHOWN: Final = ("task_id", "external_task_id", "state", "model", "job", "file", "take", "posts", "cost_usd", "origin")


def show(task: o.TaskId, profile: o.Profile = None, json: o.Json = False, color: o.Color = "auto") -> int:
    """Show everything that the ledger knows of one task: its request, its cost, its files and its story."""
    voice = talk(color=color)
    with opened_ledger(os.environ, profile) as ledger:
        entry = find(ledger.store, task)
        history = ledger.history(entry)
    if json:
        voice.data(pretty({**as_data(entry), "events": [_event(record) for record in history]}))
    else:
        _say(entry, history, voice)
    return 0


def _say(entry: Entry, history: list[Record], voice: Talk) -> None:
    data, out = as_data(entry), voice.streams.out
    voice.data(*table(("", ""), [(name, str(data[name])) for name in SHOWN if data[name] is not None], out))
    voice.data("", "request:", pretty(data["request"]))
    if data["outputs"]:
        voice.data("", "files:", pretty(data["outputs"]))
    rows = [
        (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.at)), one.event, one.after.value, one.why)
        for one in history
    ]
    voice.data("", *table(("time", "event", "state", "why"), rows, out))


def _event(record: Record) -> dict[str, object]:
    return {
        "at": moment(record.at), "event": record.event, "from": record.before.value, "to": record.after.value,
        "why": record.why, "task_id": record.task_id,
    }  # fmt: skip
