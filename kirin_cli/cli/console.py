"""The console of a command: what it says, prints and shows of its progress. The key is scrubbed (fault H4)."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, get_args

from kirin_cli.cli.command_line import current_command_line
from kirin_cli.cli.settings_schema import choice
from kirin_cli.errors import KirinError
from kirin_cli.modelspec.record import Record
from kirin_cli.ui.console import Colour, Mode, OutputStreams, progress_mode
from kirin_cli.ui.terminal_text import escape_untrusted, wrap

if TYPE_CHECKING:
    from pathlib import Path

    from kirin_cli.api.trace import Tracer
    from kirin_cli.modelspec.types import Finding
    from kirin_cli.ui.progress import ProgressView


def make_progress(
    mode: Mode, streams: OutputStreams, clock: Callable[[], float], total: int, *, is_sandbox: bool = False
) -> "ProgressView":
    """A listener that shows a run of `total` jobs; `clock` is steady and counts seconds."""
    from kirin_cli.ui.progress import JsonProgress, PlainProgress, QuietProgress

    match mode:
        case "tty":
            from kirin_cli.ui.live_progress import LiveProgress

            return LiveProgress(streams, clock, total, is_sandbox=is_sandbox)
        case "plain":
            return PlainProgress(streams, clock, total, is_sandbox=is_sandbox)
        case "json":
            return JsonProgress(streams)
        case "quiet":
            return QuietProgress(streams)


COLOURS: Final[tuple[str, ...]] = get_args(Colour)
MODES: Final[tuple[str, ...]] = ("auto", *get_args(Mode))


class CommandConsole(Record):
    """The console of one command."""

    streams: OutputStreams
    progress: str = "auto"
    quiet: bool = False
    verbose: bool = False

    @property
    def tracer(self) -> "Tracer | None":
        """What shows each exchange with a service (`-v`); None where nobody asked for it."""
        if not self.verbose:
            return None
        from kirin_cli.api.trace import Tracer

        return Tracer(self.talk)

    def findings(self, findings: "Iterable[Finding]", *, strict: bool = False) -> None:
        """Say what is wrong and where, with the line and a caret; with `strict` warnings are errors."""
        findings = list(findings)
        current_command_line().findings.extend(findings)
        if findings:
            from kirin_cli.jobs.source_text import source_line
            from kirin_cli.ui.diagnostics import render_findings

            self.streams.info(*render_findings(findings, self.streams.err, source_line, strict=strict))

    def error(self, error: KirinError) -> None:
        """Say what went wrong and what to do."""
        from kirin_cli.ui.diagnostics import render_error

        current_command_line().errors.append(error)
        self.streams.info(*render_error(error, self.streams.err))

    def info(self, *texts: str) -> None:
        """Say something by the way, a line each; not with --quiet."""
        if not self.quiet:
            self.streams.info(*map(escape_untrusted, texts))

    def talk(self, *texts: str) -> None:
        """Say what belongs to no job: lines, or notes in NDJSON where the progress is that; not with --quiet."""
        if self.progress != "json":
            self.info(*texts)
        elif not self.quiet:
            from kirin_cli.run.events import Notice
            from kirin_cli.ui.progress import event_json

            self.streams.info(*(event_json(Notice(job="", at=time.time(), text=text)) for text in texts))

    def prose(self, *texts: str) -> None:
        """Say sentences as `talk` does, on a terminal broken at blanks; an indentation stays."""
        err = self.streams.err
        wraps = err.is_tty and self.progress != "json"
        for text in texts:
            indent = " " * (len(text) - len(text.lstrip()))
            lines = wrap(text, max(20, err.width - len(indent) - 2)) if wraps else [text.lstrip()]
            self.talk(*(f"{indent}{'  ' * (number > 0)}{line}" for number, line in enumerate(lines)))

    def data(self, *lines: str) -> None:
        """Print lines of data on standard output."""
        current_command_line().answered = True
        self.streams.data(*lines)

    def pictures(self, videos: "Iterable[Path]") -> None:
        """Draw the first frames of videos, on terminals that show pictures."""
        from kirin_cli.ui.preview import show_previews

        show_previews(videos, self.streams)

    def progress_view(self, jobs: int, *, is_sandbox: bool = False) -> "ProgressView":
        """What shows the progress of a run of so many jobs."""
        mode = progress_mode(self.progress, self.streams.err, quiet=self.quiet)  # type: ignore[arg-type]
        return make_progress(mode, self.streams, time.monotonic, jobs, is_sandbox=is_sandbox)


def make_console(
    *, color: str = "auto", progress: str = "auto", quiet: bool = False, verbose: bool = False
) -> CommandConsole:
    """The console that the flags ask for. Raises UsageError for a word that is no choice."""
    for flag, word, choices in (("--color", color, COLOURS), ("--progress", progress, MODES)):
        choice(*choices)(word, flag)
    streams = OutputStreams(sys.stdout, sys.stderr, os.environ, color)  # type: ignore[arg-type]
    return CommandConsole(streams, progress, quiet, verbose)
