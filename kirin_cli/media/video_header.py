"""Length, sides, frame rate and completeness of an MP4 or MOV video, from its header boxes."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from kirin_cli.media.formats import HEAD, detect_format, pointer_hint
from kirin_cli.media.mp4 import (
    ENDLESS,
    TABLE,
    Box,
    Boxes,
    Frames,
    OutOfReach,
    Seekable,
    coded_size,
    decode_time,
    default_durations,
    displayed_size,
    fragment_track,
    frames_of_run,
    frames_of_table,
    is_enabled,
    number_and_ticks,
    scale_and_ticks,
    ticks_to_seconds,
)
from kirin_cli.modelspec.types import MediaError

FORMATS: Final = ("mp4", "mov")
FIRST_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"pnot", b"styp"})
CHUNK_BYTES: Final = 1 << 18
FIRST_BYTES: Final = 1 << 8  # of a content that most often tell that it is none of zeros
MAX_HEADER_BYTES: Final = 128  # of a header box that are worth reading


@dataclass(frozen=True, slots=True)
class VideoHeader:
    """What the headers say; None where they do not, or where they are out of reach. Sides are in px as shown.

    `complete` is true where the whole file was read and every byte that its boxes speak of is there.
    """

    format: str
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    complete: bool = False


def is_video(head: bytes) -> bool:
    """Whether a file that begins with `head` (8 bytes or more) is a sequence of boxes."""
    return head[4:8] in FIRST_BOXES


def video_format(head: bytes) -> str:
    """The format of a file that begins with `head`; a sequence of boxes without a brand is a MOV."""
    return detect_format(head) or ("mov" if is_video(head) else "")


def read_video_header(file: Seekable, size: int | None, name: str) -> VideoHeader:
    """The header of a video of `size` bytes (None: not known), read no further than needed; messages call it `name`.

    Raises MediaError (rule V1) where it is empty, something else by content, cut short, or shows no pictures.
    """
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise MediaError("V1", f"{name} is empty")
    format_name = video_format(head)
    if format_name not in FORMATS:
        if pointer := pointer_hint(head):
            raise MediaError("V1", f"{name} is {pointer}")
        content = {"": "of an unknown format", "text": "text"}.get(format_name, f"in {format_name.upper()} format")
        raise MediaError("V1", f"{name} is {content} by its content; give an MP4 or MOV video")
    reader = _HeaderReader(Boxes(file, size))
    try:
        _read_needed(reader, size, name)
    except OutOfReach:
        return reader.header(format_name, ended=False)
    return reader.header(format_name, ended=True)


def _read_needed(reader: "_HeaderReader", size: int | None, name: str) -> None:
    for box in reader.boxes.top():
        if size is not None and box.end > size:
            raise MediaError("V1", f"{name} is cut short: {size} bytes of at least {box.end}")
        reader.read(box)
        if reader.described and reader.track is None:
            raise MediaError("V1", f"{name} shows no pictures: it has no video track")
        if reader.knows_enough:
            return
    if not (reader.has_data and reader.described):
        lacks = "pictures (mdat box)" if reader.described else "description of any (moov box)"
        raise MediaError("V1", f"{name} holds no {lacks}; was it cut short?")


def read_video(file: BinaryIO, size: int | None = None, *, length_known: bool = False) -> VideoHeader:
    """The header of a whole file of `size` bytes (None: it is asked), and whether it is complete. Judges nothing.

    Where its length is known to be right, nothing can be cut off: what stands behind its last whole box does not count.
    """
    size = file.seek(0, 2) if size is None else size
    file.seek(0)
    format_name = video_format(file.read(HEAD))
    reader = _HeaderReader(Boxes(file, size))
    complete = whole_so_far = False
    data = []
    with suppress(OutOfReach):
        for box in reader.boxes.top():
            if box.end <= size:
                reader.read(box)
                data += [box] if box.kind == b"mdat" else []
                whole_so_far = whole_so_far or (reader.boxes.intact and reader.described and reader.has_data)
        complete = (reader.boxes.intact or length_known) and whole_so_far and any(_is_filled(file, box) for box in data)
    return replace(reader.header(format_name, ended=complete), complete=complete)


def _is_filled(file: BinaryIO, box: Box) -> bool:
    """Whether the content of the box is more than zeros, which is what a disk gives for bytes that never came."""
    file.seek(box.start)
    left, size = box.end - box.start, FIRST_BYTES
    while left > 0 and (piece := file.read(min(left, size))):
        if any(piece):
            return True
        left, size = left - len(piece), CHUNK_BYTES
    return False


@dataclass(slots=True)
class _Track:
    """A video track as its own boxes describe it."""

    number: int
    enabled: bool
    scale: int
    seconds: float | None
    sides: tuple[int, int] | None
    frames: Frames
    span: tuple[int, int] = (ENDLESS, 0)  # ticks at which its fragments start and end, where they say so

    @property
    def area(self) -> int:
        """Width times height, in px²; 0 where they are not known."""
        width, height = self.sides or (0, 0)
        return width * height


class _HeaderReader:
    """What the boxes of one file have said so far."""

    def __init__(self, boxes: Boxes) -> None:
        self.boxes = boxes
        self.track: _Track | None = None
        self.described = self.has_data = self.fragmented = False
        self.movie_seconds: float | None = None
        self.announced: float | None = None  # seconds of a fragmented file, by its mehd box
        self.default_ticks: dict[int, int] = {}

    def read(self, box: Box) -> None:
        """Learn what a box of the file itself says. Raises OutOfReach."""
        if box.kind == b"mdat":
            self.has_data = self.has_data or box.end > box.start
        elif box.kind == b"moov":
            self._read_movie(box)
        elif box.kind == b"moof":
            self._read_fragment(box)

    @property
    def knows_enough(self) -> bool:
        """Whether what follows adds nothing: only all fragments together tell a length that is not announced."""
        known = self.announced is not None and self.track is not None and bool(self.track.frames.lengths)
        return self.has_data and self.described and (known or not self.fragmented)

    def header(self, format_name: str, *, ended: bool) -> VideoHeader:
        """What is known; `ended` says that nothing of it was left out of reach."""
        track = self.track
        if track is None:
            return VideoHeader(format_name, self.movie_seconds)
        width, height = track.sides or (None, None)
        frames, seconds = track.frames, track.seconds or self.movie_seconds
        if self.fragmented:
            frames = frames if ended else Frames()
            # Some fragments leave out how long their last frame is; where the next one starts tells it all the same.
            ticks = max(frames.ticks, track.span[1] - track.span[0]) if frames.lengths else 0
            seconds = self.announced or ticks_to_seconds(ticks, track.scale)
        return VideoHeader(format_name, seconds, width, height, frames.rate(track.scale))

    def _content(self, box: Box | None) -> bytes:
        return self.boxes.content(box, MAX_HEADER_BYTES)

    def _read_movie(self, movie: Box) -> None:
        children = self.boxes.first_of(movie)
        scale, ticks = scale_and_ticks(self._content(children.get(b"mvhd")))
        tracks = (self._video_track(box, scale) for box in self.boxes.within(movie) if box.kind == b"trak")
        # Previews, proxies and time codes have tracks too: players show an enabled one, and of those the largest.
        self.track = max(filter(None, tracks), key=lambda track: (track.enabled, track.area), default=None)
        self.described = True
        self.movie_seconds = ticks_to_seconds(ticks, scale)
        self.fragmented = self.fragmented or b"mvex" in children
        for box in self.boxes.within(children.get(b"mvex")):
            content = self._content(box)
            if box.kind == b"trex":
                self.default_ticks |= default_durations(content)
            elif box.kind == b"mehd":
                self.announced = ticks_to_seconds(int.from_bytes(content[4:]), scale)

    def _video_track(self, box: Box, movie_scale: int) -> _Track | None:
        """The track in a trak box, None where it holds no pictures."""
        children = self.boxes.first_of(box)
        media = self.boxes.first_of(children.get(b"mdia"))
        if self._content(media.get(b"hdlr"))[8:12] != b"vide":
            return None
        header = self._content(children.get(b"tkhd"))
        number, ticks = number_and_ticks(header)
        scale, media_ticks = scale_and_ticks(self._content(media.get(b"mdhd")))
        tables = self.boxes.first_of(self.boxes.first_of(media.get(b"minf")).get(b"stbl"))
        sides = displayed_size(header) or coded_size(self._content(tables.get(b"stsd")))
        frames = frames_of_table(self.boxes.content(tables.get(b"stts"), TABLE))
        seconds = ticks_to_seconds(ticks, movie_scale) or ticks_to_seconds(media_ticks, scale)
        return _Track(number, is_enabled(header), scale, seconds, sides, frames)

    def _read_fragment(self, fragment: Box) -> None:
        track = self.track
        for box in self.boxes.within(fragment):
            if box.kind != b"traf" or track is None:
                continue
            children = self.boxes.first_of(box)
            number, default = fragment_track(self._content(children.get(b"tfhd")), self.default_ticks)
            if number != track.number:
                continue
            ticks = 0
            for run in self.boxes.within(box):
                if run.kind == b"trun":
                    frames = frames_of_run(self.boxes.content(run, TABLE), default)
                    track.frames.lengths.update(frames.lengths)
                    ticks += frames.ticks
            start = decode_time(self._content(children.get(b"tfdt")))
            if start is not None:
                track.span = (min(track.span[0], start), max(track.span[1], start + ticks))
