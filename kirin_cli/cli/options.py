"""The flags that several commands share, each said once; and commands whose flags are the fields of a record."""

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from kirin_cli.cli.settings import FileDefaults

INPUT: Final = "Input"
OUTPUT: Final = "Output"
RUNNING: Final = "Running"
SERVICE: Final = "Service"

Json = Annotated[bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print the result as JSON.")]
Jsonl = Annotated[
    bool, typer.Option("--jsonl", rich_help_panel=OUTPUT, help="Print the result as JSON, one object a line.")
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format", metavar="TEMPLATE", rich_help_panel=OUTPUT, show_default=False,
        help=r"Print a line for each through a template of JSON fields: '{name}\t{outputs.0.sha256}'.",
    ),
]  # fmt: skip
Preview = Annotated[
    bool,
    typer.Option(
        "--preview", rich_help_panel=OUTPUT,
        help="Draw the first frame, on terminals that show pictures (extra: preview).",
    ),
]  # fmt: skip
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
ReportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--report", metavar="FORMAT=PATH", rich_help_panel=OUTPUT, show_default=False,
        help="Write a report: html, html-embedded, junit, markdown, github, json or jsonl; - is standard output. "
        "github=auto serves a GitHub Actions step. Repeatable.",
    ),
]  # fmt: skip
Force = Annotated[bool, typer.Option("--force", rich_help_panel=OUTPUT, help="Replace files that are there.")]
Strict = Annotated[bool, typer.Option("--strict", rich_help_panel=RUNNING, help="Take warnings for errors.")]
CheckUrls = Annotated[
    bool,
    typer.Option(
        "--check-urls", rich_help_panel=RUNNING,
        help="Inspect images and videos behind URLs too; reads a few kilobytes of each.",
    ),
]  # fmt: skip
WaitOption = Annotated[
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
ScopeOption = Annotated[
    str,
    typer.Option(
        "--scope", metavar="TEXT", rich_help_panel=RUNNING, envvar="KIRIN_SCOPE",
        help="Keeps equal jobs of different campaigns apart.",
    ),
]  # fmt: skip
SandboxOption = Annotated[
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
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", rich_help_panel=INPUT, show_default=False,
        help="Give a variable of the files a value. Repeatable.",
    ),
]  # fmt: skip
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="GLOB", rich_help_panel=INPUT, show_default=False,
        help="Only jobs with such a name: 'cup*'. Repeatable.",
    ),
]  # fmt: skip
Tag = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="TAG", rich_help_panel=INPUT, show_default=False, help="Only jobs with this tag. Repeatable."
    ),
]
MaxJobs = Annotated[
    int,
    typer.Option(
        "--max-jobs", metavar="N", min=1, max=1_000_000, rich_help_panel=INPUT, envvar="KIRIN_MAX_JOBS",
        help="Refuse files that make more jobs.",
    ),
]  # fmt: skip


def _choose(ctx: typer.Context, profile: str | None) -> str | None:
    """Have the other flags take their defaults from this profile of the settings file."""
    if isinstance(ctx.default_map, FileDefaults):
        ctx.default_map.profile = profile
    return profile


Profile = Annotated[
    str | None,
    typer.Option(
        "--profile", metavar="NAME", rich_help_panel=SERVICE, is_eager=True, callback=_choose,
        help="Profile of your settings file (else KIRIN_PROFILE).",
    ),
]  # fmt: skip
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
ShardOption = Annotated[
    str,
    typer.Option(
        "--shard", metavar="I/N", rich_help_panel=RUNNING, show_default=False,
        help="Only part I of N of the jobs; auto takes both numbers from the CI system, auto/N the index.",
    ),
]  # fmt: skip


def dataclass_parameters(record: type) -> list[Parameter]:
    """The fields of a dataclass as keyword parameters, annotated as Typer wants them."""
    return [
        parameter.replace(kind=Parameter.KEYWORD_ONLY)
        for parameter in signature(record, eval_str=True).parameters.values()
    ]


def with_signature(function: Callable[..., int], asked: Sequence[Parameter], says: str) -> Callable[..., int]:
    """The function with the signature that Typer reads, and the help that it prints."""
    function.__signature__ = Signature(asked, return_annotation=int)  # type: ignore[attr-defined]
    function.__annotations__ = {one.name: one.annotation for one in asked}
    function.__doc__ = says
    return function


Flags = TypeVar("Flags")


def command_from(record: type[Flags], do: Callable[[Flags], int], message: str = "") -> Callable[..., int]:
    """The command whose flags are the fields of `record`, which `do` is given, and whose help is `message`.

    Without `message` the help is the record's docstring. `do` returns the exit code and raises the tree of errors.
    """

    def call(**flags: object) -> int:
        return do(record(**flags))

    return with_signature(call, dataclass_parameters(record), message or record.__doc__ or "")
