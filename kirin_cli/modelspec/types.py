"""The plain types of a model's checks: problems, media files, findings. Reads nothing itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of one rule.

    `path` is written as in YAML (`dynamic_masks[0].trajectories[1].x`; "" is the whole request),
    `rule` is the id in models/RULES.md ("rule T5"). An error forbids sending; a warning does under --strict.
    `item` is the one that is meant of the list at `path`, "" where none is.
    """

    path: str
    rule: str
    message: str
    severity: Severity = "error"
    item: str = ""


MediaKind = Literal["image", "video"]
ResultKind = Literal["video", "image", "audio"]
"""What a model makes."""
RESULT_TYPES: Final[Mapping[str, str]] = {
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".webp": "image/webp", ".mp3": "audio/mpeg", ".wav": "audio/wav",
}  # fmt: skip
"""The media types of what is made, by suffix; of each kind the usual one comes first."""


def result_suffixes(kind: ResultKind) -> tuple[str, ...]:
    """The suffixes of what is made of a kind, with their dots; the usual one comes first."""
    return tuple(suffix for suffix, media_type in RESULT_TYPES.items() if media_type.startswith(f"{kind}/"))


@dataclass(slots=True, unsafe_hash=True)
class MediaFile:
    """Facts about one image or video; None or "" where a fact is not known (a URL, before a remote check).

    `given` is the text as written: a path, a URL, or bare Base64 (rule A9: prefix and white space already removed).
    """

    # Final in place of a frozen class: nothing may change either, and thousands of them are made in half the time.
    given: Final[str]
    form: Final[Literal["url", "file", "base64"]]
    format: Final[str] = ""  # by content: "jpeg", "png", "gif", "webp", "mp4", "mov", …
    suffix: Final[str] = ""  # lower case with its dot, of the file's or URL's path
    size: Final[int | None] = None  # bytes of the decoded file
    width: Final[int | None] = None  # px
    height: Final[int | None] = None  # px
    seconds: Final[float | None] = None
    fps: Final[float | None] = None  # frames per second
    path: Final[str | None] = None  # the resolved file, where form is "file"; a Path takes four times the memory
    stamp: Final[tuple[int, int, int] | None] = None  # size, mtime_ns, inode of that file when it was inspected
    turned: Final[bool] = False  # viewers exchange the sides of the picture, by its EXIF orientation

    @property
    def label(self) -> str:
        """A short name for messages: the path or URL, never a page of Base64."""
        return f"Base64 of {self.size} bytes" if self.form == "base64" else self.given

    @property
    def is_measured(self) -> bool:
        """Whether anything is known that a limit could be put on."""
        return not (self.size is self.width is self.seconds is self.fps is None)

    @property
    def sides(self) -> tuple[int, int] | None:
        """Width and height in px, where both are known."""
        return (self.width, self.height) if self.width is not None and self.height is not None else None


class MediaError(ValueError):
    """The value is no usable media file at all: `rule` is I1, I2, I6 or V1, the text says why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


InspectMedia = Callable[[str, MediaKind], MediaFile]
"""Finds out what a media value is; raises MediaError. The caller binds the folder that paths are relative to."""


def assume_url(value: str, _: MediaKind) -> MediaFile:
    """Take every value for a URL of which nothing is known: for checks that must not touch files."""
    return MediaFile(value, "url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem of one job, or of a whole file (then `job` and `path` are "").

    `line` and `column` count from 1; 0 means there is none. `flag` is the flag that set the value ("--cfg-scale"),
    where it came from the command line. `via` says how an expansion led here ("shots.csv:17"). `row` is the line of
    the row that it is about, 0 for none.
    """

    message: str
    severity: Severity = "error"
    rule: str = ""
    path: str = ""
    job: str = ""
    flag: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    via: str = ""
    row: int = 0
