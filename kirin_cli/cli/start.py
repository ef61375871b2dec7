"""What a model command starts from: a job file with one job, a prompt from an argument, a file or standard input."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.given import Given
from kirin_cli.errors import UsageError
from kirin_cli.spec.model import Model
from kirin_cli.spec.record import Record

if TYPE_CHECKING:
    from kirin_cli.jobs.job import Job

LONGEST_PROMPT_FILE: Final = 1 << 20


class Start(Record):
    """The parameters to start from, and the job of a file that they came from."""

    params: Mapping[str, object]
    job: "Job | None" = None


def start_from(model: Model, given: Given) -> Start:
    """The job of `--file`, or nothing. Raises UsageError where the file holds no single job of this model."""
    if given.file is None:
        return Start({})
    from kirin_cli.cli.files import outside, parameters  # noqa: PLC0415  (YAML, only with --file)
    from kirin_cli.jobs.files import read  # noqa: PLC0415

    found = read(given.file, parameters([model]), outside=outside())
    if found.problems:
        first = found.problems[0]
        raise UsageError(f"{first.file or given.file}:{first.line}:{first.column}: {first.message}")
    if len(found.jobs) != 1:
        raise UsageError(f"{given.file} holds {len(found.jobs)} jobs; --file takes one", hint="use kirin run for more")
    job = found.jobs[0]
    if job.model != model.id:
        raise UsageError(f"{given.file}:{job.line}: the job is for {job.model!r}, this command is {model.id}")
    if job.problems:
        line, column = job.spot(job.problems[0].path)
        raise UsageError(f"{given.file}:{line}:{column}: {job.problems[0].message}")
    return Start(job.params, job)


def prompt_text(given: Given, flag: object) -> str | None:
    """The prompt, however it was given. Raises UsageError where it was given twice or cannot be read."""
    ways = [way for way in (given.prompt, flag, given.prompt_file) if way is not None]
    if len(ways) > 1:
        raise UsageError("the prompt is given twice; use the argument, --prompt or --prompt-file")
    if given.prompt_file is not None:
        return _read(given.prompt_file)
    text = str(ways[0]) if ways else None
    return _decoded(sys.stdin.buffer.read(LONGEST_PROMPT_FILE + 1), "standard input") if text == "-" else text


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decoded(file.read(LONGEST_PROMPT_FILE + 1), str(path))
    except OSError as error:
        raise UsageError(f"--prompt-file {path} cannot be read: {error.strerror or error}") from error


def _decoded(raw: bytes, source: str) -> str:
    """The text without its last line end. A prompt has at most 2500 characters; a megabyte is none."""
    if len(raw) > LONGEST_PROMPT_FILE:
        raise UsageError(f"{source} holds more than {LONGEST_PROMPT_FILE} bytes; that is no prompt")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is not UTF-8 (byte {error.start})") from error
    return text.removesuffix("\n").removesuffix("\r")
