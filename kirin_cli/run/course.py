"""One job on its way: its ledger entry, and the vocabulary of the steps that move it. Decides nothing itself."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, Unpack

from kirin_cli.api.client import Client
from kirin_cli.api.download import Downloader
from kirin_cli.errors import KirinError
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.journal import Facts, Ledger, LostRace, TaskTaken
from kirin_cli.ledger.states import Event
from kirin_cli.run.agenda import Clock
from kirin_cli.run.budget import Prices
from kirin_cli.run.events import Listener, Retrying
from kirin_cli.run.job import Job, Outcome
from kirin_cli.run.pace import Pace
from kirin_cli.run.uploading import Uploader
from kirin_cli.wire import Dialect
from kirin_cli.wire.answers import Task


@dataclass(frozen=True, slots=True)
class Later:
    """Take the next step in `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fetch:
    """The next step is the download, which has workers of its own."""


@dataclass(frozen=True, slots=True)
class Over:
    """The job will not change any more in this run."""

    outcome: Outcome


Next = Later | Fetch | Over


class Gate(Protocol):
    """What a step may ask of the run as a whole."""

    def halted(self) -> KirinError | None:
        """Why nothing more may be submitted, if so."""

    def halt(self, reason: KirinError) -> None:
        """Submit nothing more in this run."""

    def limited(self) -> None:
        """The service said that there are too many requests."""

    def spend_retry(self) -> bool:
        """Take one retry out of the budget of the whole process; False where it is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the steps act on. Clock, randomness and transport are arguments; `settle` is in seconds.

    `origin` names the service in identities, `host` is where its URLs come from. `waits` is False with --no-wait: then
    a job is over when the service has accepted it.
    """

    client: Client
    dialect: Dialect
    downloader: Downloader
    ledger: Ledger
    clock: Clock
    rng: random.Random
    emit: Listener
    pace: Pace
    gate: Gate
    origin: str
    host: str
    account: str
    settle: float
    prices: Prices
    waits: bool = True
    uploader: Uploader | None = None


@dataclass(slots=True, eq=False)
class Course:
    """A job, its entry as last read, and what only this process needs to know of it.

    `claimed` says whether the lease is ours, `inherited` whether its former owner died, `asked` whether the service was
    asked for a task that somebody else may have sent. `failures` counts the failed attempts of the present step in a
    row. By the steady clock: `settles` is when an absence counts, `missing_since` when a known task was first not
    found. `task` is the last answer about it, `stale` how often its URLs were dead, `said` what need not be said twice,
    `needed` how the jobs ended whose results this one refers to.
    """

    job: Job
    entry: Entry
    world: World
    claimed: bool = False
    inherited: bool = False
    asked: bool = False
    failures: int = 0
    settles: float | None = None
    missing_since: float | None = None
    task: Task | None = None
    stale: int = 0
    said: set[str] = field(default_factory=set)
    needed: Mapping[str, Outcome] = field(default_factory=dict)

    def move(self, event: Event, why: str = "", **facts: Unpack[Facts]) -> bool:
        """Move the entry in the ledger; whether that counts.

        It does not after a lost race, or where the task is another entry's: then the entry as it is now, or that other
        one, takes its place, and has to be claimed anew. Raises LocalFault where the ledger cannot be written.
        """
        try:
            self.entry = self.world.ledger.move(self.entry, event, why, **facts)
        except LostRace:
            self.entry = self.world.ledger.get(self.entry) or self.entry
        except TaskTaken as taken:
            self.entry = taken.holder
        else:
            return True
        self.claimed, self.settles = False, None
        return False

    def again(self, what: Literal["submit", "poll", "download"], reason: str, seconds: float | None = None) -> Later:
        """Count a failed attempt and try again after a growing delay with jitter, or after `seconds` if more than 0."""
        self.failures += 1
        delay = seconds or self.world.pace.backoff(self.failures)
        self.emit(Retrying, what=what, reason=reason, delay=delay)
        return Later(delay)

    def emit(self, kind: Callable[..., object], **facts: object) -> None:
        """Tell the listeners what happened to this job."""
        self.world.emit(kind(job=self.job.label, at=self.world.clock.time(), **facts))  # type: ignore[arg-type]
