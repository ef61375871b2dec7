"""A run, a plan or a check as the formats draw it. Knows no file and no format."""

import posixpath
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, get_args

from kirin_cli.modelspec.text import pluralize

ReportKind = Literal["run", "plan", "validate"]
"""Which command's result it is."""
KINDS: Final[tuple[ReportKind, ...]] = get_args(ReportKind)
Phase = Literal["queued", "generating", "downloading"]
PHASES: Final[tuple[Phase, ...]] = ("queued", "generating", "downloading")


@dataclass(frozen=True, slots=True)
class StateInfo:
    """How a state of a job is shown: its mark, what it counts as in totals, and what stands in place of a video."""

    mark: str
    counts_as: str
    no_video: str = "no video"


STATES: Final[Mapping[str, StateInfo]] = {
    "failed": StateInfo("❌", "failed"),
    "rejected": StateInfo("❌", "failed"),
    "expired": StateInfo("❌", "failed", "file not had yet"),
    "unknown": StateInfo("❓", "unknown", "outcome unknown"),
    "pending": StateInfo("⏳", "pending", "not finished yet"),
    "done": StateInfo("✅", "done"),
    "skipped": StateInfo("⏭️", "skipped"),
}
"""Every JobState, the gravest first."""
VALID: Final = "valid"
INVALID: Final = "invalid"
ACTIONS: Final[Mapping[str, str]] = {
    "send": "💸", "ask": "❓", "go on": "⏳", "fetch": "📥", "leave": "🚫", "skip": "⏭️",
}  # fmt: skip
"""What a plan would do with a job, each with its mark (run/plan.py: `Action`)."""
MARKS: Final[Mapping[str, str]] = {
    **{state: info.mark for state, info in STATES.items()},
    INVALID: "❌", VALID: "✅", "error": "❌", "warning": "⚠️", **ACTIONS,
}  # fmt: skip
"""The marks of states, of what a check found, and of what a plan would do."""

MAX_ROWS_NAMED: Final = 10
"""So many rows are named of those that have the same problem."""

CHARGED: Final = {"yes": "It was charged.", "maybe": "It may have been charged.", "no": "It was not charged."}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """One file of a result: where it is, and its name as it may be shown. `duration` is "" where nobody said."""

    type: str
    path: Path
    name: str
    bytes: int
    sha256: str
    duration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """Why a job did not end well."""

    message: str
    hint: str
    code: str
    charged: str
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InJobFile:
    """What stands in a job file; `file` is "" where it does not, `line` and `column` are 0 where they are not known."""

    file: str
    line: int
    column: int

    @property
    def line_column(self) -> str:
        """What stands behind the file in a position: `:4:7`, `:4` or ""."""
        return "".join(f":{number}" for number in (self.line, self.column) if number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJob(InJobFile):
    """How one job stands. Texts are "" where there is none; `params` and `service` are JSON-like.

    In a check `state` is valid or invalid, and `problems` are those of this job. In a plan it is what a run would do,
    `cost` and `likely_seconds` what that may take, and `price_detail` where the price comes from. `mode` and `duration`
    (seconds of video) are what it asks for, "" where its model has no such parameter. `inputs` are the files that it
    was made from; the type of each is its parameter.
    """

    name: str
    model: str
    state: str
    task_id: str
    external_id: str
    cost: Decimal | None
    files: tuple[ReportFile, ...]
    failure: JobFailure | None
    reason: str
    take: int
    prompt: str
    params: Mapping[str, object]
    times: Mapping[str, float]
    service: Mapping[str, object]
    problems: tuple["ReportProblem", ...] = ()
    path: str = ""
    mode: str = ""
    duration: str = ""
    likely_seconds: float | None = None
    price_detail: str = ""
    scope: str = ""
    tags: tuple[str, ...] = ()
    inputs: tuple[ReportFile, ...] = ()

    @property
    def spans(self) -> tuple[tuple[Phase, float, float], ...]:
        """The phases that the job went through, with their beginnings and ends; a phase of no length is left out."""
        times = self.times
        sent = times.get("accepted", times.get("submitted"))
        edges = (times.get("intended", sent), sent, times.get("generated", times.get("failed")), times.get("fetched"))
        spans = zip(PHASES, edges, edges[1:], strict=False)
        return tuple((phase, begin, end) for phase, begin, end in spans if begin and end and end > begin)

    @property
    def seconds(self) -> float | None:
        """From submission to the file on the disk, or to the failure; None where that is not known.

        Of a video that could not be fetched: to its being there to be fetched.
        """
        last = self.times.get("generated") if self.state == "expired" else None
        begin, end = self.times.get("submitted"), self.times.get("fetched", self.times.get("failed", last))
        return end - begin if begin and end and end >= begin else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProblem(InJobFile):
    """What kept the run from beginning, or only looks wrong: a finding in a job file, or an error.

    `job` names the jobs that have it, "" for none; `path` is the parameter in them, `via` how an expansion led there.
    `row` is the line of a table's row, 0 where it is of none; `more_rows` are those of others with the same problem.
    """

    severity: str
    message: str
    hint: str
    rule: str
    job: str
    path: str = ""
    via: str = ""
    row: int = 0
    more_rows: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The message with its rule, with how it came there, and with the lines of the other rows that have it."""
        rule, via = f" [{self.rule}]" if self.rule else "", f" (from {self.via})" if self.via else ""
        numbers = ", ".join(map(str, self.more_rows[:MAX_ROWS_NAMED])) + " …" * (len(self.more_rows) > MAX_ROWS_NAMED)
        rows = f"; and {pluralize(len(self.more_rows), 'more row')}: {numbers}" if self.more_rows else ""
        return f"{self.message}{rule}{via}{rows}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run, plan or check, or several joined into one. `data` is the plain data that it was read from, as it came.

    `folder` is where the report will lie: links start there. `missing_shards` are those without a result. `root` is
    the folder of the command as seen from the workspace of the CI system, which looks for files from there on.
    `likely_cost` and `likely_seconds` are those of a plan. `is_sandbox`: some of it was made in a sandbox.
    """

    run_id: str
    exit_code: int
    version: str
    started: float | None
    ended: float | None
    jobs: tuple[ReportJob, ...]
    problems: tuple[ReportProblem, ...] = ()
    missing_shards: tuple[int, ...] = ()
    folder: Path = Path()
    data: Mapping[str, object] = field(default_factory=dict, repr=False)
    kind: ReportKind = "run"
    root: Path = Path()
    likely_cost: Decimal | None = None
    likely_seconds: float | None = None
    is_sandbox: bool = False

    @property
    def errors(self) -> int:
        """How many problems forbid sending."""
        return sum(problem.severity != "warning" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many problems do not."""
        return len(self.problems) - self.errors

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
        """How many jobs may have cost money without anybody knowing (promise 4)."""
        return sum(job.failure is not None and job.failure.charged == "maybe" for job in self.jobs)

    @property
    def broken_off(self) -> str:
        """`interrupted` or `terminated`, where a signal ended the run."""
        return {130: "interrupted", 143: "terminated"}.get(self.exit_code, "")

    @property
    def seconds(self) -> float | None:
        """How long the run took."""
        return self.ended - self.started if self.started and self.ended and self.ended >= self.started else None


def path_in_workspace(file: str, root: Path) -> str:
    """A file as CI systems look for it: with slashes, from the workspace on; "" for none and for standard input."""
    return posixpath.normpath((root / file).as_posix()) if file not in {"", "-"} else ""
