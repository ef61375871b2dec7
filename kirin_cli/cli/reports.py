"""The reports that `--report` asks for: after a command however it ended, and of results found on the disk."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.console import CommandConsole
from kirin_cli.errors import KirinError, LocalError
from kirin_cli.json_text import dump_json
from kirin_cli.modelspec.types import Finding
from kirin_cli.redaction import redact_urls
from kirin_cli.report import FORMATS
from kirin_cli.report.destinations import (
    STDOUT,
    Destination,
    append_to_file,
    github_files,
    parse_destinations,
    write_report,
)
from kirin_cli.report.json_format import error_result, refused_result, run_data, with_relative_paths
from kirin_cli.report.parser import ReportParser
from kirin_cli.report.report import Report, ReportKind
from kirin_cli.ui.terminal_text import escape_untrusted

if TYPE_CHECKING:
    from kirin_cli.run.job import Summary

ErrorData = Callable[[KirinError], Mapping[str, object]]
"""The result of a command that an error ended."""
MAX_TEXT: Final = 20_000
_JOINERS: Final = re.compile("([\u200c\u200d])")  # invisible, but part of how many scripts and emoji are written
_GRAVER: Final = frozenset({2, 70, 130, 143})
"""Exit codes that say more than that a report could not be written."""


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports that were asked for. Each method returns the exit code of the command: 9 where one failed."""

    destinations: tuple[Destination, ...] = ()

    @property
    def take_stdout(self) -> bool:
        """Whether a report goes to standard output, so that nothing else may."""
        return any(destination.target == STDOUT for destination in self.destinations)

    def write(self, summary: "Summary", console: CommandConsole) -> int:
        """Report on a run that ended by itself or was interrupted."""
        return self.publish(lambda: run_data(summary), summary.exit_code, console)

    def write_refused(self, findings: Iterable[Finding], console: CommandConsole, exit_code: int = 2) -> int:
        """Report on a run that sent nothing because of what was found."""
        return self.publish(lambda: refused_result(findings, exit_code), exit_code, console)

    @contextmanager
    def on_error(
        self, console: CommandConsole, error_data: ErrorData = error_result, *, json: bool = False
    ) -> Iterator[None]:
        """Report on what is raised inside, as `error_data` puts it, and let it go on to whoever says it.

        With `json` it is printed too.
        """
        try:
            yield
        except KirinError as error:
            data = error_data(error)
            if json:
                console.data(dump_json(data))
            self.publish(lambda: data, error.exit_code, console)
            raise

    def publish(self, data: Callable[[], Mapping[str, object]], exit_code: int, console: CommandConsole) -> int:
        """Write every report; one that cannot be written is said and keeps no other from being written."""
        if not self.destinations:
            return exit_code
        result, parser, failed = data(), ReportParser(sanitize), False
        parse = cache(lambda folder: parser.report(result, folder, _folder_in_workspace()))
        for destination in self.destinations:
            try:
                _write(destination, result, parse, console)
            except LocalError as error:
                console.error(error)
                failed = True
        return LocalError.exit_code if failed and exit_code not in _GRAVER else exit_code


NO_REPORTS: Final = Reports()


def parse_reports(texts: Iterable[str] | None, *, json: bool, kind: ReportKind = "run") -> Reports:
    """What `--report` was given, any number of times. Raises UsageError for what cannot be done."""
    return Reports(parse_destinations(texts or (), stdout_is_taken=json, kind=kind))


def _write(
    destination: Destination, data: Mapping[str, object], parse: Callable[[Path], Report], console: CommandConsole
) -> None:
    """Write one report; that for GitHub serves the step too, where the runner names files for its summary and outputs.

    `parse` reads the data for the folder where a report goes. Raises LocalError.
    """
    from kirin_cli.report import github

    path, is_github = destination.path, destination.format == "github"
    report = parse(path.parent if path else Path())
    if path is not None:  # where it stays; what is printed goes on from here
        report = replace(report, data=with_relative_paths(data, path.parent))
    outputs = [file.path for job in report.jobs for file in job.files]
    if path is not None and destination.format == "junit":
        from kirin_cli.report.result_files import link_attachments

        report = link_attachments(report, path)
    text = FORMATS[destination.format].render(report)
    if path is not None:
        write_report(path, text, outputs)
        console.info(f"report: {path}")
        return
    if text:
        (console.data if destination.target == STDOUT else console.streams.info)(text)
    if is_github:
        for step_file, render in zip(github_files(os.environ), (github.summary, github.outputs), strict=True):
            if step_file is not None:
                append_to_file(step_file, render(report))


def _folder_in_workspace() -> Path:
    """This folder as the runner of GitHub sees it, which looks for files from its workspace on."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    here = Path.cwd()
    return here.relative_to(workspace) if workspace and here.is_relative_to(workspace) else Path()


def sanitize(text: str) -> str:
    """Text of others as reports show it: harmless, with its line ends and with joiners where scripts need them."""
    text = redact_urls(text[:MAX_TEXT])
    parts = [text] if text.isascii() else _JOINERS.split(text)
    return "".join(
        part if _JOINERS.match(part) else escape_untrusted(part, multiline=True, limit=MAX_TEXT) for part in parts
    )
