"""The part file of a download: `name.part` beside its final name, hashed as it grows, moved when it is whole."""

import errno
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from kirin_cli.errors import LocalError

MIN_FREE_BYTES = 1 << 20  # bytes that are left free
MAX_OPENINGS = 5  # the file may be published or removed while it is opened
NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM})
"""What file systems answer that cannot sync a folder (fault D15): the file in it is whole and synced all the same."""
DISK_FULL_HINT = "make room, then `kirin resume` fetches it free of charge"


class PartFileLocked(LocalError):
    """Another process is fetching the same file; it will be there soon."""


class PartFile:
    """The bytes so far of what will be `target`. Raises LocalError where the target or the folder cannot be used.

    `force` allows to replace a file that is there; a folder or symbolic link is never replaced.
    """

    def __init__(self, target: Path, *, force: bool = False) -> None:
        self.target, self.force = target, force
        self.path = target.with_name(f"{target.name}.part")
        with disk_errors(target):
            check_target(target, force=force)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = _open_locked(self.path)
        self.size = 0
        self._hash = hashlib.sha256()
        self._published = False

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes so far."""
        return self._hash.hexdigest()

    @contextmanager
    def open_content(self) -> Iterator[BinaryIO]:
        """Look at what is there."""
        with disk_errors(self.target):
            self._file.seek(0)
            yield self._file
            self._file.seek(0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        """Append."""
        rest = memoryview(data)
        with disk_errors(self.target):
            while rest:
                rest = rest[self._file.write(rest) :]
        self._hash.update(data)
        self.size += len(data)

    def restart(self) -> None:
        """Forget the bytes so far."""
        with disk_errors(self.target):
            self._file.seek(0)
            self._file.truncate()
        self.size, self._hash = 0, hashlib.sha256()

    def require_space(self, count: int) -> None:
        """Raise LocalError unless the disk has room for `count` bytes more."""
        with disk_errors(self.target):
            free = shutil.disk_usage(self.target.parent).free
        if free < count + MIN_FREE_BYTES:
            raise LocalError(
                f"{self.target}: {count} bytes are to come, {free} are free on the disk", hint=DISK_FULL_HINT
            )

    def publish(self) -> None:
        """Give the file its final name, for good: synced before and after. Raises LocalError where that is taken."""
        with disk_errors(self.target):
            check_target(self.target, force=self.force)
            os.fsync(self._file.fileno())
            if sys.platform == "win32":
                self._file.close()  # an open file cannot be renamed there
            _move(self.path, self.target, force=self.force)
            self._published = True
            self._file.close()
            _sync_folder(self.target.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind that was not published."""
        if sys.platform == "win32":
            self._file.close()
        if not self._published:
            with suppress(OSError):
                self.path.unlink()  # before the lock ends with the closing
        self._file.close()


def check_target(target: Path, *, force: bool) -> None:
    """Raise LocalError unless `target` is free, or a plain file that may be replaced."""
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode) or not stat.S_ISREG(mode):
        kind = "folder" if stat.S_ISDIR(mode) else "symbolic link" if stat.S_ISLNK(mode) else "special file"
        raise LocalError(f"{target} is a {kind}", hint="choose another output path")
    if not force:
        raise LocalError(f"{target} exists already", hint="choose another output path, or give --force")


def _open_locked(path: Path) -> BinaryIO:
    """The file at `path`, new or left behind, empty, with nobody else writing it."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    for _ in range(MAX_OPENINGS):
        file = os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0)
        try:
            if _lock(file) and _is_alone(file, path):
                file.truncate(0)
                return file
            file.close()
        except BaseException:
            file.close()
            raise
    raise PartFileLocked(
        f"{path} is being written by another process", hint="wait for it, or choose another output path"
    )


def _is_alone(file: BinaryIO, path: Path) -> bool:
    """Whether `path` still is this file, and no finished one under two names; the second name is taken off then."""
    status = os.fstat(file.fileno())
    try:
        is_same = os.path.samestat(status, path.lstat())
    except FileNotFoundError:  # published a moment ago
        return False
    if is_same and status.st_nlink > 1:
        path.unlink()
    return is_same and status.st_nlink == 1


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _sync_folder(folder: Path) -> None:
        """Windows syncs names by itself."""

    def _move(part: Path, target: Path, *, force: bool) -> None:
        (part.replace if force else part.rename)(target)  # the latter never replaces there
else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: the ledger's leases must do
        return True

    def _sync_folder(folder: Path) -> None:
        try:
            number = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)
        except OSError as error:
            if error.errno not in NO_FOLDER_SYNC:
                raise

    def _move(part: Path, target: Path, *, force: bool) -> None:
        if force:
            part.replace(target)
            return
        try:
            target.hardlink_to(part)  # unlike a rename, never replaces what is there
        except OSError:  # it is there by now, or the file system has no such thing
            check_target(target, force=False)
            part.rename(target)
        else:
            part.unlink()


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Raise what the disk refuses inside as LocalError, which names `target`."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise LocalError(f"{target}: {error.strerror or error}", hint=DISK_FULL_HINT if full else "") from error
