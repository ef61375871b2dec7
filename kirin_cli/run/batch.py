"""All jobs of a run, side by side: admits them, steps them on, collects their ends. Decides nothing about one job.

Two pools: a few workers talk to the service, others download, so that a long download delays no poll.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from kirin_cli.errors import (
    BalanceInsufficient,
    Interrupted,
    KirinError,
    LocalFault,
    ResultUnavailable,
    StillRunning,
    Terminated,
    UsageError,
)
from kirin_cli.ledger.entry import Entry, Intent
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.states import State
from kirin_cli.run import ends
from kirin_cli.run.agenda import Agenda
from kirin_cli.run.brakes import Brakes
from kirin_cli.run.budget import Admission, Budget
from kirin_cli.run.course import Course, Fetch, Later, Next, Over, World
from kirin_cli.run.events import Noted, Queued
from kirin_cli.run.job import Job, Outcome, Summary
from kirin_cli.run.plans import plan_text
from kirin_cli.run.steps import FETCHES, step

API_WORKERS: Final = 4
DOWNLOAD_WORKERS: Final = 4
SLICE: Final = 0.25
RENEWAL: Final = 20.0
LAST_WORDS: Final = 4.0
"""Seconds that a request under way gets to end after an interruption (the command ends within 5 s)."""

NOTHING: Final[Mapping[str, Outcome]] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a run: tasks in flight, seconds until it stops waiting, US dollars (None: no end)."""

    in_flight: int = 10
    timeout: float | None = None
    max_cost: Decimal | None = None


class Batch:
    """One run. `before` holds the outcomes of jobs that were done already, by external id: others may need them."""

    def __init__(
        self,
        jobs: Iterable[Job],
        world: World,
        brakes: Brakes,
        leases: Leases,
        limits: Limits,
        run_id: str,
        before: Mapping[str, Outcome] = NOTHING,
    ) -> None:
        self.run_id = run_id
        self._world = world
        self._brakes = brakes
        self._leases = leases
        self._limits = limits
        self._before = before
        self._budget = Budget(limits.max_cost, world.prices)
        self._changed = threading.Condition()
        self._courses = self._intend(list(jobs))
        self._waiting = deque(self._courses)
        self._in_flight: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._stop: KirinError | None = None
        self._api = Agenda(world.clock, API_WORKERS, "api")
        self._downloads = Agenda(world.clock, DOWNLOAD_WORKERS, "download")

    def run(self, tick: Callable[[], None] = lambda: None) -> Summary:
        """See every job to its end, or to the end of the wait; `tick` is called a few times a second meanwhile.

        Raises what a step raised by mistake.
        """
        self._api.start()
        self._downloads.start()
        self._admit()
        self._wait(tick)
        self._close()
        for course in self._courses:
            if course.job.external_id not in self._outcomes:
                self._outcomes[course.job.external_id] = self._unfinished(course).outcome
        outcomes = tuple(self._outcomes[course.job.external_id] for course in self._courses)
        signal = self._stop.exit_code if isinstance(self._stop, Interrupted | Terminated) else 0
        return Summary(run_id=self.run_id, outcomes=outcomes, signal=signal)

    def interrupt(self, reason: KirinError) -> None:
        """Submit nothing more and stop waiting; what runs on the service goes on. Safe in a signal handler."""
        self._stop = self._stop or reason
        self._brakes.halt(self._stop)

    def _intend(self, jobs: list[Job]) -> list[Course]:
        entries = self._world.ledger.intend_all(self._intent(job) for job in jobs)
        for job in jobs:
            self._world.emit(Queued(job=job.label, at=self._world.clock.time(), model=job.model.id))
        return [Course(job, entry, self._world) for job, entry in zip(jobs, entries, strict=True)]

    def _intent(self, job: Job) -> Intent:
        model, mode, duration = ends.task_class(job)
        job_file = str(Path(job.file).absolute()) if job.file else ""
        return Intent(
            origin=self._world.origin, account=self._world.account, external_id=job.external_id, model=model,
            request=job.request, plan=plan_text(job), mode=mode, duration=duration, job=job.name, job_file=job_file,
            scope=job.scope, take=job.take, run_id=self.run_id,
        )  # fmt: skip

    def _wait(self, tick: Callable[[], None]) -> None:
        clock, started, renewed = self._world.clock, self._world.clock.now(), self._world.clock.now()
        while self._stop is None and len(self._outcomes) < len(self._courses):
            if self._api.failure or self._downloads.failure:
                break
            now = clock.now()
            if self._limits.timeout is not None and now - started >= self._limits.timeout:
                self._stop = StillRunning("the wait is over")
            if now - renewed >= RENEWAL:
                self._renew()
                renewed = now
            with self._changed:
                clock.wait(self._changed, SLICE)
            tick()

    def _renew(self) -> None:
        try:
            self._leases.renew()
        except LocalFault as fault:
            # The steps under way find out by themselves whether their part can still be written down.
            self._brakes.halt(fault)

    def _close(self) -> None:
        if self._stop is not None:
            self._brakes.halt(self._stop)
        self._api.close()
        self._downloads.close()
        for agenda in (self._api, self._downloads):
            agenda.join(LAST_WORDS / 2)
        failure = self._api.failure or self._downloads.failure
        if failure is not None:
            raise failure
        with suppress(LocalFault):
            # Whoever comes next sees that this process has ended.
            self._leases.close()

    def _admit(self) -> None:
        with self._changed:
            while self._brakes.room(len(self._in_flight)) and (course := self._next_in_line()):
                if not self._affords(course):
                    break
                self._waiting.remove(course)
                self._in_flight.add(course.job.external_id)
                self._schedule(course, Later(0))

    def _next_in_line(self) -> Course | None:
        """The first that waits for no result of another job."""
        for course in self._waiting:
            if all(need in self._outcomes or need in self._before for need in course.job.needs.values()):
                needs = course.job.needs.items()
                course.needed = {name: self._outcomes.get(need) or self._before[need] for name, need in needs}
                return course
        return None

    def _affords(self, course: Course) -> bool:
        """Whether the next job may go: what is sent already goes on, the rest must fit the limit."""
        name, task_class = course.job.external_id, ends.task_class(course.job)
        if course.entry.state is not State.INTENT or self._brakes.halted():
            self._budget.goes_on(name, task_class)
            return True
        admission = self._budget.admit(name, task_class)
        if admission is Admission.STOP:
            self._brakes.halt(BalanceInsufficient(self._budget.reason(task_class), hint="a higher --max-cost goes on"))
        return admission is not Admission.WAIT

    def _schedule(self, course: Course, then: Next) -> None:
        if isinstance(then, Later) and course.entry.state not in FETCHES:
            self._api.add(lambda: self._step(course), then.seconds)
        else:
            self._in_flight.discard(course.job.external_id)
            self._downloads.add(lambda: self._step(course), then.seconds if isinstance(then, Later) else 0.0)

    def _step(self, course: Course) -> None:
        then = self._try(course)
        if course.entry.state is State.ACCEPTED:
            self._brakes.eased()
        with self._changed:
            if isinstance(then, Over):
                self._end(course, then.outcome)
            else:
                self._schedule(course, then)
        if isinstance(then, Over | Fetch):
            self._admit()

    def _end(self, course: Course, outcome: Outcome) -> None:
        name = course.job.external_id
        self._outcomes[name] = outcome
        self._in_flight.discard(name)
        charged = outcome.state == "done" or (outcome.error is not None and outcome.error.charged != "no")
        self._budget.ended(name, ends.task_class(course.job), outcome.cost, charged=charged)
        self._changed.notify_all()

    def _try(self, course: Course) -> Next:
        try:
            return step(course) if course.claimed else self._claim(course)
        except LocalFault as fault:
            self._brakes.halt(fault)
            return ends.pending(course, fault)
        except UsageError as error:
            return ends.pending(course, LocalFault(error.message, hint=error.hint))
        except ResultUnavailable as unavailable:
            return ends.unavailable(course, unavailable)

    def _claim(self, course: Course) -> Next:
        claim = self._leases.acquire(course.entry)
        course.entry = claim.entry
        if claim.granted:
            course.claimed, course.inherited = True, course.inherited or claim.inherited
            return Later(0)
        if "held" not in course.said:
            course.said.add("held")
            course.emit(Noted, text="another kirin is at this job; waiting for it")
        return Later(self._world.pace.backoff(1))

    def _unfinished(self, course: Course) -> Over:
        entry: Entry | None = self._world.ledger.get(course.entry)
        course.entry = entry or course.entry
        stop = self._stop or self._brakes.halted() or StillRunning("the run ended")
        return ends.stopped(course, stop)
