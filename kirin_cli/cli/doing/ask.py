"""Asks the service for a task that the ledger does not know. Writes nothing down."""

import os
import time
from dataclasses import replace

from kirin_cli.cli.service import service
from kirin_cli.cli.settings import settings
from kirin_cli.ledger.entry import Entry, Intent, fresh
from kirin_cli.ledger.questions import NoSuchTask
from kirin_cli.ledger.states import State
from kirin_cli.run.ends import failure_text
from kirin_cli.run.identity import canonical
from kirin_cli.run.taking_up import ask
from kirin_cli.wire.answers import Task, TaskState

STATES = {TaskState.RUNNING: State.RUNNING, TaskState.COMPLETED: State.SUCCEEDED, TaskState.FAILED: State.FAILED}


def told_by_the_service(given: str, profile: str | None, unknown: NoSuchTask) -> Entry:
    """The task as an entry would hold it. Raises `unknown` without a key, and what `ask` raises."""
    with service(settings(os.environ, profile=profile), sandbox=False) as opened:
        if not opened.key:
            raise unknown
        return _entry(ask(opened.client, given, unknown), given, opened.origin)


def _entry(task: Task, given: str, origin: str) -> Entry:
    external_id = given if task.id and task.id != given else ""
    model = str(task.raw.get("model") or "")
    known = Intent(origin=origin, account="", external_id=external_id, model=model, request="")
    contents = [{"type": one.type, "url": one.url, "duration": one.duration} for one in task.outputs]
    return replace(
        fresh(known, task.created_at or time.time()), state=STATES[task.state], task_id=task.id or given,
        cost=task.cost, outputs=canonical(contents) if contents else "", error=failure_text(task.failure),
    )  # fmt: skip
