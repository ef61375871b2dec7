"""`kirin doctor`: check the set-up, and say what to do about what is wrong."""

from dataclasses import dataclass
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Doctor:
    """Check the set-up: key, folders, ledger, disk, the way to the service, its answer and its clock.

    Changes nothing and costs nothing. Ends with 3 where the service cannot be reached, 4 for the key, 9 for a folder,
    a disk or the ledger, else with 0.
    """

    offline: Annotated[bool, typer.Option("--offline", help="Ask the service nothing.")] = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    json: o.Json = False
    color: o.Color = "auto"


doctor = verb(Doctor, "doctor")
