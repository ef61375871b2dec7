"""The settings of a command: flags before environment before project file before user file before defaults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kirin_cli.cli.folders import find_project_file, is_reachable_file, user_file, user_folder
from kirin_cli.cli.settings_schema import (
    BY_VARIABLE,
    DEFAULT_MODELS_URL,
    PROFILE,
    SETTINGS,
    Section,
    Setting,
    SettingValue,
    parse_url,
)
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.text_encoding import decode_text

if TYPE_CHECKING:
    from kirin_cli.api.credentials import ApiKey
    from kirin_cli.run.prices import PriceTableRow

MAX_SETTINGS_BYTES: Final = 1 << 20  # bytes
PROFILES: Final = "profile"
PRICES: Final = "prices"
NO_SETTINGS: Final[Section] = {}
KEYS: Final = ("api_key", "api-key", "apikey", "key")
PROXIES: Final = ("proxy", "proxies", "http_proxy", "https_proxy", "all_proxy", "no_proxy")


class SettingsFile(Record):
    """What a file, or one profile of it, says: settings by name, and the rows of its table of prices."""

    section: Section = NO_SETTINGS
    prices: "tuple[PriceTableRow, ...]" = ()


NOTHING_SAID: Final = SettingsFile()


def _read_file(path: Path | None, *places: str) -> tuple[SettingsFile, Mapping[str, SettingsFile]]:
    """The settings of a file that may have those of `places`, and its profiles, which a project has not.

    Raises UsageError for a key that is unknown or not for such a file to set.
    """
    if path is None:
        return NOTHING_SAID, {}
    table = _read_toml(path)
    profiles = table.get(PROFILES)
    if "user" not in places or not isinstance(profiles, dict):
        return _read_section(path, table, "", places), {}
    sections = {}
    for name, profile in profiles.items():
        if not isinstance(profile, dict):
            raise UsageError(f"{path}: profile.{name} must be a table, [profile.{name}]")
        sections[name] = _read_section(path, profile, f"{PROFILES}.{name}", places)
    del table[PROFILES]
    return _read_section(path, table, "", places), sections


def _read_toml(path: Path) -> dict[str, object]:
    import tomllib

    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SETTINGS_BYTES + 1)
        if len(raw) > MAX_SETTINGS_BYTES:
            raise UsageError(f"{path} holds more than {MAX_SETTINGS_BYTES} bytes; that is no settings file")
        return tomllib.loads(decode_text(raw).replace("\r\n", "\n"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start})", hint="save it as UTF-8") from error
    except (ValueError, RecursionError) as error:  # TOML's own
        raise UsageError(f"{path}: {error}") from error


def _read_section(path: Path, table: Mapping[str, object], name: str, places: tuple[str, ...]) -> SettingsFile:
    table = dict(table)
    prices = _read_prices(path, table.pop(PRICES), name, places) if PRICES in table else ()
    positions = {key: _position(path, name, key) for key in table}
    for key in table:
        _check_key(key, positions[key], places)
    section = {
        key: SettingValue(_value_text(SETTINGS[key], value, path, positions[key]), positions[key])
        for key, value in table.items()
    }
    if "user" not in places:
        _check_paths_inside(path, {key: value for key, value in table.items() if SETTINGS[key].is_path}, positions)
    return SettingsFile(section, prices)


def _read_prices(path: Path, table: object, section: str, places: tuple[str, ...]) -> "tuple[PriceTableRow, ...]":
    from kirin_cli.cli.price_table import parse_price_table

    name = ".".join(filter(None, (section, PRICES)))

    def position(model: str, key: str) -> str:
        """Where the key of the model stands; the models themselves may stand in tables of their own."""
        places = ((f"{name}.{model}", key), (name, model), (section, PRICES))
        positions = (_position(path, table, key) for table, key in places if key)
        return next((text for text in positions if not text.startswith((f"{path} ", f"{path}["))), f"{path} [{name}]")

    return parse_price_table(table, "user file" if "user" in places else "project file", position)


def _check_key(key: str, position: str, places: tuple[str, ...]) -> None:
    """Raise UsageError where the key is none, or may not stand in such a file."""
    if key.lower() in KEYS:
        raise UsageError(f"{position}: a key is never written into a settings file", hint="store it: kirin auth login")
    if key.lower() in PROXIES:
        raise UsageError(f"{position}: proxies are taken from the environment alone", hint="set HTTPS_PROXY")
    if key not in SETTINGS or SETTINGS[key].place == "environment":
        known = [setting.name for setting in SETTINGS.values() if setting.place in places]
        raise UsageError(f"{position}: unknown setting {key!r}{did_you_mean(key, known)}")
    if SETTINGS[key].place not in places:
        raise UsageError(
            f"{position}: a project file may not set {key}: whoever wrote the checkout would decide about your account",
            hint=f"set {SETTINGS[key].env}, or write it into your own settings file (kirin config says where that is)",
        )


def _check_paths_inside(path: Path, texts: Mapping[str, object], positions: Mapping[str, str]) -> None:
    """Raise UsageError where a project names a folder outside of its own, as written or through a link (fault X3)."""
    from kirin_cli.jobs.filenames import escapes_folder, is_inside

    for key, text in texts.items():
        outside = escapes_folder(str(text))
        if not outside and not is_inside(path.parent, path.parent / str(text)):
            outside = f"{str(text)!r} leads out of the project's folder through a link"
        if outside:
            setting = SETTINGS[key]
            raise UsageError(
                f"{positions[key]}: {key}: {outside}: a checkout does not say where files go on this machine",
                hint=f"{setting.flag} or {setting.env} chooses any folder",
            )


def _value_text(setting: Setting, value: object, path: Path, position: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{position}: {setting.name} must be text or a number")
    is_path = setting.is_path and isinstance(value, str)
    text = str(path.parent / setting.parse(value, position)) if is_path else str(value)  # type: ignore[operator, arg-type]
    setting.parse(text, f"{position}: {setting.name}")
    return text


def _position(path: Path, table: str, key: str) -> str:
    """`kirin.toml:3`, and the profile; without the line where the key is written in another way than most."""
    header, line_number = "", ""
    with path.open("rb") as file:
        for number, line in enumerate(decode_text(file.read(MAX_SETTINGS_BYTES), "replace").split("\n"), start=1):
            if match := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
                header = match[1].replace('"', "")
            elif header == table and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                line_number = f":{number}"
                break
    return f"{path}{line_number}" + (f" [{table}]" if table else "")


class SettingSources(Record):
    """Everything that may say what a setting is. `user` holds the chosen profile before the rest of the file.

    A profile that has prices has all of its own: it may be another service.
    """

    environ: Mapping[str, str]
    project: Section
    user: tuple[Section, ...]
    profile: str
    profile_source: str
    prices: "tuple[PriceTableRow, ...]" = ()

    def find(self, setting: Setting) -> SettingValue | None:
        """The text that holds, with its source; None where nothing says it."""
        if self.environ.get(setting.env):
            return SettingValue(self.environ[setting.env], setting.env)
        ours = next((section[setting.name] for section in self.user if setting.name in section), None)
        theirs = self.project.get(setting.name)
        if theirs and setting.ceiling:
            limit = float(ours.text if ours else setting.default or "inf")
            return theirs if float(theirs.text) < limit else ours
        return theirs or ours

    def parse(self, name: str) -> Any:  # noqa: ANN401  (of the type that the setting's `parse` returns)
        """The value of a setting, of its default where nothing says it; None where there is none. Raises UsageError."""
        setting = SETTINGS[name]
        text, source = (value.text, value.source) if (value := self.find(setting)) else (setting.default, "the default")
        return setting.parse(text, source) if text else None

    @property
    def state_dir(self) -> Path:
        """The folder of the ledger."""
        return self.parse("state_dir") or user_folder(self.environ, "state")


def load_sources(environ: Mapping[str, str], profile: str | None = None, start: Path | None = None) -> SettingSources:
    """The sources of a command that runs in the folder `start` (by default the current one).

    Raises UsageError for a file that makes no sense, and for a profile that the user's file does not have.
    """
    user = user_file(environ)
    common, profiles = _read_file(user if user and is_reachable_file(user) else None, "project", "user")
    project, _ = _read_file(find_project_file(start or Path()), "project")
    name, source = (profile, PROFILE.flag) if profile else (environ.get(PROFILE.env, ""), PROFILE.env)
    if not name:
        return SettingSources(environ, project.section, (common.section,), "", "", (*common.prices, *project.prices))
    PROFILE.parse(name, source)
    if user is None:
        user_folder(environ, "config")  # says why there is none
    if name not in profiles:
        near = did_you_mean(name, profiles) if profiles else ""
        known = f"; there are {', '.join(profiles)}" if profiles else ""
        hint = f"write that line into the file{known}"
        raise UsageError(f"{source}: {user} has no [profile.{name}]{near}", hint=hint)
    own = profiles[name]
    prices = (*(own.prices or common.prices), *project.prices)
    return SettingSources(environ, project.section, (own.section, common.section), name, source, prices)


class FileDefaults(dict[str, Any]):
    """Values by parameter name. `profile` is set before the first is asked for; UsageError as `load_sources` raises it.

    `variables` are the environment variables of parameters, by the parameters' names.
    """

    def __init__(self, environ: Mapping[str, str], variables: Mapping[str, str]) -> None:
        super().__init__()
        self.profile: str | None = None
        self._environ = environ
        self._variables = variables

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """The text that a file has for the parameter, else `default`."""
        setting = BY_VARIABLE.get(self._variables.get(name, ""))
        value = self._sources.find(setting) if setting else None
        return value.text if value else default

    @cached_property
    def _sources(self) -> SettingSources:
        return load_sources(self._environ, self.profile)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settings:
    """Times are in seconds; `environ` is where the key and the proxies come from.

    `state_dir` holds the ledger; None is the user's own, which is asked for where a ledger is needed. `typed_key` is
    the key of the file that a flag names, `typed_profile` says whether a flag names the profile: both go before the
    environment. `profile_key_file` is the file that this profile names.
    """

    base_url: str
    dialect: str
    state_dir: Path | None
    settle_seconds: float
    result_wait: float
    missing_wait: float
    poll_seconds: float
    upload_url: str = ""
    models_url: str = ""
    api_key_file: Path | None = None
    profile: str = ""
    typed_profile: bool = False
    profile_key_file: Path | None = None
    typed_key: "ApiKey | None" = field(default=None, repr=False)
    prices: "tuple[PriceTableRow, ...]" = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def ledger_folder(self) -> Path:
        """The folder of the ledger. Raises UsageError for a user without a home."""
        return self.state_dir or user_folder(self.environ, "state")


def load_settings(
    environ: Mapping[str, str],
    *,
    base_url: str | None = None,
    api_key_file: Path | None = None,
    profile: str | None = None,
) -> Settings:
    """The settings of this command; the file with the key that a flag names is read here, once: it may be a pipe.

    Raises UsageError for a variable or a file that makes no sense, NotPermitted for such a file without a usable key.
    """
    sources = load_sources(environ, profile)
    service = parse_url(base_url, SETTINGS["base_url"].flag) if base_url else sources.parse("base_url")
    is_default = service == SETTINGS["base_url"].default
    profile_key_file = sources.user[0].get("api_key_file") if sources.profile else None
    return Settings(
        base_url=service,
        dialect=sources.parse("dialect"),
        state_dir=sources.parse("state_dir"),
        settle_seconds=sources.parse("settle_seconds"),
        result_wait=sources.parse("result_wait"),
        missing_wait=sources.parse("missing_wait"),
        poll_seconds=sources.parse("poll_seconds"),
        upload_url=sources.parse("upload_url") or "",
        models_url=sources.parse("models_url") or (DEFAULT_MODELS_URL if is_default else service),
        api_key_file=sources.parse("api_key_file"),
        profile=sources.profile,
        typed_profile=bool(profile),
        profile_key_file=Path(profile_key_file.text) if profile_key_file else None,
        typed_key=_read_key_file(api_key_file) if api_key_file else None,
        prices=sources.prices,
        environ=environ,
    )


def _read_key_file(path: Path) -> "ApiKey | None":
    from kirin_cli.api.credentials import find_key

    return find_key({}, path.expanduser())
