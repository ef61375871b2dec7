"""The JSON of a plan: each job with what a run would do, why, at what price and in what time. The shape only grows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kirin_cli import __version__
from kirin_cli.errors import KirinError, UsageError
from kirin_cli.media.request_body import elide
from kirin_cli.modelspec.notes import describe_item, notes_of_request, numbered_items
from kirin_cli.modelspec.types import Finding
from kirin_cli.report.json_format import error_data, error_rows, problem_rows
from kirin_cli.report.parser import as_decimal, as_mapping, as_seconds
from kirin_cli.run.prices import price_class_of

if TYPE_CHECKING:
    from kirin_cli.run.plan import PlannedJob

NO_TOTALS: Final[Mapping[str, object]] = {"cost_usd": None}
"""Those of a plan that could not be made."""


def plan_data(
    plans: Sequence["PlannedJob"],
    findings: Iterable[Finding],
    *,
    exit_code: int,
    seconds: float | None,
    shard: tuple[int, int] | None,
) -> dict[str, object]:
    """The plan. `findings` are what is wrong or only looks so; `seconds` is how long the whole run may take."""
    jobs = [_job(plan) for plan in plans]
    totals = _totals(jobs) if exit_code != UsageError.exit_code else NO_TOTALS
    return _result(exit_code, jobs, problem_rows(findings)) | {
        "totals": {**totals, "seconds": seconds},
        "shard": {"index": shard[0], "total": shard[1]} if shard else None,
    }


def plan_error(error: KirinError) -> dict[str, object]:
    """A plan that an error ended."""
    return _result(error.exit_code, [], error_rows(error)) | {
        "errors": [error_data(error)],
        "totals": {**NO_TOTALS, "seconds": None},
        "shard": None,
    }


def merge_totals(jobs: Iterable[Mapping[str, object]], of_shards: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """The totals of shards together: their jobs, and the longest of their times, since they run side by side."""
    seconds = [as_seconds(totals.get("seconds")) for totals in of_shards]
    known = [value for value in seconds if value is not None]
    return {**_totals(jobs), "seconds": max(known) if known and len(known) == len(seconds) else None}


def _result(
    exit_code: int, jobs: Sequence[Mapping[str, object]], problems: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    return {
        "kind": "plan", "exit_code": exit_code, "jobs": jobs, "errors": [], "problems": problems,
        "kirin_version": __version__,
    }  # fmt: skip


def _totals(jobs: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """How many jobs there are of each action; what those that would be sent may cost, None where a price is missing."""
    jobs = list(jobs)
    costs = [as_decimal(job.get("cost_usd")) for job in jobs if job.get("action") == "send"]
    cost = None if None in costs else str(sum(filter(None, costs), Decimal(0)))
    return {**Counter(str(job.get("action")) for job in jobs), "cost_usd": cost}


def _job(plan: "PlannedJob") -> dict[str, object]:
    params = as_mapping(elide(plan.job.values))
    return {
        "name": plan.job.name,
        "model": plan.job.model.id,
        "mode": plan.mode or None,
        "duration": plan.duration or None,
        "prompt": params.get("prompt"),
        "action": plan.action,
        "reason": plan.reason,
        "path": str(plan.path),
        "external_task_id": plan.job.external_id,
        "take": plan.job.take,
        "attempt": plan.job.attempt,
        "file": plan.job.file or None,
        "line": plan.job.line or None,
        "column": plan.job.column or None,
        "cost_usd": str(plan.price.usd) if plan.price else None,
        "price_class": str(price_class_of(plan.job)),
        "price_source": plan.price.source if plan.price else None,
        "price_detail": plan.price_detail,
        "seconds": plan.seconds,
        "request": {"model": plan.job.model.id, "params": params},
        "references": [
            {"token": token, "item": describe_item(item)}
            for token, item in numbered_items(plan.job.model, plan.job.values)
        ],
        "notes": [note.text for note in notes_of_request(plan.job.model, plan.job.values)],
    }
