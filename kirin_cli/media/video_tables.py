"""What the header boxes of a video track say, from their bytes alone (ISO/IEC 14496-12, 8). Reads no file.

A box that is too short or makes no sense says nothing: the functions never raise.
"""

from dataclasses import dataclass
from struct import iter_unpack, unpack, unpack_from
from typing import Final

TABLE: Final = 1 << 17  # bytes of a table that are worth reading: 16,384 runs of frames
UNKNOWN: Final = frozenset({0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF})
LONGEST: Final = 1 << 31  # seconds

# What an entry of a track run has, in this order, if its flag is set (8.8.8): duration, size, flags, offset.
DURATION: Final = 0x100
RUN_FIELDS: Final = (DURATION, 0x200, 0x400, 0x800)


@dataclass(frozen=True, slots=True)
class Frames:
    """So many frames that last so many ticks together; frames of no length do not count."""

    count: int = 0
    ticks: int = 0

    def __add__(self, other: "Frames") -> "Frames":
        return Frames(self.count + other.count, self.ticks + other.ticks)

    def rate(self, scale: int) -> float | None:
        """Frames a second at `scale` ticks a second; a whole number where it is within 0.05 % of one (jitter)."""
        if not (self.count and self.ticks and scale):
            return None
        rate = self.count * scale / self.ticks
        return float(round(rate)) if abs(rate - round(rate)) <= rate * 0.0005 else rate


def seconds_of(ticks: int, scale: int) -> float | None:
    """Seconds, None where they are not known."""
    return ticks / scale if scale and ticks not in UNKNOWN and ticks // scale < LONGEST else None


def scale_and_ticks(header: bytes) -> tuple[int, int]:
    """Ticks a second and length in ticks, by an mvhd or mdhd box; zeros where it says nothing."""
    long = header[:1] == b"\1"
    if len(header) < (32 if long else 20):
        return 0, 0
    return unpack_from(">IQ", header, 20) if long else unpack_from(">II", header, 12)


def number_and_ticks(header: bytes) -> tuple[int, int]:
    """Number of a track, and its length in ticks of the movie, by its tkhd box; zeros where it says nothing."""
    long = header[:1] == b"\1"
    if len(header) < (36 if long else 24):
        return 0, 0
    return unpack_from(">I4xQ", header, 20) if long else unpack_from(">I4xI", header, 12)


def sides_shown(header: bytes) -> tuple[int, int] | None:
    """Width and height in px as shown, by a tkhd box: its matrix turns what phones record on their side."""
    at = 52 if header[:1] == b"\1" else 40
    if len(header) < at + 44:
        return None
    a, b, c, d = (number / 65536 for number in unpack_from(">ii4xii", header, at))
    width, height = (side / 65536 for side in unpack_from(">II", header, at + 36))
    turned = round(abs(a) * width + abs(c) * height), round(abs(b) * width + abs(d) * height)
    found = turned if all(turned) else (round(width), round(height))
    return found if all(found) else None


def sides_coded(description: bytes) -> tuple[int, int] | None:
    """Width and height in px as coded, by an stsd box, for a tkhd box that says nothing."""
    width, height = unpack_from(">HH", description, 40) if len(description) >= 44 else (0, 0)
    return (width, height) if width and height else None


def frames_of_table(table: bytes) -> Frames:
    """The frames of an stts box: runs of so many frames, each so many ticks long."""
    runs = table[8 : 8 + min(int.from_bytes(table[4:8]), len(table) // 8) * 8]
    timed = [(count, ticks) for count, ticks in iter_unpack(">II", runs[: len(runs) // 8 * 8]) if ticks]
    return Frames(sum(count for count, _ in timed), sum(count * ticks for count, ticks in timed))


def usual_lengths(extends: bytes) -> dict[int, int]:
    """Track number and ticks of its frames that do not say, by a trex box."""
    return {int.from_bytes(extends[4:8]): int.from_bytes(extends[12:16])} if len(extends) >= 16 else {}


def fragment_track(header: bytes, usual: dict[int, int]) -> tuple[int, int]:
    """Track number and ticks of a frame that does not say, by a tfhd box."""
    number = int.from_bytes(header[4:8])
    at = 8 + 8 * bool(header[3:4] and header[3] & 1) + 4 * bool(header[3:4] and header[3] & 2)
    own = header[at : at + 4] if header[3:4] and header[3] & 8 else b""
    return number, int.from_bytes(own) if len(own) == 4 else usual.get(number, 0)


def frames_of_run(run: bytes, usual: int) -> Frames:
    """The frames of a trun box; `usual` ticks each where it does not say."""
    if len(run) < 8:
        return Frames()
    flags, count = unpack(">II", run[:8])
    if not flags & DURATION:
        return Frames(count, count * usual) if usual else Frames()
    step = 4 * sum(bool(flags & one) for one in RUN_FIELDS)
    at = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    lengths = [int.from_bytes(run[here : here + 4]) for here in range(at, min(len(run) - 3, at + count * step), step)]
    return Frames(sum(map(bool, lengths)), sum(lengths))
