"""Range requests (RFC 9110, 14): what an answer may be used for, and whether the file is whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from io import SEEK_END
from typing import BinaryIO

from kirin_cli.errors import ResultUnavailable
from kirin_cli.media.formats import HEAD, detect_format
from kirin_cli.media.video_header import VideoHeader, is_video, read_video
from kirin_cli.modelspec.types import ResultKind

CONTENT_RANGE_PATTERN = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII | re.IGNORECASE)
UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})", re.ASCII | re.IGNORECASE)
CODINGS = frozenset({"gzip", "x-gzip", "br", "zstd", "deflate", "compress", "x-compress"})
STRONG = re.compile(r'"[^"\x00-\x1f\x7f]+"')
"""An ETag that can be sent back: no line break, as in a header that is folded oddly, stands in a request."""


class RangeAction(Enum):
    """What to do with an answer."""

    WHOLE = "its body is the file from its first byte"
    REST = "its body goes on where the bytes so far end"
    FINISH = "there is no rest: the bytes so far are the file"
    ODD = "it fits nothing that was asked: start again, and ask for no rest any more"


@dataclass(frozen=True, slots=True)
class PartialFile:
    """What is known of a file: how many bytes are here, its length, and the strong ETag they came with.

    `framed` says that the server marks the end of the file, so that a cut is noticed.
    """

    size: int = 0
    total: int | None = None
    etag: str = ""
    framed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What to ask: for the rest where a strong ETag proves that it is a rest, else for everything."""
        return {"Range": f"bytes={self.size}-", "If-Range": self.etag} if self.size and self.etag else {}


def decide_range(status: int, headers: Mapping[str, str], partial: PartialFile) -> RangeAction:
    """What the answer to a request with `partial.headers` is good for; never splices two files (faults D2–D4)."""
    resumed = bool(partial.headers)
    if status in {200, 203} or (status == 206 and not resumed and _is_everything(headers)):
        return RangeAction.WHOLE
    if status == 206 and resumed and _continues(headers, partial):
        return RangeAction.REST
    if status == 416 and resumed:
        whole = UNSATISFIED.fullmatch(headers.get("Content-Range", "").strip())
        return RangeAction.FINISH if whole and int(whole[1]) == partial.size else RangeAction.ODD
    return RangeAction.ODD


def read_headers(headers: Mapping[str, str], *, resumable: bool = True) -> PartialFile:
    """What the head of a whole answer says of its file; its ETag only where a rest may be asked for."""
    total, etag = content_length(headers), headers.get("ETag", "").strip()
    strong = resumable and STRONG.fullmatch(etag)
    framed = total is not None or "Transfer-Encoding" in headers
    return PartialFile(0, total, etag if strong else "", framed=framed)


def content_length(headers: Mapping[str, str]) -> int | None:
    """The length of a body, None where its head does not say."""
    length = headers.get("Content-Length", "").partition(",")[0].strip()
    return int(length) if length and "Transfer-Encoding" not in headers else None


def is_packed(headers: Mapping[str, str]) -> bool:
    """Whether the body is compressed, which nobody asked for; what names no coding (aws-chunked, utf-8) is none."""
    codings = {coding.strip() for coding in headers.get("Content-Encoding", "").lower().split(",")}
    return not codings.isdisjoint(CODINGS)


def total_length(headers: Mapping[str, str]) -> int:
    """The length of the file of which an answer that was judged REST is a part."""
    return int(headers["Content-Range"].rpartition("/")[2])


def _is_everything(headers: Mapping[str, str]) -> bool:
    """Whether a part is all of its file: from byte 0 to the end."""
    content = CONTENT_RANGE_PATTERN.fullmatch(headers.get("Content-Range", "").strip())
    return content is not None and int(content[1]) == 0 and int(content[2]) + 1 == int(content[3])


def _continues(headers: Mapping[str, str], partial: PartialFile) -> bool:
    content = CONTENT_RANGE_PATTERN.fullmatch(headers.get("Content-Range", "").strip())
    if not content:
        return False
    first, last, total = map(int, content.groups())
    return (
        first == partial.size <= last < total
        and total == (total if partial.total is None else partial.total)
        and headers.get("ETag", partial.etag).strip() == partial.etag
        and headers.get("Content-Length", str(last - first + 1)) == str(last - first + 1)
    )


PAGE_TYPES = ("html", "json", "xml")
PAGE_STARTS = (b"<", b"{", b"[")
IMAGE_FORMATS = frozenset({"png", "jpeg", "gif", "webp", "avif", "heic", "bmp", "tiff", "jxl"})
CONTAINERS: Mapping[str, re.Pattern[bytes]] = {
    "video": re.compile(rb"\x1a\x45\xdf\xa3|RIFF....AVI |FLV\x01|OggS|\0\0\x01\xba|G.{187}G", re.DOTALL),
    "audio": re.compile(rb"ID3|\xff[\xe2-\xfb]|RIFF....WAVE|OggS|fLaC", re.DOTALL),
}
"""How other containers of pictures and sound begin: Matroska and WebM, AVI, FLV, Ogg, MPEG; MP3, WAVE, FLAC."""
UNKNOWN_FORMAT = "of no known format"
ODD_FORMATS = (
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"\x7fELF|MZ"), "a program"),
    (re.compile(rb"#!"), "a script"),
    (re.compile(rb"\0+\Z"), "nothing but zeros"),
)


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A file of the length that was announced. `problem` says what it is in place of what it should be, "" for that.

    `suffix` is that of what it is by its bytes, without the dot; "" where they do not tell.
    """

    video: VideoHeader | None = None
    problem: str = ""
    suffix: str = ""


def reject_packed(headers: Mapping[str, str]) -> None:
    """Raise ResultUnavailable where the body is compressed (fault D7)."""
    if is_packed(headers):
        raise ResultUnavailable("the server of the file packs it although it was asked not to")


def verify_file(
    stream: BinaryIO, kind: ResultKind, *, framed: bool, content_type: str = "", size: int | None = None
) -> VerifiedFile | None:
    """What a file of `size` bytes (None: it is asked) is; None for one that may have been cut.

    `framed`: its end was marked by the server.
    Its bytes decide, whatever `content_type` says: a video is a video. Raises ResultUnavailable for a page of text
    (fault D8), OSError for the disk.
    """
    head, name = stream.read(256), content_type.partition(";")[0].strip().lower()
    format_name = detect_format(head[:HEAD])
    if is_video(head) and format_name not in IMAGE_FORMATS:
        facts = read_video(stream, size, length_known=framed)
        if facts.complete:
            return VerifiedFile(facts, suffix="mov" if format_name == "mov" else "mp4")
        return VerifiedFile(problem="a video whose boxes are not complete") if framed else None
    if _is_page(head, name, format_name):
        raise ResultUnavailable(f"the server of the file sent text{f' ({name})' if name else ''} and no {kind}")
    suffix = SUFFIXES.get(format_name, format_name) if format_name in IMAGE_FORMATS else sound_suffix(head)
    if not head or not (framed or has_its_end(stream, suffix)):
        return None
    if kind == "image" or name.startswith("image/"):
        fits = format_name in IMAGE_FORMATS
    else:
        is_sound = kind == "audio" or name.startswith("audio/")
        fits = bool(CONTAINERS["audio" if is_sound else "video"].match(head))
    return VerifiedFile(problem="" if fits else _describe(head, format_name), suffix=suffix if fits else "")


SUFFIXES: Mapping[str, str] = {"jpeg": "jpg"}
"""Of formats that are not called as their files are."""
_SOUNDS = (
    ("wav", re.compile(rb"RIFF....WAVE", re.DOTALL)),
    ("flac", re.compile(rb"fLaC")),
    ("ogg", re.compile(rb"OggS")),
    ("mp3", re.compile(rb"ID3|\xff[\xe2-\xfb]")),
)


def sound_suffix(head: bytes) -> str:
    """The suffix of a file of sound by its first bytes, without the dot; "" for any other file."""
    return next((suffix for suffix, pattern in _SOUNDS if pattern.match(head)), "")


def has_its_end(stream: BinaryIO, suffix: str) -> bool:
    """Whether a picture or sound whose length nobody announced is whole by itself: its end, or the length in it."""
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    head = stream.read(12)
    stream.seek(max(0, size - 12))
    end = stream.read(12)
    if suffix in {"wav", "webp"}:
        return 8 + int.from_bytes(head[4:8], "little") <= size
    return end[4:8] == b"IEND" if suffix == "png" else suffix == "jpg" and end.endswith(b"\xff\xd9")


def _is_page(head: bytes, content_type: str, format_name: str) -> bool:
    """Whether it is what servers send in place of a file; text that is called a video is a file that is none."""
    starts = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(PAGE_STARTS)
    if any(word in content_type for word in PAGE_TYPES):
        return starts or _describe(head, format_name) in {"text", UNKNOWN_FORMAT}
    return starts and not content_type.startswith(("video/", "image/", "audio/", "application/"))


def _describe(head: bytes, format_name: str) -> str:
    names = {"text": "text", "svg": "text", "": UNKNOWN_FORMAT}
    known = names.get(format_name, f"in {format_name.upper()} format")
    return next((words for pattern, words in ODD_FORMATS if pattern.match(head)), known)
