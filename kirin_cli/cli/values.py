"""Values of settings and flags as people write them: times, sums, folders, addresses. Knows no setting by name.

Each function takes the text and what it was given as (`--timeout`, `KIRIN_TIMEOUT`, `kirin.toml:3: timeout`), and
raises UsageError with a sentence that begins with that.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from kirin_cli.errors import UsageError
from kirin_cli.spec.words import nearest

if TYPE_CHECKING:
    from decimal import Decimal

UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
MOST_COUNTED: Final = 1_000_000

Parse = Callable[[str, str], object]


def seconds(text: str, what: str) -> float:
    """`90`, `90s`, `30m`, `1.5h` in seconds, more than 0."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([smhd]?)", text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{what} is {text!r}; it must be a time such as 90s, 30m or 2h")
    return float(match[1]) * UNITS[match[2]]


def number_of_seconds(text: str, what: str) -> float:
    """A number of seconds, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text.strip()):
        raise UsageError(f"{what} is {text!r}; it must be a number of seconds")
    return float(text)


def sum_of_dollars(text: str, what: str) -> "Decimal":
    """An amount of US dollars, more than 0."""
    from decimal import Decimal  # noqa: PLC0415  (only where money is named)

    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text.strip()) or Decimal(text) == 0:
        raise UsageError(f"{what} is {text!r}; it must be an amount of US dollars such as 2.50")
    return Decimal(text)


def dollars(text: str | None) -> "Decimal | None":
    """`--max-cost` as an amount of US dollars, more than 0; None for none."""
    return None if text is None else sum_of_dollars(text, "--max-cost")


def count(text: str, what: str) -> int:
    """A whole number from 1 on."""
    if not re.fullmatch(r"[0-9]{1,7}", text.strip()) or not 1 <= int(text) <= MOST_COUNTED:
        raise UsageError(f"{what} is {text!r}; it must be a whole number, 1 to {MOST_COUNTED}")
    return int(text)


def web_url(text: str, what: str) -> str:
    """An http(s) URL with a host."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not text.isprintable() or " " in text:
        raise UsageError(f"{what} is {text!r}; it must be a URL that begins with https:// or http://")
    return text


def path(text: str, what: str) -> Path:
    """A file or folder; `~` is the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{what} is {text!r}: {error}") from error


def words(text: str, _: str) -> str:
    """Any text."""
    return text


def one_of(*choices: str) -> Parse:
    """One of a few words."""

    def parse(text: str, what: str) -> str:
        if text not in choices:
            raise UsageError(f"{what} is {text!r}{nearest(text, list(choices))}")
        return text

    return parse


def profile_name(text: str, what: str) -> str:
    """Letters, digits, `-` and `_`: it becomes part of a file's name."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise UsageError(f"{what} is {text!r}; a profile's name is made of letters, digits, - and _")
    return text
