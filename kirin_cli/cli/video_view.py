"""The view of the videos at the end of a command: opened in a player, a notice."""

import os
from collections import Counter
from typing import Final

from kirin_cli.cli.console import CommandConsole
from kirin_cli.cli.flags import ViewFlags
from kirin_cli.modelspec.text import pluralize
from kirin_cli.run.job import Summary

NO_VIEW: Final = ViewFlags()
MAX_OPENED: Final = 5


def show_at_end(summary: Summary, flags: ViewFlags, console: CommandConsole) -> None:
    """Open the videos and notify, where that is asked for and the command was not interrupted."""
    if not (flags.open or flags.notify) or summary.signal:
        return
    from kirin_cli.ui.desktop import notify, open_file

    if flags.open:
        paths = [outcome.outputs[0].path for outcome in summary.outcomes if outcome.outputs]
        reasons = dict.fromkeys(filter(None, (open_file(path, os.environ) for path in paths[:MAX_OPENED])))
        console.talk(*(f"--open: {reason}" for reason in reasons))
        if len(paths) > MAX_OPENED:
            console.talk(f"--open: the first {MAX_OPENED} of {len(paths)} videos; kirin open NAME opens another")
    if flags.notify and (reason := notify("kirin", end_text(summary), console.streams, os.environ)):
        console.talk(f"--notify: {reason}")


def end_text(summary: Summary) -> str:
    """How a run ended, in a line for a notice: `2 of 3 videos are done; 1 failed`."""
    states = Counter[str](outcome.state for outcome in summary.outcomes)
    total, done = len(summary.outcomes), states.pop("done", 0) + states.pop("skipped", 0)
    rest = "".join(f"; {number} {state}" for state, number in sorted(states.items()))
    return f"{done} of {pluralize(total, 'video')} {'is' if total == 1 else 'are'} done{rest}"
