"""Variables as each shell sets them, tried in the shells that are here, and which shell it may be."""

import os
import shutil
import subprocess

import pytest

from kirin_cli.cli.shell_syntax import SHELL_SYNTAXES, guess_shell

VALUES = ("http://127.0.0.1:8080", "it's-a-key", r"back\\slash\\'quote", '$HOME `x` "y"', "a b")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_sets_the_very_value(shell):
    program = shutil.which(shell)
    if program is None:
        assert os.environ.get("KIRIN_REQUIRE_SHELLS") != "1", f"{shell} is required and not installed"
        pytest.skip(f"{shell} is not installed")
    lines = [SHELL_SYNTAXES[shell](f"V{number}", value) for number, value in enumerate(VALUES)]
    script = "\n".join((*lines, "env -0"))
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    done = subprocess.run([program, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=True)
    found = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
    assert [found[f"V{number}"] for number in range(len(VALUES))] == list(VALUES)


def test_the_shells_of_windows_have_their_own():
    assert SHELL_SYNTAXES["powershell"]("NAME", "it's") == "$env:NAME = 'it''s'"
    assert SHELL_SYNTAXES["cmd"]("NAME", "a&b") == 'set "NAME=a&b"'


@pytest.mark.parametrize(
    ("platform", "environ", "shell"),
    [
        ("linux", {"SHELL": "/bin/bash"}, "bash"), ("linux", {"SHELL": "/usr/bin/fish"}, "fish"),
        ("darwin", {"SHELL": "/bin/zsh"}, "zsh"), ("linux", {"SHELL": "/bin/sh"}, "bash"), ("linux", {}, "bash"),
        ("linux", {"SHELL": "/usr/bin/pwsh"}, "powershell"), ("linux", {"SHELL": "/usr/bin/nu"}, "bash"),
        ("linux", {"SHELL": "/bin/bash", "POWERSHELL_DISTRIBUTION_CHANNEL": "PSDocker"}, "powershell"),
        ("win32", {}, "powershell"), ("win32", {"PROMPT": "$P$G"}, "cmd"),
        ("win32", {"PROMPT": "$P$G", "MSYSTEM": "MINGW64"}, "bash"),
    ],
)  # fmt: skip
def test_the_shell_is_guessed_from_what_it_leaves_in_the_environment(platform, environ, shell):
    assert guess_shell(environ, platform) == shell
