"""`kirin show`: everything known of one task, from the ledger or from the service."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.parameters import OptionSpec
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.ledger.entry import HistoryRow, LedgerEntry
    from kirin_cli.ledger.lookup import NoSuchTask
    from kirin_cli.wire.responses import Task

FIELDS: Final = (
    "task_id", "external_task_id", "state", "detail", "model", "job", "file", "take", "attempt", "posts", "cost_usd",
    "origin",
)  # fmt: skip
MAX_REQUEST_LENGTH: Final = 100_000  # characters that are shown


class ShowFlags(Record):
    """Show everything that the ledger knows of one task: its request, its cost, its files and its history.

    Of a task that is not in the ledger, what the service says. --raw prints the service's last answer as it came.
    """

    task: o.TaskId
    profile: o.Profile = None
    json: o.Json = False
    raw: o.Raw = False
    to_yaml: Annotated[
        bool, OptionSpec("--to-yaml", panel=o.OUTPUT, help="Print the job file that asks for the same.")
    ] = False
    preview: o.Preview = False
    color: o.Color = "auto"


def run_show(flags: ShowFlags) -> int:
    """Find the task and print it; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.entries import entry_data, find_own_task, open_ledger, output_paths
    from kirin_cli.json_text import answer_json, data_json
    from kirin_cli.ledger.lookup import NoSuchTask
    from kirin_cli.wire.answer_record import answer_of, service_facts

    console = make_console(color=flags.color)
    history: Sequence[HistoryRow] = ()
    try:
        with open_ledger(flags.profile) as ledger:
            entry = find_own_task(ledger.store, flags.task, flags.profile, "show")
            history, record = ledger.history(entry), ledger.answer(entry)
    except NoSuchTask as unknown:
        entry, record = fetch_unknown_task(flags.profile, unknown)
        console.info("the ledger does not know this task; the service says:")
    if flags.raw:
        if not record:
            raise UsageError(f"no answer of the service about {flags.task} is kept", hint="it has given none yet")
        console.data(data_json(answer_of(record)))
        return 0
    if flags.to_yaml:
        console.data(_job_yaml(entry, flags.task, console))
        return 0
    data = {**entry_data(entry), "service": service_facts(record)}
    if flags.json:
        console.data(answer_json({**data, "events": [_event_data(row) for row in history]}))
        return 0
    _print(data, history, console)
    if flags.preview:
        console.pictures(output_paths(entry))
    return 0


def _job_yaml(entry: LedgerEntry, name: str, console: CommandConsole) -> str:
    """The job file that asks for what the task was asked for; says which of its files have changed or are gone."""
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.job_yaml import job_yaml
    from kirin_cli.cli.start_job import start_from_entry, unusable_inputs
    from kirin_cli.run.task_lookup import sidecar_of
    from kirin_cli.tree import map_leaves

    model = find_model(entry.model)
    start = start_from_entry(model, entry, sidecar_of(name))
    for path, value in (*unusable_inputs(start.params), *unusable_inputs(start.extra_params, "extra_params")):
        if not value:
            raise UsageError(f"{path} {value.reason}", hint=f"kirin again {name} --dry-run names the flag for another")
        console.info(f"{path} {value.reason}")
    params = map_leaves(start.params, lambda leaf: str(leaf) if isinstance(leaf, str) else leaf)
    return job_yaml(model, params, start.extra_params)  # type: ignore[arg-type]  # a mapping stays one


def _print(data: Mapping[str, object], history: Sequence[HistoryRow], console: CommandConsole) -> None:
    from kirin_cli.json_text import format_json
    from kirin_cli.ui.tables import render_table
    from kirin_cli.ui.terminal_text import escape_untrusted

    out = console.streams.out
    console.data(*render_table(("", ""), [(name, str(data[name])) for name in FIELDS if data[name] is not None], out))
    for name, title in (
        ("request", "request:"),
        ("inputs", "made from:"),
        ("outputs", "files:"),
        ("error", "error:"),
        ("service", "the service says:"),
    ):
        if data[name]:
            text = escape_untrusted(format_json(data[name]), multiline=True, limit=MAX_REQUEST_LENGTH)
            console.data("", title, text)
    rows = [
        (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.at)), row.event, row.after.value, row.why)
        for row in history
    ]
    if rows:
        console.data("", *render_table(("time", "event", "state", "why"), rows, out))


def _event_data(row: HistoryRow) -> dict[str, object]:
    from kirin_cli.formatting import iso_time

    return {
        "at": iso_time(row.at), "event": row.event, "from": row.before.value, "to": row.after.value,
        "why": row.why, "task_id": row.task_id,
    }  # fmt: skip


def fetch_unknown_task(profile: str | None, unknown: NoSuchTask) -> tuple[LedgerEntry, str]:
    """The task as an entry would hold it, and the record of the answer.

    Raises `unknown` without a key, and what `query_task` raises.
    """
    from kirin_cli.cli.session import open_session
    from kirin_cli.cli.settings import load_settings
    from kirin_cli.run.resume import query_task
    from kirin_cli.wire.answer_record import record_answer

    with open_session(load_settings(os.environ, profile=profile), sandbox=False) as session:
        if not session.key:
            raise unknown
        task = query_task(session.client, unknown.task_id, unknown)
        return _entry_of_task(task, unknown.task_id, session.origin), record_answer(task.raw, status=200, request_id="")


def _entry_of_task(task: Task, task_id: str, origin: str) -> LedgerEntry:
    from kirin_cli.ledger.entry import Intent, new_entry
    from kirin_cli.ledger.states import LedgerState
    from kirin_cli.run.identity import canonical_json
    from kirin_cli.run.outcomes import failure_text
    from kirin_cli.wire.responses import TaskState

    states = {
        TaskState.RUNNING: LedgerState.RUNNING,
        TaskState.COMPLETED: LedgerState.SUCCEEDED,
        TaskState.FAILED: LedgerState.FAILED,
    }
    external_id = task_id if task.id and task.id != task_id else ""
    model = str(task.raw.get("model") or "")
    intent = Intent(origin=origin, account="", external_id=external_id, model=model, request="")
    contents = [{"type": output.type, "url": output.url, "duration": output.duration} for output in task.outputs]
    return new_entry(intent, task.created_at or time.time()).replace(
        state=states[task.state], task_id=task.id or task_id, cost=task.cost,
        outputs=canonical_json(contents) if contents else "", error=failure_text(task.failure),
    )  # fmt: skip


show = command_from(ShowFlags, run_show, examples=("kirin show 123456789", "kirin show last --to-yaml > clip.yaml"))
