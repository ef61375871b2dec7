"""The bytes of a job file as text: size, encoding, lines, the one line that a caret stands under. Knows no YAML."""

import os
import re
import sys
from array import array
from functools import lru_cache
from io import BufferedReader
from pathlib import Path
from typing import Final

from kirin_cli.jobs.problems import JobFileError
from kirin_cli.modelspec.text import control_problem, near_file
from kirin_cli.redaction import redact_urls
from kirin_cli.regular_file import open_regular_file, read_standard_input
from kirin_cli.text_encoding import split_mark

# What libyaml takes for the end of a line, so that its line numbers and these agree.
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TABLE_BREAK = re.compile("\r\n|[\n\r]")
_TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson"})
_FORBIDDEN = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # takes 4 ms to compile
_SURROGATE_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_MAX_LINE_SHOWN = 200  # characters of a source line
_MAX_LINE_READ = 20_000  # those that are looked through for the end of a password
_MAX_CACHED = 8 << 20  # bytes of a file of which lines are shown


STANDARD_INPUT = Path("-")
"""What stands for standard input in the place of a job file."""

_OPEN_FILES: Final = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
_standard_input: list[tuple[object, bytes]] = []  # the stream that was read, and what came of it: it comes only once


def is_stream(path: Path) -> bool:
    """Whether a job file is standard input or a pipe that the shell has opened: `<(command)` is one, /dev/fd/63."""
    return path == STANDARD_INPUT or os.fspath(path).startswith(_OPEN_FILES)


def file_stem(path: Path) -> str:
    """What nameless jobs of a file are called after."""
    return "stdin" if is_stream(path) else path.stem


def job_folder(path: Path) -> Path:
    """The folder that the paths in a job file are relative to: that of the file, the current one for a stream."""
    return Path() if is_stream(path) else path.parent


def _read_standard_input(max_bytes: int) -> bytes:
    if not _standard_input or _standard_input[0][0] is not sys.stdin:
        try:
            _standard_input[:] = [(sys.stdin, read_standard_input(max_bytes + 1))]
        except OSError as error:
            raise JobFileError(0, 0, f"cannot be read: {error.strerror or error}") from error
    raw = _standard_input[0][1]
    if len(raw) > max_bytes:
        raise JobFileError(1, 1, f"is larger than the limit of {max_bytes:,} bytes for a job file")
    return raw


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """The content of a job file of at most `max_bytes`; a larger file is not read. Raises JobFileError (fault I3)."""
    if path == STANDARD_INPUT:
        return _read_standard_input(max_bytes)
    try:
        with _open(path) as file:
            size = os.fstat(file.fileno()).st_size
            raw = file.read(max_bytes + 1) if size <= max_bytes else b""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        control = control_problem(str(path))
        advice = f"; {control}" if control else near_file(path) if isinstance(error, FileNotFoundError) else ""
        raise JobFileError(0, 0, f"cannot be read: {reason}{advice}") from error
    if max(size, len(raw)) > max_bytes:
        raise JobFileError(1, 1, f"is larger than the limit of {max_bytes:,} bytes for a job file")
    return raw


def _open(path: Path) -> BufferedReader:
    """A regular file, or what the shell has opened for us: any other pipe would be waited for, for ever (fault X1)."""
    return path.open("rb") if is_stream(path) else open_regular_file(path)


def decode(raw: bytes) -> str:
    """UTF-8, or UTF-16 and UTF-32 with a byte order mark. Raises JobFileError at the first wrong byte.

    In JSON, surrogate pairs in escapes become characters: programs write emoji so, and YAML has no such escape.
    """
    codec, body = split_mark(raw)
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(codec, "replace")
        line, column = index_position(before, len(before))
        message = f"byte 0x{body[error.start]:02X} is not valid {codec.upper()[:6].rstrip('-')}; save the file as UTF-8"
        raise JobFileError(line, column, message) from error
    if text.lstrip().startswith(("{", "[")) and "\\ud" in text.lower():
        return _SURROGATE_PAIR.sub(_join_surrogates, text)
    return text


def _join_surrogates(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return pair[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def index_position(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at `index`."""
    ends = [match.end() for match in _BREAK.finditer(text, 0, index)]
    return len(ends) + 1, index - (ends[-1] if ends else 0) + 1


def first_forbidden(text: str) -> tuple[int, int, str]:
    """Line, column and character of the first one that YAML forbids; the very start and "" where there is none."""
    match = re.search(_FORBIDDEN, text)
    return (*index_position(text, match.start()), match[0]) if match else (1, 1, "")


def source_line(path: Path, line: int) -> str:
    """Line `line`, from 1, of a regular file, without its end and cut to 200 characters; "" where there is none.

    Raw text of the file: to be escaped before it is printed. Wrong bytes read as U+FFFD, secrets in URLs as asterisks.
    """
    try:
        if path == STANDARD_INPUT and _standard_input:
            stamp: int | None = hash(_standard_input[0][1])
        else:
            stamp = path.stat().st_mtime_ns if path.is_file() else None
        text, starts = _lines(path, stamp) if stamp is not None else ("", array("Q"))
    except (OSError, ValueError):
        return ""
    if not 1 <= line <= len(starts):
        return ""
    start = starts[line - 1]
    whole = _breaks(path).split(text[start : start + _MAX_LINE_READ], maxsplit=1)[0]
    return redact_urls(whole, keep_length=True)[:_MAX_LINE_SHOWN]


def _breaks(path: Path) -> re.Pattern[str]:
    return _TABLE_BREAK if path.suffix.lower() in _TABLE_SUFFIXES else _BREAK


@lru_cache(maxsize=4)
def _lines(path: Path, _stamp: int) -> tuple[str, "array[int]"]:
    """The text of a file with the index at which each line starts; kept, because problems come by the hundred."""
    if path == STANDARD_INPUT:
        codec, body = split_mark(_standard_input[0][1])
    else:
        with path.open("rb") as file:
            codec, body = split_mark(file.read(_MAX_CACHED))
    text = body.decode(codec, "replace")
    return text, array("Q", [0, *(match.end() for match in _breaks(path).finditer(text))])
