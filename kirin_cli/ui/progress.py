"""Chooses how the progress of a run is shown. Rich is imported for the live view only."""

from collections.abc import Callable

from kirin_cli.ui.console import Mode, Streams
from kirin_cli.ui.ndjson import JsonProgress
from kirin_cli.ui.plain import PlainProgress, QuietProgress
from kirin_cli.ui.view import Progress

__all__ = ["Progress", "make_progress"]


def make_progress(mode: Mode, streams: Streams, clock: Callable[[], float], total: int) -> Progress:
    """A listener that shows a run of `total` jobs; `clock` is steady and counts seconds."""
    match mode:
        case "tty":
            from kirin_cli.ui.live import LiveProgress  # noqa: PLC0415 - Rich costs more than a whole plain command

            return LiveProgress(streams, clock, total)
        case "plain":
            return PlainProgress(streams, clock, total)
        case "json":
            return JsonProgress(streams)
        case "quiet":
            return QuietProgress(streams)
