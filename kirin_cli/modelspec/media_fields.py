"""Image and video parameters, and the limits on what is known of them (rules I3–I5, V2–V4). Reads no file."""

from typing import ClassVar, Final

from kirin_cli.modelspec.fields import INVALID, CheckContext, Field, Schema
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import quote
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind

BYTES_PER_MB: Final = 1024 * 1024
MIN_TOLERANCE: Final = 0.05  # seconds
ROUNDING: Final = 1e-6  # of floating-point numbers
FPS_TOLERANCE: Final = 0.1 + ROUNDING  # frames a second: 23.976 is called 24, and 59.94 is 60


class ImageLimits(Record):
    """Bytes of the decoded file, pixels of a side, and long side to short side; bounds are inclusive.

    `exclusive` makes the bound on the bytes strict (kirin_v1_5_i2v: less than 10 MB). None is no bound.
    """

    max_megabytes: int | None = 10
    exclusive: bool = False
    min_side: int = 300
    max_side: int | None = None
    max_ratio: float | None = 2.5

    def breaches(self, picture: MediaFile) -> list[tuple[str, str]]:
        """(rule, sentence) of every known fact that is out of bounds."""
        breaches = []
        limit = (self.max_megabytes or 0) * BYTES_PER_MB
        if limit and picture.size is not None and picture.size > limit - self.exclusive:
            bound = f"{'less than' if self.exclusive else 'at most'} {self.max_megabytes} MB ({limit} bytes)"
            breaches.append(("I3", f"has {picture.size} bytes; it may have {bound}"))
        sides = picture.sides
        if sides is None:
            return breaches
        if message := _check_sides(sides, self.min_side, self.max_side):
            breaches.append(("I4", message))
        if self.max_ratio is not None and max(sides) > min(sides) * self.max_ratio:
            bound = f"the aspect ratio must be between 1:{self.max_ratio:g} and {self.max_ratio:g}:1"
            breaches.append(("I5", f"is {sides[0]} × {sides[1]} px; {bound}"))
        return breaches

    def near_breaches(self, picture: MediaFile) -> list[tuple[str, str]]:
        """None: the bounds of pictures are counted in whole pixels and bytes."""
        del picture
        return []

    def __str__(self) -> str:
        ratio = "" if self.max_ratio is None else f", 1:{self.max_ratio:g} to {self.max_ratio:g}:1"
        size = f", {'under' if self.exclusive else 'up to'} {self.max_megabytes} MB" if self.max_megabytes else ""
        is_bounded = self.min_side > 1 or self.max_side is not None or self.max_ratio is not None
        sides = f", sides {_span(self.min_side, self.max_side)} px" if is_bounded else ""
        return f"JPEG or PNG{size}{sides}{ratio}"


class VideoLimits(Record):
    """Bytes, pixels of a side, seconds and frames per second; bounds are inclusive, None is no bound.

    `rule` is what a breach raises: V2 or V3.
    """

    rule: str
    max_megabytes: int | None = None
    side_range: tuple[int, int] | None = None
    seconds_range: tuple[float, float] | None = None
    fps_range: tuple[float, float] | None = None

    def breaches(self, video: MediaFile) -> list[tuple[str, str]]:
        """(rule, sentence) of every known fact that is out of bounds."""
        messages = []
        if self.max_megabytes and video.size is not None and video.size > self.max_megabytes * BYTES_PER_MB:
            messages.append(f"has {video.size} bytes; it may have at most {self.max_megabytes} MB")
        if video.sides and self.side_range and (message := _check_sides(video.sides, *self.side_range)):
            messages.append(message)
        messages += [message for message, is_near in self._time_breaches(video) if not is_near]
        return [(self.rule, message) for message in messages]

    def near_breaches(self, video: MediaFile) -> list[tuple[str, str]]:
        """(rule V4, sentence) of every fact that is out of bounds by the letter only, and taken for the bound."""
        return [("V4", f"{message}; taken for the bound") for message, is_near in self._time_breaches(video) if is_near]

    def _time_breaches(self, video: MediaFile) -> list[tuple[str, bool]]:
        """Sentence of each breach in seconds and frames a second, and whether it is as good as the bound (rule V4)."""
        breaches = []
        if (
            self.seconds_range
            and video.seconds is not None
            and (distance := _distance(video.seconds, self.seconds_range))
        ):
            message = f"lasts {video.seconds:g} s; it must last {_span(*self.seconds_range)} s"
            breaches.append((message, distance <= length_tolerance(video)))
        if self.fps_range and video.fps is not None and (distance := _distance(video.fps, self.fps_range)):
            message = f"has {video.fps:g} frames a second; it must have {_span(*self.fps_range)}"
            breaches.append((message, distance <= FPS_TOLERANCE))
        return breaches

    def __str__(self) -> str:
        size = f", up to {self.max_megabytes} MB" if self.max_megabytes else ""
        sides = f", sides {_span(*self.side_range)} px" if self.side_range else ""
        seconds = f", {_span(*self.seconds_range)} s" if self.seconds_range else ""
        frames = f", {_span(*self.fps_range)} fps" if self.fps_range else ""
        return f"MP4 or MOV{size}{sides}{seconds}{frames}"


def length_tolerance(video: MediaFile) -> float:
    """Seconds by which a video may miss a bound and still meet it: one of its frames, at least 0.05 s (rule V4)."""
    return max(MIN_TOLERANCE, 1 / video.fps if video.fps else 0) + ROUNDING


def _distance(value: float, bounds: tuple[float, float]) -> float:
    """How far a value is out of its bounds; 0 within."""
    return max(bounds[0] - value, value - bounds[1], 0)


def _check_sides(sides: tuple[int, int], minimum: int, maximum: int | None) -> str:
    if min(sides) >= minimum and (maximum is None or max(sides) <= maximum):
        return ""
    return f"is {sides[0]} × {sides[1]} px; both sides must be {_span(minimum, maximum)} px"


def _span(low: float, high: float | None) -> str:
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


class MediaField(Field):
    """An image or a video; `limits` judges the facts that are known of it."""

    limits: ImageLimits | VideoLimits
    media_kind: ClassVar[MediaKind]
    forms: ClassVar[str]

    def check(self, value: object, path: str, context: CheckContext) -> object:
        if not isinstance(value, str) or not value:
            rule = "I1" if self.media_kind == "image" else "V1"
            return context.add_problem(path, rule, f"is {quote(value)}; it takes {self.describe_bounds()}")
        try:
            media_file = context.inspect(value, self.media_kind)
        except MediaError as error:
            return context.add_problem(path, error.rule, f"cannot be used: {error.message}")
        if not media_file.is_measured:
            return media_file
        if media_file.width is not None:
            context.media_sized = True
        breaches = self.limits.breaches(media_file)
        for rule, message in breaches:
            context.add_problem(path, rule, f"({media_file.label}) {message}")
        for rule, message in self.limits.near_breaches(media_file):
            context.add_warning(path, rule, f"({media_file.label}) {message}")
        return INVALID if breaches else media_file

    def describe_bounds(self) -> str:
        return f"{self.forms}; {self.limits}"

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


class Image(MediaField):
    """A picture: URL, Base64, `data:` URI or local file (rule I1)."""

    kind: ClassVar[str] = "image"
    media_kind: ClassVar[MediaKind] = "image"
    forms: ClassVar[str] = "public URL, Base64, data: URI or file"


class Video(MediaField):
    """A video by its http(s) URL (rule V1)."""

    kind: ClassVar[str] = "video"
    media_kind: ClassVar[MediaKind] = "video"
    forms: ClassVar[str] = "public http(s) URL"
