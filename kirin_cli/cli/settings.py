"""What a command runs with: flags before environment before project file before user file before defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kirin_cli.cli.folders import user_folder
from kirin_cli.cli.setting_table import SETTINGS
from kirin_cli.cli.sources import Sources, sources
from kirin_cli.cli.values import dollars, seconds, web_url

__all__ = ["Settings", "dollars", "seconds", "settings", "state_dir"]


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


def _value(found: Sources, name: str) -> Any:  # noqa: ANN401  (of the type that the setting's `parse` returns)
    setting = SETTINGS[name]
    said = found.find(setting)
    text, source = (said.text, said.source) if said else (setting.usual, "the default")
    return setting.parse(text, source) if text else None
