"""The boxes of an MP4 or MOV file (ISO/IEC 14496-12, 4.2), read one header at a time from any place in it.

Trusts no number in the file: a walk goes forward only, and ends after so many boxes and bytes. Knows no tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack
from typing import Final, Protocol

MOST_BOXES: Final = 50_000  # in one file
MOST_BYTES: Final = 1 << 26  # read from one file
ENDLESS: Final = 1 << 62


class OutOfReach(Exception):
    """A file of which not everything may be read was asked for more."""


class Seekable(Protocol):
    """Bytes from anywhere; `read` gives fewer only where the file ends, and may raise OutOfReach."""

    def seek(self, offset: int, /) -> object: ...
    def read(self, count: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Box:
    """Where the content of one box begins and ends, in bytes from the start of the file."""

    kind: bytes
    start: int
    end: int


class Boxes:
    """The boxes of one file of `size` bytes, None where that is not known. Raises OutOfReach after too many of them."""

    def __init__(self, file: Seekable, size: int | None) -> None:
        self._file = file
        self._whole = Box(b"", 0, ENDLESS if size is None else size)
        self._boxes_left, self._bytes_left = MOST_BOXES, MOST_BYTES

    def top(self) -> Iterator[Box]:
        """The boxes of the file itself; the last may reach behind its end."""
        return self._walk(self._whole)

    def within(self, parent: Box | None) -> Iterator[Box]:
        """The children of `parent` that fit into it, none for None."""
        for box in self._walk(parent) if parent else ():
            if box.end > (parent.end if parent else 0):
                return
            yield box

    def first_of(self, parent: Box | None) -> dict[bytes, Box]:
        """The first child of each kind."""
        found: dict[bytes, Box] = {}
        for box in self.within(parent):
            found.setdefault(box.kind, box)
        return found

    def content(self, box: Box | None, most: int) -> bytes:
        """At most `most` bytes of the content of `box`, none for None."""
        return self._at(box.start, min(most, box.end - box.start)) if box else b""

    def _walk(self, parent: Box) -> Iterator[Box]:
        at = parent.start
        while at < parent.end and (box := self._box(at, parent.end)):
            self._boxes_left -= 1
            yield box
            at = box.end

    def _box(self, at: int, end: int) -> Box | None:
        """The box whose header is at `at`; None where no header is, or one that makes no sense."""
        head = self._at(at, min(16, end - at))
        if len(head) < 8:
            return None
        size, kind, start = *unpack(">I4s", head[:8]), at + 8
        if size == 1 and len(head) == 16:
            size, start = int.from_bytes(head[8:]), at + 16
        elif size == 0:
            size = end - at
        return Box(kind, start, at + size) if at + size >= start else None

    def _at(self, offset: int, count: int) -> bytes:
        self._bytes_left -= count
        if self._boxes_left < 0 or self._bytes_left < 0:
            raise OutOfReach
        self._file.seek(offset)
        return self._file.read(count)
