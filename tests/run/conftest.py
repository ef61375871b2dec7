"""Job files, a ledger and results in a folder, as a run finds them before it asks the service anything."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from kirin_cli.cli.files import Picks, check_paths
from kirin_cli.ledger.entry import Entry, Intent, Key
from kirin_cli.ledger.journal import Ledger
from kirin_cli.ledger.states import Event, State
from kirin_cli.run import ends, sidecar
from kirin_cli.run.checking import CheckedJob
from kirin_cli.run.job import Job, Output
from kirin_cli.run.plans import plan_text
from kirin_cli.run.preparing import Choices, Prepared, prepare

ORIGIN = "https://cloud.example"
ACCOUNT = "me"
CLIP = b"not much of a video"
E = Event
TO: dict[State, tuple[Event, ...]] = {
    State.INTENT: (),
    State.SENDING: (E.SEND,),
    State.UNKNOWN: (E.SEND, E.AMBIGUOUS),
    State.ABSENT: (E.SEND, E.AMBIGUOUS, *[E.NOT_FOUND] * 5, E.SETTLED),
    State.CONFLICT: (E.SEND, E.DUPLICATE, *[E.NOT_FOUND] * 5, E.SETTLED, E.CONTRADICTED),
    State.ACCEPTED: (E.SEND, E.ACCEPTED),
    State.RUNNING: (E.SEND, E.ACCEPTED, E.PROGRESSED),
    State.SUCCEEDED: (E.SEND, E.ACCEPTED, E.COMPLETED),
    State.FETCHING: (E.SEND, E.ACCEPTED, E.COMPLETED, E.FETCH),
    State.DONE: (E.SEND, E.ACCEPTED, E.COMPLETED, E.FETCH, E.SAVED),
    State.EXPIRED: (E.SEND, E.ACCEPTED, E.COMPLETED, E.FETCH, E.EXPIRED),
    State.REJECTED: (E.SEND, E.REFUSED),
    State.FAILED: (E.SEND, E.ACCEPTED, E.FAILED),
    State.LOST: (E.SEND, E.ACCEPTED, E.VANISHED),
    State.ABANDONED: (E.ABANDON,),
}
"""What leads to each state."""


@dataclass
class Desk:
    """A folder with `jobs.yaml`, and a ledger. `now` is the ledger's clock, in seconds since the epoch."""

    folder: Path
    ledger: Ledger
    now: float = 0.0

    def write(self, *lines: str, name: str = "jobs.yaml") -> Path:
        path = self.folder / name
        path.write_text("\n".join(("version: 1", "defaults: {model: kirin_v1_t2v}", *lines)) + "\n")
        return path

    def jobs(self, *names: str, **params: str) -> Path:
        """A job file in which each job asks for something of its own."""
        more = "".join(f", {name}: {value}" for name, value in params.items())
        return self.write("jobs:", *(f"  - {{name: {name}, params: {{prompt: a {name}{more}}}}}" for name in names))

    def checked(self, *paths: Path, **picks: Any) -> list[CheckedJob]:
        found = check_paths(paths or [self.folder / "jobs.yaml"], Picks(**picks))
        assert not found.all_findings(), found.all_findings()
        return list(found.jobs)

    def prepared(self, *paths: Path, **choices: Any) -> Prepared:
        return prepare(self.checked(*paths), Choices(**{"origin": ORIGIN, "day": self.now, **choices}), self.entry_of)

    def entry_of(self, external_id: str) -> Entry | None:
        return self.ledger.get(Key(origin=ORIGIN, account=ACCOUNT, external_id=external_id))

    def stands(self, job: Job, state: State, *, cost: str = "") -> Entry:
        """Bring the job's entry to a state."""
        model, mode, duration = ends.task_class(job)
        entry = self.ledger.intend(
            Intent(
                origin=ORIGIN, account=ACCOUNT, external_id=job.external_id, model=model, mode=mode, duration=duration,
                request=job.request, plan=plan_text(job), job=job.name, job_file=job.file, take=job.take,
            )
        )  # fmt: skip
        for event in TO[state]:
            self.now += 10
            facts: Any = {"task_id": f"task-of-{job.external_id}"} if event is Event.ACCEPTED else {}
            facts |= {"cost": Decimal(cost)} if cost and event is Event.COMPLETED else {}
            entry = self.ledger.move(entry, event, **facts)
        return entry

    def result(self, job: Job, path: Path, *, task_id: str = "t1", origin: str = ORIGIN) -> Path:
        """The job's video and its note."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CLIP)
        digest = hashlib.sha256(CLIP).hexdigest()
        made = Output(type="video", url="https://cdn.example/x", path=path, bytes=len(CLIP), sha256=digest)
        sidecar.write(job, origin, {"files": 1, "task_id": task_id, "cost_usd": "0.28"}, (made,))
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    # In memory, where there is such a folder: waiting for a disk proves nothing here.
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        desk = Desk(Path(folder), None, time.time())  # type: ignore[arg-type]
        with Ledger.open(desk.folder / "state", lambda: desk.now) as ledger:
            desk.ledger = ledger
            yield desk
