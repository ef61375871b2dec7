"""Finishes whatever is unfinished in the ledger."""

import os

from kirin_cli.cli.console import talk
from kirin_cli.cli.execute import Options, execute, shape_of_jobs
from kirin_cli.cli.resume import Resume
from kirin_cli.cli.service import Service
from kirin_cli.cli.settings import dollars, seconds, settings
from kirin_cli.run.batch import Limits
from kirin_cli.run.preparing import Prepared
from kirin_cli.run.taking_up import recognise, taken_up, unfinished


def do(asked: Resume) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    voice = talk(color=asked.color, progress=asked.progress, quiet=asked.quiet)
    setting = settings(os.environ, base_url=asked.base_url, api_key_file=asked.api_key_file, profile=asked.profile)
    options = Options(
        settings=setting, shape=shape_of_jobs(asked), resume="kirin resume",
        limits=Limits(asked.in_flight, seconds(asked.timeout, "--timeout"), dollars(asked.max_cost)),
    )  # fmt: skip
    return execute(_unfinished, options, voice)


def _unfinished(opened: Service) -> Prepared:
    opened.need_key()
    recognise(opened.ledger, opened.client, origin=opened.origin, account=opened.account)
    return taken_up(unfinished(opened.ledger, origin=opened.origin, account=opened.account))
