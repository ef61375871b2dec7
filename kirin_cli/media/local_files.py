"""Local files, opened without ever waiting and read again only while unchanged; SHA-256. Knows no formats."""

import os
from binascii import a2b_base64
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kirin_cli.errors import LocalError
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.regular_file import open_regular_file

Stamp = tuple[int, int, int]


def file_suffix(path: str) -> str:
    """The lower-case suffix of a file's name with its dot, "" where it has none: `.png` is a name, `cup.` has none."""
    name = path.rpartition("/")[2]
    if name in {"", "."} or os.sep in name:
        name = Path(path).name
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def file_stamp(status: os.stat_result) -> Stamp:
    """Size in bytes, mtime in ns, and inode: equal as long as nobody has written to the open file or replaced it."""
    return status.st_size, status.st_mtime_ns, status.st_ino


def open_unchanged(media_file: MediaFile, name: str) -> BinaryIO:
    """Open a media file again; LocalError where it is gone or has changed since its inspection (fault I6)."""
    try:
        file = open_regular_file(Path(media_file.path or media_file.given))
    except OSError as error:
        raise LocalError(f"{name} can no longer be read: {error.strerror}") from error
    if file_stamp(os.fstat(file.fileno())) != media_file.stamp:
        file.close()
        raise _changed(name)
    return file


def read_unchanged(media_file: MediaFile, file: BinaryIO, step: int, name: str) -> Iterator[bytes]:
    """Yield the whole file, `step` bytes a time; LocalError at the first sign of a change, before the last bytes go."""
    left = media_file.size or 0
    while left:
        count = min(step, left)
        try:
            data = file.read(count)
        except OSError as error:
            raise LocalError(f"{name} can no longer be read: {error.strerror}") from error
        if len(data) != count or file_stamp(os.fstat(file.fileno())) != media_file.stamp:
            raise _changed(name)
        left -= count
        yield data


def _changed(name: str) -> LocalError:
    return LocalError(f"{name} has changed since it was checked", hint="run again when nothing writes to it any more")


_STEP = 256 * 1024  # a multiple of 4: each step of a Base64 text decodes alone


def sha256(media_file: MediaFile) -> str:
    """Hex digest of the decoded bytes of a file or Base64 text; of the text itself for a URL, whose bytes are unknown.

    Raises LocalError where the file has changed since it was inspected.
    """
    from hashlib import sha256 as new_hash  # noqa: PLC0415  (--dry-run hashes nothing)

    digest = new_hash()
    text = media_file.given
    if media_file.form == "url":
        digest.update(text.encode("utf-8", "surrogatepass"))
    elif media_file.form == "base64":
        for start in range(0, len(text), _STEP):
            digest.update(a2b_base64(text[start : start + _STEP]))
    else:
        with open_unchanged(media_file, media_file.label) as file:
            for data in read_unchanged(media_file, file, _STEP, media_file.label):
                digest.update(data)
    return digest.hexdigest()
