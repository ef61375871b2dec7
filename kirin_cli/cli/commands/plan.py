"""`kirin plan`: what a run of job files would do, and what it may cost. Sends nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import JobFileFlags, TakeFlags, command_from
from kirin_cli.cli.parameters import OptionSpec
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.modelspec.types import Finding
    from kirin_cli.run.plan import PlannedJob


class PlanFlags(Record, kw_only=True):
    """Show what a run would send, skip, take up again and write, and what it may cost.

    Needs no key and no network. Times are those of earlier tasks of the same kind in the ledger; prices are those of
    --assume-cost, else of the tables [prices] in your config.toml and in kirin.toml, else of earlier tasks.
    """

    job_files: JobFileFlags
    output: o.OutputFolder = None
    takes: TakeFlags
    in_flight: o.InFlight = o.DEFAULT_IN_FLIGHT
    strict: o.Strict = False
    assume_cost: o.AssumeCost = None
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    detailed_exitcode: Annotated[
        bool,
        OptionSpec(
            "--detailed-exitcode", panel=o.OUTPUT,
            help="End with 10 where a run would send or fetch something, with 0 where there is nothing to do.",
        ),
    ] = False  # fmt: skip
    report: o.CheckReportFlag = None
    json: o.Json = False
    color: o.Color = "auto"


def run_plan(flags: PlanFlags) -> int:
    """Check, look into the ledger, print; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console

    console = make_console(color=flags.color)
    if flags.json or flags.report:
        return _plan_and_report(flags, console)
    result = _make_plan(flags, console)
    _print(result, flags, console)
    return _exit_code(result, flags)


def _exit_code(result: PlanResult, flags: PlanFlags) -> int:
    from kirin_cli.run.plan import plan_exit_code

    return 2 if result.refused else plan_exit_code(result.plans) if flags.detailed_exitcode else 0


def _print(result: PlanResult, flags: PlanFlags, console: CommandConsole, *, with_table: bool = True) -> None:
    from kirin_cli.run.plan import likely_seconds
    from kirin_cli.ui.plan_table import note_lines, render_plan, totals_line

    if result.refused:
        return
    if with_table:
        console.data(*render_plan(result.plans, console.streams.out))
    console.prose(totals_line(result.plans, likely_seconds(result.plans, flags.in_flight)), *note_lines(result.plans))


def _plan_and_report(flags: PlanFlags, console: CommandConsole) -> int:
    """The same with JSON in place of text where that is wanted, and with reports."""
    from kirin_cli.cli.reports import parse_reports
    from kirin_cli.json_text import dump_json
    from kirin_cli.report.plan_format import plan_data, plan_error
    from kirin_cli.run.plan import likely_seconds

    reports = parse_reports(flags.report, json=flags.json, kind="plan")
    with reports.on_error(console, plan_error, json=flags.json):
        result = _make_plan(flags, console)
    seconds = likely_seconds(result.plans, flags.in_flight)
    data = plan_data(
        result.plans, result.findings, exit_code=_exit_code(result, flags), seconds=seconds, shard=result.shard
    )
    if not flags.json:
        _print(result, flags, console, with_table=not reports.take_stdout)
    exit_code = reports.publish(lambda: data, _exit_code(result, flags), console)
    if flags.json:
        console.data(dump_json(data | {"exit_code": exit_code}))
    return exit_code


class PlanResult(Record, kw_only=True):
    """What planning came to: the jobs, what is wrong or only looks so, and which part of the jobs this is."""

    plans: Sequence[PlannedJob] = ()
    findings: Sequence[Finding] = ()
    refused: bool = False
    shard: tuple[int, int] | None = None


def _make_plan(flags: PlanFlags, console: CommandConsole) -> PlanResult:
    """The plan, with what was found said. Raises the tree of errors."""
    from kirin_cli.cli.job_files import check_job_files, prepare_checked, prepare_options
    from kirin_cli.cli.service_ledger import open_service_ledger
    from kirin_cli.cli.settings import load_settings
    from kirin_cli.cli.settings_schema import parse_usd
    from kirin_cli.run.plan import plan_jobs

    assumed = None if flags.assume_cost is None else parse_usd(flags.assume_cost, "--assume-cost")
    settings = load_settings(os.environ, base_url=flags.base_url, profile=flags.profile)
    checked = check_job_files(flags.job_files, uploads=bool(settings.upload_url))
    findings = checked.all_findings()
    console.findings(findings, strict=flags.strict)
    if checked.is_refused(strict=flags.strict):
        return PlanResult(findings=findings, refused=True)
    if checked.left_out:
        console.info(checked.left_out_text)
    options = prepare_options(flags.takes, flags.output, flags.job_files.allow_env)
    shard = (options.shard.index, options.shard.total) if options.shard else None
    with open_service_ledger(settings) as known:
        prepared = prepare_checked(checked, options, known)
        if prepared.findings:
            console.findings(prepared.findings)
            return PlanResult(findings=[*findings, *prepared.findings], refused=True, shard=shard)
        prices, others = known.price_list(assumed), known.sent_with_other_keys
        plans = plan_jobs(prepared, known.find_entries, prices, known.durations, others)
    return PlanResult(plans=plans, findings=findings, shard=shard)


plan = command_from(
    PlanFlags,
    run_plan,
    examples=("kirin plan jobs.yaml", "kirin plan jobs.yaml --detailed-exitcode --report markdown=plan.md"),
)
