"""`kirin run`: make the videos that job files describe."""

from dataclasses import dataclass

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Run:
    """Make the videos that job files describe.

    Checks everything first and sends nothing if anything is wrong. A job whose file is there is skipped;
    the same command again goes on where it stopped.
    """

    files: o.JobFiles
    sets: o.Sets = None
    only: o.Only = None
    tag: o.Tag = None
    max_jobs: o.MaxJobs = 10_000
    output: o.OutputFolder = None
    in_flight: o.InFlight = 10
    timeout: o.Timeout = "2h"
    wait: o.Wait = True
    max_cost: o.MaxCost = None
    again: o.Again = False
    retry_failed: o.RetryFailed = False
    force: o.Force = False
    scope: o.Scope = ""
    shard: o.Shard = ""
    strict: o.Strict = False
    check_urls: o.CheckUrls = False
    sandbox: o.Sandbox = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    report: o.Report = None
    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.Format = ""
    preview: o.Preview = False
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


run = verb(Run, "run")
