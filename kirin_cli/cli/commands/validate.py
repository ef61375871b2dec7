"""`kirin validate`: check job files and send nothing."""

import os

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import CheckFlags, JobFileFlags, command_from
from kirin_cli.modelspec.record import Record


class ValidateFlags(Record, kw_only=True):
    """Check job files against everything that the service would refuse.

    Needs no key, and no network but for --check-urls. Ends with 0 when every job could be sent, else with 2.
    """

    job_files: JobFileFlags
    checks: CheckFlags
    json: o.Json = False
    quiet: o.Quiet = False
    color: o.Color = "auto"


def run_validate(flags: ValidateFlags) -> int:
    """Check and say what is wrong; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.job_files import check_job_files
    from kirin_cli.cli.settings import load_settings
    from kirin_cli.modelspec.text import pluralize

    console = make_console(color=flags.color, quiet=flags.quiet)
    uploads = bool(load_settings(os.environ).upload_url)
    checked = check_job_files(flags.job_files, check_urls=flags.checks.check_urls, uploads=uploads)
    refused = checked.is_refused(strict=flags.checks.strict)
    if flags.json:
        from kirin_cli.report.json_format import render_validation

        console.data(render_validation(checked, strict=flags.checks.strict))
    else:
        console.findings(checked.all_findings())
        if not refused:
            jobs, files = pluralize(len(checked.jobs), "job"), pluralize(len(set(flags.job_files.files)), "file")
            console.info(f"no problem in {jobs} of {files}; nothing was sent")
    return 2 if refused else 0


validate = command_from(
    ValidateFlags, run_validate, examples=("kirin validate jobs.yaml", "kirin validate jobs/*.yaml --strict --json")
)
