"""`kirin plan`: what a run of job files would do, and what it may cost."""

from dataclasses import dataclass

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Plan:
    """Show what a run would send, skip, take up again and write, and what it may cost.

    Needs no key and no network. Times and costs are those of earlier tasks of the same kind in the ledger.
    """

    files: o.JobFiles
    sets: o.Sets = None
    only: o.Only = None
    tag: o.Tag = None
    max_jobs: o.MaxJobs = 10_000
    output: o.OutputFolder = None
    again: o.Again = False
    retry_failed: o.RetryFailed = False
    force: o.Force = False
    scope: o.Scope = ""
    shard: o.Shard = ""
    strict: o.Strict = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    json: o.Json = False
    color: o.Color = "auto"


plan = verb(Plan, "plan")
