"""`kirin open`: the video of a task in the system's player."""

from __future__ import annotations

import os
from pathlib import Path

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.errors import LocalError, UsageError
from kirin_cli.modelspec.record import Record


class OpenFlags(Record):
    """Open the video of a task in the system's player, and print its path. Asks the service nothing."""

    task: o.TaskId
    profile: o.Profile = None
    color: o.Color = "auto"


def run_open(flags: OpenFlags) -> int:
    """Find the video and open it; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.ui.desktop import open_file
    from kirin_cli.ui.terminal_text import escape_untrusted

    console = make_console(color=flags.color)
    path = find_video(flags.task, flags.profile)
    console.data(escape_untrusted(str(path)))
    if reason := open_file(path, os.environ):
        raise LocalError(f"the video cannot be opened: {reason}", hint="the path above is where it is")
    return 0


def find_video(name: str, profile: str | None) -> Path:
    """The absolute path of the first file of a task. Raises UsageError where there is none (any more)."""
    from kirin_cli.cli.entries import find_own_task, open_ledger, output_paths, state_text
    from kirin_cli.ledger.lookup import NoSuchTask
    from kirin_cli.ledger.states import TERMINAL, LedgerState
    from kirin_cli.run.task_lookup import sidecar_of

    sidecar = sidecar_of(name)
    here = sidecar.outputs() if sidecar else None
    if here:
        return here[0].path.absolute()
    try:
        with open_ledger(profile) as ledger:
            entry = find_own_task(ledger.store, name, profile, "open")
    except NoSuchTask as unknown:
        raise UsageError(unknown.message, hint=f"kirin show {unknown.task_id} asks the service") from unknown
    task = entry.either_id
    paths = output_paths(entry)
    if not paths:
        over = entry.state in {LedgerState.INTENT, *TERMINAL}
        how = f"kirin show {task}" if over else f"kirin wait {task} --open"
        raise UsageError(f"task {task} has no video: it is {state_text(entry)}", hint=how)
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise UsageError(f"{paths[0]} is gone", hint=f"kirin download {task} fetches it again, free of charge")
    return path.absolute()


open_video = command_from(OpenFlags, run_open, examples=("kirin open last", "kirin open renders/clip.mp4"))
