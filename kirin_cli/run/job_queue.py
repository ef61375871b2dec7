"""The queue of jobs: which may be sent next, by what they need of others, their room at the service and their price."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.job import Outcome
from kirin_cli.run.job_run import JobRun
from kirin_cli.run.limits import Admission, RunLimits
from kirin_cli.run.prices import PriceList, over_budget_error

NO_OUTCOMES: Final[Mapping[str, Outcome]] = {}


class JobQueue:
    """The jobs of a run in their order. `earlier` holds outcomes of jobs that were done already, by external id."""

    def __init__(
        self,
        job_runs: Iterable[JobRun],
        limits: RunLimits,
        prices: PriceList,
        earlier: Mapping[str, Outcome] = NO_OUTCOMES,
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.on_hold: deque[JobRun] = deque()
        """Those that the service takes no more of: they go first when they may."""
        self._waiting = deque(job_runs)
        self._in_flight: set[str] = set()
        self._limits = limits
        self._prices = prices
        self._earlier = earlier

    def pop_ready(self, *, sends: bool = True) -> JobRun | None:
        """The first job that waits for no result of another and may go; it is in flight from now on. None: not yet.

        Without `sends`: the first of those that are sent already.
        """
        if not self._limits.has_capacity(len(self._in_flight)):
            return None
        if sends and self.on_hold:
            self._in_flight.add(self.on_hold[0].job.external_id)
            return self.on_hold.popleft()
        for job_run in self._waiting:
            if not sends and job_run.entry.state is LedgerState.INTENT:
                continue
            needs = {name: self.outcomes.get(key) or self._earlier.get(key) for name, key in job_run.job.needs.items()}
            job_run.needed_outcomes = {name: outcome for name, outcome in needs.items() if outcome}
            if len(job_run.needed_outcomes) < len(needs):
                continue
            if not self._affords(job_run):
                return None
            self._waiting.remove(job_run)
            self._in_flight.add(job_run.job.external_id)
            return job_run
        return None

    def release_slot(self, job_run: JobRun) -> None:
        """The service is done with the job: it takes no room any more."""
        self._in_flight.discard(job_run.job.external_id)
        self._limits.release(job_run.job.external_id)

    def hold(self, job_run: JobRun) -> None:
        """The service does not take the job now: others may use its place until it is its turn."""
        self.release_slot(job_run)
        self.on_hold.appendleft(job_run)

    def finish(self, job_run: JobRun, outcome: Outcome) -> None:
        """The job has come to its end."""
        name = job_run.job.external_id
        self.outcomes[name] = outcome
        self.release_slot(job_run)
        charged = outcome.error.charged != "no" if outcome.error else outcome.state != "skipped"
        cost = outcome.cost if charged else None
        if cost is not None:
            self._prices.learn(job_run.job, cost, job_run.entry.input_seconds)
        self._limits.budget.record_end(name, cost, charged=charged)

    def _affords(self, job_run: JobRun) -> bool:
        """Whether the next job may go on, if only to say why it is not sent.

        What is sent already goes on, the rest must fit the limit. A job that does not keeps no smaller one from going.
        """
        budget = self._limits.budget
        if budget.limit is None or (job_run.job.noted_task and job_run.entry.state is LedgerState.INTENT):
            return True  # a task that is there already costs nothing more
        name, price = job_run.job.external_id, self._prices.trusted_price(job_run.job, job_run.entry.input_seconds)
        usd = price.usd if price else None
        if job_run.entry.state is not LedgerState.INTENT or self._limits.stop_reason():
            budget.resume(name, usd)
            return True
        admission = budget.admit(name, usd)
        if admission is Admission.STOP:
            job_run.unaffordable = over_budget_error(job_run.job, price, budget, self._prices)
        return admission is not Admission.WAIT
