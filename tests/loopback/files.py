"""The role of the CDN: files with Range, If-Range and ETag, as RFC 9110 has them; and a clip to serve.

Shares nothing with the program under test, and knows nothing of sockets and faults.
"""

from __future__ import annotations

import random
import re
import struct
from dataclasses import dataclass, field

from loopback.messages import Answer, Request

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class File:
    """One file; `etag` with its quotes, None for none."""

    data: bytes
    etag: str | None = None
    content_type: str = "video/mp4"
    ranges: bool = True

    def answer(self, request: Request) -> Answer:
        """The whole file, the asked part of it, or 416."""
        headers = [("Content-Type", self.content_type)]
        headers += [("ETag", self.etag)] if self.etag else []
        headers += [("Accept-Ranges", "bytes")] if self.ranges else []
        whole = Answer(200, memoryview(self.data), tuple(headers))
        bounds = self._bounds(request)
        if bounds is None:
            return whole
        start, stop = bounds
        total = len(self.data)
        if start >= min(stop, total):
            return Answer(416, b"", tuple(headers)).having("Content-Range", f"bytes */{total}")
        part = Answer(206, memoryview(self.data)[start:stop], tuple(headers))
        return part.having("Content-Range", f"bytes {start}-{stop - 1}/{total}")

    def _bounds(self, request: Request) -> tuple[int, int] | None:
        asked = RANGE.fullmatch(request.header("Range").strip())
        condition = request.header("If-Range")
        changed = condition and (condition != self.etag or condition.startswith("W/"))
        if not self.ranges or changed or asked is None or asked.groups() == ("", ""):
            return None
        first, last = asked.groups()
        total = len(self.data)
        if not first:
            return max(0, total - int(last)), total if int(last) else 0
        return int(first), min(total, int(last) + 1) if last else total


@dataclass(slots=True)
class Files:
    """Files by path; the query of the target does not count."""

    by_path: dict[str, File] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer | None:
        """None for a path that is not served."""
        file = self.by_path.get(request.path)
        if file is None:
            return None
        return file.answer(request) if request.method in {"GET", "HEAD"} else Answer(405)


def clip(size: int = 4096, seed: int = 0) -> bytes:
    """A file of exactly `size` bytes (at least 200) that walks like an MP4: ftyp, moov with an mvhd, mdat of noise."""
    kind = _box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2mp41")
    header = struct.pack(">5I", 0, 0, 0, 1000, 5000) + struct.pack(">IHH8x", 0x10000, 0x100, 0)
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    movie = _box(b"moov", _box(b"mvhd", header + matrix + bytes(24) + struct.pack(">I", 2)))
    noise = random.Random(seed).randbytes(size - len(kind) - len(movie) - 8)
    return kind + movie + _box(b"mdat", noise)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content
