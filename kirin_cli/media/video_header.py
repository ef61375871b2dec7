"""Length, sides, frame rate and completeness of an MP4 or MOV video, from its header boxes."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from struct import unpack
from typing import BinaryIO, Final

from kirin_cli.media.formats import HEAD, detect_format
from kirin_cli.media.mp4 import (
    TABLE,
    Box,
    Boxes,
    Frames,
    OutOfReach,
    Seekable,
    coded_size,
    default_durations,
    displayed_size,
    fragment_track,
    frames_of_run,
    frames_of_table,
    number_and_ticks,
    scale_and_ticks,
    ticks_to_seconds,
)
from kirin_cli.modelspec.types import MediaError

FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"pnot", b"styp"})
MAX_BOXES = 100_000  # in one parent
MAX_BOX_BYTES = 1 << 22  # of one box that is read


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What the headers say; None where they do not. `complete` is true where every byte the boxes speak of is there."""

    seconds: float | None = None
    width: int | None = None  # px, as shown
    height: int | None = None  # px
    fps: float | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class FlatBox:
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
        walk = _CompletenessWalk(stream)
        try:
            complete = walk.whole_file()
        except _Cut:
            complete = False
        return VideoFacts(walk.seconds, walk.width, walk.height, walk.fps, complete)


class _CompletenessWalk:
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
        for box in self._boxes(FlatBox(b"", 0, size)):
            kinds.add(box.kind)
            if box.kind == b"moov":
                self._movie(box)
        return b"moov" in kinds and b"mdat" in kinds

    def _movie(self, movie: FlatBox) -> None:
        for box in self._boxes(movie):
            if box.kind == b"mvhd":
                self.seconds = _duration(self._content(box))[0]
            elif box.kind == b"trak":
                self._track(box)

    def _track(self, track: FlatBox) -> None:
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

    def _boxes(self, parent: FlatBox | None) -> Iterator[FlatBox]:
        """The children of `parent`, none for None."""
        at, end = (parent.start, parent.end) if parent else (0, 0)
        for _ in range(MAX_BOXES):
            if at == end:
                return
            box = self._box(at, end)
            yield box
            at = box.end
        raise _Cut

    def _box(self, at: int, end: int) -> FlatBox:
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
        return FlatBox(kind, start, at + size)

    def _read(self, box: FlatBox | None) -> bytes:
        return self._content(box) if box else b""

    def _content(self, box: FlatBox) -> bytes:
        self.stream.seek(box.start)
        return self.stream.read(min(box.end - box.start, MAX_BOX_BYTES))


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


FORMATS: Final = ("mp4", "mov")
HEADER: Final = 128  # bytes of a header box that are worth reading


@dataclass(frozen=True, slots=True)
class VideoHeader:
    """What the headers say; None where they do not, or where they are out of reach. Sides are in px as shown."""

    format: str
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None


@dataclass(slots=True)
class _Track:
    """The video track as its own boxes describe it."""

    number: int
    scale: int
    seconds: float | None
    sides: tuple[int, int] | None
    frames: Frames


@dataclass(slots=True)
class _Found:
    """What a walk has learned so far."""

    track: _Track | None = None
    described: bool = False
    fragmented: bool = False
    announced: float | None = None  # seconds of a fragmented file, by its mehd box
    usual: dict[int, int] = field(default_factory=dict)
    ended: bool = True

    def header(self, name: str) -> VideoHeader:
        track = self.track
        if track is None:
            return VideoHeader(name)
        width, height = track.sides or (None, None)
        frames, seconds = track.frames, track.seconds
        if self.fragmented:  # then only all fragments together tell
            frames = frames if self.ended else Frames()
            seconds = self.announced or ticks_to_seconds(frames.ticks, track.scale)
        return VideoHeader(name, seconds, width, height, frames.rate(track.scale))


def read_video_header(file: Seekable, size: int | None, name: str) -> VideoHeader:
    """The header of a video of `size` bytes (None: not known); `name` is what messages call it.

    Raises UnreadableMedium (rule V1) where it is empty, something else by content, cut short, or shows no pictures.
    """
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise MediaError("V1", f"{name} is empty")
    kind = detect_format(head) or ("mov" if is_video(head) else "")
    if kind not in FORMATS:
        worded = {"": "of an unknown format", "text": "text"}.get(kind, f"in {kind.upper()} format")
        raise MediaError("V1", f"{name} is {worded} by its content; give an MP4 or MOV video")
    walk = _Walk(file, size, name)
    try:
        walk.file()
    except OutOfReach:
        walk.found.ended = False
    return walk.found.header(kind)


class _Walk:
    """One walk over one file, as far as it must go."""

    def __init__(self, file: Seekable, size: int | None, name: str) -> None:
        self.boxes, self.size, self.name = Boxes(file, size), size, name
        self.found = _Found()

    def file(self) -> None:
        has_data = False
        for box in self.boxes.top():
            if self.size is not None and box.end > self.size:
                raise MediaError("V1", f"{self.name} is cut short: {self.size} bytes of at least {box.end}")
            has_data = has_data or box.kind == b"mdat"
            if box.kind == b"moov":
                self._movie(box)
            elif box.kind == b"moof":
                self._fragment(box)
            if self._satisfied(has_data=has_data):
                return
        if not (has_data and self.found.described):
            lacks = "pictures (mdat box)" if self.found.described else "description of any (moov box)"
            raise MediaError("V1", f"{self.name} holds no {lacks}; was it cut short?")

    def _satisfied(self, *, has_data: bool) -> bool:
        found = self.found
        if not (has_data and found.described):
            return False
        known = found.announced is not None and found.track is not None and found.track.frames.count > 0
        return known or not found.fragmented

    def _movie(self, movie: Box) -> None:
        parts = self.boxes.first_of(movie)
        scale, ticks = scale_and_ticks(self.boxes.content(parts.get(b"mvhd"), HEADER))
        tracks = (self._track(box, scale) for box in self.boxes.within(movie) if box.kind == b"trak")
        found = self.found
        found.track = next((track for track in tracks if track), None)
        found.described = True
        if found.track is None:
            raise MediaError("V1", f"{self.name} shows no pictures: it has no video track")
        found.track.seconds = found.track.seconds or ticks_to_seconds(ticks, scale)
        if b"mvex" in parts:
            self._extensions(parts[b"mvex"], scale)

    def _extensions(self, extensions: Box, scale: int) -> None:
        self.found.fragmented = True
        for box in self.boxes.within(extensions):
            content = self.boxes.content(box, HEADER)
            if box.kind == b"trex":
                self.found.usual |= default_durations(content)
            elif box.kind == b"mehd":
                self.found.announced = ticks_to_seconds(int.from_bytes(content[4:]), scale)

    def _track(self, track: Box, movie_scale: int) -> _Track | None:
        parts = self.boxes.first_of(track)
        media = self.boxes.first_of(parts.get(b"mdia"))
        if self.boxes.content(media.get(b"hdlr"), HEADER)[8:12] != b"vide":
            return None
        header = self.boxes.content(parts.get(b"tkhd"), HEADER)
        number, ticks = number_and_ticks(header)
        scale, own_ticks = scale_and_ticks(self.boxes.content(media.get(b"mdhd"), HEADER))
        tables = self.boxes.first_of(self.boxes.first_of(media.get(b"minf")).get(b"stbl"))
        sides = displayed_size(header) or coded_size(self.boxes.content(tables.get(b"stsd"), HEADER))
        frames = frames_of_table(self.boxes.content(tables.get(b"stts"), TABLE))
        seconds = ticks_to_seconds(ticks, movie_scale) or ticks_to_seconds(own_ticks, scale)
        return _Track(number, scale, seconds, sides, frames)

    def _fragment(self, fragment: Box) -> None:
        track = self.found.track
        for box in self.boxes.within(fragment):
            if box.kind != b"traf" or track is None:
                continue
            header = self.boxes.content(self.boxes.first_of(box).get(b"tfhd"), HEADER)
            number, default = fragment_track(header, self.found.usual)
            if number == track.number:
                for run in self.boxes.within(box):
                    if run.kind == b"trun":
                        track.frames += frames_of_run(self.boxes.content(run, TABLE), default)
