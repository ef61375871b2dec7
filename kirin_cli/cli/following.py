"""What `wait` and `download` have in common: see tasks to their end and fetch their files, submitting nothing."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kirin_cli.cli import options as o
from kirin_cli.cli.console import talk
from kirin_cli.cli.destinations import target_of
from kirin_cli.cli.execute import Options, execute
from kirin_cli.cli.records import keywords, signed
from kirin_cli.cli.service import Service
from kirin_cli.cli.settings import seconds, settings
from kirin_cli.run.batch import Limits
from kirin_cli.run.preparing import Prepared
from kirin_cli.run.taking_up import named, taken_up

MOST_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Followed:
    """The flags of both commands, as Typer fills them in."""

    ids: o.TaskIds
    output: o.OutputPath = None
    force: o.Force = False
    timeout: o.Timeout = "2h"
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    json: o.Json = False
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


def command(says: str) -> Callable[..., int]:
    """A command that follows the tasks it is given; `says` is its help."""

    def follow(**given: object) -> int:
        return _follow(Followed(**given))  # type: ignore[arg-type]

    return signed(follow, keywords(Followed), says)


def _follow(asked: Followed) -> int:
    voice = talk(color=asked.color, progress=asked.progress, quiet=asked.quiet)
    target = target_of(asked.output, replace=asked.force) if asked.output else None

    def ready(opened: Service) -> Prepared:
        opened.need_key()
        found = named(opened.ledger, opened.client, asked.ids, origin=opened.origin, account=opened.account)
        return taken_up(found, target)

    options = Options(
        settings=settings(os.environ, base_url=asked.base_url, api_key_file=asked.api_key_file), json=asked.json,
        limits=Limits(MOST_AT_ONCE, seconds(asked.timeout, "--timeout")), submits=False, resume="kirin resume",
    )  # fmt: skip
    return execute(ready, options, voice)
