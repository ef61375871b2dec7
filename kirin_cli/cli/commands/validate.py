"""`kirin validate`: check job files and send nothing."""

import os
from dataclasses import dataclass

from kirin_cli.cli import options as o
from kirin_cli.cli.options import command_from
from kirin_cli.modelspec.text import pluralize


@dataclass(slots=True, eq=False, repr=False)
class ValidateFlags:
    """Check job files against everything that the service would refuse.

    Needs no key, and no network but for --check-urls. Ends with 0 when every job could be sent, else with 2.
    """

    files: o.JobFiles
    sets: o.Sets = None
    only: o.Only = None
    tag: o.Tag = None
    max_jobs: o.MaxJobs = 10_000
    strict: o.Strict = False
    check_urls: o.CheckUrls = False
    json: o.Json = False
    quiet: o.Quiet = False
    color: o.Color = "auto"


def run_validate(flags: ValidateFlags) -> int:
    """Check and say what was found; returns the exit code."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.job_files import JobFilter, check_paths
    from kirin_cli.cli.settings import settings

    console = make_console(color=flags.color, quiet=flags.quiet)
    uploads = bool(settings(os.environ).upload_url)
    picks = JobFilter(flags.sets, flags.only, flags.tag, flags.max_jobs)
    checked = check_paths(flags.files, picks, check_urls=flags.check_urls, uploads=uploads)
    refused = checked.refused(strict=flags.strict)
    if flags.json:
        from kirin_cli.report.json_format import render_validation

        console.data(render_validation(checked, strict=flags.strict))
    else:
        console.findings(checked.all_findings())
        if not refused:
            jobs, files = pluralize(len(checked.jobs), "job"), pluralize(len(set(flags.files)), "file")
            console.info(f"no problem in {jobs} of {files}; nothing was sent")
    return 2 if refused else 0


validate = command_from(ValidateFlags, run_validate)
