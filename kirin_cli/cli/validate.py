"""`kirin validate`: check job files and send nothing."""

from dataclasses import dataclass

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Validate:
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


validate = verb(Validate, "validate")
