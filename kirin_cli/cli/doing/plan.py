"""Says what a run of job files would do, and what it may cost. Sends nothing."""

import os
import time
from collections.abc import Sequence
from typing import Final

from kirin_cli import media
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.doing.run import preparer, redo_of, refused
from kirin_cli.cli.entries import as_json
from kirin_cli.cli.files import Picks, check_paths
from kirin_cli.cli.plan import Plan
from kirin_cli.cli.service import service
from kirin_cli.cli.settings import settings
from kirin_cli.run.amounts import money
from kirin_cli.run.planning import Planned, likely_cost, planned
from kirin_cli.run.preparing import Choices
from kirin_cli.run.sharding import shard_of
from kirin_cli.ui.amounts import duration
from kirin_cli.ui.tables import table

HEADINGS: Final = ("job", "would", "because", "file", "time", "cost")


def do(asked: Plan) -> int:
    """Check, look into the ledger, show; returns the exit code. Raises the tree of errors."""
    voice = talk(color=asked.color)
    setting = settings(os.environ, base_url=asked.base_url, profile=asked.profile)
    picks = Picks(asked.sets, asked.only, asked.tag, asked.max_jobs)
    checked = check_paths(asked.files, picks, uploads=bool(setting.upload_url))
    if refused(checked, voice, strict=asked.strict):
        return 2
    part = shard_of(asked.shard, os.environ) if asked.shard else None
    redo = redo_of(asked.again, asked.retry_failed)
    now = time.time()
    choices = Choices(scope=asked.scope, folder=asked.output, replace=asked.force, redo=redo, shard=part, day=now)
    with service(setting, sandbox=False) as opened:
        prepared = preparer(checked, choices)(opened)
        if prepared.findings:
            voice.findings(prepared.findings)
            return 2
        plans = planned(prepared, opened.entry_of, opened.prices, opened.pace.durations, now)
    _show(plans, voice, json=asked.json)
    return 0


def _show(plans: Sequence[Planned], voice: Talk, *, json: bool) -> None:
    cost = likely_cost(plans)
    if json:
        totals: dict[str, object] = {**_counts(plans), "cost_usd": None if cost is None else str(cost)}
        voice.data(as_json({"jobs": [_data(plan) for plan in plans], "totals": totals}))
        return
    voice.data(*table(HEADINGS, [_row(plan) for plan in plans], voice.streams.out))
    if not plans:
        voice.note("there is no job to do")
        return
    counts = ", ".join(f"{number} {action}" for action, number in _counts(plans).items())
    voice.note(f"{counts}; " + ("no price known yet" if cost is None else f"likely cost {money(cost)}"))


def _counts(plans: Sequence[Planned]) -> dict[str, int]:
    actions = [plan.action for plan in plans]
    return {action: actions.count(action) for action in dict.fromkeys(actions)}


def _row(plan: Planned) -> tuple[str, ...]:
    cost = "no price known yet" if plan.cost is None else money(plan.cost)
    spends = plan.action == "send"
    seconds = "" if plan.seconds is None else duration(plan.seconds)
    return (plan.job.label, plan.action, plan.why, str(plan.path), seconds if spends else "", cost if spends else "")


def _data(plan: Planned) -> dict[str, object]:
    return {
        "name": plan.job.name,
        "model": plan.job.model.id,
        "action": plan.action,
        "reason": plan.why,
        "path": str(plan.path),
        "external_task_id": plan.job.external_id,
        "take": plan.job.take,
        "file": plan.job.file or None,
        "line": plan.job.line or None,
        "cost_usd": None if plan.cost is None else str(plan.cost),
        "seconds": plan.seconds,
        "request": {"model": plan.job.model.id, "params": media.elide(plan.job.values)},
    }
