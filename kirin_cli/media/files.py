"""Files on this disk, opened without ever waiting and read again only while unchanged. Knows no formats."""

import os
import stat
from collections.abc import Iterator
from io import DEFAULT_BUFFER_SIZE
from pathlib import Path
from typing import BinaryIO

from kirin_cli.errors import LocalFault
from kirin_cli.spec.medium import Medium

Stamp = tuple[int, int, int]

# Absent on Windows (the first two) or elsewhere (the last).
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)

_WORDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def odd_kind(mode: int) -> str:
    """What a path leads to in place of a regular file ("a folder"), from its `st_mode`; "" for a regular file."""
    return "" if stat.S_ISREG(mode) else _WORDS.get(stat.S_IFMT(mode), "no regular file")


def suffix_of(path: str) -> str:
    """The lower-case suffix of a file's name with its dot, "" where it has none: `.png` is a name, `cup.` has none."""
    name = path.rpartition("/")[2]
    if name in {"", "."} or os.sep in name:
        name = Path(path).name
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def open_at_once(path: Path) -> BinaryIO:
    """Open for reading; never waits, even where a pipe has taken the file's place. Raises OSError."""
    return open(path, "rb", DEFAULT_BUFFER_SIZE, opener=_opened)  # a size of its own spares asking for a terminal


def _opened(name: str, _: int) -> int:
    return os.open(name, _FLAGS)


def stamp_of(file: BinaryIO) -> Stamp:
    """Size in bytes, mtime in ns, and inode: equal as long as nobody has written to the open file or replaced it."""
    info = os.fstat(file.fileno())
    return info.st_size, info.st_mtime_ns, info.st_ino


def open_unchanged(medium: Medium, name: str) -> BinaryIO:
    """Open the file of a medium again; LocalFault where it is gone or not as it was at the look (fault I6)."""
    try:
        file = open_at_once(medium.path or Path(medium.given))
    except OSError as fault:
        raise LocalFault(f"{name} can no longer be read: {fault.strerror}") from fault
    if stamp_of(file) != medium.stamp:
        file.close()
        raise _changed(name)
    return file


def read_unchanged(medium: Medium, file: BinaryIO, step: int, name: str) -> Iterator[bytes]:
    """Yield the whole file, `step` bytes a time; LocalFault at the first sign of a change, before the last bytes go."""
    left = medium.size or 0
    while left:
        wanted = min(step, left)
        try:
            data = file.read(wanted)
        except OSError as fault:
            raise LocalFault(f"{name} can no longer be read: {fault.strerror}") from fault
        if len(data) != wanted or stamp_of(file) != medium.stamp:
            raise _changed(name)
        left -= wanted
        yield data


def _changed(name: str) -> LocalFault:
    return LocalFault(f"{name} has changed since it was checked", hint="run again when nothing writes to it any more")
