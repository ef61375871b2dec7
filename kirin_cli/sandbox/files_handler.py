"""The second origin of the sandbox, its CDN: clips and uploads, whole or in part (RFC 9110, 14). Takes no key."""

import hashlib
import io
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Final

from kirin_cli.atomic_file import create_file, write_whole
from kirin_cli.modelspec.types import RESULT_TYPES
from kirin_cli.sandbox.faults import FaultRules
from kirin_cli.sandbox.http_handler import (
    BLOCK_BYTES,
    SandboxHandler,
    SandboxReply,
    bad_request,
    not_found,
    with_error_replies,
)
from kirin_cli.sandbox.samples import RESULT_NAMES, result_content
from kirin_cli.sandbox.tasks import TaskStore

URL_PREFIX: Final = "/uploads/"
PREFIXES: Final = ("/files/", URL_PREFIX)
SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".mp4", ".mov")
FIELD: Final = "file"
UPLOAD_BLOCK_BYTES: Final = 256 * 1024
MAX_PART_HEADER_BYTES: Final = 16 * 1024


class BadUpload(ValueError):
    """The body is no multipart form with a field `file`."""


class UploadStorage:
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
        with self._lock:
            self._folder = self._folder or TemporaryDirectory(prefix="kirin-sandbox-")
        path = Path(self._folder.name) / name
        try:
            with create_file(path) as file:
                form.copy(lambda block: write_whole(file, block))
        except BadUpload:
            path.unlink()
            raise
        self._files[URL_PREFIX + name] = path
        return URL_PREFIX + name

    def find(self, url_path: str) -> Path | None:
        """The file that `save` gave this URL path."""
        return self._files.get(url_path)

    def clear(self) -> None:
        """Remove every file."""
        self._files.clear()
        if self._folder:
            self._folder.cleanup()
            self._folder = None


class Multipart:
    """A multipart/form-data body (RFC 7578) that is read once, in blocks; it never stands in memory as a whole."""

    def __init__(self, read: Callable[[int], bytes], length: int, boundary: str) -> None:
        self._read = read
        self._left = length
        self._delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._buffer = bytearray(b"\r\n")

    def open_field(self, name: str) -> str:
        """Go forward to the content of the field called `name`; its file name. BadUpload where there is none."""
        while True:
            self._copy_to(self._delimiter, lambda _: None)
            header = bytearray()
            self._copy_to(b"\r\n\r\n", header.extend, max_bytes=MAX_PART_HEADER_BYTES)
            part = BytesHeaderParser().parsebytes(bytes(header).lstrip(b"\r\n"))
            if part.get_param("name", header="content-disposition") == name:
                return part.get_filename() or ""

    def copy(self, write: Callable[[bytearray], object]) -> None:
        """Hand on the content of the open field, and read the rest of the body."""
        self._copy_to(self._delimiter, write)
        while self._fill():
            self._buffer.clear()

    def _copy_to(self, mark: bytes, write: Callable[[bytearray], object], max_bytes: int | None = None) -> None:
        """Hand on what comes before `mark`, and go behind it; BadUpload where there is no mark within `max_bytes`."""
        copied = 0
        while (position := self._buffer.find(mark)) < 0:
            safe = max(0, len(self._buffer) - len(mark) + 1)
            write(self._buffer[:safe])
            del self._buffer[:safe]
            copied += safe
            if (max_bytes is not None and copied > max_bytes) or not self._fill():
                raise BadUpload(f"the body is no multipart form with a field called {FIELD}")
        write(self._buffer[:position])
        del self._buffer[: position + len(mark)]

    def _fill(self) -> bool:
        block = self._read(min(UPLOAD_BLOCK_BYTES, self._left)) if self._left else b""
        self._left -= len(block)
        self._buffer += block
        return bool(block)


RESULT: Final = re.compile(rf"/files/([^/]+)/(?:{'|'.join(map(re.escape, RESULT_NAMES.values()))})")
RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Something to deliver: `size` in bytes, a strong `etag`, and its bytes or where they are."""

    size: int
    etag: str
    content_type: str
    content: bytes | Path


class FilesHandler(SandboxHandler):
    """Serves clips and uploads; `tasks`, `uploads`, `faults`, `pause` are set by the subclass that a sandbox makes."""

    tasks: TaskStore
    uploads: UploadStorage
    faults: FaultRules

    @with_error_replies
    def do_GET(self) -> None:  # noqa: N802  (the name in the base class)
        """Deliver a file or a part of it; to a HEAD, say what a GET would deliver."""
        if self.headers.get("Authorization"):
            raise bad_request(400, "the file host takes no Authorization header: the API key must never be sent here")
        fault = self.faults.next_fault("download") if self.command == "GET" else None
        self.pause(fault.seconds if fault else 0)
        if fault and fault.what not in {"cut", "delay", "ignore-range"}:
            self.apply_fault(fault)
        else:
            self._send(self._find_file(self.request_path), fault.what if fault else "")

    do_HEAD = do_GET  # noqa: N815  (the same)

    def _find_file(self, url_path: str) -> StoredFile:
        match = RESULT.fullmatch(url_path)
        task = self.tasks.finished_task(match[1]) if match else None
        if task:
            content = result_content(task.model.result, task.render.ratio, task.render.seconds, task.id)
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            media_type = RESULT_TYPES[Path(RESULT_NAMES[task.model.result]).suffix]
            return StoredFile(len(content), etag, media_type, content)
        path = self.uploads.find(url_path)
        if not path:
            raise not_found("no such file")
        media_type = RESULT_TYPES.get(path.suffix, "application/octet-stream")
        return StoredFile(path.stat().st_size, f'"{path.stem}"', media_type, path)

    def _send(self, stored: StoredFile, fault: str) -> None:
        requested = None if fault == "ignore-range" else self._requested_range(stored)
        if requested is not None and not requested:
            self.answer_json(SandboxReply(416, {"error": "range"}, {"Content-Range": f"bytes */{stored.size}"}))
            return
        span = range(stored.size) if requested is None else requested
        self.close_connection = self.close_connection or fault == "cut"
        headers = {"Content-Type": stored.content_type, "ETag": stored.etag, "Accept-Ranges": "bytes"}
        if requested is not None:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{stored.size}"
        self.begin(200 if requested is None else 206, len(span), headers)
        if self.command == "GET":
            left = len(span) // 2 if fault == "cut" else len(span)
            content = stored.content
            with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as file:
                file.seek(span.start)
                while left and (block := file.read(min(BLOCK_BYTES, left))):
                    self.wfile.write(block)
                    left -= len(block)

    def _requested_range(self, stored: StoredFile) -> range | None:
        """The one range asked for, cut to the file; empty where it lies outside; None for all of it."""
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        if not match or not any(match.groups()) or self.headers.get("If-Range", stored.etag) != stored.etag:
            return None
        first, last = match.groups()
        if not first:
            return range(max(0, stored.size - int(last)), stored.size)
        if last and int(last) < int(first):
            return None
        return range(int(first), min(stored.size, int(last or stored.size) + 1))
