"""The flags that several commands share, each declared once; what a flag has from a setting stands in its table."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from kirin_cli.cli.settings_schema import API_KEY, PROFILE, PROGRESS_MODES, SETTINGS
from kirin_cli.errors import UsageError

INPUT: Final = "Input"
OUTPUT: Final = "Output"
RUNNING: Final = "Running"
SERVICE: Final = "Service"
DEFAULT_IN_FLIGHT: Final = int(SETTINGS["jobs"].default)
DEFAULT_MAX_JOBS: Final = int(SETTINGS["max_jobs"].default)
DEFAULT_PROGRESS: Final = SETTINGS["progress"].default
DEFAULT_TIMEOUT: Final = SETTINGS["timeout"].default


def _option_of(name: str, *short: str, help: str = "", **more: Any) -> Any:  # noqa: A002, ANN401  (Typer's words)
    """The option of a setting: its flag, its environment variable and, where nothing else is said, its help."""
    setting = SETTINGS[name]
    return typer.Option(setting.flag, *short, envvar=setting.env, help=help or setting.help, **more)


Json = Annotated[bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print the result as JSON.")]
Raw = Annotated[
    bool, typer.Option("--raw", rich_help_panel=OUTPUT, help="Print the service's last answer as it came, as JSON.")
]
Jsonl = Annotated[
    bool, typer.Option("--jsonl", rich_help_panel=OUTPUT, help="Print the result as JSON, one object a line.")
]
Template = Annotated[
    str,
    typer.Option(
        "--format", metavar="TEMPLATE", rich_help_panel=OUTPUT,
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
OpenVideos = Annotated[
    bool, typer.Option("--open", rich_help_panel=OUTPUT, help="Open the videos in the system's player at the end.")
]
Notify = Annotated[
    bool,
    typer.Option(
        "--notify", rich_help_panel=OUTPUT, help="Notify at the end: on the desktop, else with the terminal's bell."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT, help="Print only errors and paths.")]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", rich_help_panel=OUTPUT,
        help="Show each exchange with the service on standard error, without key and Base64.",
    ),
]  # fmt: skip
Color = Annotated[
    str, typer.Option("--color", metavar="auto|always|never", rich_help_panel=OUTPUT, help="When to use colours.")
]
Progress = Annotated[str, _option_of("progress", metavar="|".join(PROGRESS_MODES), rich_help_panel=OUTPUT)]
OutputPath = Annotated[
    str | None,
    _option_of(
        "output_dir", "-o", metavar="DIR|FILE", rich_help_panel=OUTPUT, help="Folder of the video, or its name."
    ),
]
OutputFolder = Annotated[
    Path | None,
    _option_of(
        "output_dir", "-o", metavar="DIR", rich_help_panel=OUTPUT,
        help="Folder for all videos, instead of those that the files name.",
    ),
]  # fmt: skip
ReportFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--report", metavar="FORMAT=PATH", rich_help_panel=OUTPUT,
        help="Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard "
        "output. github=auto serves a GitHub Actions step. Repeatable.",
    ),
]  # fmt: skip
CheckReportFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--report", metavar="FORMAT=PATH", rich_help_panel=OUTPUT,
        help="Write a report: junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves "
        "a GitHub Actions step. Repeatable.",
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
WaitFlag = Annotated[
    bool, typer.Option("--wait/--no-wait", rich_help_panel=RUNNING, help="Wait for the videos, or only submit.")
]
Timeout = Annotated[str, _option_of("timeout", metavar="TIME", rich_help_panel=RUNNING)]
InFlight = Annotated[int, _option_of("jobs", "-j", metavar="N", min=1, max=10_000, rich_help_panel=RUNNING)]
MaxCost = Annotated[str | None, _option_of("max_cost", metavar="USD", rich_help_panel=RUNNING)]
AssumeCost = Annotated[str | None, _option_of("assume_cost", metavar="USD", rich_help_panel=RUNNING)]
Again = Annotated[bool, typer.Option("--again", rich_help_panel=RUNNING, help="Make every video anew, at new cost.")]
RetryFailed = Annotated[
    bool,
    typer.Option("--retry-failed", rich_help_panel=RUNNING, help="Make anew what failed, at new cost."),
]
Scope = Annotated[str, _option_of("scope", metavar="TEXT", rich_help_panel=RUNNING)]
ShardFlag = Annotated[
    str,
    typer.Option(
        "--shard", metavar="I/N", rich_help_panel=RUNNING,
        help="Only part I of N of the jobs; auto takes both numbers from the CI system, auto/N the index.",
    ),
]  # fmt: skip
SandboxFlag = Annotated[
    bool,
    typer.Option("--sandbox", rich_help_panel=SERVICE, help="Use a service inside this process: no key, no cost."),
]


def _choose_profile(ctx: typer.Context, profile: str | None) -> str | None:
    """Have the other flags take their defaults from this profile of the settings file."""
    from kirin_cli.cli.settings import FileDefaults

    if isinstance(ctx.default_map, FileDefaults):
        ctx.default_map.profile = profile
    return profile


Profile = Annotated[
    str | None,
    typer.Option(
        PROFILE.flag, metavar="NAME", rich_help_panel=SERVICE, is_eager=True, callback=_choose_profile,
        help=f"Profile of your settings file (else {PROFILE.env}).",
    ),
]  # fmt: skip
BaseUrl = Annotated[
    str | None,
    typer.Option(
        SETTINGS["base_url"].flag, metavar="URL", rich_help_panel=SERVICE,
        help=f"{SETTINGS['base_url'].help.rstrip('.')} ({SETTINGS['base_url'].env}).",
    ),
]  # fmt: skip
ApiKeyFile = Annotated[
    Path | None,
    typer.Option(
        SETTINGS["api_key_file"].flag, metavar="FILE", rich_help_panel=SERVICE,
        help=f"File that holds the key (else {API_KEY.env}).",
    ),
]  # fmt: skip


def expand_wildcards(paths: list[Path] | None, platform: str = sys.platform) -> list[Path] | None:
    """On Windows, whose shells leave it to programs, the files that * and ? stand for; else what was typed.

    Raises UsageError where there are none.
    """
    if platform != "win32" or paths is None:
        return paths
    from glob import glob

    files: list[Path] = []
    for path in paths:
        text = str(path)
        pattern = text.replace("[", "[[]")  # brackets are part of a name
        found = sorted(glob(pattern)) if set(text) & set("*?") else []  # noqa: PTH207  (as it is typed)
        if set(text) & set("*?") and not found:
            raise UsageError(f"no file has a name such as {text}")
        files += map(Path, found) if found else [path]
    return files


def expand_typed_files(files: list[Path] | None) -> list[Path] | None:
    """The same, as Typer calls it."""
    return expand_wildcards(files)


JobFiles = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", callback=expand_typed_files, help="Job files (YAML); - is standard input."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", rich_help_panel=INPUT, help="Give a variable of the files a value. Repeatable."
    ),
]
AllowEnv = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-env", metavar="NAME", rich_help_panel=INPUT,
        help="Let job files send this variable of the environment, though it looks like a secret. Repeatable.",
    ),
]  # fmt: skip
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="GLOB", rich_help_panel=INPUT, help="Only jobs with such a name: 'cup*'. Repeatable."
    ),
]
Skip = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="GLOB", rich_help_panel=INPUT, help="No jobs with such a name. Repeatable."),
]
Tag = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", rich_help_panel=INPUT, help="Only jobs with this tag. Repeatable."),
]
MaxJobs = Annotated[int, _option_of("max_jobs", metavar="N", min=1, max=1_000_000, rich_help_panel=INPUT)]
TASK_NAMES: Final = "A task id or its beginning, a job's name, a file that was made, or last, last~1 …"
AnyTaskIds = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help=f"{TASK_NAMES} None: all of it.")]
TaskId = Annotated[str, typer.Argument(metavar="ID", help=TASK_NAMES)]
AllServices = Annotated[
    bool,
    typer.Option("--all-services", rich_help_panel=SERVICE, help="Also of services other than that of the settings."),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only the last 2h, 7d …, or since a day: 2026-11-28.")
]
