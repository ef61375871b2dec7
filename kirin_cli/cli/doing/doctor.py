"""Checks the set-up, and says what to do about what is wrong."""

import json
import os
from pathlib import Path

from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.doctor import Doctor
from kirin_cli.cli.doing.checkups import Finding, of_the_service, of_this_machine
from kirin_cli.cli.setting_table import SETTINGS
from kirin_cli.cli.settings import settings
from kirin_cli.cli.sources import sources
from kirin_cli.errors import batch_exit_code
from kirin_cli.ui.tables import table


def do(asked: Doctor) -> int:
    """Make every check; returns the exit code. Raises UsageError for settings that make no sense."""
    voice = talk(color=asked.color)
    setting = settings(os.environ, base_url=asked.base_url, api_key_file=asked.api_key_file, profile=asked.profile)
    output = sources(os.environ, asked.profile).find(SETTINGS["output_dir"])
    found = list(of_this_machine(setting, Path(output.text) if output else Path()))
    found += [] if asked.offline else of_the_service(setting)
    code = batch_exit_code(one.exit_code for one in found)
    if asked.json:
        checks = [{"check": one.check, "state": one.state, "says": one.says, "do": one.do or None} for one in found]
        voice.data(json.dumps({"exit_code": code, "checks": checks}, indent=2))
    else:
        _show(found, voice)
    return code


def _show(found: list[Finding], voice: Talk) -> None:
    rows = [(one.check, one.state, one.says, one.do) for one in found]
    voice.data(*table(("check", "state", "finding", "what to do"), rows, voice.streams.out))
