"""The user's settings file, changed in one place: comments, order and line ends stay. Knows no meaning of a setting."""

import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Final

from kirin_cli.cli.settings_schema import API_KEY, SETTINGS, Setting
from kirin_cli.errors import LocalError, UsageError
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.text_encoding import decode_text

_HEADER: Final = re.compile(r"""\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$""")
_VALUE: Final = r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"']+)"""
PLAIN_NUMBER: Final = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?")


def find_setting(name: str) -> Setting:
    """The setting of this name that a file may hold. Raises UsageError naming the nearest, or the way there is."""
    known = [setting.name for setting in SETTINGS.values() if setting.place != "environment"]
    if name.replace("-", "_").lower() in {API_KEY.name, "key", "token"}:
        raise UsageError("a key is never written into a settings file", hint="store it: kirin auth login")
    setting = SETTINGS.get(name.removeprefix("KIRIN_").replace("-", "_").lower())
    if setting and setting.place == "environment":
        raise UsageError(f"{setting.name} stands in no file", hint=f"{setting.env} or {setting.flag} say it")
    if setting is None:
        raise UsageError(f"there is no setting {name!r}{did_you_mean(name, known)}")
    return setting


def write_setting(path: Path, name: str, value: str, profile: str) -> None:
    """Give a setting, of the profile unless that is "", a value in the file, which is made where it is missing.

    Raises UsageError for a file that cannot be read as TOML or changed in this one place, LocalError for the disk.
    """
    from kirin_cli.atomic_file import write_atomically
    from kirin_cli.regular_file import obstacle_at, read_regular_file

    if kind := obstacle_at(path):
        raise UsageError(f"{path} is {kind}, and kirin writes through none", hint="change the file itself")
    mode = 0o600
    try:
        text = ""
        with suppress(FileNotFoundError):
            text, mode = decode_text(read_regular_file(path, 1 << 20)), path.stat().st_mode & 0o777
        changed = change_toml(text, name, value, profile)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, changed.encode(), mode=mode)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start})", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}", hint="it was left as it is") from error
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or error}") from error


def change_toml(text: str, name: str, value: str, profile: str = "") -> str:
    """The text with this value, and nothing else in it changed.

    Raises tomllib.TOMLDecodeError, and UsageError where the value stands there in a way that only a person can change.
    """
    before = tomllib.loads(text.replace("\r\n", "\n"))
    end = "\r\n" if "\r\n" in text else "\n"
    table = f"profile.{profile}" if profile else ""
    after = end.join(_change_lines(text.split(end), name, _toml(value), table))
    section: object = before
    for part in table.split(".") if table else ():
        section = section.setdefault(part, {}) if isinstance(section, dict) else None
    is_done = False
    if isinstance(section, dict):
        section[name] = tomllib.loads(f"x = {_toml(value)}")["x"]
        with suppress(tomllib.TOMLDecodeError):
            is_done = tomllib.loads(after.replace("\r\n", "\n")) == before
    if not is_done:
        raise UsageError(
            f"{name} stands in the file in a way that only you can change", hint=f"{name} = {_toml(value)}"
        )
    return after


def _change_lines(lines: list[str], name: str, value: str, table: str) -> list[str]:
    """The lines with the value in the place of the old one, else behind the last key of its table."""
    header, line_number = "", 0 if not table else None
    for number, line in enumerate(lines):
        if match := _HEADER.match(line):
            header = re.sub(r"""["'\s]""", "", match[1])
            line_number = number + 1 if header == table else line_number
        elif header == table and "=" in line and not line.lstrip().startswith("#"):
            line_number = number + 1
            if match := re.match(rf"""(\s*(["']?){re.escape(name)}\2\s*=\s*){_VALUE}(\s*(?:#.*)?)$""", line):
                return [*lines[:number], f"{match[1]}{value}{match[4]}", *lines[number + 1 :]]
    if line_number is None:
        rest = lines[:-1] if lines[-1] == "" else lines
        return [*rest, *([""] if rest else []), f"[{table}]", f"{name} = {value}", ""]
    return [*lines[:line_number], f"{name} = {value}", *(lines[line_number:] or [""])]


def _toml(value: str) -> str:
    """The value as TOML writes it: a plain number as one, else text in quotes."""
    if PLAIN_NUMBER.fullmatch(value):
        return value
    escapes = {"\\": r"\\", '"': r"\""} | {chr(code): f"\\u{code:04x}" for code in (*range(32), 127)}
    return '"' + "".join(escapes.get(letter, letter) for letter in value) + '"'


def typed_path(text: str) -> str:
    """A path as the file needs it, where relative ones begin at the file: one that is typed begins at this folder."""
    return text if text.startswith("~") or Path(text).is_absolute() else os.path.abspath(text)  # noqa: PTH100  (keeps links)
