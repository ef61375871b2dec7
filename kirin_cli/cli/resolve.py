"""`kirin resolve`: a person decides about a submission whose outcome nobody knows."""

from dataclasses import dataclass
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Resolve:
    """Decide about a submission whose outcome is unknown, in conflict, or lost.

    Look at the account's task list on the service first; then `kirin resume` goes on with what you decided.
    """

    task: o.TaskId
    adopt: Annotated[
        str | None, typer.Option("--adopt", metavar="TASK", help="It became this task of the service.")
    ] = None
    resend: Annotated[bool, typer.Option("--resend", help="It was not created: send it again. May cost twice.")] = False
    abandon: Annotated[bool, typer.Option("--abandon", help="Forget it. May have cost something.")] = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    color: o.Color = "auto"


resolve = verb(Resolve, "resolve")
