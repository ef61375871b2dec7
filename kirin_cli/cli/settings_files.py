"""Reads a settings file, TOML, and checks every key of it: known, allowed there, of the right form.

What is wrong is said with file, line and key. Knows the table of settings, not which file is stronger.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kirin_cli.cli.setting_table import SETTINGS, Found, Section, Setting
from kirin_cli.errors import UsageError
from kirin_cli.spec.words import nearest

LARGEST: Final = 1 << 20  # bytes
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
    import tomllib  # noqa: PLC0415  (only where there is a file)

    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise UsageError(f"{path} holds more than {LARGEST} bytes; that is no settings file")
        return tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # TOML's own, and text that is not UTF-8
        raise UsageError(f"{path}: {error}") from error


def _section(path: Path, table: Mapping[str, object], name: str, *, allowed: tuple[str, ...]) -> Section:
    places = {key: _place(path, name, key) for key in table}
    for key in table:
        _permitted(key, places[key], allowed)
    return {key: Found(_text(SETTINGS[key], value, path, places[key]), places[key]) for key, value in table.items()}


def _permitted(key: str, where: str, allowed: tuple[str, ...]) -> None:
    """Raise UsageError where the key is none, or may not stand in such a file."""
    if key.lower() in KEYS:
        raise UsageError(f"{where}: a key is never written into a settings file", hint="store it: kirin auth login")
    if key.lower() in PROXIES:
        raise UsageError(f"{where}: proxies are taken from the environment alone", hint="set HTTPS_PROXY")
    if key not in SETTINGS or SETTINGS[key].place == "environment":
        known = [name for name, one in SETTINGS.items() if one.place in allowed]
        raise UsageError(f"{where}: unknown setting {key!r}{nearest(key, known)}")
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
