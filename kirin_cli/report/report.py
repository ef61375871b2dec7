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

from kirin_cli.run.events import JobState

Phase = Literal["queued", "generating", "downloading"]
PHASES: Final[tuple[Phase, ...]] = ("queued", "generating", "downloading")
GOOD: Final = frozenset({"done", "skipped"})


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
class ReportJob:
    """How one job stands. `line` and `column` are 0 where there is none, texts ""; `params` is JSON-like."""

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
class ReportProblem:
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

STATES: Final[tuple[JobState, ...]] = ("done", "skipped", "failed", "rejected", "pending", "unknown", "expired")
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
            run_id=self._text(data, "run_id"),
            exit_code=as_int(data.get("exit_code")),
            version=self._text(data, "kirin_version"),
            started=as_timestamp(data.get("started_at")),
            ended=as_timestamp(data.get("ended_at")),
            jobs=tuple(self._job(as_mapping(job)) for job in as_list(data.get("jobs"))),
            problems=tuple(self._problem(as_mapping(one)) for one in as_list(data.get("problems"))),
            missing_shards=tuple(filter(None, map(as_int, as_list(shards.get("missing"))))),
            folder=folder,
            data=data,
        )

    def _job(self, job: Mapping[str, object]) -> ReportJob:
        times = {stage: as_timestamp(at) for stage, at in as_mapping(job.get("times")).items()}
        state = job.get("state")
        return ReportJob(
            name=self._text(job, "name"), model=self._text(job, "model"), task_id=self._text(job, "task_id"),
            state=state if isinstance(state, str) and state in STATES else "unknown",
            external_id=self._text(job, "external_task_id"), cost=as_decimal(job.get("cost_usd")),
            files=tuple(self._made(as_mapping(output)) for output in as_list(job.get("outputs"))),
            failure=self._trouble(as_mapping(job.get("error"))), reason=self._text(job, "reason"),
            take=as_int(job.get("take")) or 1, file=self._text(job, "file"), line=as_int(job.get("line")),
            column=as_int(job.get("column")), prompt=self._text(job, "prompt"),
            params=as_mapping(self._tree(as_mapping(job.get("params")), _MAX_DEPTH)),
            times={stage: at for stage, at in times.items() if at is not None},
        )  # fmt: skip

    def _made(self, output: Mapping[str, object]) -> ReportFile:
        path = _path(_raw(output, "path"))
        texts = {name: self._text(output, name) for name in ("type", "sha256", "duration")}
        return ReportFile(path=path, name=self._clean(path.name), bytes=as_int(output.get("bytes")), **texts)

    def _trouble(self, error: Mapping[str, object]) -> JobFailure | None:
        texts = {name: self._text(error, name) for name in ("message", "hint", "code", "charged")}
        return JobFailure(**texts) if error else None

    def _problem(self, one: Mapping[str, object]) -> ReportProblem:
        texts = {name: self._text(one, name) for name in ("severity", "message", "hint", "rule", "job", "file")}
        return ReportProblem(line=as_int(one.get("line")), column=as_int(one.get("column")), **texts)

    def _text(self, mapping: Mapping[str, object], name: str) -> str:
        return self._clean(_raw(mapping, name))

    def _tree(self, value: object, depth: int) -> object:
        """A JSON value with all its texts and names cleaned, as far down as parameters ever go."""
        if isinstance(value, Mapping):
            return {self._clean(str(name)): self._tree(one, depth - 1) for name, one in value.items()} if depth else {}
        if isinstance(value, list):
            return [self._tree(one, depth - 1) for one in value] if depth else []
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
        at = datetime.fromisoformat(value)
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None


def _path(text: str) -> Path:
    """The path, none where no file of this system can have it."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return Path()
    return Path() if "\0" in text else Path(text)


def _raw(mapping: Mapping[str, object], name: str) -> str:
    value = mapping.get(name)
    return value if isinstance(value, str) else ""
