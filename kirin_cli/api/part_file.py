"""The part file of a download: `name.part` beside its final name, hashed as it grows, moved when it is whole."""

import errno
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from kirin_cli.atomic_file import OpenFolder, lock_file, write_whole
from kirin_cli.errors import LocalError
from kirin_cli.regular_file import belongs_to_us, special_file_kind

MIN_FREE_BYTES = 1 << 20  # bytes that are left free
CHUNK_BYTES = 1 << 20
MAX_OPENINGS = 5  # the file may be published or removed while it is opened
DISK_FULL_HINT = "make room, then `kirin resume` fetches it free of charge"


class PartFileLocked(LocalError):
    """Another process is fetching the same file; it will be there soon."""


class PartFile:
    """The bytes so far of what will be `target`. Raises LocalError where the target or the folder cannot be used.

    `folder` is that of the target, open. `force` allows to replace a file that is there; a folder or symbolic link is
    never replaced. The name of the part can be foreseen, so that a killed process' part is found: it must be a regular
    file, ours alone (fault X1).
    """

    def __init__(self, target: Path, *, force: bool = False) -> None:
        self.target, self.force = target, force
        self.path = part_path(target)
        self._disk_errors = DiskErrors(target)
        with self._disk_errors:
            check_target(target, force=force)
            try:
                self.folder = OpenFolder(target.parent)
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                self.folder = OpenFolder(target.parent)
            try:
                self._file = _open_locked(self.folder, self.path)
            except BaseException:
                self.folder.close()
                raise
        self.size = 0
        self._hash = hashlib.sha256()
        self._published = False

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes so far."""
        return self._hash.hexdigest()

    @contextmanager
    def open_content(self) -> Iterator[BinaryIO]:
        """Look at what is there; nothing is written after that, but for a `restart`."""
        with self._disk_errors:
            self._file.seek(0)
            reader = BufferedReader(self._file)  # what is looked at is most often small and near the beginning
            try:
                yield reader
            finally:
                reader.detach()

    def write(self, data: bytes | memoryview) -> None:
        """Append."""
        with self._disk_errors:
            write_whole(self._file, data)
        self._hash.update(data)
        self.size += len(data)

    def restart(self) -> None:
        """Forget the bytes so far."""
        if not self.size:
            return
        with self._disk_errors:
            self._file.seek(0)
            self._file.truncate()
        self.size, self._hash = 0, hashlib.sha256()

    def require_space(self, count: int) -> None:
        """Raise LocalError unless the disk has room for `count` bytes more."""
        with self._disk_errors:
            free = shutil.disk_usage(self.target.parent).free
        if free < count + MIN_FREE_BYTES:
            raise LocalError(
                f"{self.target}: {count} bytes are to come, {free} are free on the disk", hint=DISK_FULL_HINT
            )

    def publish(self) -> None:
        """Give the file its final name, for good: synced before and after. Raises LocalError where that is taken."""
        with DiskErrors(self.target):  # which may be another by now
            if self.force:  # else what is there is never replaced
                check_target(self.target, force=True)
            os.fsync(self._file.fileno())
            if sys.platform == "win32":
                self._file.close()  # an open file cannot be renamed there
            try:
                self.folder.move(self.path.name, self.target.name, replace=self.force)
            except FileExistsError:
                check_target(self.target, force=False)
                raise
            self._published = True
            self._file.close()
            self.folder.sync()

    def keep_odd(self) -> Path:
        """Keep the bytes beside the target as `NAME.odd`, and return that path; other files are never replaced."""
        path = self.target.with_suffix(".odd")
        with DiskErrors(path):
            os.fsync(self._file.fileno())
            if self.folder.status(path.name) and not self._has_same_bytes(path.name):
                path = self.target.with_suffix(f".{self.sha256[:8]}.odd")
            if sys.platform == "win32":
                self._file.close()
            with suppress(FileExistsError):  # these very bytes are there already
                self.folder.move(self.path.name, path.name, replace=False)
                self._published = True
                self.folder.sync()
        return path

    def _has_same_bytes(self, name: str) -> bool:
        try:
            with self.folder.open_or_create(name) as file:
                digest = hashlib.sha256()
                while piece := file.read(CHUNK_BYTES):
                    digest.update(piece)
                return digest.hexdigest() == self.sha256
        except OSError:  # no regular file
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind that was not published."""
        if sys.platform == "win32":
            self._file.close()
        if not self._published:
            with suppress(OSError):
                self.folder.remove(self.path.name)  # before the lock ends with the closing
        self._file.close()
        self.folder.close()


def part_path(target: Path) -> Path:
    """Where the bytes so far of `target` lie."""
    return target.with_name(f"{target.name}.part")


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


def _open_locked(folder: OpenFolder, path: Path) -> FileIO:
    """The file at `path`, new or left behind, empty, with nobody else writing it."""
    for _ in range(MAX_OPENINGS):
        try:
            file = folder.create(path.name)
        except FileExistsError:
            status = folder.status(path.name)
            if status and (kind := special_file_kind(status.st_mode)):
                raise LocalError(f"{path} is {kind}, not a part of a download", hint="move it away") from None
            file = folder.open_or_create(path.name)
        try:
            # On a file system without locks the ledger's leases must do.
            if lock_file(file) is not False and _empty_own(file, folder, path.name):
                return file
            file.close()
        except BaseException:
            file.close()
            raise
    raise PartFileLocked(
        f"{path} is being written by another process", hint="wait for it, or choose another output path"
    )


def _empty_own(file: BinaryIO, folder: OpenFolder, name: str) -> bool:
    """Empty the file where `name` still is it, and it is ours and has no other name; else it is no part, and taken off.

    A second name is that of a finished file, or of one that somebody wants to have written over (fault X1).
    """
    status, there = os.fstat(file.fileno()), folder.status(name)
    if there is None or not os.path.samestat(status, there):  # published a moment ago
        return False
    is_ours = status.st_nlink == 1 and belongs_to_us(status)
    if not is_ours:
        folder.remove(name)
    elif status.st_size:
        file.truncate(0)
    return is_ours


class DiskErrors:
    """Raises what the disk refuses inside as LocalError, which names `target`. May be entered again and again."""

    __slots__ = ("target",)

    def __init__(self, target: Path) -> None:
        self.target = target

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            hint = DISK_FULL_HINT if full else ""
            raise LocalError(f"{self.target}: {error.strerror or error}", hint=hint) from error
