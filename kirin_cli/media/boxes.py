"""Whether an MP4 or MOV file is whole, and its length, size and frame rate: a walk over its boxes (ISO/IEC 14496-12).

Decodes nothing and trusts no number in the file; knows no limits of any model.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from struct import unpack
from typing import BinaryIO

FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"pnot", b"styp"})
MOST_BOXES = 100_000  # in one parent
MOST_BYTES = 1 << 22  # of one box that is read


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What the headers say; None where they do not. `complete` is true where every byte the boxes speak of is there."""

    seconds: float | None = None
    width: int | None = None  # px, as shown
    height: int | None = None  # px
    fps: float | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """Where the content of one box begins and ends, in bytes from the start of the file."""

    kind: bytes
    start: int
    end: int


class _Cut(ValueError):
    """A box reaches beyond its parent, or is shorter than its own header."""


def is_video(head: bytes) -> bool:
    """Whether a file that begins with `head` (8 bytes or more) is a sequence of boxes."""
    return head[4:8] in FIRST


def read_video(source: Path | BinaryIO) -> VideoFacts:
    """The facts of a file, or of an open stream that can seek. Raises OSError only."""
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as stream:
        walk = _Walk(stream)
        try:
            complete = walk.whole_file()
        except _Cut:
            complete = False
        return VideoFacts(walk.seconds, walk.width, walk.height, walk.fps, complete)


class _Walk:
    """One walk over one file; keeps what it has learned where the file ends too early."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.seconds: float | None = None
        self.width: int | None = None
        self.height: int | None = None
        self.fps: float | None = None

    def whole_file(self) -> bool:
        """Whether there is a description and there are data, every box fitting. Raises _Cut."""
        size = self.stream.seek(0, 2)
        kinds = set()
        for box in self._boxes(Box(b"", 0, size)):
            kinds.add(box.kind)
            if box.kind == b"moov":
                self._movie(box)
        return b"moov" in kinds and b"mdat" in kinds

    def _movie(self, movie: Box) -> None:
        for box in self._boxes(movie):
            if box.kind == b"mvhd":
                self.seconds = _duration(self._content(box))[0]
            elif box.kind == b"trak":
                self._track(box)

    def _track(self, track: Box) -> None:
        parts = {box.kind: box for box in self._boxes(track)}
        media = {box.kind: box for box in self._boxes(parts.get(b"mdia"))}
        if self._read(media.get(b"hdlr"))[8:12] != b"vide" or self.width is not None:
            return
        header = self._read(parts.get(b"tkhd"))[-8:]
        if len(header) == 8:
            self.width, self.height = (side >> 16 for side in unpack(">II", header))
        seconds, scale = _duration(self._read(media.get(b"mdhd")))
        self.seconds = self.seconds or seconds
        info = {box.kind: box for box in self._boxes(media.get(b"minf"))}
        tables = {box.kind: box for box in self._boxes(info.get(b"stbl"))}
        self.fps = _frame_rate(self._read(tables.get(b"stts")), scale)

    def _boxes(self, parent: Box | None) -> Iterator[Box]:
        """The children of `parent`, none for None."""
        at, end = (parent.start, parent.end) if parent else (0, 0)
        for _ in range(MOST_BOXES):
            if at == end:
                return
            box = self._box(at, end)
            yield box
            at = box.end
        raise _Cut

    def _box(self, at: int, end: int) -> Box:
        self.stream.seek(at)
        head = self.stream.read(min(16, end - at))
        if len(head) < 8:
            raise _Cut
        size, kind, start = *unpack(">I4s", head[:8]), at + 8
        if size == 1 and len(head) == 16:
            size, start = unpack(">Q", head[8:])[0], at + 16
        elif size == 0:
            size = end - at
        if size < start - at or at + size > end:
            raise _Cut
        return Box(kind, start, at + size)

    def _read(self, box: Box | None) -> bytes:
        return self._content(box) if box else b""

    def _content(self, box: Box) -> bytes:
        self.stream.seek(box.start)
        return self.stream.read(min(box.end - box.start, MOST_BYTES))


def _duration(header: bytes) -> tuple[float | None, int]:
    """Seconds and ticks a second of an mvhd or mdhd box; (None, 0) where it says nothing."""
    long = header[:1] == b"\1"
    if len(header) < (32 if long else 20):
        return None, 0
    scale, ticks = unpack(">IQ", header[20:32]) if long else unpack(">II", header[12:20])
    return (ticks / scale if scale and ticks else None), scale


def _frame_rate(table: bytes, scale: int) -> float | None:
    """Frames a second by an stts box: so many samples of so many ticks each."""
    count = min(int.from_bytes(table[4:8]), (len(table) - 8) // 8)
    runs = [unpack(">II", table[8 + 8 * n : 16 + 8 * n]) for n in range(count)]
    samples, ticks = sum(run[0] for run in runs), sum(run[0] * run[1] for run in runs)
    return samples * scale / ticks if ticks else None
