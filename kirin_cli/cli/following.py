"""The flags of `wait` and `download`: both see tasks to their end and fetch their files, submitting nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Followed:
    """The flags, as Typer fills them in."""

    ids: o.TaskIds
    output: o.OutputPath = None
    force: o.Force = False
    timeout: o.Timeout = "2h"
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.Format = ""
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


def command(says: str) -> Callable[..., int]:
    """A command that follows the tasks it is given; `says` is its help."""
    return verb(Followed, "follow", says)
