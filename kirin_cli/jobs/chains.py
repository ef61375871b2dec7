"""Jobs that wait for one another: `${jobs.NAME.url}` names another job, and none waits for itself. Runs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from kirin_cli.jobs.hints import Hints
from kirin_cli.jobs.job import Job
from kirin_cli.jobs.order import circle_words, in_order
from kirin_cli.jobs.reference import references
from kirin_cli.spec.problem import Problem
from kirin_cli.spec.words import shown

MOST_CIRCLES: Final = 100
"""More of one document are not told."""


def linked(jobs: list[Job], hints: Hints) -> list[Job]:
    """The jobs of one document; those that need what is not there, or themselves, with a problem at the reference."""
    if not any(job.needs for job in jobs):
        return jobs
    first = {job.name: job for job in jobs if job.take == 1}
    links = _Links(first, _circles(first), hints)
    return [links.judged(job) if job.needs else job for job in jobs]


def _circles(first: Mapping[str, Job]) -> dict[str, list[str]]:
    """By job: a circle that it is part of."""
    order = in_order(first, lambda name: [need for need in first[name].needs if need in first])
    found = islice((circle for _, circle in order if circle), MOST_CIRCLES)
    return {name: circle for circle in found for name in circle}


@dataclass(frozen=True, slots=True)
class _Links:
    first: Mapping[str, Job]
    circles: Mapping[str, list[str]]
    hints: Hints

    def judged(self, job: Job) -> Job:
        flaws = ((path, self._flaw(job, one.job)) for path, one in references(job.params))
        problems = (Problem(path, "", f"{path}: {flaw}") for path, flaw in flaws if flaw)
        return replace(job, problems=(*job.problems, *problems))

    def _flaw(self, job: Job, need: str) -> str:
        if need not in self.first:
            return f"there is no job {shown(need)} in this file{self.hints.near(need, tuple(self.first))}"
        names = self.circles.get(job.name, [])
        if need in names:
            start = names.index(job.name)
            return f"the jobs wait for one another in a circle: {circle_words([*names[start:], *names[:start]])}"
        if self.first[need].takes > 1:
            return f"job {shown(need)} has {self.first[need].takes} takes; what is waited for has one"
        return ""
