"""`kirin plan`: what a run of job files would do, and what it may cost. Sends nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.options import command_from
from kirin_cli.formatting import format_clock, format_usd
from kirin_cli.media.request_body import elide

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.run.plan import PlannedJob


@dataclass(slots=True, eq=False, repr=False)
class PlanFlags:
    """Show what a run would send, skip, take up again and write, and what it may cost.

    Needs no key and no network. Times and costs are those of earlier tasks of the same kind in the ledger.
    """

    files: o.JobFiles
    sets: o.Sets = None
    only: o.Only = None
    tag: o.Tag = None
    max_jobs: o.MaxJobs = 10_000
    output: o.OutputFolder = None
    again: o.Again = False
    retry_failed: o.RetryFailed = False
    force: o.Force = False
    scope: o.ScopeOption = ""
    shard: o.ShardOption = ""
    strict: o.Strict = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    json: o.Json = False
    color: o.Color = "auto"


HEADINGS: Final = ("job", "would", "because", "file", "time", "cost")


def run_plan(flags: PlanFlags) -> int:
    """Check, look into the ledger, show; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.commands.run import make_prepare, redo_mode, refused
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.job_files import JobFilter, check_paths
    from kirin_cli.cli.session import open_session
    from kirin_cli.cli.settings import settings
    from kirin_cli.run.identity import parse_shard
    from kirin_cli.run.plan import plan_jobs
    from kirin_cli.run.prepare import PrepareOptions

    console = make_console(color=flags.color)
    setting = settings(os.environ, base_url=flags.base_url, profile=flags.profile)
    picks = JobFilter(flags.sets, flags.only, flags.tag, flags.max_jobs)
    checked = check_paths(flags.files, picks, uploads=bool(setting.upload_url))
    if refused(checked, console, strict=flags.strict):
        return 2
    part = parse_shard(flags.shard, os.environ) if flags.shard else None
    redo = redo_mode(flags.again, flags.retry_failed)
    now = time.time()
    choices = PrepareOptions(
        scope=flags.scope, folder=flags.output, replace=flags.force, redo=redo, shard=part, now=now
    )
    with open_session(setting, sandbox=False) as opened:
        prepared = make_prepare(checked, choices)(opened)
        if prepared.findings:
            console.findings(prepared.findings)
            return 2
        plans = plan_jobs(prepared, opened.find_entry, opened.prices, opened.schedule.durations, now)
    _show(plans, console, json=flags.json)
    return 0


def _show(plans: Sequence[PlannedJob], console: CommandConsole, *, json: bool) -> None:
    from kirin_cli.cli.commands.list import data_json
    from kirin_cli.run.plan import likely_cost
    from kirin_cli.ui.tables import render_table

    cost = likely_cost(plans)
    if json:
        totals: dict[str, object] = {**_counts(plans), "cost_usd": None if cost is None else str(cost)}
        console.data(data_json({"jobs": [_data(plan) for plan in plans], "totals": totals}))
        return
    console.data(*render_table(HEADINGS, [_row(plan) for plan in plans], console.streams.out))
    if not plans:
        console.info("there is no job to do")
        return
    counts = ", ".join(f"{number} {action}" for action, number in _counts(plans).items())
    console.info(f"{counts}; " + ("no price known yet" if cost is None else f"likely cost {format_usd(cost)}"))


def _counts(plans: Sequence[PlannedJob]) -> dict[str, int]:
    actions = [plan.action for plan in plans]
    return {action: actions.count(action) for action in dict.fromkeys(actions)}


def _row(plan: PlannedJob) -> tuple[str, ...]:
    cost = "no price known yet" if plan.cost is None else format_usd(plan.cost)
    spends = plan.action == "send"
    seconds = "" if plan.seconds is None else format_clock(plan.seconds)
    return (plan.job.label, plan.action, plan.reason, str(plan.path), seconds if spends else "", cost if spends else "")


def _data(plan: PlannedJob) -> dict[str, object]:
    return {
        "name": plan.job.name,
        "model": plan.job.model.id,
        "action": plan.action,
        "reason": plan.reason,
        "path": str(plan.path),
        "external_task_id": plan.job.external_id,
        "take": plan.job.take,
        "file": plan.job.file or None,
        "line": plan.job.line or None,
        "cost_usd": None if plan.cost is None else str(plan.cost),
        "seconds": plan.seconds,
        "request": {"model": plan.job.model.id, "params": elide(plan.job.values)},
    }


plan = command_from(PlanFlags, run_plan)
