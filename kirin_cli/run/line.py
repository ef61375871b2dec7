"""Who goes next: jobs wait for room, for money, and for the results of others. Knows no service and no time.

Not thread-safe: its caller holds a lock.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from kirin_cli.errors import BalanceInsufficient
from kirin_cli.ledger.states import State
from kirin_cli.run import ends
from kirin_cli.run.brakes import Brakes
from kirin_cli.run.budget import Admission, Budget
from kirin_cli.run.course import Course
from kirin_cli.run.job import Outcome

NOTHING: Final[Mapping[str, Outcome]] = {}


class Line:
    """The jobs of a run in their order. `before` holds outcomes of jobs that were done already, by external id."""

    def __init__(
        self, courses: Iterable[Course], brakes: Brakes, budget: Budget, before: Mapping[str, Outcome] = NOTHING
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._waiting = deque(courses)
        self._in_flight: set[str] = set()
        self._brakes = brakes
        self._budget = budget
        self._before = before

    def next(self) -> Course | None:
        """The next job that may go, which is in flight from now on; None while there is none."""
        course = self._ready() if self._brakes.room(len(self._in_flight)) else None
        if course is None or not self._affords(course):
            return None
        self._waiting.remove(course)
        self._in_flight.add(course.job.external_id)
        return course

    def generated(self, course: Course) -> None:
        """The service is done with the job: it takes no room any more."""
        self._in_flight.discard(course.job.external_id)

    def ended(self, course: Course, outcome: Outcome) -> None:
        """The job has come to its end."""
        name = course.job.external_id
        self.outcomes[name] = outcome
        self._in_flight.discard(name)
        charged = outcome.error.charged != "no" if outcome.error else outcome.state != "skipped"
        cost = outcome.cost if charged else None
        self._budget.ended(name, ends.task_class(course.job), cost, charged=charged)

    def _ready(self) -> Course | None:
        """The first that waits for no result of another job."""
        for course in self._waiting:
            needs = course.job.needs.items()
            if all(need in self.outcomes or need in self._before for _, need in needs):
                course.needed = {name: self.outcomes.get(need) or self._before[need] for name, need in needs}
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
