"""The second origin of the sandbox, its CDN: clips and uploads, whole or in part (RFC 9110, 14). Takes no key."""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from kirin_cli.sandbox.conversation import BLOCK, Conversation
from kirin_cli.sandbox.faults import Fault, Faults
from kirin_cli.sandbox.footage import clip
from kirin_cli.sandbox.replies import Reply, not_found, refused
from kirin_cli.sandbox.storage import Storage
from kirin_cli.sandbox.world import World

CLIP: Final = re.compile(r"/files/([^/]+)/video\.mp4")
RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
TYPES: Final = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """Something to deliver: `size` in bytes, a strong `etag`, and how to open it."""

    size: int
    etag: str
    content_type: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the delivered files come from."""

    world: World
    storage: Storage
    faults: Faults

    def find(self, place: str) -> Stored:
        """What stands at the path of a URL; Refusal 404."""
        made = CLIP.fullmatch(place)
        task = self.world.made(made[1]) if made else None
        if task:
            content = clip(task.order.ratio, task.order.seconds, task.id)
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            return Stored(len(content), etag, TYPES[".mp4"], lambda: io.BytesIO(content))
        path = self.storage.find(place)
        if not path:
            raise not_found("no such file")
        return _stored_file(path)


def _stored_file(path: Path) -> Stored:
    kind = TYPES.get(path.suffix, "application/octet-stream")
    return Stored(path.stat().st_size, f'"{path.stem}"', kind, lambda: path.open("rb"))


class FileConversation(Conversation):
    """Serves files; `shelf` and `pause` are set by the subclass that a sandbox makes for itself."""

    shelf: Shelf

    def do_GET(self) -> None:  # noqa: N802  (the name in the base class)
        """Deliver a file or a part of it."""
        self.guarded(self._deliver)

    def do_HEAD(self) -> None:  # noqa: N802  (the same)
        """Say what a GET would deliver."""
        self.guarded(self._deliver)

    def _deliver(self) -> None:
        if self.headers.get("Authorization"):
            raise refused(400, "the file host takes no Authorization header: the API key must never be sent here")
        fault = self.shelf.faults.strike("download") if self.command == "GET" else None
        self.pause(fault.seconds if fault else 0)
        if fault and fault.what not in {"cut", "delay", "ignore-range"}:
            self.suffer(fault)
        else:
            self._send(self.shelf.find(self.place), fault)

    def _send(self, stored: Stored, fault: Fault | None) -> None:
        what = fault.what if fault else ""
        part = None if what == "ignore-range" else self._wanted(stored)
        if part is not None and not part:
            self.answer_json(Reply(416, {"error": "range"}, {"Content-Range": f"bytes */{stored.size}"}))
            return
        span = part if part is not None else range(stored.size)
        self.close_connection = self.close_connection or what == "cut"
        headers = {"Content-Type": stored.content_type, "ETag": stored.etag, "Accept-Ranges": "bytes"}
        if part is not None:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{stored.size}"
        self.begin(200 if part is None else 206, len(span), headers)
        if self.command == "GET":
            self._pour(stored, span[: len(span) // 2] if what == "cut" else span)

    def _wanted(self, stored: Stored) -> range | None:
        """The one range asked for, cut to the file; empty where it lies outside; None for all of it."""
        found = RANGE.fullmatch(self.headers.get("Range", ""))
        if not found or not any(found.groups()) or self.headers.get("If-Range", stored.etag) != stored.etag:
            return None
        first, last = found.groups()
        if not first:
            return range(max(0, stored.size - int(last)), stored.size)
        if last and int(last) < int(first):
            return None
        return range(int(first), min(stored.size, int(last or stored.size) + 1))

    def _pour(self, stored: Stored, span: range) -> None:
        with stored.open() as file:
            file.seek(span.start)
            left = len(span)
            while left and (block := file.read(min(BLOCK, left))):
                self.wfile.write(block)
                left -= len(block)
