"""`kirin resume`: finish whatever is unfinished."""

from dataclasses import dataclass

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Resume:
    """Finish whatever is unfinished: ask for, wait for and fetch every task in the ledger that is not at its end.

    What was submitted is never submitted twice; what was not sent yet is sent now.
    """

    in_flight: o.InFlight = 10
    timeout: o.Timeout = "2h"
    max_cost: o.MaxCost = None
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.Format = ""
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


resume = verb(Resume, "resume")
