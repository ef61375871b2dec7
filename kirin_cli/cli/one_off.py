"""The one-off: the jobs of a model command, each with a name that tells what it is, or an earlier one taken up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.model_command import counted_up
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.types import result_suffixes

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.runner import Prepare
    from kirin_cli.cli.session import Session
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.modelspec.model import Model
    from kirin_cli.run.job import Job, OutputTarget
    from kirin_cli.run.prepare import PreparedRun

MAX_NAME_TRIES: Final = 100


class OneOff(Record, kw_only=True):
    """What a model command makes: `count` videos of these checked values, at `target`.

    `has_target`: -o or a file says so; with `again` nothing earlier is taken up; `secrets` are kept in no plain text.
    """

    model: Model
    values: Mapping[str, object]
    target: OutputTarget
    has_target: bool = False
    count: int = 1
    again: bool = False
    secrets: tuple[str, ...] = ()


def prompt_of(values: Mapping[str, object]) -> str:
    """The prompt of a request; "" for none."""
    return str(values.get("prompt") or "")


def make_prepare(one_off: OneOff, console: CommandConsole) -> Prepare:
    """What makes the jobs for a service.

    One whose like is unfinished, of a command that has ended, takes that up instead (promise 11).
    """
    from kirin_cli.run.prepare import PrepareOptions, make_job, prepare_new_jobs

    stem, scope = _free_name(one_off), os.urandom(16).hex()

    def prepare(session: Session) -> PreparedRun:
        options = PrepareOptions(origin=session.origin, scope=scope, now=time.time(), secrets=one_off.secrets)
        jobs, earlier = [], EarlierOneOffs(session, console)
        for values, suffix in numbered_values(one_off.model, one_off.values, one_off.count):
            target = one_off.target
            if "{job}" not in target.template:
                target = target._replace(template=target.template.replace(".{ext}", f"{suffix}.{{ext}}"))
            job = make_job(one_off.model, values, name=stem + suffix, target=target, options=options)
            jobs.append(job if one_off.again or job.has_own_id else earlier.take_up(job))
        return prepare_new_jobs(jobs, options, session.find_entry)

    return prepare


class EarlierOneOffs:
    """Commands of a service and account that ended, or were killed, before their task did; typed again they go on.

    Each is taken up at most once (promise 11).
    """

    def __init__(self, session: Session, console: CommandConsole) -> None:
        self._session, self._console = session, console
        self._left: dict[str, list[LedgerEntry]] = {}

    def take_up(self, job: Job) -> Job:
        """The job that goes on with an earlier one which asked for the same, or the job itself; says which it is.

        One that a living process looks after is left to that: the same was asked for once more on purpose.
        """
        from kirin_cli.formatting import format_timestamp

        if job.request not in self._left:
            self._left[job.request] = self._find(job.request)
        if not self._left[job.request]:
            return job
        entry = self._left[job.request].pop(0)
        what = f"task {entry.task_id}" if entry.task_id else f"submission {entry.external_id}"
        begun = format_timestamp(entry.created)
        self._console.talk(f"taken up: {what} of the same command, begun {begun}; --again makes a new one")
        return job.replace(
            name=entry.job, label=entry.job, external_id=entry.external_id, scope=entry.scope, take=entry.take,
            attempt=entry.attempt, redo_round=entry.redo_round,
        )  # fmt: skip

    def _find(self, request: str) -> list[LedgerEntry]:
        from kirin_cli.ledger.queries import open_one_offs

        session = self._session
        if not session.account:
            return []
        entries = open_one_offs(session.ledger.store, session.origin, session.account, request)
        running = [entry for entry in entries if session.leases.is_held(entry)]
        if running:
            what = f"task {running[-1].task_id}" if running[-1].task_id else "the same request"
            self._console.talk(f"another kirin is at {what}, which asked for the same; this makes a new one")
        return [entry for entry in entries if entry not in running]


def numbered_values(
    model: Model, values: Mapping[str, object], count: int
) -> Iterator[tuple[Mapping[str, object], str]]:
    """The values of each of `count` videos, a seed counted up, with what its name ends in: "", "-2" …."""
    for number in range(1, count + 1):
        yield counted_up(model, values, number), f"-{number}" if number > 1 else ""


def _free_name(one_off: OneOff) -> str:
    """The name of the job and, unless -o gives another, of its file: nothing that is made has this name yet."""
    stem = name_of(one_off.model, one_off.values, one_off.secrets)
    suffixes = (*result_suffixes(one_off.model.result), ".json")
    for _ in range(MAX_NAME_TRIES):
        name = f"{stem}-{os.urandom(2).hex()}"
        if not any(os.path.lexists(one_off.target.folder / f"{name}{suffix}") for suffix in suffixes):
            break
    return name


def name_of(model: Model, values: Mapping[str, object], secrets: tuple[str, ...] = ()) -> str:
    """What a video is called by itself: model, and the first words of its prompt, else the name of its first input."""
    from kirin_cli.jobs.filenames import prompt_words
    from kirin_cli.modelspec.types import MediaFile
    from kirin_cli.redaction import mask_all
    from kirin_cli.tree import walk

    text = str(mask_all(secrets)(prompt_of(values)))
    inputs = (leaf.path for _, leaf in walk(values) if isinstance(leaf, MediaFile) and leaf.path)
    text = text if text.strip() else next((Path(path).stem for path in inputs), "")
    return f"{model.command}-{prompt_words(text) if text else time.strftime('%Y%m%d-%H%M%S')}"
