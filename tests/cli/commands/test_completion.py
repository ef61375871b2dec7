"""`kirin completion` without a shell: how each shell finds its script, and where the manual pages are."""

import sys

import pytest
from support.command_line import Home

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
