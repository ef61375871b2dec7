"""Report targets: `FORMAT=PATH` as people write it, and files that are whole or not there. Knows no console."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kirin_cli.atomic_file import append_durably, write_atomically
from kirin_cli.errors import LocalError, UsageError
from kirin_cli.jobs.filenames import path_problem
from kirin_cli.media.formats import OTHER_SUFFIXES
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.modelspec.types import RESULT_TYPES
from kirin_cli.redaction import mask_hidden
from kirin_cli.regular_file import is_network_path, obstacle_at, open_regular_file
from kirin_cli.report import FORMATS
from kirin_cli.report.report import ReportKind
from kirin_cli.text_encoding import decode_text

_INPUT_SUFFIXES: Final = frozenset({".yaml", ".yml", ".toml", ".csv", ".tsv", ".tab"})
_RESULT_SUFFIXES: Final = frozenset({*RESULT_TYPES, ".flac", ".ogg"}) | OTHER_SUFFIXES
_REPORT_IN_JSON: Final = re.compile(r'\{.*"(?:run_id|severity|runs|kind": "(?:plan|validate))"', re.DOTALL)
_HEAD_BYTES: Final = 1 << 12
STDOUT: Final = "-"
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Destination:
    """One report that was asked for; `target` is a path, `-` for standard output, or `auto` (github only)."""

    format: str
    target: str

    @property
    def path(self) -> Path | None:
        """The file, None where it is none."""
        return None if self.target in {STDOUT, AUTO} else _expand_home(self.target)


def parse_destinations(
    texts: Iterable[str], *, stdout_is_taken: bool = False, kind: ReportKind = "run"
) -> tuple[Destination, ...]:
    """What `--report` was given. Raises UsageError for what cannot be done, before anything else is."""
    destinations = tuple(_parse_destination(text, kind) for text in texts)
    targets = [item.target if item.path is None else str(item.path.absolute()) for item in destinations]
    for destination, target in zip(destinations, targets, strict=True):
        if targets.count(target) > 1 and target != AUTO:
            raise UsageError(f"--report: two reports cannot both go to {destination.target}")
        if destination.target == STDOUT and stdout_is_taken:
            raise UsageError(
                f"--report {destination.format}=-: standard output is taken by --json, --jsonl or --format"
            )
    return destinations


def ensure_fitting(format_name: str, kind: ReportKind) -> None:
    """Raise UsageError for a format of videos where there are none."""
    if FORMATS[format_name].of_runs_only and kind != "run":
        others = ", ".join(name for name, form in FORMATS.items() if not form.of_runs_only)
        raise UsageError(
            f"--report {format_name} shows videos, and kirin {kind} makes none", hint=f"choose of {others}"
        )


def write_report(path: Path, text: str, outputs: Iterable[Path] = ()) -> None:
    """Write a report as a file, whole or not at all, with its folder where that is missing. Raises LocalError.

    It never takes the place of a result: neither of one of the `outputs` nor of the sidecar beside a video.
    """
    from kirin_cli.run.outputs import read_sidecar  # noqa: PLC0415  (most commands write no report)

    if read_sidecar(path) is not None or any(_is_same_file(path, output) for output in outputs):
        raise LocalError(f"{path} is a result; the report was not written over it", hint="choose another name")
    if obstacle := obstacle_at(path):
        raise LocalError(f"{path} is {obstacle}; the report was not written there", hint="choose another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = mask_hidden(text)
        write_atomically(path, text if text.endswith("\n") or not text else text + "\n")
    except OSError as error:
        raise LocalError(f"the report {path} cannot be written: {error.strerror or error}") from error


def append_to_file(path: Path, text: str) -> None:
    """Add to a file that others write too, such as those of GitHub Actions. Raises LocalError."""
    try:
        append_durably(path, mask_hidden(text).encode(), own=False)
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or error}") from error


def github_files(environ: Mapping[str, str]) -> tuple[Path | None, Path | None]:
    """The files for the step summary and for outputs, where the runner names them."""
    summary, outputs = environ.get("GITHUB_STEP_SUMMARY"), environ.get("GITHUB_OUTPUT")
    return (Path(summary) if summary else None, Path(outputs) if outputs else None)


def _parse_destination(text: str, kind: ReportKind) -> Destination:
    name, equals, target = text.partition("=")
    if not equals or not target:
        example = "html=gallery.html" if kind == "run" else f"markdown={kind}.md"
        raise UsageError(f"--report is {text!r}; it must be FORMAT=PATH, such as {example}")
    if name not in FORMATS:
        fitting = [known for known, form in FORMATS.items() if kind == "run" or not form.of_runs_only]
        raise UsageError(f"--report: there is no format {name!r}{did_you_mean(name, fitting)}")
    ensure_fitting(name, kind)
    if target == AUTO and name != "github":
        raise UsageError(f"--report {name}=auto: only github knows by itself where to go", hint=f"--report {name}=PATH")
    destination = Destination(name, target)
    path = destination.path
    if path is None:
        return destination
    if error := path_problem(path):
        raise UsageError(f"--report {name}: {error}")
    # Whether one that cannot be reached is a folder is found out when it is to be written to; a Path raises there.
    if "\0" in target or target.endswith(("/", os.sep)) or os.path.isdir(path):  # noqa: PTH112
        raise UsageError(f"--report {text}: {target!r} is a folder; name a file in it")
    if obstacle := obstacle_at(path):
        hint = "`-` is standard output" if target.startswith("/dev/") else "name the file itself"
        raise UsageError(f"--report {text}: {target!r} is {obstacle}, and kirin writes through none", hint=hint)
    if reason := _no_report(name, path):
        raise UsageError(f"--report {text}: {target!r} {reason}", hint="choose another name")
    return destination


def _no_report(format_name: str, path: Path) -> str:
    """Why a report may not stand at a path, as the end of a sentence; "" where it may.

    A job file, a table or a video, which a slip of the finger names, is worth more than a report.
    """
    suffix = path.suffix.lower()
    if suffix in _RESULT_SUFFIXES:
        return f"ends in {suffix}, as a result does, and a report is none"
    if suffix in _INPUT_SUFFIXES:
        return f"ends in {suffix}, as a job file or a table does, and a report is none"
    try:
        with open_regular_file(path) as file:
            start = decode_text(file.read(_HEAD_BYTES), "replace").lstrip().lower()
    except OSError:  # nothing is there, or something of which writing says more
        return ""
    if not start or format_name in {"markdown", "github"}:
        return ""
    if format_name in {"html", "html-embedded", "junit"}:
        is_report = start.startswith("<")
    else:
        is_report = bool(_REPORT_IN_JSON.match(start))
    return "" if is_report else "is there already and is no report of kirin: it would be lost"


def _expand_home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # nobody knows that home
        return Path(text)


def _is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.exists() and not is_network_path(other) and path.samefile(other)
    except OSError:
        return False
