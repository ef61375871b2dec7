"""Reading of results: plain data that anybody may have written, as the formats draw it. Knows no file and no format."""

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from kirin_cli.modelspec.text import join_jobs
from kirin_cli.report.report import (
    INVALID,
    KINDS,
    STATES,
    VALID,
    JobFailure,
    Report,
    ReportFile,
    ReportJob,
    ReportKind,
    ReportProblem,
)

Clean = Callable[[str], str]
"""Makes text harmless that somebody else wrote."""

_MONEY: Final = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_MAX_DEPTH: Final = 12


class ReportParser:
    """Reads records whose texts go through `clean`, each once however often it stands there."""

    def __init__(self, clean: Clean) -> None:
        self._clean = cache(clean)

    def report(self, data: Mapping[str, object], folder: Path, root: Path = Path()) -> Report:
        """The whole result; `folder` is where the report will lie, `root` as in Report."""
        shards, totals = as_mapping(data.get("shards")), as_mapping(data.get("totals"))
        kind, problems = kind_of(data), list(map(as_mapping, as_list(data.get("problems"))))
        # What was refused without an error was refused for its warnings, as --strict wants it.
        strict = as_int(data.get("exit_code")) == 2 and all(row.get("severity") == "warning" for row in problems)
        jobs = tuple(self._job(as_mapping(job), kind, strict=strict) for job in as_list(data.get("jobs")))
        return Report(
            run_id=self._text(data.get("run_id")),
            exit_code=as_int(data.get("exit_code")),
            version=self._text(data.get("kirin_version")),
            started=as_timestamp(data.get("started_at")),
            ended=as_timestamp(data.get("ended_at")),
            jobs=jobs,
            problems=fold_problems(self._problem(problem, "error" if strict else "") for problem in problems),
            missing_shards=tuple(filter(None, map(as_int, as_list(shards.get("missing"))))),
            folder=folder,
            data=data,
            kind=kind,
            root=root,
            likely_cost=as_decimal(totals.get("cost_usd")) if kind == "plan" else None,
            likely_seconds=as_seconds(totals.get("seconds")),
            is_sandbox=data.get("sandbox") is True,
        )

    def _problem(self, problem: Mapping[str, object], severity: str = "") -> ReportProblem:
        return ReportProblem(
            message=self._text(problem.get("message")),
            severity=severity or self._text(problem.get("severity")),
            hint=self._text(problem.get("hint")),
            rule=self._text(problem.get("rule")),
            job=self._text(problem.get("job")),
            path=self._text(problem.get("path")),
            via=self._text(problem.get("via")),
            file=self._text(problem.get("file")),
            line=as_int(problem.get("line")),
            column=as_int(problem.get("column")),
            row=as_int(problem.get("row")),
        )

    def _job(self, job: Mapping[str, object], kind: ReportKind, *, strict: bool) -> ReportJob:
        times = {stage: as_timestamp(text) for stage, text in as_mapping(job.get("times")).items()}
        error = as_mapping(job.get("error"))
        params = as_mapping(job.get("params")) or as_mapping(as_mapping(job.get("request")).get("params"))
        name, file = self._text(job.get("name")), self._text(job.get("file"))
        problems = tuple(
            self._problem(
                {"file": file, **as_mapping(problem), "job": job.get("name")},
                severity="error" if strict else severity,
            )
            for severity, key in (("error", "errors"), ("warning", "warnings"))
            for problem in as_list(job.get(key))
        )
        return ReportJob(
            **self._texts(job, "model", "task_id", "reason", "path", "price_detail", "scope"),
            name=name,
            file=file,
            **{key: self._text(job.get(key) or params.get(key)) for key in ("prompt", "mode", "duration")},
            state=self._state(job, kind, problems),
            external_id=self._text(job.get("external_task_id")),
            cost=as_decimal(job.get("cost_usd")),
            files=tuple(self._file(as_mapping(output)) for output in as_list(job.get("outputs"))),
            failure=JobFailure(**self._texts(error, "message", "hint", "code", "charged", "next")) if error else None,
            take=as_int(job.get("take")) or 1,
            line=as_int(job.get("line")),
            column=as_int(job.get("column")),
            params=as_mapping(self._tree(params, _MAX_DEPTH)),
            service=as_mapping(self._tree(as_mapping(job.get("service")), _MAX_DEPTH)),
            times={stage: seconds for stage, seconds in times.items() if seconds is not None},
            likely_seconds=as_seconds(job.get("seconds")),
            tags=tuple(dict.fromkeys(filter(None, map(self._text, as_list(job.get("tags")))))),
            inputs=tuple(
                self._file({**media, "type": media.get("param")})
                for media in map(as_mapping, as_list(job.get("inputs")))
            ),
            problems=problems,
        )

    def _state(self, job: Mapping[str, object], kind: ReportKind, problems: Iterable[ReportProblem]) -> str:
        if kind == "validate":
            return INVALID if any(problem.severity == "error" for problem in problems) else VALID
        if kind == "plan":
            return self._text(job.get("action")) or "unknown"
        state = job.get("state")
        return state if isinstance(state, str) and state in STATES else "unknown"

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


def kind_of(data: Mapping[str, object]) -> ReportKind:
    """Which command's result the data is; a run's does not say so."""
    return next((kind for kind in KINDS if data.get("kind") == kind), "run")


def fold_problems(problems: Iterable[ReportProblem]) -> tuple[ReportProblem, ...]:
    """Each problem once, with the names of all jobs that have it and the lines of all rows, in the order of finding."""
    groups: dict[ReportProblem, list[ReportProblem]] = {}
    for problem in problems:
        facts = {"line": 0, "column": 0, "row": 1, "via": ""} if problem.row else {}
        groups.setdefault(replace(problem, job="", **facts), []).append(problem)  # type: ignore[arg-type]
    folded = []
    for group in groups.values():
        names = list(dict.fromkeys(problem.job for problem in group if problem.job))
        rows = tuple(dict.fromkeys(problem.row for problem in group if problem.row))
        folded.append(replace(group[0], job=join_jobs(names), more_rows=rows[1:]))
    return tuple(folded)


def as_seconds(value: object) -> float | None:
    """A time that the data writes as a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 40:
        return float(value)
    return None


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
