"""What a command says and where: streams, progress, results. The key is scrubbed from all of it (fault H4)."""

import os
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, get_args

from kirin_cli.errors import KirinError, UsageError
from kirin_cli.spec.record import Record
from kirin_cli.spec.words import nearest
from kirin_cli.ui.console import Colour, Mode, Streams, progress_mode
from kirin_cli.ui.escape import harmless

if TYPE_CHECKING:
    from pathlib import Path

    from kirin_cli.run.findings import Finding
    from kirin_cli.ui.view import Progress

COLOURS: Final[tuple[str, ...]] = get_args(Colour)
MODES: Final[tuple[str, ...]] = ("auto", *get_args(Mode))


class Talk(Record):
    """The voice of one command."""

    streams: Streams
    progress: str = "auto"
    quiet: bool = False

    def findings(self, findings: "Iterable[Finding]") -> None:
        """Say what is wrong and where, with the line and a caret."""
        found = list(findings)
        if found:
            from kirin_cli.jobs.text import source_line  # noqa: PLC0415  (only where there are problems)
            from kirin_cli.ui.words import finding_words  # noqa: PLC0415

            self.streams.talk(*finding_words(found, self.streams.err, source_line))

    def error(self, error: KirinError) -> None:
        """Say what went wrong and what to do."""
        from kirin_cli.ui.words import error_words  # noqa: PLC0415  (only where something went wrong)

        self.streams.talk(*error_words(error, self.streams.err))

    def note(self, text: str) -> None:
        """Say something by the way; not with --quiet."""
        if not self.quiet:
            self.streams.talk(harmless(text))

    def data(self, *lines: str) -> None:
        """Print lines of data on standard output."""
        self.streams.data(*lines)

    def pictures(self, videos: "Iterable[Path]") -> None:
        """Draw the first frames of videos, on terminals that show pictures."""
        from kirin_cli.ui.pictures import show  # noqa: PLC0415  (only where it is asked for)

        show(videos, self.streams)

    def show(self, jobs: int) -> "Progress":
        """What shows the progress of a run of so many jobs."""
        from kirin_cli.ui.progress import make_progress  # noqa: PLC0415  (only for a run)

        mode = progress_mode(self.progress, self.streams.err, quiet=self.quiet)  # type: ignore[arg-type]
        return make_progress(mode, self.streams, time.monotonic, jobs)


def talk(*, color: str = "auto", progress: str = "auto", quiet: bool = False) -> Talk:
    """The voice that the flags ask for. Raises UsageError for a word that is no choice."""
    for flag, word, choices in (("--color", color, COLOURS), ("--progress", progress, MODES)):
        if word not in choices:
            raise UsageError(f"{flag} is {word!r}{nearest(word, list(choices))}")
    return Talk(Streams(sys.stdout, sys.stderr, os.environ, color), progress, quiet)  # type: ignore[arg-type]
