"""The flags that several commands share, each declared once; what a flag has from a setting stands in its table."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec
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


def _option_of(name: str, short: str = "", *, help: str = "", **more: Any) -> OptionSpec:  # noqa: A002, ANN401
    """The option of a setting: its flag, its environment variable and, where nothing else is said, its help."""
    setting = SETTINGS[name]
    return OptionSpec(setting.flag, short, env=setting.env, help=help or setting.help, **more)


Json = Annotated[bool, OptionSpec("--json", panel=OUTPUT, help="Print the result as JSON.")]
Raw = Annotated[bool, OptionSpec("--raw", panel=OUTPUT, help="Print the service's last answer as it came, as JSON.")]
Jsonl = Annotated[bool, OptionSpec("--jsonl", panel=OUTPUT, help="Print the result as JSON, one object a line.")]
Template = Annotated[
    str,
    OptionSpec(
        "--format", metavar="TEMPLATE", panel=OUTPUT,
        help=r"Print a line for each through a template of JSON fields: '{name}\t{outputs.0.sha256}'.",
    ),
]  # fmt: skip
Preview = Annotated[
    bool,
    OptionSpec(
        "--preview", panel=OUTPUT,
        help="Draw the first frame, on terminals that show pictures (extra: preview).",
    ),
]  # fmt: skip
OpenVideos = Annotated[
    bool, OptionSpec("--open", panel=OUTPUT, help="Open the videos in the system's player at the end.")
]
Notify = Annotated[
    bool,
    OptionSpec("--notify", panel=OUTPUT, help="Notify at the end: on the desktop, else with the terminal's bell."),
]
Quiet = Annotated[bool, OptionSpec("--quiet", "-q", panel=OUTPUT, help="Print only errors and paths.")]
Verbose = Annotated[
    bool,
    OptionSpec(
        "--verbose", "-v", panel=OUTPUT,
        help="Show each exchange with the service on standard error, without key and Base64.",
    ),
]  # fmt: skip
Color = Annotated[str, OptionSpec("--color", metavar="auto|always|never", panel=OUTPUT, help="When to use colours.")]
Progress = Annotated[str, _option_of("progress", metavar="|".join(PROGRESS_MODES), panel=OUTPUT)]
OutputPath = Annotated[
    str | None,
    _option_of("output_dir", "-o", metavar="DIR|FILE", panel=OUTPUT, help="Folder of the video, or its name."),
]
OutputFolder = Annotated[
    Path | None,
    _option_of(
        "output_dir", "-o", metavar="DIR", panel=OUTPUT,
        help="Folder for all videos, instead of those that the files name.",
    ),
]  # fmt: skip
ReportFlag = Annotated[
    list[str] | None,
    OptionSpec(
        "--report", metavar="FORMAT=PATH", panel=OUTPUT,
        help="Write a report: html, html-embedded, junit, markdown, github, sarif, json or jsonl; - is standard "
        "output. github=auto serves a GitHub Actions step. Repeatable.",
    ),
]  # fmt: skip
CheckReportFlag = Annotated[
    list[str] | None,
    OptionSpec(
        "--report", metavar="FORMAT=PATH", panel=OUTPUT,
        help="Write a report: junit, markdown, github, sarif, json or jsonl; - is standard output. github=auto serves "
        "a GitHub Actions step. Repeatable.",
    ),
]  # fmt: skip
Force = Annotated[bool, OptionSpec("--force", panel=OUTPUT, help="Replace files that are there.")]
Strict = Annotated[bool, OptionSpec("--strict", panel=RUNNING, help="Take warnings for errors.")]
CheckUrls = Annotated[
    bool,
    OptionSpec(
        "--check-urls", panel=RUNNING,
        help="Inspect images and videos behind URLs too; reads a few kilobytes of each.",
    ),
]  # fmt: skip
WaitFlag = Annotated[
    bool, OptionSpec("--wait", negative="--no-wait", panel=RUNNING, help="Wait for the videos, or only submit.")
]
Timeout = Annotated[str, _option_of("timeout", metavar="TIME", panel=RUNNING)]
InFlight = Annotated[int, _option_of("jobs", "-j", metavar="N", min=1, max=10_000, panel=RUNNING)]
MaxCost = Annotated[str | None, _option_of("max_cost", metavar="USD", panel=RUNNING)]
AssumeCost = Annotated[str | None, _option_of("assume_cost", metavar="USD", panel=RUNNING)]
Again = Annotated[bool, OptionSpec("--again", panel=RUNNING, help="Make every video anew, at new cost.")]
RetryFailed = Annotated[
    bool,
    OptionSpec("--retry-failed", panel=RUNNING, help="Make anew what failed, at new cost."),
]
Scope = Annotated[str, _option_of("scope", metavar="TEXT", panel=RUNNING, takes_empty=True)]
ShardFlag = Annotated[
    str,
    OptionSpec(
        "--shard", metavar="I/N", panel=RUNNING,
        help="Only part I of N of the jobs; auto takes both numbers from the CI system, auto/N the index.",
    ),
]  # fmt: skip
SandboxFlag = Annotated[
    bool,
    OptionSpec("--sandbox", panel=SERVICE, help="Use a service inside this process: no key, no cost."),
]


Profile = Annotated[
    str | None,
    OptionSpec(
        PROFILE.flag, metavar="NAME", panel=SERVICE,
        help=f"Profile of your settings file (else {PROFILE.env}).",
    ),
]  # fmt: skip
BaseUrl = Annotated[
    str | None,
    OptionSpec(
        SETTINGS["base_url"].flag, metavar="URL", panel=SERVICE,
        help=f"{SETTINGS['base_url'].help.rstrip('.')} ({SETTINGS['base_url'].env}).",
    ),
]  # fmt: skip
ApiKeyFile = Annotated[
    Path | None,
    OptionSpec(
        SETTINGS["api_key_file"].flag, metavar="FILE", panel=SERVICE,
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
        matches = sorted(glob(pattern)) if set(text) & set("*?") else []  # noqa: PTH207  (as it is typed)
        if set(text) & set("*?") and not matches:
            raise UsageError(f"no file has a name such as {text}")
        files += map(Path, matches) if matches else [path]
    return files


def expand_typed_files(files: list[Path] | None) -> list[Path] | None:
    """The same, as the parser calls it."""
    return expand_wildcards(files)


JobFiles = Annotated[
    list[Path],
    ArgumentSpec(metavar="FILE…", callback=expand_typed_files, help="Job files (YAML); - is standard input."),
]
Sets = Annotated[
    list[str] | None,
    OptionSpec("--set", metavar="NAME=VALUE", panel=INPUT, help="Give a variable of the files a value. Repeatable."),
]
AllowEnv = Annotated[
    list[str] | None,
    OptionSpec(
        "--allow-env", metavar="NAME", panel=INPUT,
        help="Let job files send this variable of the environment, though it looks like a secret. Repeatable.",
    ),
]  # fmt: skip
Only = Annotated[
    list[str] | None,
    OptionSpec("--only", metavar="GLOB", panel=INPUT, help="Only jobs with such a name: 'cup*'. Repeatable."),
]
Skip = Annotated[
    list[str] | None,
    OptionSpec("--skip", metavar="GLOB", panel=INPUT, help="No jobs with such a name. Repeatable."),
]
Tag = Annotated[
    list[str] | None,
    OptionSpec("--tag", metavar="TAG", panel=INPUT, help="Only jobs with this tag. Repeatable."),
]
MaxJobs = Annotated[int, _option_of("max_jobs", metavar="N", min=1, max=1_000_000, panel=INPUT)]
TASK_NAMES: Final = "A task id or its beginning, a job's name, a file that was made, or last, last~1 …"
AnyTaskIds = Annotated[list[str] | None, ArgumentSpec(metavar="[ID]…", help=f"{TASK_NAMES} None: all of it.")]
TaskId = Annotated[str, ArgumentSpec(metavar="ID", help=TASK_NAMES)]
AllServices = Annotated[
    bool,
    OptionSpec("--all-services", panel=SERVICE, help="Also of services other than that of the settings."),
]
Since = Annotated[
    str | None, OptionSpec("--since", metavar="TIME", help="Only the last 2h, 7d …, or since a day: 2026-11-28.")
]
