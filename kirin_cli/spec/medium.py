"""A picture or video as it was found: where it is and what is known of it. Reads nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Kind = Literal["image", "video"]


@dataclass(slots=True, unsafe_hash=True)
class Medium:
    """Facts about one image or video; None or "" where a fact is not known (a URL, before a remote check).

    `given` is the text as written: a path, a URL, or bare Base64 (prefix and white space already removed, rule A9).
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
    path: Final[Path | None] = None  # the resolved file, where form is "file"
    stamp: Final[tuple[int, int, int] | None] = None  # size, mtime_ns, inode of that file when it was looked at

    @property
    def label(self) -> str:
        """A short name for messages: the path or URL, never a page of Base64."""
        return f"Base64 of {self.size} bytes" if self.form == "base64" else self.given

    @property
    def sides(self) -> tuple[int, int] | None:
        """Width and height in px, where both are known."""
        return (self.width, self.height) if self.width is not None and self.height is not None else None


class UnreadableMedium(ValueError):
    """The value is no usable medium at all: `rule` is I1, I2, I6 or V1, the text says why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


Look = Callable[[str, Kind], Medium]
"""Finds out what a media value is; raises UnreadableMedium. The caller binds the folder that paths are relative to."""


def look_nowhere(given: str, _: Kind) -> Medium:
    """Take every value for a URL of which nothing is known: for checks that must not touch files."""
    return Medium(given, "url")
