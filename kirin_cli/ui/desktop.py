"""The desktop: a video in the system's player, a notice when a command has ended. Knows nothing of tasks and runs."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Final

from kirin_cli.modelspec.types import RESULT_TYPES
from kirin_cli.regular_file import require_regular
from kirin_cli.ui.console import OutputStreams

BELL: Final = "\a"
MAX_START_SECONDS: Final = 3.0
"""How long a player may take to say that it cannot open a file; one that still runs then has opened it."""
DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
_APPLESCRIPT: Final = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def open_file(path: Path, environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Open a video, picture or sound with what the system has for it; why it could not, "" where it could.

    Anything else is not opened: some systems run what a note of a stranger could name. Where the path is a link, what
    it leads to must be one too, and that is what is opened.
    """
    target = Path(os.path.realpath(path))
    if reason := _why_not(path, target):
        return reason
    if platform == "win32":
        try:
            os.startfile(target)  # type: ignore[attr-defined,unused-ignore]  # noqa: S606  (Windows alone has it)
        except OSError as error:
            return f"Windows cannot open it: {error.strerror or error}"
        return ""
    program = "open" if platform == "darwin" else "xdg-open"
    if platform != "darwin" and not any(environ.get(name) for name in DISPLAYS):
        return f"there is no desktop here (neither {DISPLAYS[0]} nor {DISPLAYS[1]} is set)"
    if not (opener := which(program, path=environ.get("PATH"))):
        return f"there is no {program} here, which opens files"
    return _start([opener, str(target)], environ, program)


def _why_not(path: Path, target: Path) -> str:
    """Why a path that leads to `target` must not be opened; "" where it may."""
    for name in dict.fromkeys((path.name, target.name)):
        if Path(name).suffix.lower() not in RESULT_TYPES:
            leads = f"{path.name} leads to {name}, which" if name != path.name else name
            return f"{leads} is no video, picture or sound by its name"
    try:
        require_regular(path.name, target.stat().st_mode)
    except OSError as error:
        return f"{path.name} cannot be opened: {error.strerror or error}"
    return ""


def _start(command: Sequence[str], environ: Mapping[str, str], program: str) -> str:
    """Start a program that may outlive this one; what went wrong, "" for nothing."""
    try:
        process = subprocess.Popen(  # noqa: S603  (found on PATH, its arguments are no shell's)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, env=dict(environ),
        )  # fmt: skip
        code = process.wait(MAX_START_SECONDS)
    except subprocess.TimeoutExpired:
        return ""
    except OSError as error:
        return f"{program} cannot be started: {error.strerror or error}"
    return f"{program} cannot open it (exit code {code})" if code else ""


def notify(title: str, text: str, streams: OutputStreams, environ: Mapping[str, str]) -> str:
    """A notice on the desktop, else the bell of the terminal; why there is neither, "" where there is.

    `text` is of the program alone: some desktops take it for markup.
    """
    if command := _notice_command(title, text, environ):
        failure = _start(command, environ, Path(command[0]).name)
        if not failure:
            return ""
    if streams.err.is_tty:
        streams.stderr.write(BELL)
        return ""
    return "there is no desktop and no terminal here to notify"


def _notice_command(
    title: str, text: str, environ: Mapping[str, str], platform: str = sys.platform
) -> list[str] | None:
    """The command that shows a notice; None where there is none."""
    if platform == "darwin":
        notifier = which("osascript", path=environ.get("PATH"))
        return [notifier, *(part for line in _APPLESCRIPT for part in ("-e", line)), title, text] if notifier else None
    if not any(environ.get(name) for name in DISPLAYS):
        return None
    notifier = which("notify-send", path=environ.get("PATH"))
    return [notifier, "--app-name=kirin", title, text] if notifier else None
