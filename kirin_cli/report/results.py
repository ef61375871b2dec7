"""A run as plain data, in the shape that scripts and all reports rely on (CLI "JSON"). The shape only grows.

A run that was refused or broke off before it began has the same shape, with `problems` and without jobs.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from kirin_cli import __version__
from kirin_cli.errors import KirinError
from kirin_cli.report.harmless import as_text
from kirin_cli.report.record import Report
from kirin_cli.run.findings import Finding
from kirin_cli.run.job import Outcome, Output, Summary
from kirin_cli.run.times import utc

COUNTED: Final = ("done", "failed", "skipped", "pending", "unknown")
COUNTS_AS: Final = {"rejected": "failed", "expired": "failed"}
ERROR_FIELDS: Final = ("code", "message", "hint", "retry_safe", "charged")
JOB_FIELDS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("name", "model", "state", "task_id", "external_task_id", "cost_usd")),
    "outputs": [dict.fromkeys(("type", "path", "url", "bytes", "sha256", "duration"))],
    "error": dict.fromkeys(ERROR_FIELDS),
    **dict.fromkeys(("reason", "take", "file", "line", "column", "prompt")),
    "params": ...,
    "times": dict.fromkeys(("intended", "submitted", "accepted", "generated", "failed", "fetched")),
}
"""The names in a job: None has nothing below it, a list more of the same, `...` what the model has."""
_NO_FILE: Final = frozenset({"", "."})  # of jobs that came from flags
Data = Mapping[str, object]


def render(summary: Summary) -> str:
    """The whole run, indented."""
    return as_text(as_data(summary))


def again(report: Report) -> str:
    """The data that a report was read from."""
    return as_text(report.data)


def as_data(summary: Summary) -> dict[str, object]:
    """A run; costs are decimal strings in US dollars, times ISO 8601."""
    states = Counter[str](outcome.state for outcome in summary.outcomes)
    number, of = summary.shard or (0, 0)
    return {
        "run_id": summary.run_id,
        "exit_code": summary.exit_code,
        "totals": totals(states, summary.cost),
        "jobs": [_job(outcome) for outcome in summary.outcomes],
        "problems": [],
        "started_at": utc(summary.started) if summary.started else None,
        "ended_at": utc(summary.ended) if summary.ended else None,
        "shard": {"index": number, "total": of} if of else None,
        "kirin_version": __version__,
    }


def totals(states: Mapping[str, int], cost: Decimal) -> dict[str, object]:
    """How many jobs ended in which state, and what they cost."""
    counts = dict.fromkeys(COUNTED, 0)
    for state, number in states.items():
        counts[COUNTS_AS.get(state, state if state in counts else "unknown")] += number
    return {"jobs": sum(states.values()), **counts, "cost_usd": str(cost)}


def refused(findings: Iterable[Finding]) -> dict[str, object]:
    """A run that sent nothing, because of what was found."""
    names = ("severity", "message", "rule", "path", "job", "file", "line", "column")
    return _without_jobs(2, [{name: getattr(one, name) for name in names} for one in findings])


def broken(error: KirinError) -> dict[str, object]:
    """A run that an error ended before its jobs could say how they stand."""
    return _without_jobs(error.exit_code, [{"severity": "error", "message": error.message, "hint": error.hint}])


def _without_jobs(exit_code: int, problems: list[dict[str, object]]) -> dict[str, object]:
    return as_data(Summary(run_id="", outcomes=())) | {"exit_code": exit_code, "problems": problems}


def _job(outcome: Outcome) -> dict[str, object]:
    params = json.loads(outcome.job.request or "{}").get("params") or {}
    return {
        "name": outcome.job.name,
        "model": outcome.job.model.id,
        "state": outcome.state,
        "task_id": outcome.task_id or None,
        "external_task_id": outcome.job.external_id,
        "cost_usd": _money(outcome.cost),
        "outputs": [_output(output) for output in outcome.outputs],
        "error": _error(outcome),
        "reason": outcome.reason or None,
        "take": outcome.job.take,
        "file": outcome.job.file if outcome.job.file not in _NO_FILE else None,
        "line": outcome.job.line or None,
        "column": outcome.job.column or None,
        "prompt": params.get("prompt"),
        "params": params,
        "times": dict(outcome.times),
    }


def _output(output: Output) -> dict[str, object]:
    return {
        "type": output.type,
        "path": str(output.path),
        "url": output.url,
        "bytes": output.bytes,
        "sha256": output.sha256,
        "duration": output.duration,
    }


def _error(outcome: Outcome) -> dict[str, object] | None:
    if outcome.error is None:
        return None
    return {name: getattr(outcome.error, name) for name in ERROR_FIELDS}


def _money(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)
