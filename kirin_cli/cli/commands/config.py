"""`kirin config`: every setting with its value and where it comes from, and one set. The key is never shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.folders import USER_FILE, find_project_file, user_file, user_folder
from kirin_cli.cli.parameters import ArgumentSpec
from kirin_cli.cli.settings_schema import API_KEY, PROFILE, SETTINGS, misspelled_variables
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.redaction import redact_urls

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.settings import SettingSources


class ConfigFlags(Record):
    """Show the settings, each with where it comes from; or set one.

    config set NAME VALUE writes into your own config.toml, into its [profile.NAME] with --profile; comments stay.

    Flags go before the environment, that before the project's kirin.toml (the nearest upwards from here), that before
    your own config.toml, that before the defaults. A project's file may not say where your key or your requests go.
    """

    action: Annotated[str, ArgumentSpec(metavar="[set]", help="Set one, instead of showing all.")] = ""
    name: Annotated[str, ArgumentSpec(metavar="[NAME]", help="The setting.")] = ""
    value: Annotated[
        str | None, ArgumentSpec(metavar="[VALUE]", help="Its value; a path begins at the current folder.")
    ] = None
    profile: o.Profile = None
    json: o.Json = False
    color: o.Color = "auto"


class SettingRow(NamedTuple):
    """A setting as it is shown; `value` and `source` are "" where it has none."""

    name: str
    value: str
    source: str


def run_config(flags: ConfigFlags) -> int:
    """Print the settings; returns the exit code. Raises UsageError for what makes no sense."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.settings import load_sources
    from kirin_cli.json_text import answer_json
    from kirin_cli.ui.tables import render_table

    console = make_console(color=flags.color)
    if flags.action:
        return _set(flags, console)
    setting_sources = load_sources(os.environ, flags.profile)
    rows = [_key_row(flags.profile), *_setting_rows(setting_sources)]
    files = {"project": find_project_file(Path()), "user": user_file(os.environ)}
    if flags.json:
        data = {
            "settings": list(map(_row_data, rows)),
            "files": {name: path and str(path) for name, path in files.items()},
        }
        console.data(answer_json(data))
        return 0
    console.data(*render_table(("setting", "value", "from"), rows, console.streams.out))
    console.info(*misspelled_variables(os.environ))
    for name, path in files.items():
        console.info(f"the {name}'s file: {path or 'none here'}")
    return 0


def _set(flags: ConfigFlags, console: CommandConsole) -> int:
    """Check the value and write it into the user's file. Raises UsageError, LocalError."""
    from kirin_cli.cli.settings import load_sources
    from kirin_cli.cli.settings_editor import find_setting, typed_path, write_setting
    from kirin_cli.json_text import answer_json

    if flags.action != "set":
        raise UsageError(f"there is no `config {flags.action}`", hint="kirin config set NAME VALUE")
    if not flags.name or flags.value is None:
        raise UsageError("a setting needs a name and a value", hint="kirin config set NAME VALUE")
    setting = find_setting(flags.name)
    setting.parse(flags.value, setting.name)
    value = typed_path(flags.value) if setting.is_path else flags.value
    if flags.profile:
        PROFILE.parse(flags.profile, PROFILE.flag)
    path = user_folder(os.environ, "config") / USER_FILE
    write_setting(path, setting.name, value, flags.profile or "")
    if flags.json:
        console.data(answer_json({"name": setting.name, "value": value, "file": str(path)}))
    console.info(f"{setting.name} is {redact_urls(value)} in {path}")
    effective = load_sources(os.environ, flags.profile).find(setting)
    if effective and not effective.source.startswith(str(path)):
        console.info(f"note: {effective.source} goes before it, with {redact_urls(effective.text)}")
    return 0


def _key_row(profile: str | None) -> SettingRow:
    from kirin_cli.api.credentials import fingerprint
    from kirin_cli.cli.keystore import find_api_key
    from kirin_cli.cli.settings import load_settings

    key = find_api_key(load_settings(os.environ, profile=profile))
    return SettingRow(
        API_KEY.name, f"present, fingerprint {fingerprint(key.value)}" if key else "missing", key.source if key else ""
    )


def _setting_rows(setting_sources: SettingSources) -> Iterator[SettingRow]:
    for setting in SETTINGS.values():
        if setting in (API_KEY, PROFILE):
            continue
        value = setting_sources.find(setting)
        if value:
            setting.parse(value.text, value.source)
        default = _default_state_dir() if setting.name == "state_dir" else setting.default
        text, source = (value.text, value.source) if value else (default, "default" if default else "")
        yield SettingRow(setting.name, redact_urls(text), source)
    yield SettingRow(PROFILE.name, setting_sources.profile, setting_sources.profile_source)


def _default_state_dir() -> str:
    try:
        return str(user_folder(os.environ, "state"))
    except UsageError:  # a user without a home
        return ""


def _row_data(row: SettingRow) -> dict[str, object]:
    return {
        "name": row.name, "value": row.value or None, "source": row.source or None,
        "env": SETTINGS[row.name].env, "flag": SETTINGS[row.name].flag or None,
    }  # fmt: skip


config = command_from(ConfigFlags, run_config, examples=("kirin config", "kirin config set max_cost 5"))
