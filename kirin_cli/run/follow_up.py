"""The follow-up of a job that did not end well: the exact command to go on with, and whether typing again is safe."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import JobState, LedgerState
from kirin_cli.redaction import command_text
from kirin_cli.run.job import Charged, Job
from kirin_cli.shell_words import join_words, quote_word

RETRY: Final = "--retry-failed"
AGAIN: Final = "--again"


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """The command that a person typed: the words behind `kirin`, none where nobody typed anything.

    `submits`: it may send something new. `is_sandbox`: nothing of it outlives the run, and nothing costs money.
    """

    arguments: Sequence[str] = ()
    submits: bool = True
    is_sandbox: bool = False

    @property
    def text(self) -> str:
        """The command as it can be typed again in a POSIX shell, in words where it holds a password; "" for none."""
        return command_text(*self.arguments) if self.arguments else ""


NOT_TYPED: Final = TypedCommand()


def next_command(
    job: Job, entry: LedgerEntry, state: JobState, typed: TypedCommand, *, is_unaffordable: bool = False
) -> str:
    """The command that goes on with the job, for nothing where that can be; "" where none does.

    What was sent is waited for or fetched by its id, whoever sent it. What was not sent goes when the same command is
    typed again. Only a job of a file has `--retry-failed`, and only a person can decide about a conflict.
    """
    if typed.is_sandbox:
        return "" if is_unaffordable else typed.text
    if state in {"failed", "rejected"}:
        return _retry_command(job, state, typed)
    task = _argument(entry.task_id or job.external_id)
    match entry.state:
        case LedgerState.INTENT:
            again = typed.text if typed.submits else _run_command(job)
            return "" if is_unaffordable else again
        case LedgerState.CONFLICT | LedgerState.ABANDONED:
            taken = "" if entry.counters.exposed or not entry.error else str(json.loads(entry.error).get("code") or "")
            other = "" if not taken or taken.startswith("-") else f" --adopt {quote_word(taken)}"
            name = _argument(job.external_id)
            return f"kirin resolve{other} {name}" if other and name.startswith("-") else f"kirin resolve {name}{other}"
        case LedgerState.SUCCEEDED | LedgerState.FETCHING | LedgerState.EXPIRED | LedgerState.DONE:
            return f"kirin download {task}"
        case _:
            return f"kirin wait {task}"


def is_retry_safe(job: Job, entry: LedgerEntry, state: JobState, typed: TypedCommand, charged: Charged) -> bool:
    """Whether the same command again cannot pay twice for the job.

    A job file names the same task each time, but one of unknown outcome may be sent again with its id, which not every
    service refuses. The same flags take up what is not at its end (promise 11), but ask for something new once it is.
    """
    if typed.is_sandbox or not typed.submits or entry.state is LedgerState.INTENT:
        return True
    if state == "unknown":
        return False
    return bool(job.file) or (state in {"failed", "rejected"} and charged == "no")


def _retry_command(job: Job, state: JobState, typed: TypedCommand) -> str:
    """What makes the job anew, at new cost; after a refusal of flags that would be no use."""
    if not job.file:
        return typed.text if typed.submits and state == "failed" else ""
    if not typed.submits or not typed.arguments:
        return _run_command(job, RETRY)
    verb, *rest = (word for word in typed.arguments if word not in {AGAIN, RETRY})
    return command_text(verb, RETRY, *rest)


def _argument(task_id: str) -> str:
    """An id as an argument, which is no flag whatever it begins with."""
    return f"-- {quote_word(task_id)}" if task_id.startswith("-") else quote_word(task_id)


def _run_command(job: Job, *more: str) -> str:
    """The command that makes this job of its file; "" for one of no file."""
    if not job.file:
        return ""
    scope = ("--scope", job.scope) if job.scope else ()
    return join_words(("kirin", "run", job.file, "--only", job.name, *scope, *more))
