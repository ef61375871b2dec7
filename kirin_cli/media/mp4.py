"""The boxes of an MP4 or MOV file (ISO/IEC 14496-12) and the tables inside them. Judges nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from struct import iter_unpack, unpack, unpack_from
from typing import Final, NamedTuple, Protocol

MAX_BOXES: Final = 100_000  # in one file
MAX_BOX_BYTES: Final = 1 << 26  # read from one file
ENDLESS: Final = 1 << 62


class OutOfReach(Exception):
    """A file of which not everything may be read was asked for more."""


class Seekable(Protocol):
    """Bytes from anywhere; `read` gives fewer only where the file ends, and may raise OutOfReach."""

    def seek(self, offset: int, /) -> object: ...
    def read(self, count: int, /) -> bytes: ...


class Box(NamedTuple):
    """Where the content of one box begins and ends, in bytes from the start of the file."""

    kind: bytes
    start: int
    end: int


class Boxes:
    """The boxes of one file of `size` bytes, None where that is not known. Raises OutOfReach after too many of them.

    `intact` is false once boxes were seen that do not fill what they stand in, byte by byte.
    """

    def __init__(self, file: Seekable, size: int | None) -> None:
        self._file = file
        self._whole = Box(b"", 0, ENDLESS if size is None else size)
        self.intact = True
        self._boxes_left, self._bytes_left = MAX_BOXES, MAX_BOX_BYTES

    def top(self) -> Iterator[Box]:
        """The boxes of the file itself; the last may reach behind its end."""
        return self._walk(self._whole)

    def within(self, parent: Box | None) -> Iterator[Box]:
        """The children of `parent` that fit into it, none for None."""
        if parent:
            yield from takewhile(lambda box: box.end <= parent.end, self._walk(parent))

    def first_of(self, parent: Box | None) -> dict[bytes, Box]:
        """The first child of each kind."""
        boxes: dict[bytes, Box] = {}
        for box in self.within(parent):
            boxes.setdefault(box.kind, box)
        return boxes

    def content(self, box: Box | None, max_bytes: int) -> bytes:
        """At most `max_bytes` of the content of `box`, none for None."""
        return self._read(box.start, min(max_bytes, box.end - box.start)) if box else b""

    def _walk(self, parent: Box) -> Iterator[Box]:
        position = parent.start
        while position < parent.end and (box := self._box(position, parent.end)):
            self._boxes_left -= 1
            self.intact = self.intact and box.end <= parent.end
            yield box
            position = box.end
        self.intact = self.intact and position == parent.end

    def _box(self, position: int, end: int) -> Box | None:
        """The box whose header is at `position`; None where no header is, or one that makes no sense."""
        head = self._read(position, min(16, end - position))
        if len(head) < 8:
            return None
        size, kind, start = *unpack(">I4s", head[:8]), position + 8
        if size == 1 and len(head) == 16:
            size, start = int.from_bytes(head[8:]), position + 16
        elif size == 0:
            size = end - position
        return Box(kind, start, position + size) if position + size >= start else None

    def _read(self, position: int, count: int) -> bytes:
        self._bytes_left -= count
        if self._boxes_left < 0 or self._bytes_left < 0:
            raise OutOfReach
        self._file.seek(position)
        return self._file.read(count)


TABLE: Final = 1 << 17  # bytes of a table that are worth reading: 16,384 runs of frames
UNKNOWN: Final = frozenset({0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF})
MAX_SECONDS: Final = 1 << 31  # seconds

# What an entry of a track run has, in this order, if its flag is set (8.8.8): duration, size, flags, offset.
DURATION: Final = 0x100
RUN_FIELDS: Final = (DURATION, 0x200, 0x400, 0x800)


@dataclass(slots=True)
class Frames:
    """How many frames have which length in ticks; frames of no length do not count."""

    lengths: Counter[int] = field(default_factory=Counter)

    @property
    def ticks(self) -> int:
        """How long they last together."""
        return sum(ticks * count for ticks, count in self.lengths.items())

    def rate(self, scale: int) -> float | None:
        """Frames a second at `scale` ticks a second, of the usual frame: a long last one, or a gap, does not count.

        Usual are those within 20 % of the median, where nine in ten are; else all. A whole number where it is within
        0.05 % of one (jitter).
        """
        total, median = self.lengths.total(), self._median()
        if not (median and scale):
            return None
        usual = {ticks: count for ticks, count in self.lengths.items() if abs(ticks - median) * 5 <= median}
        frames = Frames(Counter(usual)) if sum(usual.values()) * 10 >= total * 9 else self
        rate = frames.lengths.total() * scale / frames.ticks
        return float(round(rate)) if abs(rate - round(rate)) <= rate * 0.0005 else rate

    def _median(self) -> int:
        """The length of the middle frame in ticks, 0 where there is none."""
        half, seen = (self.lengths.total() + 1) // 2, 0
        for ticks in sorted(self.lengths):
            seen += self.lengths[ticks]
            if seen >= half:
                return ticks
        return 0


def ticks_to_seconds(ticks: int, scale: int) -> float | None:
    """Seconds, None where they are not known."""
    return ticks / scale if scale and ticks not in UNKNOWN and ticks // scale < MAX_SECONDS else None


def scale_and_ticks(header: bytes) -> tuple[int, int]:
    """Ticks a second and length in ticks, by an mvhd or mdhd box; zeros where it says nothing."""
    long = header[:1] == b"\1"
    if len(header) < (32 if long else 20):
        return 0, 0
    return unpack_from(">IQ", header, 20) if long else unpack_from(">II", header, 12)


def is_enabled(header: bytes) -> bool:
    """Whether a track is shown, by its tkhd box."""
    return len(header) >= 4 and bool(header[3] & 1)


def number_and_ticks(header: bytes) -> tuple[int, int]:
    """Number of a track, and its length in ticks of the movie, by its tkhd box; zeros where it says nothing."""
    long = header[:1] == b"\1"
    if len(header) < (36 if long else 24):
        return 0, 0
    return unpack_from(">I4xQ", header, 20) if long else unpack_from(">I4xI", header, 12)


def displayed_size(header: bytes) -> tuple[int, int] | None:
    """Width and height in px as shown, by a tkhd box: its matrix turns what phones record on their side."""
    offset = 52 if header[:1] == b"\1" else 40
    if len(header) < offset + 44:
        return None
    a, b, c, d = (number / 65536 for number in unpack_from(">ii4xii", header, offset))
    width, height = (side / 65536 for side in unpack_from(">II", header, offset + 36))
    turned = round(abs(a) * width + abs(c) * height), round(abs(b) * width + abs(d) * height)
    sides = turned if all(turned) else (round(width), round(height))
    return sides if all(sides) else None


def coded_size(description: bytes) -> tuple[int, int] | None:
    """Width and height in px as coded, by an stsd box, for a tkhd box that says nothing."""
    width, height = unpack_from(">HH", description, 40) if len(description) >= 44 else (0, 0)
    return (width, height) if width and height else None


def frames_of_table(table: bytes) -> Frames:
    """The frames of an stts box: runs of so many frames, each so many ticks long."""
    runs = table[8 : 8 + min(int.from_bytes(table[4:8]), len(table) // 8) * 8]
    lengths: Counter[int] = Counter()
    for count, ticks in iter_unpack(">II", runs[: len(runs) // 8 * 8]):
        if ticks and count:
            lengths[ticks] += count
    return Frames(lengths)


def default_durations(extends: bytes) -> dict[int, int]:
    """Track number and ticks of its frames that do not say, by a trex box."""
    return {int.from_bytes(extends[4:8]): int.from_bytes(extends[12:16])} if len(extends) >= 16 else {}


def fragment_track(header: bytes, default: dict[int, int]) -> tuple[int, int]:
    """Track number and ticks of a frame that does not say, by a tfhd box."""
    number, flags = int.from_bytes(header[4:8]), int.from_bytes(header[3:4])
    offset = 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
    ticks = header[offset : offset + 4] if flags & 8 else b""
    return number, int.from_bytes(ticks) if len(ticks) == 4 else default.get(number, 0)


def decode_time(box: bytes) -> int | None:
    """The ticks at which a fragment of a track starts, by its tfdt box; None where it does not say."""
    size = 8 if box[:1] == b"\1" else 4
    return int.from_bytes(box[4 : 4 + size]) if len(box) >= 4 + size else None


def frames_of_run(run: bytes, default: int) -> Frames:
    """The frames of a trun box; `default` ticks each where it does not say."""
    if len(run) < 8:
        return Frames()
    flags, count = unpack(">II", run[:8])
    if not flags & DURATION:
        return Frames(Counter({default: count})) if default and count else Frames()
    step = 4 * sum(bool(flags & flag) for flag in RUN_FIELDS)
    start = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    offsets = range(start, min(len(run) - 3, start + count * step), step)
    lengths = [int.from_bytes(run[offset : offset + 4]) for offset in offsets]
    return Frames(Counter(filter(None, lengths)))
