"""The completion scripts as text: what every one must name, and the form of the one that no shell here can try."""

import re

import pytest
from support.sample_commands import COMMANDS, HOSTILE_COMMANDS

from kirin_cli.docgen.commands import CommandInfo, OptionInfo, split_root
from kirin_cli.docgen.completions import SHELLS
from kirin_cli.ledger.recent_tasks import RECENT_FILE

QUOTED = re.compile(r"'(?:[^']|'')*'")
PAIRS = {")": "(", "]": "[", "}": "{"}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_name_and_flag_is_in_the_script(shell: str) -> None:
    text = SHELLS[shell].script(COMMANDS).replace(r"\:", ":")
    _, named = split_root(COMMANDS)
    for command in named:
        assert all(name in text for name in command.names)
        for option in command.options:
            assert all(word.lstrip("-") in text for word in (*option.spellings, *option.choices))


@pytest.mark.parametrize("shell", SHELLS)
def test_no_place_of_the_template_is_left_open(shell: str) -> None:
    assert not re.search(r"@[A-Z]+@", SHELLS[shell].script(COMMANDS))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_quote_in_a_help_text_stays_text(shell: str) -> None:
    odd = OptionInfo(long="--odd", help="it's [odd]: $(touch x) `touch x` \\", is_switch=True)
    line = next(
        line
        for line in SHELLS[shell].script([CommandInfo(name="x", help="", options=(odd,))]).splitlines()
        if "odd" in line
    )
    if shell == "bash":
        assert "touch" not in line
    else:
        inside = {"zsh": r"it'\''s", "fish": r"it\'s", "powershell": "it''s"}[shell]
        assert inside in line


@pytest.mark.parametrize("shell", SHELLS)
def test_no_word_that_a_shell_could_read_as_code_is_offered(shell: str) -> None:
    text = SHELLS[shell].script(HOSTILE_COMMANDS)
    assert all(word in text for word in ("hostile", "safe", "sound", "first"))
    bare = re.sub(r"It(?:'\\''|\\'|'')s said\\?: .*", "", text)
    assert "touch attack" not in (text if shell == "bash" else bare)
    assert shell == "bash" or "@NAMES@ @FURTHER@" in text


def test_bash_uses_nothing_that_came_with_bash_4() -> None:
    assert not re.search(
        r"declare -A|local -A|mapfile|readarray|\$\{\w+,,?\}|\|&|&>>|coproc", SHELLS["bash"].script(COMMANDS)
    )


def test_powershell_brackets_and_quotes_are_closed() -> None:
    text = "\n".join(line for line in SHELLS["powershell"].script(COMMANDS).splitlines() if not line.startswith("#"))
    assert text.isascii()
    bare = QUOTED.sub("", text)
    assert "'" not in bare
    open_ones: list[str] = []
    for letter in bare:
        if letter in PAIRS.values():
            open_ones.append(letter)
        elif letter in PAIRS:
            assert open_ones.pop() == PAIRS[letter]
    assert not open_ones


def test_powershell_offers_tasks_where_an_argument_is_one_and_nowhere_else():
    text = SHELLS["powershell"].script(COMMANDS)
    assert "Words = @(); Repeats = $true; Tasks = $true" in text
    assert text.count("Tasks = $true") == 1
    assert f"/{RECENT_FILE}" in text


def test_powershell_tables_have_no_key_twice_in_whatever_case() -> None:
    both = CommandInfo(
        name="x",
        help="",
        options=(OptionInfo(long="--verbose", short="-v"), OptionInfo(long="--version", short="-V", is_switch=True)),
    )
    keys = re.findall(r"^ +'(-[^']*)' = @\{", SHELLS["powershell"].script([both]), re.MULTILINE)
    assert keys == ["--verbose", "-v", "--version"]
