"""`kirin plan`: what a run of job files would do, and what it may cost. Sends nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import JobFileFlags, TakeFlags, command_from
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.run.plan import PlannedJob

HEADINGS: Final = ("job", "would", "because", "file", "time", "cost", "price from")


class PlanFlags(Record, kw_only=True):
    """Show what a run would send, skip, take up again and write, and what it may cost.

    Needs no key and no network. Times are those of earlier tasks of the same kind in the ledger; prices are those of
    --assume-cost, else of the tables [prices] in your config.toml and in kirin.toml, else of earlier tasks.
    """

    job_files: JobFileFlags
    output: o.OutputFolder = None
    takes: TakeFlags
    strict: o.Strict = False
    assume_cost: o.AssumeCost = None
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    json: o.Json = False
    color: o.Color = "auto"


def run_plan(flags: PlanFlags) -> int:
    """Check, look into the ledger, print; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.job_files import check_job_files, prepare_checked, prepare_options
    from kirin_cli.cli.session import open_session
    from kirin_cli.cli.settings import load_settings
    from kirin_cli.cli.settings_schema import parse_usd
    from kirin_cli.run.plan import plan_jobs

    console = make_console(color=flags.color)
    assumed = None if flags.assume_cost is None else parse_usd(flags.assume_cost, "--assume-cost")
    settings = load_settings(os.environ, base_url=flags.base_url, profile=flags.profile)
    checked = check_job_files(flags.job_files, uploads=bool(settings.upload_url))
    console.findings(checked.all_findings())
    if checked.is_refused(strict=flags.strict):
        return 2
    options = prepare_options(flags.takes, flags.output)
    with open_session(settings, sandbox=False) as session:
        prepared = prepare_checked(checked, options, session)
        if prepared.findings:
            console.findings(prepared.findings)
            return 2
        plans = plan_jobs(prepared, session.find_entry, session.price_list(assumed), session.schedule.durations)
    _print(plans, console, as_json=flags.json)
    return 0


def _print(plans: Sequence[PlannedJob], console: CommandConsole, *, as_json: bool) -> None:
    from kirin_cli.cli.entries import data_json
    from kirin_cli.formatting import format_usd
    from kirin_cli.run.plan import likely_cost
    from kirin_cli.ui.tables import render_table

    cost, counts = likely_cost(plans), Counter[str](plan.action for plan in plans)
    if as_json:
        totals: dict[str, object] = {**counts, "cost_usd": None if cost is None else str(cost)}
        console.data(data_json({"jobs": [_plan_data(plan) for plan in plans], "totals": totals}))
        return
    console.data(*render_table(HEADINGS, [_row(plan) for plan in plans], console.streams.out))
    if not plans:
        console.info("there is no job to do")
        return
    actions = ", ".join(f"{number} {action}" for action, number in counts.items())
    console.info(f"{actions}; " + ("no price known yet" if cost is None else f"likely cost {format_usd(cost)}"))


def _row(plan: PlannedJob) -> tuple[str, ...]:
    from kirin_cli.formatting import format_clock, format_usd

    row = (plan.job.label, plan.action, plan.reason, str(plan.path))
    if plan.action != "send":
        return (*row, "", "", "")
    seconds = "" if plan.seconds is None else format_clock(plan.seconds)
    if plan.price is None:
        return (*row, seconds, "no price known yet", plan.price_detail)
    return (*row, seconds, format_usd(plan.price.usd), plan.price_detail)


def _plan_data(plan: PlannedJob) -> dict[str, object]:
    from kirin_cli.media.request_body import elide
    from kirin_cli.run.prices import price_class_of

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
        "cost_usd": str(plan.price.usd) if plan.price else None,
        "price_class": str(price_class_of(plan.job)),
        "price_source": plan.price.source if plan.price else None,
        "price_detail": plan.price_detail,
        "seconds": plan.seconds,
        "request": {"model": plan.job.model.id, "params": elide(plan.job.values)},
    }


plan = command_from(PlanFlags, run_plan, examples=("kirin plan jobs.yaml", "kirin plan jobs.yaml --json"))
