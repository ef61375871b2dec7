"""`kirin plan`: what a run of job files would do, and what it may cost."""

import os
from collections.abc import Sequence
from typing import Final

from kirin_cli import media
from kirin_cli.cli import options as o
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.files import check_paths
from kirin_cli.cli.run import preparer, refused
from kirin_cli.cli.service import service
from kirin_cli.cli.settings import settings
from kirin_cli.derive.pretty import pretty
from kirin_cli.run.planning import Planned, likely_cost, planned
from kirin_cli.run.preparing import Redo
from kirin_cli.ui.amounts import duration, money
from kirin_cli.ui.tables import table

HEADINGS: Final = ("job", "would", "because", "file", "time", "cost")


def plan(
    files: o.JobFiles,
    output: o.OutputFolder = None,
    again: o.Again = False,
    retry_failed: o.RetryFailed = False,
    force: o.Force = False,
    scope: o.Scope = "",
    strict: o.Strict = False,
    base_url: o.BaseUrl = None,
    json: o.Json = False,
    color: o.Color = "auto",
) -> int:
    """Show what a run would send, skip, take up again and write, and what it may cost.

    Needs no key and no network. Times and costs are those of earlier tasks of the same kind in the ledger.
    """
    voice = talk(color=color)
    checked = check_paths(files)
    if refused(checked, voice, strict=strict):
        return 2
    redo: Redo = "again" if again else "retry-failed" if retry_failed else ""
    with service(settings(os.environ, base_url=base_url), sandbox=False) as opened:
        prepared = preparer(checked, output, scope=scope, force=force, redo=redo)(opened)
        if prepared.findings:
            voice.findings(prepared.findings)
            return 2
        plans = planned(prepared, opened.entry_of, opened.prices, opened.pace.durations)
    _show(plans, voice, json=json)
    return 0


def _show(plans: Sequence[Planned], voice: Talk, *, json: bool) -> None:
    cost = likely_cost(plans)
    if json:
        totals: dict[str, object] = {**_counts(plans), "cost_usd": None if cost is None else str(cost)}
        voice.data(pretty({"jobs": [_data(plan) for plan in plans], "totals": totals}))
        return
    voice.data(*table(HEADINGS, [_row(plan) for plan in plans], voice.streams.out))
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
