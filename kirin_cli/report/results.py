"""The result of a run as JSON, in the shape that scripts rely on (CLI "JSON"). The shape only grows."""

import json
from collections import Counter
from decimal import Decimal

from kirin_cli.run.job import Outcome, Output, Summary

COUNTED = ("done", "failed", "skipped", "pending", "unknown")
_COUNTS_AS = {"rejected": "failed", "expired": "failed"}


def render(summary: Summary) -> str:
    """The whole run, indented."""
    return json.dumps(as_data(summary), indent=2, ensure_ascii=True)


def as_data(summary: Summary) -> dict[str, object]:
    """The same as plain data; costs are decimal strings in US dollars."""
    states = Counter(_COUNTS_AS.get(outcome.state, outcome.state) for outcome in summary.outcomes)
    counts = {state: states[state] for state in COUNTED}
    return {
        "run_id": summary.run_id,
        "exit_code": summary.exit_code,
        "totals": {"jobs": len(summary.outcomes), **counts, "cost_usd": str(summary.cost)},
        "jobs": [_job(outcome) for outcome in summary.outcomes],
    }


def _job(outcome: Outcome) -> dict[str, object]:
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
        "file": outcome.job.file or None,
        "line": outcome.job.line or None,
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
    names = ("code", "message", "hint", "retry_safe", "charged")
    return {name: getattr(outcome.error, name) for name in names}


def _money(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)
