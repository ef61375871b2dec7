"""`kirin validate`: check job files and send nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import CheckFlags, JobFileFlags, command_from
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.run.check import CheckedFiles


class ValidateFlags(Record, kw_only=True):
    """Check job files against everything that the service would refuse.

    Needs no key, and no network but for --check-urls. Ends with 0 when every job could be sent, else with 2.
    """

    job_files: JobFileFlags
    checks: CheckFlags
    report: o.CheckReportFlag = None
    json: o.Json = False
    quiet: o.Quiet = False
    color: o.Color = "auto"


def run_validate(flags: ValidateFlags) -> int:
    """Check and say what is wrong; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console

    console = make_console(color=flags.color, quiet=flags.quiet)
    if flags.json or flags.report:
        return _check_and_report(flags, console)
    checked = _check(flags)
    _print(checked, flags, console)
    return 2 if checked.is_refused(strict=flags.checks.strict) else 0


def _check(flags: ValidateFlags) -> CheckedFiles:
    from kirin_cli.cli.job_files import check_job_files
    from kirin_cli.cli.settings import load_settings

    uploads = bool(load_settings(os.environ).upload_url)
    return check_job_files(flags.job_files, check_urls=flags.checks.check_urls, uploads=uploads)


def _print(checked: CheckedFiles, flags: ValidateFlags, console: CommandConsole) -> None:
    from kirin_cli.modelspec.notes import cost_lines
    from kirin_cli.modelspec.text import pluralize

    console.findings(checked.all_findings(), strict=flags.checks.strict)
    if not checked.is_refused(strict=flags.checks.strict):
        console.prose(*cost_lines((job.model, job.values) for job in checked.jobs if job.model))
        jobs, files = pluralize(len(checked.jobs), "job"), pluralize(len(set(flags.job_files.files)), "file")
        left_out = f", {checked.left_out_text}" if checked.left_out else ""
        console.info(f"no problem in {jobs} of {files}{left_out}; nothing was sent")


def _check_and_report(flags: ValidateFlags, console: CommandConsole) -> int:
    """The same with JSON in place of text where that is wanted, and with reports."""
    from kirin_cli.cli.reports import parse_reports
    from kirin_cli.json_text import dump_json
    from kirin_cli.report.json_format import validation_data, validation_error

    reports = parse_reports(flags.report, json=flags.json, kind="validate")
    with reports.on_error(console, validation_error, json=flags.json):
        checked = _check(flags)
    data = validation_data(checked, strict=flags.checks.strict)
    if not flags.json:
        _print(checked, flags, console)
    exit_code = reports.publish(lambda: data, 0 if data["valid"] else 2, console)
    if flags.json:
        console.data(dump_json(data | {"exit_code": exit_code}))
    return exit_code


validate = command_from(
    ValidateFlags,
    run_validate,
    examples=("kirin validate jobs.yaml", "kirin validate jobs/*.yaml --strict --report sarif=kirin.sarif"),
)
