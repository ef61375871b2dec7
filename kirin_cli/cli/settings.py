"""What a command runs with: flags before environment before defaults. Reads no file yet but the key's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.spec.words import nearest

DEFAULT_BASE_URL: Final = "https://cloud.vtrix.ai"
UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Times are in seconds; `state_dir` holds the ledger; `environ` is where the key and the proxies come from."""

    base_url: str = DEFAULT_BASE_URL
    dialect: str = "gateway"
    state_dir: Path
    settle_seconds: float = 120.0
    poll_seconds: float = 5.0
    api_key_file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


def settings(environ: Mapping[str, str], *, base_url: str | None = None, api_key_file: Path | None = None) -> Settings:
    """The settings of this command. Raises UsageError for an environment variable that makes no sense."""
    given = {
        "base_url": base_url or environ.get("KIRIN_BASE_URL") or DEFAULT_BASE_URL,
        "dialect": _dialect(environ.get("KIRIN_DIALECT") or "gateway"),
    }
    return Settings(
        **given,
        state_dir=state_dir(environ),
        settle_seconds=_number(environ, "KIRIN_SETTLE_SECONDS", 120.0),
        poll_seconds=_number(environ, "KIRIN_POLL_SECONDS", 5.0),
        api_key_file=api_key_file,
        environ=environ,
    )


def state_dir(environ: Mapping[str, str]) -> Path:
    """The folder of the ledger: KIRIN_STATE_DIR, else the system's usual place."""
    if environ.get("KIRIN_STATE_DIR"):
        return Path(environ["KIRIN_STATE_DIR"])
    from platformdirs import user_state_path  # noqa: PLC0415  (only where nothing else says it)

    return user_state_path("kirin", appauthor=False)


def seconds(text: str, flag: str) -> float:
    """`90`, `90s`, `30m`, `1.5h` in seconds, more than 0. Raises UsageError naming the flag."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{flag} is {text!r}; it must be a time such as 90s, 30m or 2h")
    return float(match[1]) * UNITS[match[2]]


def dollars(text: str | None) -> Decimal | None:
    """`--max-cost` as an amount of US dollars, more than 0. Raises UsageError."""
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text.strip()) or Decimal(text) == 0:
        raise UsageError(f"--max-cost is {text!r}; it must be an amount of US dollars such as 2.50")
    return Decimal(text)


def _dialect(name: str) -> str:
    from kirin_cli.wire import DIALECTS  # noqa: PLC0415  (the command line is checked without the wire)

    if name not in DIALECTS:
        raise UsageError(f"KIRIN_DIALECT is {name!r}{nearest(name, list(DIALECTS))}")
    return name


def _number(environ: Mapping[str, str], name: str, usual: float) -> float:
    text = environ.get(name)
    if not text:
        return usual
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise UsageError(f"{name} is {text!r}; it must be a number of seconds")
    return number
