"""A file behind a URL that can be read from anywhere: fetched as far as it is read, each byte once, within bounds.

Knows no formats and no HTTP; a server that gives no parts lets only the start be read.
"""

from typing import Final, Protocol

from kirin_cli.api.probe_parts import Part
from kirin_cli.media.video_boxes import OutOfReach

BLOCK: Final = 1 << 14  # bytes that a request asks for at least; twice as many where it goes on from the last
LONGEST_BLOCK: Final = 1 << 18
MOST_REQUESTS: Final = 64
UNRANGED: Final = "its server takes no Range requests, and its first megabyte does not say"


class Source(Protocol):
    """Where the parts come from."""

    def get(self, start: int, stop: int, prefix: int) -> Part: ...


class RangeFile:
    """Reads about `most` bytes in all; where more is asked for, OutOfReach is raised and `limit` says why.

    `size` is the length of the file, None where it is not known; `received` counts the bytes that came.
    """

    def __init__(self, source: Source, most: int = 1 << 20) -> None:
        self._source, self._most = source, most
        self._spans: list[tuple[int, bytes]] = []
        self._at = 0
        self._requests, self._block, self._stop = 0, BLOCK, 0
        self._ranged = True
        self.size: int | None = None
        self.limit = ""
        self.received = 0

    def seek(self, offset: int) -> None:
        """Read from `offset` on."""
        self._at = offset

    def read(self, count: int) -> bytes:
        """`count` bytes, fewer at the end of the file. Raises OutOfReach, and what the source raises."""
        found = bytearray()
        while len(found) < count and (piece := self._piece(self._at, count - len(found))):
            found += piece
            self._at += len(piece)
        return bytes(found)

    def _piece(self, at: int, count: int) -> bytes:
        """Some bytes from `at` on, at most `count`; none at the end."""
        for start, data in self._spans:
            if start <= at < start + len(data):
                return data[at - start : at - start + count]
        if self.size is not None and at >= self.size:
            return b""
        self._fetch(at, count)
        start, data = self._spans[-1]
        if not self._ranged and start + len(data) <= at and self.size != len(data):
            self._give_up(UNRANGED)
        return data[at - start : at - start + count]

    def _fetch(self, at: int, count: int) -> None:
        if not self._ranged:
            self._give_up(UNRANGED)
        self._block = min(self._block * 2, LONGEST_BLOCK) if at == self._stop else BLOCK
        wanted = max(count, self._block)
        if self.received + wanted > self._most or self._requests >= MOST_REQUESTS:
            self._give_up(f"more than {self._most} bytes or {MOST_REQUESTS} requests would be needed")
        self._requests += 1
        part = self._source.get(at, at + wanted if self.size is None else min(at + wanted, self.size), self._most)
        self._ranged, self.size, self._stop = part.ranged, part.total, at + len(part.data)
        self.received += len(part.data)
        self._spans.append((at if part.ranged else 0, part.data))

    def _give_up(self, why: str) -> None:
        self.limit = why
        raise OutOfReach
