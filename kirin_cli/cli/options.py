"""The flags that several commands share, each said once: its spelling, its help, its environment variable."""

from pathlib import Path
from typing import Annotated, Final

import typer

OUTPUT: Final = "Output"
RUNNING: Final = "Running"
SERVICE: Final = "Service"

Json = Annotated[bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT, help="Print only errors and paths.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", rich_help_panel=OUTPUT, help="Say more about what happens.")]
Color = Annotated[
    str, typer.Option("--color", metavar="auto|always|never", rich_help_panel=OUTPUT, help="When to use colours.")
]
ProgressMode = Annotated[
    str,
    typer.Option(
        "--progress", metavar="auto|tty|plain|json|quiet", rich_help_panel=OUTPUT, envvar="KIRIN_PROGRESS",
        help="How to show progress on standard error.",
    ),
]  # fmt: skip
OutputPath = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="DIR|FILE", rich_help_panel=OUTPUT, envvar="KIRIN_OUTPUT_DIR",
        help="Where the video goes.",
    ),
]  # fmt: skip
OutputFolder = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="DIR", rich_help_panel=OUTPUT, envvar="KIRIN_OUTPUT_DIR",
        help="Folder for all videos, instead of those that the files name.",
    ),
]  # fmt: skip
Report = Annotated[
    list[str] | None,
    typer.Option(
        "--report", metavar="FORMAT=PATH", rich_help_panel=OUTPUT, show_default=False,
        help="Write a report: html, html-embedded, junit, markdown, github, json or jsonl; - is standard output. "
        "github=auto serves a GitHub Actions step. Repeatable.",
    ),
]  # fmt: skip
Force = Annotated[bool, typer.Option("--force", rich_help_panel=OUTPUT, help="Replace files that are there.")]
Strict = Annotated[bool, typer.Option("--strict", rich_help_panel=RUNNING, help="Take warnings for errors.")]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", rich_help_panel=RUNNING, help="Wait for the videos, or only submit.")
]
Timeout = Annotated[
    str,
    typer.Option(
        "--timeout", metavar="TIME", rich_help_panel=RUNNING, envvar="KIRIN_TIMEOUT",
        help="Stop waiting after so long (90s, 30m, 2h); the tasks go on.",
    ),
]  # fmt: skip
InFlight = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", metavar="N", min=1, max=10_000, rich_help_panel=RUNNING, envvar="KIRIN_JOBS",
        help="How many tasks may be in flight at once.",
    ),
]  # fmt: skip
Again = Annotated[bool, typer.Option("--again", rich_help_panel=RUNNING, help="Make a new take, at new cost.")]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", rich_help_panel=RUNNING, help="Make a new take of what failed, at new cost.")
]
Scope = Annotated[
    str,
    typer.Option(
        "--scope", metavar="TEXT", rich_help_panel=RUNNING, envvar="KIRIN_SCOPE",
        help="Keeps equal jobs of different campaigns apart.",
    ),
]  # fmt: skip
Sandbox = Annotated[
    bool,
    typer.Option("--sandbox", rich_help_panel=SERVICE, help="Use a service inside this process: no key, no cost."),
]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", rich_help_panel=SERVICE, help="Where the service is (KIRIN_BASE_URL)."),
]
ApiKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file", metavar="FILE", rich_help_panel=SERVICE, help="File that holds the key (else KIRIN_API_KEY)."
    ),
]
JobFiles = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Job files (YAML).", show_default=False)]
MaxCost = Annotated[
    str | None,
    typer.Option(
        "--max-cost", metavar="USD", rich_help_panel=RUNNING, envvar="KIRIN_MAX_COST", show_default=False,
        help="Submit no job that could make the run cost more.",
    ),
]  # fmt: skip
TaskIds = Annotated[
    list[str],
    typer.Argument(metavar="ID…", help="Task ids, external task ids, or the beginnings of either.", show_default=False),
]
TaskId = Annotated[
    str, typer.Argument(metavar="ID", help="A task id, an external task id, or the beginning of either.")
]
