"""The recovery file: task ids that the ledger could not take (fault L2), a synced line of JSON each."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from kirin_cli.errors import LocalError
from kirin_cli.ledger.entry import EntryKey

RECOVERY_FILE = "recovery.jsonl"
SPACE_FILE = "recovery.spare"
RESERVED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredTask(EntryKey):
    """A task that the service has accepted, seen at `at` (seconds since the epoch); `job` is for the person's eyes."""

    task_id: str
    at: float
    job: str = ""


def reserve_recovery_space(folder: Path) -> None:
    """Keep some room for `write_recovery`. Failing is no fault here: whoever submits finds out by the ledger itself."""
    spare = folder / SPACE_FILE
    with suppress(OSError):
        if not spare.exists():
            # Random bytes: a file system that compresses would keep nothing for zeros.
            spare.touch(mode=0o600)
            spare.write_bytes(os.urandom(RESERVED_BYTES))


def write_recovery(folder: Path, task: RecoveredTask) -> Path:
    """Add `task` to the recovery file and return its path. LocalError, naming the task, if even that fails."""
    path = folder / RECOVERY_FILE
    # The line break in front closes a line that an earlier crash may have cut.
    line = b"\n" + json.dumps(asdict(task)).encode() + b"\n"
    try:
        try:
            _append(path, line)
        except OSError:
            (folder / SPACE_FILE).unlink(missing_ok=True)
            _append(path, line)
    except OSError as error:
        message = f"Task {task.task_id} (external id {task.external_id}) is accepted, but could be written nowhere"
        raise LocalError(f"{message}: {error.strerror or error}.", hint="Note the task id; then make room.") from error
    return path


def read_recovery(folder: Path) -> list[RecoveredTask]:
    """The lines of the recovery file, if there is one; cut or foreign lines are passed over. Raises LocalError."""
    path = folder / RECOVERY_FILE
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
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


def _append(path: Path, line: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if os.write(handle, line) != len(line):
            raise OSError("the line was cut")
        os.fsync(handle)
    finally:
        os.close(handle)
