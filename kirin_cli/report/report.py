"""A run as the formats draw it, read from plain data that anybody may have written. Knows no file and no format."""

import math
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

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
    "expired": StateInfo("❌", "failed", "file no longer on the service"),
    "unknown": StateInfo("❓", "unknown", "outcome unknown"),
    "pending": StateInfo("⏳", "pending", "not finished yet"),
    "done": StateInfo("✅", "done"),
    "skipped": StateInfo("⏭️", "skipped"),
}
"""Every JobState, the gravest first."""

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
    """How one job stands. Texts are "" where there is none; `params` is JSON-like."""

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
        """From submission to the file on the disk; None where that is not known."""
        begin, end = self.times.get("submitted"), self.times.get("fetched")
        return end - begin if begin and end and end >= begin else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProblem(InJobFile):
    """What kept the run from beginning: a finding in a job file, or an error."""

    severity: str
    message: str
    hint: str
    rule: str
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run, or several joined into one. `data` is the plain data that it was read from, as it came.

    `folder` is where the report will lie: links start there. `missing_shards` are those without a result.
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


Clean = Callable[[str], str]
"""Makes text harmless that somebody else wrote."""

_MONEY: Final = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_MAX_DEPTH: Final = 12


class ReportParser:
    """Reads records whose texts go through `clean`."""

    def __init__(self, clean: Clean) -> None:
        self._clean = clean

    def report(self, data: Mapping[str, object], folder: Path) -> Report:
        """The whole run; `folder` is where the report will lie."""
        shards = as_mapping(data.get("shards"))
        return Report(
            run_id=self._text(data.get("run_id")),
            exit_code=as_int(data.get("exit_code")),
            version=self._text(data.get("kirin_version")),
            started=as_timestamp(data.get("started_at")),
            ended=as_timestamp(data.get("ended_at")),
            jobs=tuple(self._job(as_mapping(job)) for job in as_list(data.get("jobs"))),
            problems=tuple(
                ReportProblem(
                    **self._texts(problem, "severity", "message", "hint", "rule", "job", "file"),
                    line=as_int(problem.get("line")),
                    column=as_int(problem.get("column")),
                )
                for problem in map(as_mapping, as_list(data.get("problems")))
            ),
            missing_shards=tuple(filter(None, map(as_int, as_list(shards.get("missing"))))),
            folder=folder,
            data=data,
        )

    def _job(self, job: Mapping[str, object]) -> ReportJob:
        times = {stage: as_timestamp(text) for stage, text in as_mapping(job.get("times")).items()}
        state, error = job.get("state"), as_mapping(job.get("error"))
        return ReportJob(
            **self._texts(job, "name", "model", "task_id", "reason", "file", "prompt"),
            state=state if isinstance(state, str) and state in STATES else "unknown",
            external_id=self._text(job.get("external_task_id")),
            cost=as_decimal(job.get("cost_usd")),
            files=tuple(self._file(as_mapping(output)) for output in as_list(job.get("outputs"))),
            failure=JobFailure(**self._texts(error, "message", "hint", "code", "charged")) if error else None,
            take=as_int(job.get("take")) or 1,
            line=as_int(job.get("line")),
            column=as_int(job.get("column")),
            params=as_mapping(self._tree(as_mapping(job.get("params")), _MAX_DEPTH)),
            times={stage: seconds for stage, seconds in times.items() if seconds is not None},
        )

    def _file(self, output: Mapping[str, object]) -> ReportFile:
        text = output.get("path")
        try:  # none where no file of this system can have it
            path = Path(text) if isinstance(text, str) and b"\0" not in os.fsencode(text) else Path()
        except UnicodeEncodeError:
            path = Path()
        texts = self._texts(output, "type", "sha256", "duration")
        return ReportFile(path=path, name=self._clean(path.name), bytes=as_int(output.get("bytes")), **texts)

    def _text(self, value: object) -> str:
        return self._clean(value) if isinstance(value, str) else ""

    def _texts(self, mapping: Mapping[str, object], *names: str) -> dict[str, str]:
        return {name: self._text(mapping.get(name)) for name in names}

    def _tree(self, value: object, depth: int) -> object:
        """A JSON value with all its texts and names cleaned, as far down as parameters ever go."""
        if isinstance(value, Mapping):
            items = value.items() if depth else ()
            return {self._clean(str(name)): self._tree(item, depth - 1) for name, item in items}
        if isinstance(value, list):
            return [self._tree(item, depth - 1) for item in value] if depth else []
        return self._clean(value) if isinstance(value, str) else value


def as_mapping(value: object) -> Mapping[str, object]:
    """`value`, or nothing where it is no object."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[object]:
    """`value`, or nothing where it is no list."""
    return value if isinstance(value, list) else []


def as_int(value: object) -> int:
    """A count, or 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else 0


def as_decimal(value: object) -> Decimal | None:
    """An amount that the data writes as a decimal string."""
    return Decimal(value) if isinstance(value, str) and _MONEY.fullmatch(value) else None


def as_timestamp(value: object) -> float | None:
    """ISO 8601 as seconds since the epoch; UTC where it names no zone."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
