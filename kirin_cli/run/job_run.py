"""One job in progress: its ledger entry, what a step acts on, and what may follow a step. Decides nothing itself."""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Unpack

from kirin_cli.api.client import Client, CreateResult, QueryResult, QueryStatus, TaskIdentity, task_identity
from kirin_cli.api.download import Downloader
from kirin_cli.api.retry import RETRIES, PollSchedule
from kirin_cli.errors import KirinError, LocalError
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.ledger import ConcurrentUpdate, EntryUpdate, Ledger, TaskOwnedElsewhere
from kirin_cli.ledger.states import LedgerEvent
from kirin_cli.run.events import EventListener, Notice, RetriedStep, Retrying, is_heard
from kirin_cli.run.follow_up import NOT_TYPED, TypedCommand
from kirin_cli.run.job import Job, Outcome, OutputFile
from kirin_cli.run.limits import RunLimits
from kirin_cli.run.outage import OutageDetector
from kirin_cli.run.prices import PriceList
from kirin_cli.run.uploads import Uploader
from kirin_cli.run.work_queue import SystemClock
from kirin_cli.wire import Dialect
from kirin_cli.wire.answer_record import service_facts
from kirin_cli.wire.responses import Task


@dataclass(frozen=True, slots=True)
class Wait:
    """Take the next step in `seconds`, or up to `early` seconds sooner with the steps of others."""

    seconds: float
    early: float = 0.0


@dataclass(frozen=True, slots=True)
class Hold(Wait):
    """The service takes no more tasks now: take the next step in `seconds` or later, when it is the job's turn.

    With `to_the_end` no sooner, though another task ends meanwhile: the service takes no question either.
    """

    to_the_end: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """The next step is the download, which has workers of its own."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The job will not change any more in this run."""

    outcome: Outcome


NextStep = Wait | Download | Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What the steps act on. Clock, randomness and transport are arguments; times are in seconds.

    `grace_period` is when an absence counts, `result_wait` how long a file that is not there yet is asked for,
    `missing_wait` how long a task that the service does not find.
    `typed` is the command that a person typed.
    `origin` names the service in identities, `host` is where its URLs come from. `wait` is False with --no-wait: then
    a job is over when the service has accepted it. `submits` is False in commands that only finish what was sent,
    `fetches` in those that only ask what has become of it.
    """

    client: Client
    dialect: Dialect
    downloader: Downloader
    ledger: Ledger
    clock: SystemClock
    rng: random.Random
    emit: EventListener
    schedule: PollSchedule
    limits: RunLimits
    origin: str
    host: str
    account: str
    grace_period: float
    result_wait: float
    missing_wait: float
    prices: PriceList
    typed: TypedCommand = NOT_TYPED
    wait: bool = True
    submits: bool = True
    fetches: bool = True
    uploader: Uploader | None = None
    outages: OutageDetector = field(default_factory=OutageDetector)


def describe_reply(result: CreateResult | QueryResult) -> str:
    """What came back, in a few words."""
    if result.fault:
        return result.fault.message
    message, request_id = (result.failure.message, result.failure.request_id) if result.failure else ("", "")
    text = ": ".join(filter(None, (f"HTTP {result.status}", message)))
    return f"{text} (request id {request_id})" if request_id else text


@dataclass(slots=True, eq=False)
class JobRun:
    """A job, its entry as last read, and what only this process needs to know of it.

    `inherited` says whether the former owner of the lease died. `failures` counts the failed attempts of the present
    step in a row, `unanswered` those of them that were queries before the job was sent. By the steady clock:
    `grace_until` is when an absence counts, `absent_at` when the service last had no task of this id, `missing_since`
    when a known task was first not found, `running_at` when it was last known to run. `task` is the last answer about
    it, `last_answer` the last one of any kind that says anything, `stored_answer` that of them which the ledger has,
    `seen_task_id` the id that the POST was answered with, `expired_urls` how often its URLs were dead, since
    `file_missing_since`; `outputs` its files that are here already, `notified` what need not be said twice, `remark`
    what is worth saying of a job that ends well, `needed_outcomes` how the jobs ended whose results this one refers to,
    `unaffordable` why `--max-cost` forbids to send this one; `no_answer` why the service could not be asked the last
    time, "" where it answered, `is_heard` whether it ever did in this run.
    """

    job: Job
    entry: LedgerEntry
    context: RunContext
    has_lease: bool = False
    inherited: bool = False
    failures: int = 0
    unanswered: int = 0
    grace_until: float | None = None
    absent_at: float | None = None
    missing_since: float | None = None
    running_at: float | None = None
    task: Task | None = None
    last_answer: CreateResult | QueryResult | None = None
    stored_answer: CreateResult | QueryResult | None = None
    _recorded: tuple[CreateResult | QueryResult | None, str] = (None, "")
    _service: tuple[str, Mapping[str, object]] = ("", {})
    seen_task_id: str = ""
    expired_urls: int = 0
    file_missing_since: float | None = None
    outputs: tuple[OutputFile, ...] = ()
    remark: str = ""
    notified: set[str] = field(default_factory=set)
    needed_outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    unaffordable: KirinError | None = None
    no_answer: str = ""
    is_heard: bool = False

    @property
    def task_class(self) -> tuple[str, str, str]:
        """What decides how long the task takes, as the ledger has it (`prices.task_class_of`)."""
        return self.entry.model, self.entry.mode, self.entry.duration

    def query_id(self, task_id: str, about: TaskIdentity | None = None) -> QueryResult:
        """Ask the service for a task by any id; the answer is held against `about`."""
        self.no_answer = self.no_answer or "it has not answered yet"
        last = self.last_answer if isinstance(self.last_answer, QueryResult) else None
        result = self.context.client.query(task_id, about=about, last=last)
        self.note_reply(result)
        return result

    def query_job(self, job: Job, task_id: str | None) -> QueryResult:
        """Ask for the task of a job by its id and, where the service finds none by that, by its external id.

        A service may know a task by another id than the one that it has answered the POST with.
        """
        about = task_identity(task_id, job.external_id, job.model.id, is_external=job.has_external_id)
        result = self.query_id(task_id or job.external_id, about)
        if result.kind is QueryStatus.ABSENT and about.task_id and job.has_external_id:
            found = self.query_id(job.external_id, replace(about, task_id=""))
            result = found if found.kind is QueryStatus.FOUND and not self._is_adopted else result
        return result

    def query(self) -> QueryResult:
        """Ask the service for the task, and hold the answer against what is known of it (promise 10)."""
        result = self.query_job(self.job, self.entry.task_id)
        self.note_answer(result)
        if result.contradiction == "external id" and self._is_adopted:
            return replace(result, kind=QueryStatus.FOUND, fault=None, contradiction="")
        if result.fault and result.contradiction:
            self.notify_once("contradiction", f"{result.fault.message}; it decides nothing, and is asked for again")
        return result

    def note_reply(self, result: CreateResult | QueryResult) -> None:
        """Note whether the service answers, in whatever words: a status that says nothing of the task is no answer."""
        is_unclear = result.fault is not None or (
            isinstance(result, QueryResult) and result.kind is QueryStatus.UNCLEAR
        )
        is_rate_limited = result.status in RETRIES["create"].statuses
        self.no_answer = describe_reply(result) if is_unclear and not is_rate_limited else ""
        self.is_heard = self.is_heard or not self.no_answer

    def note_answer(self, result: CreateResult | QueryResult) -> None:
        """Keep what the service has said, and the id that it has given: the ledger may not be able to (fault L2)."""
        if result.record if isinstance(result, CreateResult) else result.reply:
            self.last_answer = result
        if result.task and isinstance(result, CreateResult):
            self.seen_task_id = result.task.id

    @property
    def record(self) -> str:
        """What is kept of the last answer (wire.answer_record), "" for none."""
        answer = self.last_answer
        if answer is not self._recorded[0]:
            self._recorded = (answer, answer.record if answer else "")
        return self._recorded[1]

    @property
    def service(self) -> Mapping[str, object]:
        """What the service says beyond what a task has fields for (promise 12)."""
        record = self.record
        with suppress(LocalError):  # a ledger that cannot be read has said so before
            record = record or self.context.ledger.answer(self.entry)
        if record != self._service[0]:
            self._service = (record, service_facts(record))
        return self._service[1]

    @property
    def _is_adopted(self) -> bool:
        """Whether a person has said that this is the task, whatever its external id (`kirin resolve --adopt`)."""
        return any(row.event == LedgerEvent.ADOPT for row in self.context.ledger.history(self.entry))

    def transition(
        self, event: LedgerEvent, why: str = "", *, then: LedgerEvent | None = None, **facts: Unpack[EntryUpdate]
    ) -> bool:
        """Move the entry in the ledger, and by what follows at once; whether that counts.

        It does not after a lost race, or where the task is another entry's: then the entry as it is now, or that other
        one, takes its place, and has to be claimed anew. Raises LocalError where the ledger cannot be written.
        """
        answer = self.last_answer
        if answer is not self.stored_answer and (record := self.record):
            facts = {"answer": record, **facts}
        try:
            self.entry = self.context.ledger.move(self.entry, event, why, then=then, **facts)
        except ConcurrentUpdate:
            self.reload()
        except TaskOwnedElsewhere as taken:
            self.reload(taken.holder)
        else:
            self.stored_answer = answer
            return True
        return False

    def reload(self, entry: LedgerEntry | None = None) -> None:
        """Take the entry as it is now, or another one, in place of this one; it has to be claimed anew."""
        self.entry = entry or self.context.ledger.get(self.entry) or self.entry
        self.has_lease, self.grace_until, self.absent_at, self.stored_answer = False, None, None, None

    def retry(self, what: RetriedStep, reason: str, seconds: float | None = None) -> Wait:
        """Count a failed attempt and try again after a growing delay with jitter, or after `seconds` if more than 0."""
        self.failures += 1
        delay = seconds or self.context.schedule.backoff(self.failures)
        self.emit(Retrying, what=what, reason=reason, delay=delay)
        return Wait(delay)

    def on_rate_limited(self, sent_at: float, retry_after: float | None) -> float:
        """What was sent at that moment (by the wall clock) was refused with 429: the seconds until any job is sent."""
        backoff = self.context.schedule.backoff
        return self.context.limits.on_rate_limited(
            sent_at, lambda failures: retry_after or backoff(max(failures, self.failures + 1))
        )

    def notify_once(self, key: str, text: str) -> None:
        """Say something that is worth a line, unless it was said of this job in this run."""
        if key not in self.notified:
            self.notified.add(key)
            self.emit(Notice, text=text)

    def emit(self, kind: Callable[..., object], **facts: object) -> None:
        """Tell the listeners what happened to this job, where they do anything with it."""
        if is_heard(self.context.emit, kind):
            self.context.emit(kind(job=self.job.label, at=self.context.clock.time(), **facts))  # type: ignore[arg-type]
