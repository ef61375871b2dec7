"""`kirin config`: every setting with its value and where it comes from. The key itself is never shown."""

import json as json_module
import os
from collections.abc import Iterator
from pathlib import Path

from kirin_cli.api.credentials import fingerprint
from kirin_cli.cli import options as o
from kirin_cli.cli.console import make_console
from kirin_cli.cli.keystore import key_of
from kirin_cli.cli.settings import SettingSources, project_file, settings, sources, user_file, user_folder
from kirin_cli.cli.settings_schema import API_KEY, PROFILE, SETTINGS
from kirin_cli.modelspec.record import Record
from kirin_cli.ui.tables import render_table


class SettingRow(Record, kw_only=True):
    """A setting as it is shown; `value` and `source` are "" where it has none."""

    name: str
    value: str
    source: str


def config(profile: o.Profile = None, json: o.Json = False, color: o.Color = "auto") -> int:
    """Show the settings, each with where it comes from.

    Flags go before the environment, that before the project's kirin.toml (the nearest upwards from here), that before
    your own config.toml, that before the defaults. A project's file may not say where your key or your requests go.
    """
    console = make_console(color=color)
    found = sources(os.environ, profile)
    shown = [*_key(profile), *_settings(found)]
    if json:
        console.data(json_module.dumps(_data(shown), indent=2))
        return 0
    console.data(
        *render_table(
            ("setting", "value", "from"), [(one.name, one.value, one.source) for one in shown], console.streams.out
        )
    )
    for name, path in _files().items():
        console.info(f"the {name}'s file: {path or 'none here'}")
    return 0


def _key(profile: str | None) -> Iterator[SettingRow]:
    found = key_of(settings(os.environ, profile=profile))
    yield SettingRow(
        name=API_KEY.name, value=f"present, fingerprint {fingerprint(found.value)}" if found else "missing",
        source=found.source if found else "",
    )  # fmt: skip


def _settings(found: SettingSources) -> Iterator[SettingRow]:
    for setting in SETTINGS.values():
        if setting in (API_KEY, PROFILE):
            continue
        said = found.find(setting)
        if said:
            setting.parse(said.text, said.source)
        default = str(user_folder(os.environ, "state")) if setting.name == "state_dir" else setting.default
        value, source = (said.text, said.source) if said else (default, "default" if default else "")
        yield SettingRow(name=setting.name, value=value, source=source)
    yield SettingRow(name=PROFILE.name, value=found.profile, source=found.profile_source)


def _files() -> dict[str, Path | None]:
    return {"project": project_file(Path()), "user": user_file(os.environ)}


def _data(shown: list[SettingRow]) -> dict[str, object]:
    rows = [
        {
            "name": one.name, "value": one.value or None, "source": one.source or None,
            "env": SETTINGS[one.name].env, "flag": SETTINGS[one.name].flag or None,
        }
        for one in shown
    ]  # fmt: skip
    return {"settings": rows, "files": {name: path and str(path) for name, path in _files().items()}}
