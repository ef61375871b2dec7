"""Image and video parameters, and the limits on what is known of them (I3-I5, V2, V3). Reads no file."""

from typing import ClassVar, Final

from kirin_cli.spec.fields import BROKEN, Check, Field, Schema
from kirin_cli.spec.medium import Kind, Medium, UnreadableMedium
from kirin_cli.spec.record import Record
from kirin_cli.spec.words import shown

MB: Final = 1024 * 1024


class PictureLimits(Record):
    """Bytes of the decoded file, pixels of a side, and long side to short side; bounds are inclusive.

    `below` makes the bound on the bytes strict (kirin_v1_5_i2v: less than 10 MB).
    """

    megabytes: int = 10
    below: bool = False
    side_least: int = 300
    side_most: int | None = None
    ratio: float | None = 2.5

    def breaches(self, picture: Medium) -> list[tuple[str, str]]:
        """(rule, sentence) of every known fact that is out of bounds."""
        found = []
        if picture.size is not None and picture.size > self.megabytes * MB - self.below:
            bound = f"{'less than' if self.below else 'at most'} {self.megabytes} MB ({self.megabytes * MB} bytes)"
            found.append(("I3", f"has {picture.size} bytes; it may have {bound}"))
        sides = picture.sides
        if sides is None:
            return found
        if not _within(sides, self.side_least, self.side_most):
            found.append(("I4", f"is {_px(sides)}; both sides must be {_span(self.side_least, self.side_most)} px"))
        if self.ratio is not None and max(sides) > min(sides) * self.ratio:
            bound = f"the aspect ratio must be between 1:{self.ratio:g} and {self.ratio:g}:1"
            found.append(("I5", f"is {_px(sides)}; {bound}"))
        return found

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f", 1:{self.ratio:g} to {self.ratio:g}:1"
        size = f"{'under' if self.below else 'up to'} {self.megabytes} MB"
        return f"JPEG or PNG, {size}, sides {_span(self.side_least, self.side_most)} px{ratio}"


class VideoLimits(Record):
    """Bytes, pixels of a side, seconds and frames per second; bounds are inclusive. `rule` is V2 or V3."""

    rule: str
    megabytes: int
    side: tuple[int, int]
    seconds: tuple[float, float]
    fps: tuple[float, float] | None = None

    def breaches(self, video: Medium) -> list[tuple[str, str]]:
        """(rule, sentence) of every known fact that is out of bounds."""
        found = []
        if video.size is not None and video.size > self.megabytes * MB:
            found.append(f"has {video.size} bytes; it may have at most {self.megabytes} MB")
        sides = video.sides
        if sides and not _within(sides, *self.side):
            found.append(f"is {_px(sides)}; both sides must be {_span(*self.side)} px")
        if video.seconds is not None and not self.seconds[0] <= video.seconds <= self.seconds[1]:
            found.append(f"lasts {video.seconds:g} s; it must last {_span(*self.seconds)} s")
        if self.fps and video.fps is not None and not self.fps[0] <= video.fps <= self.fps[1]:
            found.append(f"has {video.fps:g} frames a second; it must have {_span(*self.fps)}")
        return [(self.rule, sentence) for sentence in found]

    def __str__(self) -> str:
        frames = f", {_span(*self.fps)} fps" if self.fps else ""
        return f"MP4 or MOV, up to {self.megabytes} MB, sides {_span(*self.side)} px, {_span(*self.seconds)} s{frames}"


def _within(sides: tuple[int, int], least: int, most: int | None) -> bool:
    return min(sides) >= least and (most is None or max(sides) <= most)


def _px(sides: tuple[int, int]) -> str:
    return f"{sides[0]} × {sides[1]} px"


def _span(low: float, high: float | None) -> str:
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


class MediumField(Field):
    """An image or a video; `limits` judges the facts that are known of it."""

    limits: PictureLimits | VideoLimits
    medium: ClassVar[Kind]

    def check(self, value: object, at: str, check: Check) -> object:
        if not isinstance(value, str) or not value:
            rule = "I1" if self.medium == "image" else "V1"
            return check.refuse(at, rule, f"is {shown(value)}; it takes {self.bounds()}")
        try:
            medium = check.look(value, self.medium)
        except UnreadableMedium as unreadable:
            return check.refuse(at, unreadable.rule, f"cannot be used: {unreadable.message}")
        if medium.width is not None:
            check.sized = True
        breaches = self.limits.breaches(medium)
        for rule, sentence in breaches:
            check.refuse(at, rule, f"({medium.label}) {sentence}")
        return BROKEN if breaches else medium

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


class Image(MediumField):
    """A picture: URL, Base64, `data:` URI or local file (rule I1)."""

    kind: ClassVar[str] = "image"
    medium: ClassVar[Kind] = "image"

    def bounds(self) -> str:
        return f"URL, Base64, data: URI or file; {self.limits}"


class Video(MediumField):
    """A video by its http(s) URL (rule V1)."""

    kind: ClassVar[str] = "video"
    medium: ClassVar[Kind] = "video"

    def bounds(self) -> str:
        return f"http(s) URL; {self.limits}"
