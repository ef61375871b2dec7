"""Job files, a ledger and results in a folder, as a run finds them before it asks the service anything."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.fast_folder import fast_folder

from kirin_cli.api.client import QueryResult, QueryStatus
from kirin_cli.cli.flags import JobFileFlags
from kirin_cli.cli.job_files import check_job_files
from kirin_cli.ledger.entry import EntryKey, Intent, LedgerEntry
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import entries_beyond_first_ids, entries_by_id, entries_of_file, entries_of_rounds
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.run import outputs
from kirin_cli.run.attempts import KnownEntries, QueryAttempt
from kirin_cli.run.check import CheckedJob
from kirin_cli.run.job import Job, OutputFile
from kirin_cli.run.prepare import PreparedRun, PrepareOptions, prepare_jobs
from kirin_cli.run.prices import task_class_of
from kirin_cli.run.resume import serialize_plan
from kirin_cli.wire.responses import parse_task

ORIGIN = "https://cloud.example"
ACCOUNT = "me"
CLIP = b"not much of a video"
E = LedgerEvent
TO: dict[LedgerState, tuple[LedgerEvent, ...]] = {
    LedgerState.INTENT: (),
    LedgerState.SENDING: (E.SEND,),
    LedgerState.UNKNOWN: (E.SEND, E.AMBIGUOUS),
    LedgerState.ABSENT: (E.SEND, E.AMBIGUOUS, *[E.NOT_FOUND] * 5, E.SETTLED),
    LedgerState.REFUSED: (E.SEND, E.REFUSED),
    LedgerState.CONFLICT: (E.SEND, E.DUPLICATE, *[E.NOT_FOUND] * 5, E.SETTLED, E.CONTRADICTED),
    LedgerState.ACCEPTED: (E.SEND, E.ACCEPTED),
    LedgerState.RUNNING: (E.SEND, E.ACCEPTED, E.PROGRESSED),
    LedgerState.SUCCEEDED: (E.SEND, E.ACCEPTED, E.COMPLETED),
    LedgerState.FETCHING: (E.SEND, E.ACCEPTED, E.COMPLETED, E.FETCH),
    LedgerState.DONE: (E.SEND, E.ACCEPTED, E.COMPLETED, E.FETCH, E.SAVED),
    LedgerState.EXPIRED: (E.SEND, E.ACCEPTED, E.COMPLETED, E.FETCH, E.EXPIRED),
    LedgerState.REJECTED: (E.SEND, E.REFUSED, E.NOT_FOUND, E.DISMISSED),
    LedgerState.FAILED: (E.SEND, E.ACCEPTED, E.FAILED),
    LedgerState.LOST: (E.SEND, E.ACCEPTED, E.VANISHED),
    LedgerState.ABANDONED: (E.ABANDON,),
}
"""What leads to each state."""


@dataclass
class RunFolder:
    """A folder with `jobs.yaml`, and a ledger. `now` is the ledger's clock, in seconds since the epoch."""

    folder: Path
    ledger: Ledger
    now: float = 0.0
    query: QueryAttempt | None = None

    def write(self, *lines: str, name: str = "jobs.yaml") -> Path:
        path = self.folder / name
        path.write_text("\n".join(("version: 1", "defaults: {model: kirin_v1_t2v}", *lines)) + "\n")
        return path

    def jobs(self, *names: str, **params: str) -> Path:
        """A job file in which each job asks for something of its own."""
        more = "".join(f", {name}: {value}" for name, value in params.items())
        return self.write("jobs:", *(f"  - {{name: {name}, params: {{prompt: a {name}{more}}}}}" for name in names))

    def checked(self, *paths: Path, **picks: Any) -> list[CheckedJob]:
        found = check_job_files(JobFileFlags(files=list(paths) or [self.folder / "jobs.yaml"], **picks))
        others = [one for one in found.all_findings() if "goes too" not in one.message]  # preparing finds those again
        assert not others, others
        return list(found.jobs)

    def prepared(self, *paths: Path, **choices: Any) -> PreparedRun:
        options = PrepareOptions(**{"origin": ORIGIN, "now": self.now, "token": os.urandom(4).hex(), **choices})
        store = self.ledger.store
        known = KnownEntries(
            of_ids=self.find_entries,
            beyond_first_ids=lambda: entries_beyond_first_ids(store, ORIGIN, ACCOUNT),
            of_rounds=lambda rounds: entries_of_rounds(store, rounds),
            of_file=lambda path: entries_of_file(store, ORIGIN, path),
        )
        return prepare_jobs(self.checked(*paths), options, known, self.query)

    def find_entries(self, external_ids: Iterable[str]) -> Mapping[str, LedgerEntry]:
        return entries_by_id(self.ledger.store, ORIGIN, external_ids, account=ACCOUNT)

    def entry_of(self, external_id: str) -> LedgerEntry | None:
        return self.ledger.get(EntryKey(origin=ORIGIN, account=ACCOUNT, external_id=external_id))

    def stands(self, job: Job, state: LedgerState, *, cost: str = "") -> LedgerEntry:
        """Bring the job's entry to a state."""
        model, mode, duration = task_class_of(job)
        entry = self.ledger.intend(
            Intent(
                origin=ORIGIN, account=ACCOUNT, external_id=job.external_id, model=model, mode=mode, duration=duration,
                request=job.request, plan=serialize_plan(job), job=job.name, job_file=job.file,
                take=job.take, attempt=job.attempt, redo_round=job.redo_round, scope=job.scope,
            )
        )  # fmt: skip
        for event in TO[state]:
            self.now += 10
            facts: Any = {"task_id": f"task-of-{job.external_id}"} if event is LedgerEvent.ACCEPTED else {}
            facts |= {"cost": Decimal(cost)} if cost and event is LedgerEvent.COMPLETED else {}
            entry = self.ledger.move(entry, event, **facts)
        return entry

    def result(self, job: Job, path: Path, *, task_id: str = "t1", origin: str = ORIGIN) -> Path:
        """The job's video and its sidecar."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CLIP)
        digest = hashlib.sha256(CLIP).hexdigest()
        made = OutputFile(type="video", url="https://cdn.example/x", path=path, bytes=len(CLIP), sha256=digest)
        outputs.write_sidecar(job, origin, {"files": 1, "task_id": task_id, "cost_usd": "0.28"}, (made,))
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunFolder]:
    with fast_folder(tmp_path) as folder:
        desk = RunFolder(folder, None, time.time())  # type: ignore[arg-type]
        with Ledger.open(desk.folder / "state", lambda: desk.now) as ledger:
            desk.ledger = ledger
            yield desk


@pytest.fixture
def api_result() -> Callable[[str], QueryResult]:
    """Makes what a query came to: found (task t1), absent, denied or unclear."""

    def make(kind: str) -> QueryResult:
        task = parse_task({"id": "t1", "status": "completed"}) if kind == "found" else None
        return QueryResult(kind=QueryStatus(kind), task=task)

    return make
