"""Regular files, opened for reading without ever waiting: no pipe, no device, where it matters no link (fault X1)."""

import errno
import os
import stat
import sys
from io import DEFAULT_BUFFER_SIZE, BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, Final, cast

# Absent on Windows or elsewhere.
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
READ_SIZE: Final = 1 << 16
_SPECIAL_FILES: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def special_file_kind(mode: int) -> str:
    """What a path leads to in place of a regular file ("a folder"), from its `st_mode`; "" for a regular file."""
    return "" if stat.S_ISREG(mode) else _SPECIAL_FILES.get(stat.S_IFMT(mode), "no regular file")


def belongs_to_us(status: os.stat_result) -> bool:
    """Whether the file is of the user who runs kirin; always so where files have no such owner (Windows)."""
    user = getattr(os, "geteuid", None)
    return user is None or bool(status.st_uid == user())


def am_superuser() -> bool:
    """Whether kirin runs as root, as it does in many containers: over folders of whoever has made the volume."""
    user = getattr(os, "geteuid", None)
    return user is not None and user() == 0


def is_network_path(path: Path | str) -> bool:
    """Whether a path is by its text one of another machine or of a device on Windows (`//server/share`, `//?/…`).

    Only to ask for it there would send the user's name and a hash of the password to the machine that it names, so
    where a result of others names one, it is taken for not there. kirin never makes one elsewhere, where it is legal.
    """
    return str(path).replace("\\", "/").startswith(("//", "/??/"))


def obstacle_at(path: Path) -> str:
    """What stands at a path in the way of a file ("a folder", "a symbolic link"); "" for a regular file or nothing."""
    try:
        return special_file_kind(path.lstat().st_mode)
    except OSError:
        return ""


def is_missing(folder: Path | str) -> bool:
    """Whether there is certainly no such folder, nor anything in it; false where that cannot be told."""
    try:
        os.stat(folder or ".")  # noqa: PTH116 (a Path takes as long)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        pass
    return False


def open_regular_file(path: Path, *, follow_links: bool = True) -> BufferedReader:
    """Open for reading. Raises OSError, in words, for what is no regular file; a pipe or device is not even opened."""

    def open_plain(name: str, _: int) -> int:
        return _open_regular(name, follow_links=follow_links)

    # A size of its own spares asking for a terminal.
    return cast("BufferedReader", open(path, "rb", DEFAULT_BUFFER_SIZE, opener=open_plain))


def _open_regular(name: str, *, follow_links: bool) -> int:
    require_regular(name, os.stat(name, follow_symlinks=follow_links).st_mode)  # noqa: PTH116 (a Path takes as long)
    return _open_handle(name, follow_links=follow_links)[0]


def open_known_file(path: Path | str) -> tuple[BinaryIO, os.stat_result]:
    """A regular file, open for reading in large pieces, and its status. Raises OSError as `open_regular_file`.

    For who has just asked what stands there: opening a device may do something.
    """
    handle, status = _open_handle(os.fspath(path), follow_links=True)
    return FileIO(handle), status


def _open_handle(path: str, *, follow_links: bool) -> tuple[int, os.stat_result]:
    handle = os.open(path, os.O_RDONLY | _NO_WAIT | (0 if follow_links else _NO_LINK))
    try:
        status = os.fstat(handle)
        require_regular(path, status.st_mode)
    except BaseException:
        os.close(handle)
        raise
    return handle, status


def read_regular_file(path: Path, max_bytes: int, *, follow_links: bool = True) -> bytes:
    """The content of a regular file of at most `max_bytes`. Raises OSError, also for a larger one."""
    handle = _open_regular(str(path), follow_links=follow_links)
    try:
        left, parts = max_bytes + 1, []
        while left and (part := os.read(handle, min(left, READ_SIZE))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(handle)
    if not left:
        raise OSError(errno.EFBIG, f"it is larger than {max_bytes:,} bytes", str(path))
    return b"".join(parts)


def read_standard_input(max_bytes: int) -> bytes:
    """At most so many bytes of standard input. Raises OSError where it is closed."""
    if sys.stdin is None:  # `kirin … <&-`
        raise OSError(errno.EBADF, "it is closed", "standard input")
    return sys.stdin.buffer.read(max_bytes)


def require_regular(name: str, mode: int) -> None:
    """Raise OSError, in words, unless `mode` (an `st_mode`) is that of a regular file."""
    if kind := special_file_kind(mode):
        raise OSError(errno.ELOOP if stat.S_ISLNK(mode) else errno.EINVAL, f"it is {kind}", name)
