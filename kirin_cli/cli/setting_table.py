"""The settings as data: name, help, environment variable, flag, default, and the least trusted place that may set it.

Flags, `kirin config`, `kirin help environment` and the settings files all follow this table.
"""

from collections.abc import Mapping
from typing import Final, Literal

from kirin_cli.cli import values
from kirin_cli.spec.record import Record

Place = Literal["project", "user", "environment"]
"""A project's kirin.toml comes with a checkout: it must not say where a key, a request or the ledger goes."""


class Setting(Record, kw_only=True):
    """One setting. `name` is its key in the files; `parse` checks its text; `usual` is its default as text, or "".

    `place` is the least trusted place that may set it. `is_path` makes it relative to the file that sets it.
    `ceiling`: of the project's and the user's file the lower value holds.
    """

    name: str
    help: str
    env: str
    parse: values.Parse
    flag: str = ""
    usual: str = ""
    place: Place = "project"
    is_path: bool = False
    ceiling: bool = False


class Found(Record):
    """A setting's text and where it stands, in words by which a person finds it."""

    text: str
    source: str


Section = Mapping[str, Found]
"""The settings of one file or one profile, by name."""

API_KEY: Final = Setting(
    name="api_key", env="KIRIN_API_KEY", parse=values.words, place="environment",
    help="The API key; never shown.",
)  # fmt: skip
PROFILE: Final = Setting(
    name="profile", env="KIRIN_PROFILE", flag="--profile", parse=values.profile_name, place="environment",
    help="The profile of your settings file, and the key stored for it.",
)  # fmt: skip

SETTINGS: Final[dict[str, Setting]] = {
    one.name: one
    for one in (
        API_KEY,
        PROFILE,
        Setting(
            name="api_key_file", env="KIRIN_API_KEY_FILE", flag="--api-key-file", parse=values.path, place="user",
            is_path=True, help="File that holds the API key.",
        ),
        Setting(
            name="base_url", env="KIRIN_BASE_URL", flag="--base-url", parse=values.web_url, place="user",
            usual="https://cloud.vtrix.ai", help="Where the service is.",
        ),
        Setting(
            name="upload_url", env="KIRIN_UPLOAD_URL", parse=values.words, place="user",
            help="Where local videos are uploaded to: the service takes them by URL only.",
        ),
        Setting(
            name="dialect", env="KIRIN_DIALECT", parse=values.one_of("gateway", "documented"), usual="gateway",
            help="How requests are written: gateway or documented.",
        ),
        Setting(
            name="state_dir", env="KIRIN_STATE_DIR", parse=values.path, place="user", is_path=True,
            help="Folder of the ledger.",
        ),
        Setting(
            name="output_dir", env="KIRIN_OUTPUT_DIR", flag="--output", parse=values.path, is_path=True,
            help="Where videos go.",
        ),
        Setting(
            name="jobs", env="KIRIN_JOBS", flag="--jobs", parse=values.count, usual="10",
            help="How many tasks may be in flight at once.",
        ),
        Setting(
            name="max_jobs", env="KIRIN_MAX_JOBS", flag="--max-jobs", parse=values.count, usual="10000",
            help="Refuse files that make more jobs.",
        ),
        Setting(
            name="timeout", env="KIRIN_TIMEOUT", flag="--timeout", parse=values.seconds, usual="2h",
            help="Stop waiting after so long (90s, 30m, 2h); the tasks go on.",
        ),
        Setting(
            name="max_cost", env="KIRIN_MAX_COST", flag="--max-cost", parse=values.sum_of_dollars, ceiling=True,
            help="Submit no job that could make the run cost more.",
        ),
        Setting(
            name="scope", env="KIRIN_SCOPE", flag="--scope", parse=values.words,
            help="Keeps equal jobs of different campaigns apart.",
        ),
        Setting(
            name="progress", env="KIRIN_PROGRESS", flag="--progress", usual="auto",
            parse=values.one_of("auto", "tty", "plain", "json", "quiet"),
            help="How to show progress on standard error.",
        ),
        Setting(
            name="poll_seconds", env="KIRIN_POLL_SECONDS", parse=values.number_of_seconds, usual="5",
            help="Seconds between two questions about one task.",
        ),
        Setting(
            name="settle_seconds", env="KIRIN_SETTLE_SECONDS", parse=values.number_of_seconds, usual="120",
            place="user", help="Seconds after which a submission without an answer counts as not arrived.",
        ),
    )
}  # fmt: skip


OTHER_VARIABLES: Final = (
    ("KIRIN_CONFIG_DIR", "Folder of config.toml and of the stored key."),
    ("HTTPS_PROXY, NO_PROXY", "The way to the service and to the files; also in lower case."),
    ("REQUESTS_CA_BUNDLE, SSL_CERT_FILE", "Certificates to trust instead of the usual ones."),
    ("NO_COLOR, FORCE_COLOR", "No colours; colours where there is no terminal. --color goes before both."),
    ("COLUMNS", "How wide help and tables are."),
    ("CI", "Where it is set nothing is asked and nothing is animated."),
)


def explained(setting: Setting) -> str:
    """Its help, its default, and where it may not stand."""
    default = f" Default: {setting.usual}." if setting.usual else ""
    barred = {"user": " Not in kirin.toml.", "environment": " Not in files.", "project": ""}
    return setting.help + default + barred[setting.place]
