"""Files that are written whole or not at all, and never through a link (fault X1): the one way in which kirin writes.

A draft is new and has a name that nobody can foresee; names are used relative to their folder, which is opened first.
What a process that was killed has left of its drafts goes when the next one writes into the folder.
Makes no folders; what is raised is the caller's to put in words.
"""

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from kirin_cli.regular_file import belongs_to_us, open_regular_file, require_regular

BUSY_ERRORS: Final = frozenset({5, 32})
"""What Windows answers where another program has a file open: access denied, a sharing violation."""
BUSY_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.6, 0.6)  # seconds
NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM})
"""What file systems answer that cannot sync a folder (fault D15): the file in it is whole and synced all the same."""
_HAS_FOLDER_HANDLES: Final = os.open in os.supports_dir_fd and os.link in os.supports_dir_fd  # not on Windows
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_PLAIN: Final = _NO_LINK | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | _PLAIN
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)
_IS_FOLDER: Final = getattr(os, "O_DIRECTORY", 0)
_BLOCK: Final = 1 << 20
_UNREADABLE_FOLDER: Final = getattr(os, "O_PATH", 0)
MIN_LEFT_SECONDS: Final = 3600.0
"""Age of a draft from which on its writer may have died; whether it has, the lock tells."""
_DRAFT: Final = r"\.kirin-[0-9a-f]{16}\.(?:part|lock)"
_searched: Final[set[str]] = set()


def retry_while_busy(act: Callable[[], None], sleep: Callable[[float], None] = time.sleep) -> None:
    """Do it again for two seconds while Windows says that the file is in use: scanners open what is new."""
    for pause in BUSY_PAUSES:
        try:
            act()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in BUSY_ERRORS:
                raise
            sleep(pause)
        else:
            return
    act()


class OpenFolder:
    """A folder, opened once: what is done in it is done there, wherever its path leads by then. Raises OSError.

    No method follows a link in the place of a file; without `follow_links` none in the place of the folder either.
    """

    def __init__(self, path: Path, *, follow_links: bool = True) -> None:
        self.path = path
        if not follow_links and _is_link(path):
            raise OSError(errno.ELOOP, "it is a symbolic link", str(path))
        self._handle = _open_folder(path, 0 if follow_links else _NO_LINK) if _HAS_FOLDER_HANDLES else None

    def create(self, name: str, *, mode: int = 0o666) -> FileIO:
        """A new file, open for reading and writing without a buffer; FileExistsError where there is anything."""
        return self._open(name, _NEW, mode)

    def open_or_create(self, name: str) -> FileIO:
        """The regular file of this name as it is, or a new one, without a buffer. OSError where it is anything else."""
        return self._open(name, os.O_RDWR | os.O_CREAT | _PLAIN | _NO_WAIT, 0o666)

    def open_to_read(self, name: str) -> FileIO:
        """The regular file of this name, without a buffer. OSError where it is none."""
        return self._open(name, os.O_RDONLY | _PLAIN | _NO_WAIT, 0)

    def open_to_append(self, name: str, *, mode: int) -> BinaryIO:
        """The regular file of this name or a new one, to be written at its end, without a buffer."""
        return self._open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _PLAIN | _NO_WAIT, mode)

    def status(self, name: str) -> os.stat_result | None:
        """What stands under the name, a link itself and not what it leads to; None for nothing."""
        try:
            return os.stat(self._at(name), dir_fd=self._handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def move(self, name: str, target: str, *, replace: bool) -> None:
        """Give a file its final name; FileExistsError, unless `replace`, where there is anything of that name."""
        old, new = self._at(name), self._at(target)
        both = {"src_dir_fd": self._handle, "dst_dir_fd": self._handle}
        if os.name == "nt":
            retry_while_busy(lambda: (os.replace if replace else os.rename)(old, new))  # a rename never replaces there
            return
        if replace:
            os.replace(old, new, **both)  # noqa: PTH105  (relative to the folder)
            return
        try:
            os.link(old, new, **both, follow_symlinks=False)  # unlike a rename, never replaces what is there
        except FileExistsError:
            raise
        except OSError:  # the file system has no such thing
            if self.status(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
            os.rename(old, new, **both)  # noqa: PTH104  (relative to the folder)
        else:
            self.remove(name)

    def link(self, path: Path, name: str) -> None:
        """Give the file at a path this second name; FileExistsError where there is anything of that name."""
        os.link(path, self._at(name), dst_dir_fd=self._handle, follow_symlinks=True)

    def names(self) -> list[str]:
        """What is in the folder, in no order."""
        return os.listdir(self.path if self._handle is None else self._handle)  # noqa: PTH208  (by its handle)

    def remove(self, name: str) -> None:
        """Take the name off; OSError where there is none."""
        os.unlink(self._at(name), dir_fd=self._handle)

    def sync(self) -> None:
        """Make new names outlast a power cut, where the system can; where it cannot, that is no fault."""
        if self._handle is None:
            return  # Windows syncs names by itself
        try:
            os.fsync(self._handle)
        except OSError as error:
            if error.errno not in NO_FOLDER_SYNC:
                raise

    def close(self) -> None:
        """Close the folder. A second call does nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _at(self, name: str) -> str:
        return name if self._handle is not None else str(self.path / name)

    def _open(self, name: str, flags: int, mode: int) -> FileIO:
        """A file that is certainly a regular one; asked for before it is opened too, which waits for no reader then."""
        if flags != _NEW and (before := self.status(name)):
            require_regular(name, before.st_mode)
        handle = os.open(self._at(name), flags, mode, dir_fd=self._handle)
        try:
            if flags != _NEW:  # what is new is regular
                require_regular(name, os.fstat(handle).st_mode)
            return FileIO(handle, "wb" if flags & os.O_WRONLY else "r+b" if flags & os.O_RDWR else "rb")
        except BaseException:
            os.close(handle)
            raise


def write_atomically(
    path: Path, content: str | bytes, *, mode: int = 0o666, replace: bool = True, durable: bool = True,
    folder: OpenFolder | None = None,
) -> None:  # fmt: skip
    """Put a file with this content (text as UTF-8) in its place; `mode` is cut by the umask, as for any new file.

    A link in its place is replaced itself, never written through. Unless `durable` a power cut may take it; where its
    `folder` is given, which is open already, only until the caller syncs that. Raises OSError, FileExistsError where
    something is there and not to be replaced; then what was there is there still, and nothing else is left behind.
    """
    data = content.encode() if isinstance(content, str) else content
    if folder is not None:
        _write_in(folder, path.name, data, mode, replace=replace, durable=durable)
        return
    with OpenFolder(path.parent) as opened:
        _write_in(opened, path.name, data, mode, replace=replace, durable=durable)
        if durable:
            opened.sync()


def _write_in(folder: OpenFolder, name: str, data: bytes, mode: int, *, replace: bool, durable: bool) -> None:
    draft = f".kirin-{os.urandom(8).hex()}.part"
    remove_left_drafts(folder)
    try:
        with folder.create(draft, mode=mode) as file:
            lock_file(file)
            write_whole(file, data)
            if durable:
                os.fsync(file.fileno())
        folder.move(draft, name, replace=replace)
    except BaseException:
        with suppress(OSError):
            folder.remove(draft)
        raise


def remove_left_drafts(folder: OpenFolder) -> None:
    """Remove the drafts of processes that were killed: ours, old, and held by nobody. Once a process and folder.

    Where the folder cannot be listed, or files in it cannot be locked, they stay.
    """
    place = str(folder.path.absolute())
    if place in _searched:
        return
    _searched.add(place)
    with suppress(OSError):
        for name in folder.names():
            status = folder.status(name) if re.fullmatch(_DRAFT, name) else None
            is_old = status is not None and time.time() - status.st_mtime >= MIN_LEFT_SECONDS
            if status is None or not is_old or not stat.S_ISREG(status.st_mode) or not belongs_to_us(status):
                continue
            with folder.open_or_create(name) as file:
                is_left = lock_file(file)
            if is_left:
                folder.remove(name)


def link_or_copy(path: Path, folder: OpenFolder, name: str) -> None:
    """Give a regular file a second name in the folder; where that cannot be, a copy. Never replaces what is there.

    Raises FileExistsError where there is anything of that name, OSError.
    """
    try:
        folder.link(path, name)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        draft = f".kirin-{os.urandom(8).hex()}.part"
        remove_left_drafts(folder)
        try:
            with open_regular_file(path) as source, folder.create(draft) as file:
                lock_file(file)
                while block := source.read(_BLOCK):
                    write_whole(file, block)
            folder.move(draft, name, replace=False)
        except BaseException:
            with suppress(OSError):
                folder.remove(draft)
            raise


def append_durably(path: Path, data: bytes, *, mode: int = 0o666, own: bool = True) -> None:
    """Add to the end of a file, which is made where it is missing, and sync it. Raises OSError.

    With `own` the file must be a regular one that has one name; else a link may lead to it (the file is one that
    the environment names), yet never to a pipe or a device that waits.
    """
    place = path if own else Path(os.path.realpath(path))
    with OpenFolder(place.parent) as folder, folder.open_to_append(place.name, mode=mode) as file:
        if own and os.fstat(file.fileno()).st_nlink > 1:
            raise OSError(errno.EMLINK, "it has a second name elsewhere", path.name)
        if file.write(data) != len(data):
            raise OSError(errno.ENOSPC, "the line was cut", path.name)
        os.fsync(file.fileno())


def create_file(path: Path, *, mode: int = 0o666) -> BinaryIO:
    """A new file, open for reading and writing without a buffer; FileExistsError where there is anything. OSError."""
    with OpenFolder(path.parent) as folder:
        return folder.create(path.name, mode=mode)


def write_whole(file: BinaryIO, data: bytes | bytearray | memoryview) -> None:
    """Write all of it to a file without a buffer, which may take less at a time. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` outlast a power cut, where the system can; where it cannot, that is no fault."""
    with suppress(OSError), OpenFolder(folder) as opened:
        opened.sync()


if sys.platform == "win32":
    import msvcrt

    def lock_file(file: BinaryIO) -> bool | None:
        """Whether the file, open for writing, is this process's alone until it is closed; None: nobody can tell."""
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def lock_file(file: BinaryIO) -> bool | None:
        """Whether the file, open for writing, is this process's alone until it is closed; None: nobody can tell."""
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return None
        return True


def _is_link(path: Path) -> bool:
    """Whether a link or, on Windows, a junction stands at the path."""
    status = path.lstat()
    junction: int = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == junction


def _open_folder(path: Path, more: int) -> int:
    try:
        return os.open(path, os.O_RDONLY | _IS_FOLDER | more)
    except PermissionError:
        if not _UNREADABLE_FOLDER:
            raise
        return os.open(path, _UNREADABLE_FOLDER | _IS_FOLDER | more)  # it may be written to and not be read
