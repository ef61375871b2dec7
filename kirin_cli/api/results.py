"""Whether what was fetched is what it should be: by its type, its first bytes, its container. Fetches nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal

from kirin_cli.errors import ResultUnavailable
from kirin_cli.media.boxes import VideoFacts, is_video, read_video

ContentKind = Literal["video", "image"]
TEXT_TYPES = ("html", "json", "xml")
TEXT_STARTS = (b"<", b"{", b"[")


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that is whole as far as can be told."""

    video: VideoFacts | None = None


def refuse_foreign(headers: Mapping[str, str], kind: ContentKind) -> None:
    """Raise ResultUnavailable where the head of an answer already says that it is no such file (D7, D8)."""
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity"}:
        raise ResultUnavailable("the server of the file packs it although it was asked not to")
    name = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if any(word in name for word in TEXT_TYPES):
        raise ResultUnavailable(f"the server of the file sent text ({name}) and no {kind}")


def whole_file(stream: BinaryIO, kind: ContentKind, *, framed: bool) -> Whole | None:
    """Facts of a file that is whole, None for one that is cut; `framed`: its end was marked by the server.

    A container that is not known here is believed where its length is (it is paid for). Raises ResultUnavailable for
    text (D8), OSError for the disk.
    """
    head = stream.read(64)
    if kind == "video" and is_video(head):
        facts = read_video(stream)
        return Whole(facts) if facts.complete else None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(TEXT_STARTS):
        raise ResultUnavailable(f"the server of the file sent text and no {kind}")
    return Whole() if head and framed else None
