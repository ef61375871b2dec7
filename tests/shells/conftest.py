"""Shells as people use them: a terminal, keys, and what the screen shows."""

import os
import re
import select
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from support.sample_commands import COMMANDS, HOSTILE_COMMANDS

from kirin_cli.docgen.completions import SHELLS
from kirin_cli.ledger.recent_tasks import RECENT_FILE

if sys.platform == "win32":
    collect_ignore = ["test_completion.py"]  # no terminals of this kind
else:
    import fcntl
    import pty
    import termios

PATIENCE = 60  # seconds, for a machine that is busy with other tests
PROMPT = "$ "
"""Before it is there the terminal belongs to no shell, and keys are the kernel's: Ctrl-U, TAB and the echo."""


class Terminal:
    """A program on a terminal of its own: keys go in, the screen's text comes out."""

    def __init__(self, argv: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.screen, ours = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 160, 0, 0))
        self.process = subprocess.Popen(
            argv, stdin=ours, stdout=ours, stderr=ours, cwd=folder, env=environment, start_new_session=True
        )
        os.close(ours)

    def press(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def until(self, *wanted: str, then: str = "") -> str:
        """The text since the last look, once each of the wanted words is in it, and `then` behind the last one."""
        seen, end = "", monotonic() + PATIENCE
        while not all(word in seen for word in wanted) or then not in seen.rpartition(wanted[-1])[2]:
            ready, _, _ = select.select([self.screen], [], [], max(0, end - monotonic()))
            assert ready, f"waited for {wanted}, saw {seen!r}"
            seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(self.screen, 65536).decode(errors="replace"))
        return seen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.screen)


class Typed:
    """A shell at a terminal in which a function `kirin` shows its arguments; one shell serves many lines."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._told()

    def ends_with(self, line: str) -> str:
        """The last word of the line after TAB."""
        self.terminal.press(f"{line}\t\r")
        seen = self.terminal.until("<<END>>", then=PROMPT)
        return seen.rpartition("<<")[0].rpartition("<")[2].removesuffix(">")

    def offers(self, line: str, *wanted: str) -> str:
        """What two TABs show, once everything wanted is there."""
        self.terminal.press(line)
        self.terminal.until(line[-2:])
        self.terminal.press("\t\t")
        seen = self.terminal.until(*wanted)
        self.terminal.press("\x15")
        return seen + self._told()

    def set_variable(self, name: str, value: str) -> None:
        """Export a variable; "" takes it away."""
        self.terminal.press(f"export {name}='{value}'\r")
        self._told()

    def _told(self) -> str:
        self.terminal.press("kirin told\r")
        return self.terminal.until("<told><<END>>", then=PROMPT)


class Fish:
    """Fish tells itself what it would offer."""

    def __init__(self, program: str, script: Path, folder: Path, environment: dict[str, str]) -> None:
        self.run = [program, "--no-config", "-c", f"source {script}; complete -C $argv[1]"]
        self.surroundings = {"cwd": folder, "env": environment}

    def ends_with(self, line: str) -> str:
        """The first word that would be offered."""
        return self.offers(line).partition("\n")[0].partition("\t")[0]

    def set_variable(self, name: str, value: str) -> None:
        """Export a variable; "" takes it away."""
        self.surroundings["env"][name] = value

    def offers(self, line: str, *_: str) -> str:
        """Every word that would be offered, with its description."""
        done = subprocess.run([*self.run, line], capture_output=True, text=True, check=True, **self.surroundings)
        assert not done.stderr
        return done.stdout


FUNCTION = "kirin() { printf '<%s>' \"$@\"; echo '<<END>>'; }\n"
BASH = f"""PS1='{PROMPT}'
{FUNCTION}
bind 'set enable-bracketed-paste off'
bind 'set bell-style none'
bind 'set page-completions off'
bind 'set completion-query-items 0'
"""
ZSH = f"""PS1='{PROMPT}'
{FUNCTION}
autoload -Uz compinit && compinit -u
unsetopt BEEP ALWAYS_LAST_PROMPT
LISTMAX=10000
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts, a working folder with files of several kinds, and nothing of the user's."""
    place = tmp_path_factory.mktemp("shell")
    for folder in ("work/renders", "programs", "home", "scripts"):
        (place / folder).mkdir(parents=True)
    for name in (
        "batch.yaml",
        "batch.txt",
        "my photo.png",
        "my notes.txt",
        "CAMERA.JPG",
        "CAMERA.mp4",
        "rest.txt",
        "renders/frame.png",
    ):
        (place / "work" / name).touch()
    tasks = ("d758n65e878c73cmdg20\tkirin_v1_t2v rain: it's wet", "krn1-2ab\tkirin_v1_t2v fox", "krn1-7cd\tcup")
    for state in ("home/.local/state/kirin", "own"):
        (place / state).mkdir(parents=True)
        (place / state / RECENT_FILE).write_text("".join(f"{line}\n" for line in tasks), encoding="utf-8")
        tasks = ("own-1\tcup",)
    for name in ("kirin", "python", "python3"):
        (place / "programs" / name).write_text(f"#!/bin/sh\necho {name} >> '{place}/witness'\n")
        (place / "programs" / name).chmod(0o755)
    for shell in SHELLS.values():
        (place / "scripts" / shell.file).write_text(shell.script((*COMMANDS, *HOSTILE_COMMANDS)), encoding="utf-8")
    return place


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, place: Path) -> Iterator[Typed | Fish]:
    """Each shell with its script loaded; skipped where it is not installed, unless KIRIN_REQUIRE_SHELLS=1."""
    name = str(request.param)
    program = shutil.which(name)
    if program is None:
        assert os.environ.get("KIRIN_REQUIRE_SHELLS") != "1", f"{name} is required and not installed"
        pytest.skip(f"{name} is not installed")
    script, work, home = place / "scripts" / SHELLS[name].file, place / "work", place / "home"
    path = f"{place / 'programs'}:/usr/local/bin:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(home), "ZDOTDIR": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    if name == "fish":
        yield Fish(program, script, work, environment)
        return
    (home / ".zshrc").write_text(f"{ZSH}source {script}\n")
    (home / "bashrc").write_text(f"{BASH}source {script}\n")
    argv = [program, "--noprofile", "--rcfile", str(home / "bashrc"), "-i"] if name == "bash" else [program, "-d", "-i"]
    terminal = Terminal(argv, work, environment)
    yield Typed(terminal)
    terminal.close()
