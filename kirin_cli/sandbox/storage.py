"""Files that clients upload: read part by part from a multipart body, kept in a temporary folder. Knows no sockets."""

import secrets
import threading
from collections.abc import Callable
from email.parser import BytesHeaderParser
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Final

PREFIX: Final = "/uploads/"
SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".mp4", ".mov")
FIELD: Final = "file"
BLOCK: Final = 256 * 1024
LONGEST_PART_HEADER: Final = 16 * 1024


class BadUpload(ValueError):
    """The body is no multipart form with a field `file`."""


class Storage:
    """A temporary folder that is made with the first upload. May be used by many threads."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._files: dict[str, Path] = {}
        self._lock = threading.Lock()

    def save(self, read: Callable[[int], bytes], length: int, boundary: str) -> str:
        """Keep the field `file` of a multipart body of `length` bytes; the URL path that it has now. BadUpload."""
        form = Multipart(read, length, boundary)
        suffix = PurePath(form.open_field(FIELD)).suffix.lower()
        name = secrets.token_hex(8) + (suffix if suffix in SUFFIXES else "")
        path = self._room() / name
        try:
            with path.open("wb") as file:
                form.copy(file.write)
        except BadUpload:
            path.unlink()
            raise
        self._files[PREFIX + name] = path
        return PREFIX + name

    def find(self, url_path: str) -> Path | None:
        """The file that `save` gave this URL path."""
        return self._files.get(url_path)

    def clear(self) -> None:
        """Remove every file."""
        self._files.clear()
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def _room(self) -> Path:
        with self._lock:
            self._folder = self._folder or TemporaryDirectory(prefix="kirin-sandbox-")
            return Path(self._folder.name)


class Multipart:
    """A multipart/form-data body (RFC 7578) that is read once, in blocks; it never stands in memory as a whole."""

    def __init__(self, read: Callable[[int], bytes], length: int, boundary: str) -> None:
        self._read = read
        self._left = length
        self._mark = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._buffer = bytearray(b"\r\n")

    def open_field(self, name: str) -> str:
        """Go forward to the content of the field called `name`; its file name. BadUpload where there is none."""
        while True:
            self._copy_to(self._mark, _discard)
            header = bytearray()
            self._copy_to(b"\r\n\r\n", header.extend, most=LONGEST_PART_HEADER)
            part = BytesHeaderParser().parsebytes(bytes(header).lstrip(b"\r\n"))
            if part.get_param("name", header="content-disposition") == name:
                return part.get_filename() or ""

    def copy(self, write: Callable[[bytearray], object]) -> None:
        """Hand on the content of the open field, and read the rest of the body."""
        self._copy_to(self._mark, write)
        while self._fill():
            self._buffer.clear()

    def _copy_to(self, mark: bytes, write: Callable[[bytearray], object], most: int | None = None) -> None:
        """Hand on what comes before `mark`, and go behind it; BadUpload where there is no mark within `most` bytes."""
        copied = 0
        while (at := self._buffer.find(mark)) < 0:
            safe = max(0, len(self._buffer) - len(mark) + 1)
            write(self._buffer[:safe])
            del self._buffer[:safe]
            copied += safe
            if (most is not None and copied > most) or not self._fill():
                raise BadUpload(f"the body is no multipart form with a field called {FIELD}")
        write(self._buffer[:at])
        del self._buffer[: at + len(mark)]

    def _fill(self) -> bool:
        block = self._read(min(BLOCK, self._left)) if self._left else b""
        self._left -= len(block)
        self._buffer += block
        return bool(block)


def _discard(_: bytearray) -> None:
    """Drop it."""
