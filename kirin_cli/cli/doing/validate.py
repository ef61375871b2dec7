"""Checks job files. Sends nothing."""

import os

from kirin_cli.cli.console import talk
from kirin_cli.cli.files import Picks, check_paths
from kirin_cli.cli.settings import settings
from kirin_cli.cli.validate import Validate
from kirin_cli.report import validation
from kirin_cli.spec.words import counted


def do(asked: Validate) -> int:
    """Check and say what was found; returns the exit code."""
    voice = talk(color=asked.color, quiet=asked.quiet)
    uploads = bool(settings(os.environ).upload_url)
    picks = Picks(asked.sets, asked.only, asked.tag, asked.max_jobs)
    checked = check_paths(asked.files, picks, check_urls=asked.check_urls, uploads=uploads)
    refused = checked.refused(strict=asked.strict)
    if asked.json:
        voice.data(validation.render(checked, strict=asked.strict))
    else:
        voice.findings(checked.all_findings())
        if not refused:
            jobs, files = counted(len(checked.jobs), "job"), counted(len(set(asked.files)), "file")
            voice.note(f"no problem in {jobs} of {files}; nothing was sent")
    return 2 if refused else 0
