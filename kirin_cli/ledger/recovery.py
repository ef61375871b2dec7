"""The recovery file: task ids that the ledger could not take (fault L2), a synced line of JSON each."""

import json
import os
from contextlib import suppress
from pathlib import Path

from kirin_cli.atomic_file import append_durably, create_file, write_whole
from kirin_cli.errors import LocalError
from kirin_cli.ledger.entry import EntryKey
from kirin_cli.regular_file import read_regular_file

RECOVERY_FILE = "recovery.jsonl"
SPACE_FILE = "recovery.spare"
RESERVED_BYTES = 64 * 1024
MAX_RECOVERY_BYTES = 64 << 20


class RecoveredTask(EntryKey, kw_only=True, eq=True):
    """A task that the service has accepted, seen at `at` (seconds since the epoch); `job` is for the person's eyes."""

    task_id: str
    at: float
    job: str = ""


def reserve_recovery_space(folder: Path) -> None:
    """Keep some room for `write_recovery`. Failing is no fault here: whoever submits finds out by the ledger itself."""
    spare = folder / SPACE_FILE
    with suppress(OSError), create_file(spare, mode=0o600) as file:
        # Random bytes: a file system that compresses would keep nothing for zeros.
        write_whole(file, os.urandom(RESERVED_BYTES))


def write_recovery(folder: Path, task: RecoveredTask) -> Path:
    """Add `task` to the recovery file and return its path. LocalError, naming the task, if even that fails."""
    path = folder / RECOVERY_FILE
    # The line break in front closes a line that an earlier crash may have cut.
    line = b"\n" + json.dumps({name: getattr(task, name) for name in task._fields}).encode() + b"\n"
    try:
        try:
            append_durably(path, line, mode=0o600)
        except OSError:
            (folder / SPACE_FILE).unlink(missing_ok=True)
            append_durably(path, line, mode=0o600)
    except OSError as error:
        message = f"Task {task.task_id} (external id {task.external_id}) is accepted, but could be written nowhere"
        raise LocalError(f"{message}: {error.strerror or error}.", hint="Note the task id; then make room.") from error
    return path


def read_recovery(folder: Path) -> list[RecoveredTask]:
    """The lines of the recovery file, if there is one; cut or foreign lines are passed over. Raises LocalError."""
    path = folder / RECOVERY_FILE
    try:
        text = read_regular_file(path, MAX_RECOVERY_BYTES, follow_links=False).decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LocalError(f"The recovery file {path} cannot be read: {error.strerror or error}.") from error
    tasks = []
    for line in text.splitlines():
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            values = json.loads(line)
            task = RecoveredTask(**{**values, "at": float(values["at"])})
            names = (task.origin, task.account, task.external_id, task.task_id, task.job)
            if all(isinstance(name, str) for name in names):
                tasks.append(task)
    return tasks
