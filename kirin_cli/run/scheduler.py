"""The scheduler: admits the jobs of a run, takes their steps side by side, collects their outcomes."""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from math import inf
from pathlib import Path
from typing import Final

from kirin_cli.errors import (
    Interrupted,
    KirinError,
    LocalError,
    ResultUnavailable,
    StillRunning,
    Terminated,
    UsageError,
)
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.pricing import input_seconds
from kirin_cli.run.download import fetch_result, verify_done
from kirin_cli.run.events import Notice, Pause, Queued
from kirin_cli.run.job import Job, Outcome, Summary
from kirin_cli.run.job_queue import NO_OUTCOMES, JobQueue
from kirin_cli.run.job_run import Download, Finished, Hold, JobRun, NextStep, RunContext, Wait
from kirin_cli.run.noted_task import adopt_noted
from kirin_cli.run.outcomes import (
    finish_conflict,
    finish_expired,
    finish_failed,
    finish_pending,
    finish_rejected,
    finish_stopped,
    finish_unavailable,
    finish_unknown,
    is_unsent,
    recorded_failure,
)
from kirin_cli.run.poll import poll
from kirin_cli.run.prices import task_class_of
from kirin_cli.run.reconcile import reconcile
from kirin_cli.run.resume import serialize_plan
from kirin_cli.run.submit import MIN_DELAY_TOLD, mark_owner_died, resend_or_give_up, submit
from kirin_cli.run.work_queue import WorkQueue


def make_intent(job: Job, context: RunContext, run_id: str) -> Intent:
    """The intent of a job at this service. Raises LocalError where a media file cannot be read."""
    model, first, rest = task_class_of(job)
    job_file = str(Path(job.file).absolute()) if job.file else ""
    return Intent(
        origin=context.origin, account=context.account, external_id=job.external_id, model=model, request=job.request,
        plan=serialize_plan(job), mode=first, duration=rest,
        input_seconds=input_seconds(job.model, job.values), job=job.name, job_file=job_file, scope=job.scope,
        take=job.take, attempt=job.attempt, redo_round=job.redo_round, run_id=run_id,
    )  # fmt: skip


def finish_ended(job_run: JobRun) -> NextStep:
    """An entry that an earlier run, or another process, brought to its end."""
    match job_run.entry.state:
        case LedgerState.REJECTED:
            return finish_rejected(job_run, recorded_failure(job_run.entry))
        case LedgerState.FAILED:
            return finish_failed(job_run, recorded_failure(job_run.entry))
        case LedgerState.CONFLICT:
            return finish_conflict(job_run)
        case LedgerState.ABANDONED:
            return finish_unknown(job_run, "abandoned by hand")
        case _:
            return finish_expired(job_run, "its URLs had expired")


def begin(job_run: JobRun) -> NextStep:
    """A job that this ledger has not seen sent: it has a task already, or gets one."""
    return adopt_noted(job_run) if job_run.job.noted_task else submit(job_run)


STEPS: Final[Mapping[LedgerState, Callable[[JobRun], NextStep]]] = {
    LedgerState.INTENT: begin,
    LedgerState.SENDING: mark_owner_died,
    LedgerState.UNKNOWN: reconcile,
    LedgerState.REFUSED: reconcile,
    LedgerState.ABSENT: resend_or_give_up,
    LedgerState.ACCEPTED: poll,
    LedgerState.RUNNING: poll,
    LedgerState.LOST: poll,
    LedgerState.SUCCEEDED: fetch_result,
    LedgerState.FETCHING: fetch_result,
    LedgerState.EXPIRED: fetch_result,
    LedgerState.DONE: verify_done,
    **dict.fromkeys(
        (
            LedgerState.REJECTED,
            LedgerState.FAILED,
            LedgerState.CONFLICT,
            LedgerState.ABANDONED,
        ),
        finish_ended,
    ),
}
FETCHES: Final = frozenset({LedgerState.SUCCEEDED, LedgerState.FETCHING, LedgerState.DONE, LedgerState.EXPIRED})

API_WORKERS: Final = 4
DOWNLOAD_WORKERS: Final = 4
WAIT_SLICE: Final = 0.25
LEASE_RENEWAL_SECONDS: Final = 20.0
SHUTDOWN_SECONDS: Final = 4.0
"""Seconds that a request under way gets to end after an interruption (the command ends within 5 s)."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Bounds of a run: tasks in flight, seconds until it stops waiting, US dollars (None: no end).

    `assume_cost` is what each job is taken to cost, in US dollars; None: what is known of it.
    """

    in_flight: int = 10
    timeout: float | None = None
    max_cost: Decimal | None = None
    assume_cost: Decimal | None = None


class Scheduler:
    """One run. `earlier` holds the outcomes of jobs that were done already, by external id: others may need them."""

    def __init__(
        self,
        jobs: Iterable[Job],
        context: RunContext,
        leases: Leases,
        options: RunOptions,
        run_id: str,
        earlier: Mapping[str, Outcome] = NO_OUTCOMES,
    ) -> None:
        self.run_id = run_id
        self._context, self._limits, self._leases, self._options = context, context.limits, leases, options
        self._changed = threading.Condition()
        jobs = list(jobs)
        entries = context.ledger.intend_all(make_intent(job, context, run_id) for job in jobs)
        for job in jobs:
            likely = context.schedule.typical(task_class_of(job))
            event = Queued(
                job=job.label, at=context.clock.time(), model=job.model.id, title=job.title, likely_seconds=likely
            )
            context.emit(event)
        # By external id, in order; most go when they end: those of ten thousand would be most of what is in memory.
        self._job_runs = {
            job.external_id: JobRun(job, entry, context) for job, entry in zip(jobs, entries, strict=True)
        }
        self._external_ids = tuple(self._job_runs)
        self._queue = JobQueue(self._job_runs.values(), self._limits, context.prices, earlier)
        self._stop: KirinError | None = None
        self._pause: Hold | None = None  # while nothing is sent, because the service takes no more
        self._is_cut = False  # whether the last admission let a few jobs begin, and perhaps not all that may
        self._api = WorkQueue(context.clock, API_WORKERS, "api")
        self._downloads = WorkQueue(context.clock, DOWNLOAD_WORKERS, "download")

    def run(self, tick: Callable[[], None] = lambda: None) -> Summary:
        """See every job to its end, or to the end of the wait; `tick` is called a few times a second meanwhile.

        Raises what a step raised by mistake.
        """
        if self._options.timeout is not None:
            self._context.client.limit_connecting(self._options.timeout)
        self._api.start()
        self._downloads.start()
        self._admit()
        self._wait(tick)
        self._close()
        job_runs, ended = self._running(), self._queue.outcomes  # a step that takes longer may still end one
        stop = self._stop or self._limits.stop_reason() or StillRunning("the run ended")
        outcomes = []
        for external_id in self._external_ids:
            if (outcome := ended.get(external_id)) is None:
                job_run = job_runs[external_id]
                job_run.entry = self._context.ledger.get(job_run.entry) or job_run.entry
                outcome = finish_stopped(job_run, stop).outcome
            outcomes.append(outcome)
        self._withdraw_unsent(job_runs.values())
        signal = self._stop.exit_code if isinstance(self._stop, Interrupted | Terminated) else 0
        return Summary(run_id=self.run_id, outcomes=tuple(outcomes), signal=signal)

    def _running(self) -> dict[str, JobRun]:
        """The jobs that have not ended, by external id, as they are now: steps under way take others off."""
        with self._changed:
            return self._job_runs.copy()

    def _withdraw_unsent(self, job_runs: Iterable[JobRun]) -> None:
        """Leave nothing of a one-off behind that was not sent: only the command that is typed pays (promise 8)."""
        for job_run in job_runs:
            if not job_run.job.file and is_unsent(job_run.entry):
                with suppress(LocalError):
                    self._context.ledger.withdraw(job_run.entry)

    def interrupt(self, reason: KirinError) -> None:
        """Submit nothing more and stop waiting; what runs on the service goes on. Safe in a signal handler."""
        self._stop = self._stop or reason
        self._limits.stop(self._stop)

    def _wait(self, tick: Callable[[], None]) -> None:
        clock, started, renewed = self._context.clock, self._context.clock.now(), self._context.clock.now()
        while self._stop is None and len(self._queue.outcomes) < len(self._external_ids):
            if self._api.failure or self._downloads.failure:
                break
            now = clock.now()
            left = inf if self._options.timeout is None else started + self._options.timeout - now
            if left <= 0:
                self._stop = StillRunning("the wait is over")
                break
            if now - renewed >= LEASE_RENEWAL_SECONDS:
                try:
                    self._leases.renew()
                    self._keep_answers(self._running().values())
                except LocalError as error:
                    # The steps under way find out by themselves whether their part can still be written down.
                    self._limits.stop(error)
                renewed = now
            with self._changed:
                if len(self._queue.outcomes) < len(self._external_ids):  # the last may have ended meanwhile
                    clock.wait(self._changed, min(WAIT_SLICE, left))
            tick()

    def _keep_answers(self, job_runs: Iterable[JobRun]) -> None:
        """Keep the answers to polls that moved no entry (promise 12; a crash loses those of 20 s). LocalError."""
        # The entry before its answer: a step that moves it meanwhile has written down a later one.
        owned = [(job_run, job_run.entry, job_run.last_answer) for job_run in job_runs if job_run.has_lease]
        news = [(run, entry, answer) for run, entry, answer in owned if answer and answer is not run.stored_answer]
        if news:
            self._context.ledger.keep_answers([(entry, answer.record) for _, entry, answer in news])
        for job_run, _, answer in news:
            job_run.stored_answer = answer

    def _close(self) -> None:
        self._limits.stop(self._stop or StillRunning("the run ended"))
        if isinstance(self._stop, Interrupted | Terminated):
            message = f"{self._stop.message}: what is under way is brought to an end; once more ends at once"
            text = f"{message}; {self._stop.hint}" if self._stop.hint else message
            self._context.emit(Notice(job="", at=self._context.clock.time(), text=text))
        self._api.close()
        self._downloads.close()
        for workers in (self._api, self._downloads):
            workers.join(SHUTDOWN_SECONDS / 2)
        failure = self._api.failure or self._downloads.failure
        if failure is not None:
            raise failure
        self._limits.leave()
        with suppress(LocalError):
            self._keep_answers(self._running().values())
        with suppress(LocalError):
            # Whoever comes next sees that this process has ended.
            self._leases.close()

    def _admit(self) -> None:
        """Let the jobs begin that may; of those that were held back a few, which find out whether more may."""
        with self._changed:
            most = API_WORKERS if self._queue.on_hold else None
            sends = self._pause is None or self._limits.stop_reason() is not None
            self._is_cut = most is not None
            for job_run in islice(iter(lambda: self._queue.pop_ready(sends=sends), None), most):
                self._schedule(job_run, Wait(0))

    def _hold(self, job_run: JobRun, pause: Hold) -> None:
        self._queue.hold(job_run)
        if self._pause is None or (pause.to_the_end and not self._pause.to_the_end):
            self._pause = pause
            self._api.add(lambda: self._end_pause(pause), pause.seconds)
            if pause.seconds >= MIN_DELAY_TOLD:
                self._context.emit(Pause(job="", at=self._context.clock.time(), delay=pause.seconds))

    def _end_pause(self, pause: Hold) -> None:
        with self._changed:
            if pause is not self._pause:
                return  # a task has ended meanwhile, and what was held back has asked again
            self._pause = None
        self._admit()

    def _schedule(self, job_run: JobRun, step: NextStep) -> None:
        if isinstance(step, Hold):
            self._hold(job_run, step)
        elif isinstance(step, Wait) and job_run.entry.state not in FETCHES:
            self._api.add(lambda: self._step(job_run), step.seconds, step.early)
        else:
            self._queue.release_slot(job_run)
            self._downloads.add(lambda: self._step(job_run), step.seconds if isinstance(step, Wait) else 0.0)

    def _step(self, job_run: JobRun) -> None:
        step = self._run_step(job_run)
        while step == Wait(0) and job_run.entry.state is LedgerState.INTENT and not self._limits.stop_reason():
            step = self._run_step(job_run)  # from the lease to the POST by one thread
        if isinstance(step, Finished) and job_run.has_lease:
            # Another process may wait for this job, while this one waits for a job of that one's (fault G4).
            with suppress(LocalError):
                self._keep_answers((job_run,))
                self._leases.release(job_run.entry)
        with self._changed:
            if isinstance(step, Finished | Download) and not (self._pause and self._pause.to_the_end):
                self._pause = None  # there is room at the service again
            if isinstance(step, Finished):
                self._queue.finish(job_run, step.outcome)
                if job_run.job.file or not is_unsent(job_run.entry):  # what was not sent is withdrawn at the end
                    del self._job_runs[job_run.job.external_id]
                if len(self._queue.outcomes) == len(self._external_ids):
                    self._changed.notify_all()
            else:
                self._schedule(job_run, step)
        is_accepted = job_run.entry.state is LedgerState.ACCEPTED
        if isinstance(step, Finished | Download) or (self._is_cut and is_accepted):
            self._admit()

    def _run_step(self, job_run: JobRun) -> NextStep:
        """Take one step, or first make the job this process's own."""
        try:
            return STEPS[job_run.entry.state](job_run) if job_run.has_lease else self._claim(job_run)
        except LocalError as error:
            self._limits.stop(error)
            return finish_pending(job_run, error)
        except UsageError as error:
            return finish_pending(job_run, LocalError(error.message, hint=error.hint))
        except ResultUnavailable as error:
            return finish_unavailable(job_run, error)

    def _claim(self, job_run: JobRun) -> NextStep:
        lease = self._leases.acquire(job_run.entry)
        job_run.entry = lease.entry
        if lease.granted:
            job_run.has_lease, job_run.inherited = True, job_run.inherited or lease.took_over
            return Wait(0)
        job_run.notify_once("held", "another kirin is at this job; waiting for it")
        return Wait(self._context.schedule.backoff(1))
