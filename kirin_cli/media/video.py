"""Length, sides and frame rate of an MP4 or MOV video from its header boxes, wherever in the file they are.

Reads a few kilobytes, from a file on a disk or behind a URL. Decodes nothing; judges no limits (V2, V3).
"""

from dataclasses import dataclass, field
from typing import Final

from kirin_cli.media.boxes import is_video
from kirin_cli.media.formats import HEAD, format_of
from kirin_cli.media.video_boxes import Box, Boxes, OutOfReach, Seekable
from kirin_cli.media.video_tables import (
    TABLE,
    Frames,
    fragment_track,
    frames_of_run,
    frames_of_table,
    number_and_ticks,
    scale_and_ticks,
    seconds_of,
    sides_coded,
    sides_shown,
    usual_lengths,
)
from kirin_cli.spec.medium import UnreadableMedium

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
            seconds = self.announced or seconds_of(frames.ticks, track.scale)
        return VideoHeader(name, seconds, width, height, frames.rate(track.scale))


def read_video_header(file: Seekable, size: int | None, name: str) -> VideoHeader:
    """The header of a video of `size` bytes (None: not known); `name` is what messages call it.

    Raises UnreadableMedium (V1) where it is empty, something else by content, cut short, or shows no pictures.
    """
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise UnreadableMedium("V1", f"{name} is empty")
    kind = format_of(head) or ("mov" if is_video(head) else "")
    if kind not in FORMATS:
        worded = {"": "of an unknown format", "text": "text"}.get(kind, f"in {kind.upper()} format")
        raise UnreadableMedium("V1", f"{name} is {worded} by its content; give an MP4 or MOV video")
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
                raise UnreadableMedium("V1", f"{self.name} is cut short: {self.size} bytes of at least {box.end}")
            has_data = has_data or box.kind == b"mdat"
            if box.kind == b"moov":
                self._movie(box)
            elif box.kind == b"moof":
                self._fragment(box)
            if self._satisfied(has_data=has_data):
                return
        if not (has_data and self.found.described):
            lacks = "pictures (mdat box)" if self.found.described else "description of any (moov box)"
            raise UnreadableMedium("V1", f"{self.name} holds no {lacks}; was it cut short?")

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
            raise UnreadableMedium("V1", f"{self.name} shows no pictures: it has no video track")
        found.track.seconds = found.track.seconds or seconds_of(ticks, scale)
        if b"mvex" in parts:
            self._extensions(parts[b"mvex"], scale)

    def _extensions(self, extensions: Box, scale: int) -> None:
        self.found.fragmented = True
        for box in self.boxes.within(extensions):
            content = self.boxes.content(box, HEADER)
            if box.kind == b"trex":
                self.found.usual |= usual_lengths(content)
            elif box.kind == b"mehd":
                self.found.announced = seconds_of(int.from_bytes(content[4:]), scale)

    def _track(self, track: Box, movie_scale: int) -> _Track | None:
        parts = self.boxes.first_of(track)
        media = self.boxes.first_of(parts.get(b"mdia"))
        if self.boxes.content(media.get(b"hdlr"), HEADER)[8:12] != b"vide":
            return None
        header = self.boxes.content(parts.get(b"tkhd"), HEADER)
        number, ticks = number_and_ticks(header)
        scale, own_ticks = scale_and_ticks(self.boxes.content(media.get(b"mdhd"), HEADER))
        tables = self.boxes.first_of(self.boxes.first_of(media.get(b"minf")).get(b"stbl"))
        sides = sides_shown(header) or sides_coded(self.boxes.content(tables.get(b"stsd"), HEADER))
        frames = frames_of_table(self.boxes.content(tables.get(b"stts"), TABLE))
        seconds = seconds_of(ticks, movie_scale) or seconds_of(own_ticks, scale)
        return _Track(number, scale, seconds, sides, frames)

    def _fragment(self, fragment: Box) -> None:
        track = self.found.track
        for box in self.boxes.within(fragment):
            if box.kind != b"traf" or track is None:
                continue
            header = self.boxes.content(self.boxes.first_of(box).get(b"tfhd"), HEADER)
            number, usual = fragment_track(header, self.found.usual)
            if number == track.number:
                for run in self.boxes.within(box):
                    if run.kind == b"trun":
                        track.frames += frames_of_run(self.boxes.content(run, TABLE), usual)
