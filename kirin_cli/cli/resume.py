"""`kirin resume`: finish whatever is unfinished."""

import os

from kirin_cli.cli import options as o
from kirin_cli.cli.console import talk
from kirin_cli.cli.execute import Options, execute
from kirin_cli.cli.service import Service
from kirin_cli.cli.settings import dollars, seconds, settings
from kirin_cli.run.batch import Limits
from kirin_cli.run.preparing import Prepared
from kirin_cli.run.taking_up import taken_up, unfinished


def resume(
    in_flight: o.InFlight = 10,
    timeout: o.Timeout = "2h",
    max_cost: o.MaxCost = None,
    base_url: o.BaseUrl = None,
    api_key_file: o.ApiKeyFile = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.ProgressMode = "auto",
    color: o.Color = "auto",
) -> int:
    """Finish whatever is unfinished: ask for, wait for and fetch every task in the ledger that is not at its end.

    What was submitted is never submitted twice; what was not sent yet is sent now.
    """
    voice = talk(color=color, progress=progress, quiet=quiet)
    options = Options(
        settings=settings(os.environ, base_url=base_url, api_key_file=api_key_file), json=json, resume="kirin resume",
        limits=Limits(in_flight, seconds(timeout, "--timeout"), dollars(max_cost)),
    )  # fmt: skip
    return execute(_unfinished, options, voice)


def _unfinished(opened: Service) -> Prepared:
    opened.need_key()
    return taken_up(unfinished(opened.ledger, origin=opened.origin, account=opened.account))
