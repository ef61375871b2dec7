"""The settings as data: name, help, environment variable, flag, default, who may set it; and how each value is read."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean, web_url_problem

if TYPE_CHECKING:
    from decimal import Decimal

UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
MAX_COUNT: Final = 1_000_000
DEFAULT_MODELS_URL: Final = "https://cloud-model-spec.vtrix.ai"
PROGRESS_MODES: Final = ("auto", "tty", "plain", "json", "quiet")

Parse = Callable[[str, str], object]


def parse_seconds(text: str, what: str) -> float:
    """`90`, `90s`, `30m`, `1.5h` in seconds, more than 0."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([smhd]?)", text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{what} is {text!r}; it must be a time such as 90s, 30m or 2h")
    return float(match[1]) * UNITS[match[2]]


def parse_number_of_seconds(text: str, what: str) -> float:
    """A number of seconds, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text.strip()):
        raise UsageError(f"{what} is {text!r}; it must be a number of seconds, 0 or more")
    return float(text)


def parse_usd(text: str, what: str) -> "Decimal":
    """An amount of US dollars, more than 0."""
    from decimal import Decimal

    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text.strip()) or Decimal(text) == 0:
        raise UsageError(f"{what} is {text!r}; it must be an amount of US dollars such as 2.50")
    return Decimal(text)


def parse_count(text: str, what: str) -> int:
    """A whole number from 1 on."""
    if not re.fullmatch(r"[0-9]{1,7}", text.strip()) or not 1 <= int(text) <= MAX_COUNT:
        raise UsageError(f"{what} is {text!r}; it must be a whole number, 1 to {MAX_COUNT}")
    return int(text)


def parse_url(text: str, what: str) -> str:
    """An http(s) URL with a host."""
    if problem := web_url_problem(text):
        raise UsageError(f"{what} is {text!r}; it {problem}")
    return text


def parse_path(text: str, what: str) -> Path:
    """A file or folder; `~` and `~/…` are in the home folder, `~name/…` in that of a user there is."""
    if not text:
        raise UsageError(f"{what} is empty; it must be a path")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        if re.fullmatch(r"~[^/\\]+", Path(text).parts[0]):
            return Path(text)
        hint = "write the path out, or set HOME"
        raise UsageError(f"{what} is {text!r}, and there is no home folder: HOME is not set", hint=hint) from error


def any_text(text: str, _: str) -> str:
    """Any text."""
    return text


def choice(*choices: str) -> Parse:
    """One of a few words."""

    def parse(text: str, what: str) -> str:
        if text not in choices:
            raise UsageError(f"{what} is {text!r}{did_you_mean(text, choices)}")
        return text

    return parse


def parse_profile_name(text: str, what: str) -> str:
    """Letters, digits, `-` and `_`: it becomes part of a file's name."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise UsageError(f"{what} is {text!r}; a profile's name is made of letters, digits, - and _")
    return text


Place = Literal["project", "user", "environment"]
"""A project's kirin.toml comes with a checkout: it must not say where a key, a request, the ledger or a file outside
of the checkout goes, nor make a done job new (fault X3)."""


class Setting(Record, kw_only=True):
    """One setting. `name` is its key in the files; `parse` checks its text; `default` is its default as text, or "".

    `place` is the least trusted place that may set it. `is_path` makes it relative to the file that sets it.
    `ceiling`: a project's file may lower what the user's file or the default says, and never raise it.
    """

    name: str
    help: str
    env: str
    parse: Parse
    flag: str = ""
    default: str = ""
    place: Place = "project"
    is_path: bool = False
    ceiling: bool = False


class SettingValue(Record):
    """A setting's text and where it stands, in words by which a person finds it."""

    text: str
    source: str


Section = Mapping[str, SettingValue]
"""The settings of one file or one profile, by name."""

API_KEY: Final = Setting(
    name="api_key", env="KIRIN_API_KEY", parse=any_text, place="environment",
    help="The API key; never shown.",
)  # fmt: skip
PROFILE: Final = Setting(
    name="profile", env="KIRIN_PROFILE", flag="--profile", parse=parse_profile_name, place="environment",
    help="The profile of your settings file, and the key stored for it.",
)  # fmt: skip

SETTINGS: Final[dict[str, Setting]] = {
    setting.name: setting
    for setting in (
        API_KEY,
        PROFILE,
        Setting(
            name="api_key_file", env="KIRIN_API_KEY_FILE", flag="--api-key-file", parse=parse_path, place="user",
            is_path=True, help="File that holds the API key.",
        ),
        Setting(
            name="base_url", env="KIRIN_BASE_URL", flag="--base-url", parse=parse_url, place="user",
            default="https://cloud.vtrix.ai", help="Where the service is.",
        ),
        Setting(
            name="upload_url", env="KIRIN_UPLOAD_URL", parse=any_text, place="user",
            help="Where local videos are uploaded to: the service takes them by URL only.",
        ),
        Setting(
            name="models_url", env="KIRIN_MODELS_URL", parse=parse_url, place="user",
            help=f"Where the service describes its models: {DEFAULT_MODELS_URL}, or base_url where that is another.",
        ),
        Setting(
            name="dialect", env="KIRIN_DIALECT", parse=choice("gateway", "documented"), default="gateway", place="user",
            help="How requests are written: gateway or documented.",
        ),
        Setting(
            name="state_dir", env="KIRIN_STATE_DIR", parse=parse_path, place="user", is_path=True,
            help="Folder of the ledger.",
        ),
        Setting(
            name="output_dir", env="KIRIN_OUTPUT_DIR", flag="--output", parse=parse_path, is_path=True,
            help="Where videos go.",
        ),
        Setting(
            name="jobs", env="KIRIN_JOBS", flag="--jobs", parse=parse_count, default="10",
            help="How many tasks may be in flight at once.",
        ),
        Setting(
            name="max_jobs", env="KIRIN_MAX_JOBS", flag="--max-jobs", parse=parse_count, default="10000", ceiling=True,
            help="Refuse files that make more jobs.",
        ),
        Setting(
            name="timeout", env="KIRIN_TIMEOUT", flag="--timeout", parse=parse_seconds, default="2h",
            help="Stop waiting after so long (90s, 30m, 2h); the tasks go on.",
        ),
        Setting(
            name="max_cost", env="KIRIN_MAX_COST", flag="--max-cost", parse=parse_usd, ceiling=True,
            help="Submit no job that could make the run cost more, and none whose price is not known.",
        ),
        Setting(
            name="assume_cost", env="KIRIN_ASSUME_COST", flag="--assume-cost", parse=parse_usd, place="environment",
            help="Take each job to cost so much, whatever tables and earlier tasks say.",
        ),
        Setting(
            name="scope", env="KIRIN_SCOPE", flag="--scope", parse=any_text, place="user",
            help="Keeps equal jobs of different campaigns apart.",
        ),
        Setting(
            name="progress", env="KIRIN_PROGRESS", flag="--progress", default="auto",
            parse=choice(*PROGRESS_MODES),
            help="How to show progress on standard error.",
        ),
        Setting(
            name="poll_seconds", env="KIRIN_POLL_SECONDS", parse=parse_number_of_seconds, default="5",
            help="Seconds between two questions about one task.",
        ),
        Setting(
            name="settle_seconds", env="KIRIN_SETTLE_SECONDS", parse=parse_number_of_seconds, default="120",
            place="user", help="Seconds after which a submission without an answer counts as not arrived.",
        ),
        Setting(
            name="result_wait", env="KIRIN_RESULT_WAIT", parse=parse_number_of_seconds, default="600",
            help="Seconds for which a finished video that cannot be fetched yet is asked for.",
        ),
        Setting(
            name="missing_wait", env="KIRIN_MISSING_WAIT", parse=parse_number_of_seconds, default="600",
            help="Seconds for which a task that the service does not find is asked for before it counts as lost.",
        ),
    )
}  # fmt: skip
BY_VARIABLE: Final = {setting.env: setting for setting in SETTINGS.values()}
OTHER_VARIABLES: Final = (
    ("KIRIN_CONFIG_DIR", "Folder of config.toml and of the stored key."),
    (
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "The way to the service and to the files; also in lower case. Without them the settings of macOS and Windows.",
    ),
    ("REQUESTS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR", "Certificates to trust instead of the system's."),
    ("NO_COLOR, FORCE_COLOR", "No colours; colours where there is no terminal. --color goes before both."),
    ("COLUMNS", "How wide help and tables are."),
    ("CI", "Where it is set nothing is asked and nothing is animated."),
)


def misspelled_variables(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that is nearly called like one of kirin's: what it says does not hold."""
    known = [*BY_VARIABLE, OTHER_VARIABLES[0][0]]
    unknown = sorted(name for name in environ if name.upper().startswith("KIRIN_") and name not in known)
    if not unknown:
        return []
    from difflib import get_close_matches

    sentences = []
    for name in unknown:
        near = next(iter(get_close_matches(name.upper(), known, n=1, cutoff=0.8)), "")
        is_one_of_several = re.match(r"[_\d]", name.upper().removeprefix(near))  # KIRIN_API_KEY_2
        if near and not (is_one_of_several and name.upper().startswith(near)):
            sentences.append(f"nothing reads the variable {name}; did you mean {near}?")
    return sentences


def setting_help(setting: Setting) -> str:
    """Its help, its default, and where it may not stand."""
    default = f" Default: {setting.default}." if setting.default else ""
    barred = {"user": " Not in kirin.toml.", "environment": " Not in files.", "project": ""}
    return setting.help + default + barred[setting.place]
