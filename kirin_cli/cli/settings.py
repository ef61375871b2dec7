"""The settings of a command: flags before environment before project file before user file before defaults."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from kirin_cli.cli.settings_schema import PROFILE, SETTINGS, Section, Setting, SettingValue, web_url
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean

FolderKind = Literal["config", "state"]

_XDG: Final[dict[FolderKind, tuple[str, str]]] = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}


def user_folder(environ: Mapping[str, str], kind: FolderKind) -> Path:
    """The user's folder for kirin's files of this kind: KIRIN_CONFIG_DIR, KIRIN_STATE_DIR, else the usual place.

    Raises RuntimeError where the home folder cannot be told.
    """
    given = environ.get(f"KIRIN_{kind.upper()}_DIR")
    if given:
        return Path(given).expanduser()
    if sys.platform == "linux":  # what platformdirs would say; importing it takes 3 ms of every command
        variable, below_home = _XDG[kind]
        named = environ.get(variable, "").strip()
        return (Path(named) if Path(named).is_absolute() else Path.home() / below_home) / "kirin"
    import platformdirs

    find = {"config": platformdirs.user_config_path, "state": platformdirs.user_state_path}[kind]
    return find("kirin", appauthor=False)


MAX_SETTINGS_BYTES: Final = 1 << 20  # bytes
PROFILES: Final = "profile"
KEYS: Final = ("api_key", "api-key", "apikey", "key")
PROXIES: Final = ("proxy", "proxies", "http_proxy", "https_proxy", "all_proxy", "no_proxy")


def read_project(path: Path) -> Section:
    """The settings of a project's file. Raises UsageError for a key that is unknown or not for a project to set."""
    return _section(path, _document(path), "", allowed=("project",))


def read_user(path: Path) -> tuple[Section, Mapping[str, Section]]:
    """The settings of the user's file, and its profiles. Raises UsageError."""
    document = _document(path)
    tables = document.get(PROFILES)
    if not isinstance(tables, dict):
        return _section(path, document, "", allowed=("project", "user")), {}
    rest = {key: value for key, value in document.items() if key != PROFILES}
    profiles = {name: _profile(path, name, table) for name, table in tables.items()}
    return _section(path, rest, "", allowed=("project", "user")), profiles


def _profile(path: Path, name: str, table: object) -> Section:
    if not isinstance(table, dict):
        raise UsageError(f"{path}: profile.{name} must be a table, [profile.{name}]")
    return _section(path, table, f"{PROFILES}.{name}", allowed=("project", "user"))


def _document(path: Path) -> dict[str, object]:
    import tomllib

    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SETTINGS_BYTES + 1)
        if len(raw) > MAX_SETTINGS_BYTES:
            raise UsageError(f"{path} holds more than {MAX_SETTINGS_BYTES} bytes; that is no settings file")
        return tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # TOML's own, and text that is not UTF-8
        raise UsageError(f"{path}: {error}") from error


def _section(path: Path, table: Mapping[str, object], name: str, *, allowed: tuple[str, ...]) -> Section:
    places = {key: _place(path, name, key) for key in table}
    for key in table:
        _permitted(key, places[key], allowed)
    return {
        key: SettingValue(_text(SETTINGS[key], value, path, places[key]), places[key]) for key, value in table.items()
    }


def _permitted(key: str, where: str, allowed: tuple[str, ...]) -> None:
    """Raise UsageError where the key is none, or may not stand in such a file."""
    if key.lower() in KEYS:
        raise UsageError(f"{where}: a key is never written into a settings file", hint="store it: kirin auth login")
    if key.lower() in PROXIES:
        raise UsageError(f"{where}: proxies are taken from the environment alone", hint="set HTTPS_PROXY")
    if key not in SETTINGS or SETTINGS[key].place == "environment":
        known = [name for name, one in SETTINGS.items() if one.place in allowed]
        raise UsageError(f"{where}: unknown setting {key!r}{did_you_mean(key, known)}")
    if SETTINGS[key].place not in allowed:
        raise UsageError(
            f"{where}: a project file may not set {key}: whoever wrote the checkout would decide about your account",
            hint=f"set {SETTINGS[key].env}, or write it into your own settings file (kirin config says where that is)",
        )


def _text(setting: Setting, value: object, path: Path, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{where}: {setting.name} must be text or a number")
    text = str(path.parent / setting.parse(value, where)) if setting.is_path and isinstance(value, str) else str(value)  # type: ignore[operator]
    setting.parse(text, f"{where}: {setting.name}")
    return text


def _place(path: Path, table: str, key: str) -> str:
    """`kirin.toml:3`, and the profile; without the line where the key is written in another way than most."""
    header, here = "", 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if found := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
                header = found[1].replace('"', "")
            elif header == table and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                here = number
                break
    return f"{path}{f':{here}' if here else ''}" + (f" [{table}]" if table else "")


PROJECT_FILE: Final = "kirin.toml"
USER_FILE: Final = "config.toml"


class SettingSources(Record):
    """Everything that may say what a setting is. `user` holds the chosen profile before the rest of the file."""

    environ: Mapping[str, str]
    project: Section
    user: tuple[Section, ...]
    profile: str
    profile_source: str

    def find(self, setting: Setting) -> SettingValue | None:
        """The text that holds, with its source; None where nothing says it."""
        if self.environ.get(setting.env):
            return SettingValue(self.environ[setting.env], setting.env)
        ours = next((section[setting.name] for section in self.user if setting.name in section), None)
        theirs = self.project.get(setting.name)
        if ours and theirs and setting.ceiling:
            return min(ours, theirs, key=lambda found: float(found.text))
        return theirs or ours


def sources(environ: Mapping[str, str], profile: str | None = None, start: Path | None = None) -> SettingSources:
    """The sources of a command that runs in the folder `start` (by default the current one).

    Raises UsageError for a file that makes no sense, and for a profile that the user's file does not have.
    """
    project, user = project_file(start or Path()), user_file(environ)
    ours, common, profiles = _read(project, user if _is_there(user) else None)
    name, asked = _profile_name(environ, profile)
    if name and name not in profiles:
        near = did_you_mean(name, list(profiles)) if profiles else ""
        raise UsageError(f"{asked}: {user} has no [profile.{name}]{near}", hint="write that line into the file")
    return SettingSources(environ, ours, (profiles.get(name, {}), common), name, asked)


def _read(project: Path | None, user: Path | None) -> tuple[Section, Section, Mapping[str, Section]]:
    """The project's settings, the user's, and the user's profiles."""
    if project is None and user is None:
        return {}, {}, {}

    common, profiles = read_user(user) if user else ({}, {})
    return (read_project(project) if project else {}), common, profiles


def user_file(environ: Mapping[str, str]) -> Path:
    """The user's settings file, whether it is there or not."""
    return user_folder(environ, "config") / USER_FILE


def project_file(start: Path) -> Path | None:
    """The nearest kirin.toml from the folder `start` upwards; none where the current folder is gone."""
    try:
        folder = start.absolute()
    except FileNotFoundError:
        return None
    return next((path for each in (folder, *folder.parents) if _is_there(path := each / PROJECT_FILE)), None)


def _is_there(path: Path) -> bool:
    """Whether it is a file that can be reached: in a folder closed to us nothing is."""
    try:
        return path.is_file()
    except OSError:
        return False


def _profile_name(environ: Mapping[str, str], flag: str | None) -> tuple[str, str]:
    """The name of the profile, and what asked for it; both "" where nothing does."""
    asked = (flag or "", PROFILE.flag), (environ.get(PROFILE.env, ""), PROFILE.env)
    name, source = next(((text, by) for text, by in asked if text), ("", ""))
    if name:
        PROFILE.parse(name, source)
    return name, source


class FileDefaults(dict[str, Any]):
    """Values by parameter name. `profile` is set before the first is asked for; UsageError as `sources` raises it."""

    def __init__(self, environ: Mapping[str, str], variables: Mapping[str, str]) -> None:
        """`variables` are the environment variables of parameters, by the parameters' names."""
        super().__init__()
        self.profile: str | None = None
        self._environ = environ
        self._variables = variables

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """The text that a file has for the parameter, else `default`."""
        setting = self._settings.get(name)
        found = self._sources.find(setting) if setting else None
        return found.text if found else default

    @cached_property
    def _settings(self) -> "dict[str, Setting]":
        from kirin_cli.cli.settings_schema import SETTINGS

        by_variable = {setting.env: setting for setting in SETTINGS.values()}
        return {name: by_variable[one] for name, one in self._variables.items() if one in by_variable}

    @cached_property
    def _sources(self) -> "SettingSources":

        return sources(self._environ, self.profile)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settings:
    """Times are in seconds; `state_dir` holds the ledger; `environ` is where the key and the proxies come from."""

    base_url: str
    dialect: str
    state_dir: Path
    settle_seconds: float
    poll_seconds: float
    upload_url: str = ""
    api_key_file: Path | None = None
    profile: str = ""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


def settings(
    environ: Mapping[str, str],
    *,
    base_url: str | None = None,
    api_key_file: Path | None = None,
    profile: str | None = None,
) -> Settings:
    """The settings of this command. Raises UsageError for a variable or a file that makes no sense."""
    found = sources(environ, profile)
    return Settings(
        base_url=web_url(base_url, "--base-url") if base_url else _value(found, "base_url"),
        dialect=_value(found, "dialect"),
        state_dir=_value(found, "state_dir") or user_folder(environ, "state"),
        settle_seconds=_value(found, "settle_seconds"),
        poll_seconds=_value(found, "poll_seconds"),
        upload_url=_value(found, "upload_url") or "",
        api_key_file=api_key_file or _value(found, "api_key_file"),
        profile=found.profile,
        environ=environ,
    )


def state_dir(environ: Mapping[str, str], profile: str | None = None) -> Path:
    """The folder of the ledger. Raises UsageError as `settings` does."""
    return _value(sources(environ, profile), "state_dir") or user_folder(environ, "state")


def _value(found: SettingSources, name: str) -> Any:  # noqa: ANN401  (of the type that the setting's `parse` returns)
    setting = SETTINGS[name]
    said = found.find(setting)
    text, source = (said.text, said.source) if said else (setting.default, "the default")
    return setting.parse(text, source) if text else None
