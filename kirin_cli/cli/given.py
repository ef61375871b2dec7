"""What can be typed after a model command besides the model's own parameters: Typer's signature and data in one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kirin_cli.cli import options as o

INPUT = "Input"


@dataclass(slots=True, eq=False, repr=False)  # never compared: the methods for that double the time to define it
class Given:
    """The common flags of the model commands, as Typer fills them in."""

    prompt: Annotated[
        str | None,
        typer.Argument(metavar="[PROMPT]", show_default=False, help="What the video shows; - reads standard input."),
    ] = None
    prompt_file: Annotated[
        Path | None,
        typer.Option("--prompt-file", metavar="FILE", rich_help_panel=INPUT, help="Read the prompt from a file."),
    ] = None
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", rich_help_panel=INPUT, help="Start from a job file with one job."),
    ] = None
    output: o.OutputPath = None
    force: o.Force = False
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, max=100, rich_help_panel=o.RUNNING, help="Make N videos.")
    ] = 1
    wait: o.Wait = True
    timeout: o.Timeout = "2h"
    max_cost: o.MaxCost = None
    again: Annotated[bool, typer.Option("--again", hidden=True, help="Always so: each call makes a new video.")] = False
    strict: o.Strict = False
    check_urls: o.CheckUrls = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", rich_help_panel=o.RUNNING, help="Show the request; send nothing, need no key.")
    ] = False
    full: Annotated[bool, typer.Option("--full", rich_help_panel=o.RUNNING, help="With --dry-run: Base64 in full.")] = (
        False
    )
    to_yaml: Annotated[
        bool, typer.Option("--to-yaml", rich_help_panel=o.RUNNING, help="Print the job file that these flags mean.")
    ] = False
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
