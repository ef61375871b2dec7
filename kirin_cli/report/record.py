"""A run as the formats draw it: typed, harmless, complete. Knows no file and no format.

Every text in it has been made harmless already; only `Made.path` is as it is on the disk. Times are seconds since the
epoch, costs US dollars, sizes bytes.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

Phase = Literal["queued", "generating", "downloading"]
PHASES: Final[tuple[Phase, ...]] = ("queued", "generating", "downloading")
GOOD: Final = frozenset({"done", "skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One file of a result: where it is, and its name as it may be shown. `duration` is "" where nobody said."""

    type: str
    path: Path
    name: str
    bytes: int
    sha256: str
    duration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a job did not end well."""

    message: str
    hint: str
    code: str
    charged: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """How one job stands. `line` and `column` are 0 where there is none, texts ""; `params` is JSON-like."""

    name: str
    model: str
    state: str
    task_id: str
    external_id: str
    cost: Decimal | None
    made: tuple[Made, ...]
    trouble: Trouble | None
    reason: str
    take: int
    file: str
    line: int
    column: int
    prompt: str
    params: Mapping[str, object]
    times: Mapping[str, float]

    @property
    def spans(self) -> tuple[tuple[Phase, float, float], ...]:
        """The phases that the job went through, with their beginnings and ends; a phase of no length is left out."""
        at = self.times
        sent = at.get("accepted", at.get("submitted"))
        edges = (at.get("intended", sent), sent, at.get("generated", at.get("failed")), at.get("fetched"))
        spans = zip(PHASES, edges, edges[1:], strict=False)
        return tuple((phase, begin, end) for phase, begin, end in spans if begin and end and end > begin)

    @property
    def seconds(self) -> float | None:
        """From submission to the file on the disk; None where that is not known."""
        begin, end = self.times.get("submitted"), self.times.get("fetched")
        return end - begin if begin and end and end >= begin else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What kept the run from beginning: a finding in a job file, or an error."""

    severity: str
    message: str
    hint: str
    rule: str
    job: str
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run, or several joined into one. `data` is the plain data that it was read from, as it came.

    `folder` is where the report will lie: links start there. `missing` are the numbers of shards without a result.
    """

    run_id: str
    exit_code: int
    version: str
    started: float | None
    ended: float | None
    jobs: tuple[JobRecord, ...]
    problems: tuple[Problem, ...] = ()
    missing: tuple[int, ...] = ()
    folder: Path = Path()
    data: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def states(self) -> Mapping[str, int]:
        """How many jobs are in which state, the most frequent first."""
        return dict(Counter(job.state for job in self.jobs).most_common())

    @property
    def cost(self) -> Decimal:
        """What this run has paid for: what was skipped was paid for before."""
        return sum((job.cost for job in self.jobs if job.cost is not None and job.state != "skipped"), Decimal(0))

    @property
    def perhaps_charged(self) -> int:
        """How many jobs may have cost money without anybody knowing (SUBMISSION promise 4)."""
        return sum(job.trouble is not None and job.trouble.charged == "maybe" for job in self.jobs)

    @property
    def broken_off(self) -> str:
        """`interrupted` or `terminated`, where a signal ended the run."""
        return {130: "interrupted", 143: "terminated"}.get(self.exit_code, "")

    @property
    def seconds(self) -> float | None:
        """How long the run took."""
        return self.ended - self.started if self.started and self.ended and self.ended >= self.started else None
