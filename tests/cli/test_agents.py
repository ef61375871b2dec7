"""The page for programs: it names commands and flags that there are, and is the one in the repository."""

import re
import shlex
from pathlib import Path

import pytest
from support.command_line import Home

from kirin_cli.cli.agents import PAGE, agents_page
from kirin_cli.cli.app import all_commands
from kirin_cli.docgen.commands import exit_code_table
from kirin_cli.report.json_format import ERROR_FIELDS, JOB_FIELDS

ROOT = Path(__file__).parents[2]
COMMANDS = all_commands()
TEXT = "\n".join((*agents_page(COMMANDS), ""))
QUOTED = [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", TEXT)]


def test_the_page_in_the_repository_is_not_stale():
    assert (ROOT / PAGE).read_text(encoding="utf-8") == TEXT, "python -m kirin_cli.cli.generated"


def test_every_command_and_flag_that_it_names_is_there():
    flags = {spelling for command in COMMANDS for option in command.options for spelling in option.spellings}
    names = {command.name for command in COMMANDS}
    words = [shlex.split(text) for text in QUOTED]
    assert {line[1] for line in words if line[0] == "kirin"} <= names
    assert {word for line in words for word in line if word.startswith("--")} <= flags


def test_every_command_exit_code_and_field_is_on_it():
    assert all(f"`kirin {command.synopsis}`" in " ".join(TEXT.split()) for command in COMMANDS if command.name)
    assert all(f"- {code}: " in TEXT for code in exit_code_table())
    assert all(re.search(rf"\b{name}\b", TEXT) for name in (*JOB_FIELDS, *ERROR_FIELDS))


def test_it_is_short():
    assert len(TEXT) < 8000


@pytest.mark.parametrize("arguments", [("help", "agents")])
def test_help_prints_it(tmp_path, arguments):
    printed = Home(tmp_path).kirin(*arguments).stdout
    assert max(map(len, printed.splitlines())) <= 90
    assert printed.split() == TEXT.split()
