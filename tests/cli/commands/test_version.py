"""`kirin version`: for people in one line, for reports of bugs as JSON."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from support.command_line import Home

from kirin_cli import __version__
from kirin_cli.cli.commands.version import LIBRARIES

ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_it_prints_what_the_flag_prints(home):
    assert home.kirin("version").stdout == f"kirin {__version__}\n" == home.process("--version").stdout


def test_as_json_it_has_the_libraries_too(home):
    data = home.kirin("version", "--json").data
    assert (data["kirin"], data["exit_code"], data["errors"]) == (__version__, 0, [])
    assert data["libraries"]["typer"] == version("typer")
    assert set(LIBRARIES) <= set(data["libraries"])


def test_the_libraries_are_those_that_are_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [re.split(r"[<>=]", text)[0] for text in project["dependencies"]] == list(LIBRARIES)
