"""All jobs of a run, side by side: admits them, steps them on, collects their ends. Decides nothing about one job.

Two pools: a few workers talk to the service, others download, so that a long download delays no poll.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kirin_cli.errors import (
    Interrupted,
    KirinError,
    LocalFault,
    ResultUnavailable,
    StillRunning,
    Terminated,
    UsageError,
)
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.states import State
from kirin_cli.run import ends
from kirin_cli.run.agenda import Agenda
from kirin_cli.run.brakes import Brakes
from kirin_cli.run.budget import Budget
from kirin_cli.run.course import Course, Fetch, Later, Next, Over, World
from kirin_cli.run.events import Noted, Queued
from kirin_cli.run.intents import intent_of
from kirin_cli.run.job import Job, Outcome, Summary
from kirin_cli.run.line import NOTHING, Line
from kirin_cli.run.steps import FETCHES, step

API_WORKERS: Final = 4
DOWNLOAD_WORKERS: Final = 4
SLICE: Final = 0.25
RENEWAL: Final = 20.0
LAST_WORDS: Final = 4.0
"""Seconds that a request under way gets to end after an interruption (the command ends within 5 s)."""


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
        self._changed = threading.Condition()
        self._courses = self._intend(list(jobs))
        self._line = Line(self._courses, brakes, Budget(limits.max_cost, world.prices), before)
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
        ended = self._line.outcomes
        outcomes = tuple(
            ended.get(course.job.external_id) or self._unfinished(course).outcome for course in self._courses
        )
        signal = self._stop.exit_code if isinstance(self._stop, Interrupted | Terminated) else 0
        return Summary(run_id=self.run_id, outcomes=outcomes, signal=signal)

    def interrupt(self, reason: KirinError) -> None:
        """Submit nothing more and stop waiting; what runs on the service goes on. Safe in a signal handler."""
        self._stop = self._stop or reason
        self._brakes.halt(self._stop)

    def _intend(self, jobs: list[Job]) -> list[Course]:
        entries = self._world.ledger.intend_all(intent_of(job, self._world, self.run_id) for job in jobs)
        for job in jobs:
            self._world.emit(Queued(job=job.label, at=self._world.clock.time(), model=job.model.id))
        return [Course(job, entry, self._world) for job, entry in zip(jobs, entries, strict=True)]

    def _wait(self, tick: Callable[[], None]) -> None:
        clock, started, renewed = self._world.clock, self._world.clock.now(), self._world.clock.now()
        while self._stop is None and len(self._line.outcomes) < len(self._courses):
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
        if isinstance(self._stop, Interrupted | Terminated):
            words = f"{self._stop.message}: what is under way is brought to an end; once more ends at once"
            text = f"{words}; {self._stop.hint}" if self._stop.hint else words
            self._world.emit(Noted(job="", at=self._world.clock.time(), text=text))
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
            while course := self._line.next():
                self._schedule(course, Later(0))

    def _schedule(self, course: Course, then: Next) -> None:
        if isinstance(then, Later) and course.entry.state not in FETCHES:
            self._api.add(lambda: self._step(course), then.seconds)
        else:
            self._line.generated(course)
            self._downloads.add(lambda: self._step(course), then.seconds if isinstance(then, Later) else 0.0)

    def _step(self, course: Course) -> None:
        then = self._try(course)
        if course.entry.state is State.ACCEPTED:
            self._brakes.eased()
        if isinstance(then, Over):
            self._let_go(course)
        with self._changed:
            if isinstance(then, Over):
                self._line.ended(course, then.outcome)
                self._changed.notify_all()
            else:
                self._schedule(course, then)
        if isinstance(then, Over | Fetch):
            self._admit()

    def _let_go(self, course: Course) -> None:
        """Another process may wait for this job, while this one waits for a job of that one's (fault G4)."""
        if course.claimed:
            with suppress(LocalFault):
                self._leases.release(course.entry)

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
