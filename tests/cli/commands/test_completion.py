"""`kirin completion` without a shell: how each shell finds its script, and where the manual pages are."""

import json
import sys

import pytest
from support.command_line import Home
from support.sample_commands import ATTACKS

from kirin_cli.docgen.completions import SHELLS


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_it_names_every_shell_with_the_command_that_saves_its_script_and_ones_own_first(home):
    for own, first in (("/bin/zsh", "zsh"), ("/usr/bin/fish", "fish"), ("/bin/sh", "bash")):
        lines = home.kirin("completion", env={"SHELL": own}).stdout.splitlines()
        assert lines[0].partition(":")[0] == first
        for shell in SHELLS:
            assert [line for line in lines if f"kirin completion {shell} >" in line]


@pytest.mark.parametrize("has_pages", [True, False])
def test_manual_pages_are_named_where_they_are(home, monkeypatch, has_pages):
    monkeypatch.setattr(sys, "prefix", str(home.root))
    folder = home.root / "share" / "man" / "man1"
    folder.mkdir(parents=True)
    if has_pages:
        (folder / "kirin.1").write_text("")
    said = home.kirin("completion").stdout
    assert (f"man -M {folder.parent} kirin" in said, "none came" in said) == (has_pages, not has_pages)


def test_a_shell_without_a_script_is_refused_with_those_that_have_one(home):
    done = home.kirin("completion", "nushell")
    assert (done.exit_code, done.stdout) == (2, "")
    assert all(shell in done.stderr for shell in SHELLS)


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_of_a_checkouts_or_a_persons_models_goes_into_a_script(home, shell):
    plain = home.kirin("completion", shell).stdout
    fields = [{"name": "mode", "kind": "choice", "options": list(ATTACKS[:10]), "help": ATTACKS[0]}]
    for folder in (home.work / "kirin-models", home.config / "models"):
        folder.mkdir()
        document = {"model": f"planted/{folder.name}", "command": folder.name, "help": ATTACKS[0], "fields": fields}
        (folder / "m.yaml").write_text(json.dumps(document))
    assert home.kirin("models").stdout.count("planted/") == 2
    assert home.kirin("completion", shell).stdout == plain
