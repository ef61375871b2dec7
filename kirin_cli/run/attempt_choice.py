"""The choice of an attempt for each job of a run, from the ledger, the sidecars and, for a new one, the service."""

import os
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Final, NamedTuple

from kirin_cli.errors import KirinError, UsageError
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.normal_forms import normalize_name, normalize_origin
from kirin_cli.regular_file import is_missing
from kirin_cli.run.attempts import (
    Attempt,
    Attempts,
    KnownEntries,
    QueryAttempt,
    Redo,
    open_rounds,
    round_name,
    was_begun,
)
from kirin_cli.run.earlier_results import MOVED_FROM, at_place
from kirin_cli.run.identity import IdentityKey, derive_external_id, identity_key
from kirin_cli.run.job import Job, OutputFile
from kirin_cli.run.note_index import NoteIndex, is_of_job, job_key, sidecar_from_entry
from kirin_cli.run.outputs import Sidecar, path_for_entry, sidecar_path

MAX_ATTEMPTS_ASKED: Final = 50
"""Attempts of one job about which the service is asked: so many there are not, unless something is wrong."""
NOTHING: Final = Attempt()
"""What is known of an attempt of which nothing is; nobody changes it."""


class ChosenAttempt:
    """The job as this attempt of it, what is known of that, and where its first file goes.

    `refusal` says why the command cannot have the attempt that it means, or no place for it, `hint` what to do.
    `lost` is what the sidecar at that place said, which is gone, though its file is there.
    """

    def __init__(self, job: Job, attempt: Attempt, path: Path, lost: Sidecar | None = None) -> None:
        self.job, self.attempt, self.path, self.lost = job, attempt, path, lost
        self.refusal = self.hint = ""


class ChosenAttempts(NamedTuple):
    """The choices in the order of the jobs, and the rounds of the ledger that they go on with."""

    of_jobs: list[ChosenAttempt]
    rounds: list[str]


def with_external_id(job: Job, origin: str, attempt: int = 1) -> Job:
    """The job with the external id that follows from what it asks for."""
    external_id = derive_external_id(
        normalize_origin(origin), job.request, scope=job.scope, job=job.name, take=job.take, attempt=attempt
    )
    return job.replace(external_id=external_id, attempt=attempt)


class AttemptChooser:
    """Chooses for the jobs of one run at the service called `origin`; `now` is in seconds since the epoch."""

    def __init__(self, known: KnownEntries, *, origin: str, redo: Redo, token: str, now: float) -> None:
        self._known, self._origin, self._redo, self._token, self._now = known, origin, redo, token, now
        self._by_job: dict[IdentityKey, list[LedgerEntry]] = known.by_job()
        self._notes = NoteIndex()
        self._paths: dict[tuple[str, str], Path] = {}
        self._is_missing = cache(is_missing)

    def choose(self, jobs: Sequence[Job], query: QueryAttempt | None) -> ChosenAttempts:
        """A choice for each job. Raises what `query` raises, LocalError for a file that cannot be read."""
        entries = self._known.of_ids([job.external_id for job in jobs])
        attempts = [self._find(job, entries.get(job.external_id)) for job in jobs]
        takes = {(job.name, job.take) for job in jobs}
        rounds = open_rounds(self._redo, attempts, takes, self._known)
        name = rounds[0] if rounds else round_name(self._redo, self._token)
        meant = [found.next(self._redo, rounds) for found in attempts]
        numbers = self._ask(jobs, attempts, meant, query)
        choices = []
        for job, found, (_, is_new), (number, task) in zip(jobs, attempts, meant, numbers, strict=True):
            redo_round = name if is_new or found.is_in_round(number, rounds) else ""
            choices.append(self._choice(job, found, number, task, redo_round))
        return ChosenAttempts(choices, rounds)

    def _find(self, job: Job, entry: LedgerEntry | None) -> Attempts:
        """All attempts of the job that the ledger knows, and as many sidecars as it takes to choose.

        `entry` is that of the job's own external id.
        """
        found = Attempts()
        if entry is not None:
            found.add_entry(entry)
        if not job.has_own_id and self._by_job:
            for other in self._by_job.get(job_key(job), ()):
                found.add_entry(other)
        current = found.known.get(found.current(), NOTHING)
        path = None if self._is_missing(job.target.folder) else self._path(job, current.entry)
        sidecar = self._notes.beside(path) if path else None
        if sidecar is None and path and path.is_file() and not os.path.lexists(sidecar_path(path)):
            sidecar = found.lost = self._sidecar_by_ledger(path, current.entry)
        if sidecar is not None and is_of_job(sidecar, job, self._origin):
            found.add_sidecar(sidecar, self._outputs(sidecar, found))
            current = found.known[found.current()]
        if self._redo or not (current.is_open or current.outputs):
            for sidecar in self._notes.of_job(job, self._origin):
                found.add_sidecar(sidecar, self._outputs(sidecar, found))
        return found

    def _sidecar_by_ledger(self, path: Path, entry: LedgerEntry | None) -> Sidecar | None:
        """What the sidecar of a file said that has none any more, where kirin made the file."""
        entries = [entry] if entry is not None and entry.outputs else self._known.of_file(path)
        sidecars = (sidecar_from_entry(entry, path) for entry in entries)
        return next(filter(None, sidecars), None)

    def _path(self, job: Job, entry: LedgerEntry | None) -> Path | None:
        """Where the first file goes; None where no name leads there, which `_choice` says."""
        entry_id = entry.external_id if entry else ""
        if (job.external_id, entry_id) not in self._paths:
            try:
                path = path_for_entry(job, entry, self._now)
            except UsageError:
                return None
            self._paths[job.external_id, entry_id] = path
        return self._paths[job.external_id, entry_id]

    def _outputs(self, sidecar: Sidecar, found: Attempts) -> tuple[OutputFile, ...]:
        """The files of a sidecar, if all are there; those that the ledger does not vouch for are read to the end."""
        outputs = sidecar.outputs() or ()
        entry = found.known.get(sidecar.attempt, NOTHING).entry
        if entry is not None and entry.external_id == sidecar.external_id and entry.state is LedgerState.DONE:
            return outputs
        return outputs if all(sidecar.matches(output.path) for output in outputs) else ()

    def _ask(
        self, jobs: Sequence[Job], attempts: Sequence[Attempts], meant: Sequence[tuple[int, bool]],
        query: QueryAttempt | None,
    ) -> list[tuple[int, str]]:  # fmt: skip
        """The number of each attempt, and the id of its task where the service has it: a new one is nobody's yet."""
        questions: dict[int, Callable[[], tuple[int, str]]] = {}
        for position, (job, found, (number, is_new)) in enumerate(zip(jobs, attempts, meant, strict=True)):
            if query is None or job.has_own_id:
                continue
            if self._redo and is_new:
                questions[position] = partial(self._ask_service, job, number, query)
            elif not self._redo and found.failed_elsewhere(number):
                questions[position] = partial(self._ask_about_retry, job, number, query)
        if not questions:  # most runs, and every plan
            return [(number, "") for number, _ in meant]
        from kirin_cli.run.work_queue import ask_all  # noqa: PLC0415  (the same)

        answers = ask_all(questions)
        return [answers.get(position, (number, "")) for position, (number, _) in enumerate(meant)]

    def _ask_service(self, job: Job, number: int, query: QueryAttempt) -> tuple[int, str]:
        """The first attempt from `number` on that is not over yet, or that the service does not have."""
        from kirin_cli.wire.responses import TaskState  # noqa: PLC0415  (a plan asks no service)

        for attempt in range(number, number + MAX_ATTEMPTS_ASKED):
            task = query(with_external_id(job, self._origin, attempt).external_id)
            if task is None:
                return attempt, ""
            if task.state is TaskState.RUNNING or (self._redo != "again" and task.state is TaskState.COMPLETED):
                return attempt, task.id
        raise UsageError(f"the service has {MAX_ATTEMPTS_ASKED} attempts of job {job.name} that are not known here")

    def _ask_about_retry(self, job: Job, number: int, query: QueryAttempt) -> tuple[int, str]:
        """The attempt after one that failed on another machine, if one went better there; else that one."""
        try:
            attempt, task = self._ask_service(job, number + 1, query)
        except KirinError:  # it is only asked whether there is something better to say
            return number, ""
        return (attempt, task) if task else (number, "")

    def _choice(self, job: Job, found: Attempts, number: int, task: str, redo_round: str) -> ChosenAttempt:
        attempt = found.known.get(1 if job.has_own_id else number, NOTHING)
        entry, sidecar = attempt.entry, attempt.sidecar
        path = self._path(job, entry)
        choice = ChosenAttempt(job, attempt, path or job.target.folder, found.lost)
        if path is None:
            choice.refusal, choice.hint = _bad_path(job, entry, self._now)
        elif job.has_own_id:
            choice.refusal, choice.hint = _own_id_refusal(job, number)
        external_id = entry.external_id if entry else sidecar.external_id if sidecar else ""
        if number > 1 and not external_id and not job.has_own_id:
            external_id = with_external_id(job, self._origin, number).external_id
        noted = "" if entry and was_begun(entry) else task or (sidecar.task_id if sidecar else "")
        if number > 1 or redo_round or noted or external_id not in {"", job.external_id}:
            choice.job = job.replace(
                external_id=external_id or job.external_id, attempt=number, redo_round=redo_round,
                noted_task="" if attempt.outputs else noted,
            )  # fmt: skip
        if sidecar is not None and not attempt.outputs and entry is None:
            self._keep_place(choice, sidecar)
        return choice

    def _keep_place(self, choice: ChosenAttempt, sidecar: Sidecar) -> None:
        """Let a file that is gone and fetched again lie where its sidecar says."""
        name = next(iter(sidecar.files), "")
        place = sidecar.path.with_name(name) if name else choice.path
        if place.with_suffix(".json") == sidecar.path and place != choice.path and MOVED_FROM not in sidecar.raw:
            choice.job = at_place(choice.job, place)
            choice.path = path_for_entry(choice.job, None, self._now)


def _bad_path(job: Job, entry: LedgerEntry | None, now: float) -> tuple[str, str]:
    """Why the job has no path, and what to do."""
    try:
        path_for_entry(job, entry, now)
    except UsageError as error:
        return error.message, error.hint
    return "", ""


def _own_id_refusal(job: Job, number: int) -> tuple[str, str]:
    """Why a job whose external id a person gave cannot be done, and what to do: there is one attempt of it."""
    if number > 1:
        hint = "give another external_task_id, or leave that job out with --only"
        return f"job {job.name} has an external_task_id of its own: there is no other attempt of it", hint
    return "", ""


def is_of_another_request(entry: LedgerEntry, job: Job) -> bool:
    """Whether the entry, which has the job's external id, asked for something else."""
    return identity_key(normalize_name(entry.job), entry.take, entry.scope, entry.request)[3] != job_key(job)[3]
