"""From plain data to a Report. Anybody may have written the data: what makes no sense in it reads as missing."""

import math
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from kirin_cli.report.record import JobRecord, Made, Problem, Report, Trouble
from kirin_cli.run.events import State

Clean = Callable[[str], str]
"""Makes text harmless that somebody else wrote."""

STATES: Final[tuple[State, ...]] = ("done", "skipped", "failed", "rejected", "pending", "unknown", "expired")
_MONEY: Final = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_DEEPEST: Final = 12


class Reader:
    """Reads records whose texts go through `clean`."""

    def __init__(self, clean: Clean) -> None:
        self._clean = clean

    def report(self, data: Mapping[str, object], folder: Path) -> Report:
        """The whole run; `folder` is where the report will lie."""
        shards = mapping(data.get("shards"))
        return Report(
            run_id=self._text(data, "run_id"), exit_code=number(data.get("exit_code")),
            version=self._text(data, "kirin_version"), started=moment(data.get("started_at")),
            ended=moment(data.get("ended_at")), jobs=tuple(self._job(mapping(job)) for job in items(data.get("jobs"))),
            problems=tuple(self._problem(mapping(one)) for one in items(data.get("problems"))),
            missing=tuple(filter(None, map(number, items(shards.get("missing"))))), folder=folder, data=data,
        )  # fmt: skip

    def _job(self, job: Mapping[str, object]) -> JobRecord:
        times = {stage: moment(at) for stage, at in mapping(job.get("times")).items()}
        state = job.get("state")
        return JobRecord(
            name=self._text(job, "name"), model=self._text(job, "model"), task_id=self._text(job, "task_id"),
            state=state if isinstance(state, str) and state in STATES else "unknown",
            external_id=self._text(job, "external_task_id"), cost=money(job.get("cost_usd")),
            made=tuple(self._made(mapping(output)) for output in items(job.get("outputs"))),
            trouble=self._trouble(mapping(job.get("error"))), reason=self._text(job, "reason"),
            take=number(job.get("take")) or 1, file=self._text(job, "file"), line=number(job.get("line")),
            column=number(job.get("column")), prompt=self._text(job, "prompt"),
            params=mapping(self._tree(mapping(job.get("params")), _DEEPEST)),
            times={stage: at for stage, at in times.items() if at is not None},
        )  # fmt: skip

    def _made(self, output: Mapping[str, object]) -> Made:
        path = _path(_raw(output, "path"))
        texts = {name: self._text(output, name) for name in ("type", "sha256", "duration")}
        return Made(path=path, name=self._clean(path.name), bytes=number(output.get("bytes")), **texts)

    def _trouble(self, error: Mapping[str, object]) -> Trouble | None:
        texts = {name: self._text(error, name) for name in ("message", "hint", "code", "charged")}
        return Trouble(**texts) if error else None

    def _problem(self, one: Mapping[str, object]) -> Problem:
        texts = {name: self._text(one, name) for name in ("severity", "message", "hint", "rule", "job", "file")}
        return Problem(line=number(one.get("line")), column=number(one.get("column")), **texts)

    def _text(self, mapping: Mapping[str, object], name: str) -> str:
        return self._clean(_raw(mapping, name))

    def _tree(self, value: object, depth: int) -> object:
        """A JSON value with all its texts and names cleaned, as far down as parameters ever go."""
        if isinstance(value, Mapping):
            return {self._clean(str(name)): self._tree(one, depth - 1) for name, one in value.items()} if depth else {}
        if isinstance(value, list):
            return [self._tree(one, depth - 1) for one in value] if depth else []
        return self._clean(value) if isinstance(value, str) else value


def mapping(value: object) -> Mapping[str, object]:
    """`value`, or nothing where it is no object."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    """`value`, or nothing where it is no list."""
    return value if isinstance(value, list) else []


def number(value: object) -> int:
    """A count, or 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else 0


def money(value: object) -> Decimal | None:
    """An amount that the data writes as a decimal string."""
    return Decimal(value) if isinstance(value, str) and _MONEY.fullmatch(value) else None


def moment(value: object) -> float | None:
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
