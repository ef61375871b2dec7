"""Sees tasks to their end and fetches their files, submitting nothing."""

import os
from typing import Final

from kirin_cli.cli.console import talk
from kirin_cli.cli.destinations import target_of
from kirin_cli.cli.execute import Options, execute, shape_of_jobs
from kirin_cli.cli.following import Followed
from kirin_cli.cli.service import Service
from kirin_cli.cli.settings import seconds, settings
from kirin_cli.errors import UsageError
from kirin_cli.jobs.naming import DEFAULT_TEMPLATE
from kirin_cli.run.batch import Limits
from kirin_cli.run.preparing import Prepared
from kirin_cli.run.taking_up import named, taken_up

MOST_AT_ONCE: Final = 1000


def do(asked: Followed) -> int:
    """Take up, wait, fetch; returns the exit code. Raises the tree of errors."""
    voice = talk(color=asked.color, progress=asked.progress, quiet=asked.quiet)
    target = target_of(asked.output, replace=asked.force) if asked.output else None

    def ready(opened: Service) -> Prepared:
        opened.need_key()
        found = named(opened.ledger, opened.client, asked.ids, origin=opened.origin, account=opened.account)
        if len(found) > 1 and target and target.template != DEFAULT_TEMPLATE:
            raise UsageError(f"-o {asked.output} names one file for {len(found)} tasks", hint="-o may name a folder")
        return taken_up(found, target, force=asked.force)

    setting = settings(os.environ, base_url=asked.base_url, api_key_file=asked.api_key_file, profile=asked.profile)
    options = Options(
        settings=setting, shape=shape_of_jobs(asked),
        limits=Limits(MOST_AT_ONCE, seconds(asked.timeout, "--timeout")), submits=False, resume="kirin resume",
    )  # fmt: skip
    return execute(ready, options, voice)
