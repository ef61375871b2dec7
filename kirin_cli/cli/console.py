"""The console of a command: streams, progress, rows as JSON or templates. The key is scrubbed (fault H4)."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Final, get_args

from kirin_cli.cli.command_line import current_command_line
from kirin_cli.cli.settings_schema import choice
from kirin_cli.errors import KirinError, UsageError
from kirin_cli.json_text import escape_ci_commands
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.ui.console import Colour, Mode, OutputStreams, progress_mode
from kirin_cli.ui.terminal_text import escape_untrusted, wrap

if TYPE_CHECKING:
    from pathlib import Path

    from kirin_cli.api.trace import Tracer
    from kirin_cli.cli.flags import PrintingFlags
    from kirin_cli.modelspec.types import Finding
    from kirin_cli.ui.progress import ProgressView

FieldTree = Mapping[str, object]
"""Names with what lies below each: None nothing, a mapping names, a list more of its one item, `...` anything."""

MAX_TEMPLATE_LENGTH: Final = 100_000
_OF_A_FILE: Final = ("path", "url", "sha256", "bytes", "duration", "type")
_INDEX: Final = re.compile("[0-9]{1,9}")
_ESCAPES: Final = {r"\t": "\t", r"\n": "\n", r"\\": "\\"}


class OutputFormat(Record):
    """How a result is printed; where nothing is set, for people."""

    json: bool = False
    jsonl: bool = False
    template: "RowTemplate | None" = None

    @property
    def rows(self) -> bool:
        """Whether each row is printed as lines of its own, for programs."""
        return self.jsonl or self.template is not None

    @property
    def for_programs(self) -> bool:
        """Whether standard output has nothing for people."""
        return self.json or self.rows

    def lines(self, rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
        """The rows as text; as JSON they are in ASCII, so that nothing in them can do anything to a terminal."""
        return map(self.template.render if self.template else _json_text, rows)


FOR_PEOPLE: Final = OutputFormat()


def output_format(fields: FieldTree, flags: "PrintingFlags", *, csv: bool = False) -> OutputFormat:
    """How to print. Raises UsageError where the flags contradict one another or the template names no field."""
    wants = {"--json": flags.json, "--jsonl": flags.jsonl, "--format": bool(flags.template), "--csv": csv}
    spellings = [spelling for spelling, is_wanted in wants.items() if is_wanted]
    if len(spellings) > 1:
        raise UsageError(f"{spellings[0]} and {spellings[1]} cannot both say how to print; give one of them")
    return OutputFormat(flags.json, flags.jsonl, RowTemplate(flags.template, fields) if flags.template else None)


class RowTemplate:
    r"""Text with names of fields in braces: `{name}`, `{outputs.0.sha256}`; `{path}` alone is that of the first file.

    `\t`, `\n` and `\\` are a tab, a new line and a backslash, `{{` and `}}` braces. What a row does not have is empty.
    Raises UsageError for a name that no row can have.
    """

    def __init__(self, text: str, fields: FieldTree) -> None:
        try:
            parsed = list(Formatter().parse(text))
        except ValueError as error:
            raise UsageError(f"--format is {text!r}: {error}", hint="{{ and }} stand for braces") from error
        if any(spec or conversion for *_, spec, conversion in parsed):
            raise UsageError(f"--format is {text!r}; only the name of a field may stand between braces")
        self._pieces = [
            (
                re.sub(r"\\[tn\\]", lambda escape: _ESCAPES[escape[0]], literal),
                () if name is None else _value_path(name, fields),
            )
            for literal, name, *_ in parsed
        ]

    def render(self, row: Mapping[str, object]) -> str:
        """The text for a row, each value made harmless; paths are as they are on the disk."""
        return "".join(literal + (_value_text(row, path) if path else "") for literal, path in self._pieces)


def _value_path(name: str, fields: FieldTree) -> Sequence[str]:
    """The keys that lead to a value. Raises UsageError where nothing of that name can be there."""
    is_short = name in _OF_A_FILE and name not in fields and "outputs" in fields
    path = ["outputs", "0", name] if is_short else name.split(".")
    below: object = fields
    for key in path:
        if isinstance(below, list) and _INDEX.fullmatch(key):
            below = below[0]
        elif isinstance(below, Mapping) and key in below:
            below = below[key]
        elif below is not ...:
            raise UsageError(f"--format: there is no field {name!r}{_hint_for_key(below, key)}")
    return path


def _hint_for_key(below: object, key: str) -> str:
    if isinstance(below, Mapping):
        return did_you_mean(key, [*below, *(_OF_A_FILE if "outputs" in below else ())])
    return f"; {key!r} stands where 0 means the first, 1 the second" if isinstance(below, list) else ""


def _value_text(row: Mapping[str, object], path: Sequence[str]) -> str:
    """The value at a path as text; "" for none."""
    value: object = row
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        else:
            items = value[int(key) :] if isinstance(value, list) and _INDEX.fullmatch(key) else ()
            value = items[0] if items else None
    if value is None:
        return ""
    if not isinstance(value, str):
        return _json_text(value)
    is_path = path[0] == "outputs" and path[-1] == "path"
    return value if is_path else escape_untrusted(value, limit=MAX_TEMPLATE_LENGTH)


def _json_text(value: object) -> str:
    return escape_ci_commands(json.dumps(value))


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
