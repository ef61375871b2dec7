"""The size of a PNG or JPEG, told by imagesize, and evidence that the file is whole."""

from binascii import crc32
from collections.abc import Callable
from struct import unpack
from typing import BinaryIO, NamedTuple

from kirin_cli.media.formats import HEAD, PNG_SIGNATURE, detect_format
from kirin_cli.modelspec.types import MediaError

_SCAN_BLOCK = 256 * 1024
_TAIL = 4096
_MAX_SCAN_BYTES = 64 * 1024 * 1024
_MAX_SEGMENTS = 100_000

_END_OF_IMAGE = b"\xff\xd9"
_START_OF_SCAN = 0xDA
_NO_SEGMENT = frozenset((0x00, 0xD8, 0xD9))  # a stuffed byte; a second start; an end before the scan
_WITHOUT_LENGTH = {0xFF: 1, 0x01: 2} | dict.fromkeys(range(0xD0, 0xD8), 2)  # a fill byte; TEM; restart markers


class ImageHeader(NamedTuple):
    """What the first bytes say. Sides are in px as stored: an EXIF orientation is not applied."""

    format: str
    width: int
    height: int


class _Window:
    """A few bytes from anywhere in a seekable file. EOFError where it ends too early."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size

    def at(self, offset: int, count: int) -> bytes:
        self._file.seek(offset)
        found = self._file.read(count)
        if len(found) < count:
            raise EOFError
        return found

    def holds(self, wanted: bytes, start: int, end: int) -> bool:
        """Whether two wanted bytes stand between two offsets."""
        self._file.seek(start)
        before = b""
        while start < end and (block := self._file.read(min(_SCAN_BLOCK, end - start))):
            if wanted in before + block:
                return True
            before, start = block[-1:], start + len(block)
        return False


def read_image_header(file: BinaryIO, size: int, name: str) -> ImageHeader:
    """Measure the picture in a seekable file of `size` bytes; `name` is what messages call it.

    Raises MediaError: by rule I2 where its content is something else, I6 where it is empty, cut short or undecodable.
    """
    if not size:
        raise MediaError("I6", f"{name} is empty")
    found = detect_format(file.read(HEAD))
    if found not in _ENDS:
        raise MediaError("I2", f"{name} is {_worded(found)} by its content; give a JPEG or PNG picture")
    try:
        # The end comes first: in a broken JPEG imagesize looks for a marker byte by byte, for minutes in 2 GB.
        _ENDS[found](_Window(file, size))
        return ImageHeader(found, *_sides(file))
    except EOFError:
        raise MediaError("I6", f"{name} is truncated: its {found.upper()} data end too early") from None
    except ValueError as fault:
        raise MediaError("I6", f"{name} cannot be decoded: {fault}") from None


def _worded(found: str) -> str:
    return {"": "of an unknown format", "text": "text", "mov": "a MOV video", "mp4": "an MP4 video"}.get(
        found, f"in {found.upper()} format"
    )


def _sides(file: BinaryIO) -> tuple[int, int]:
    """Width and height in px. Takes an open file only: imagesize fetches a text that is a URL."""
    from imagesize import get  # noqa: PLC0415 - brings urllib.request and XML, which only a picture should cost

    width, height = get(file, exif_rotation=False)
    if width < 1 or height < 1:  # -1 where it can make nothing of the file
        raise ValueError("its header states no size")
    return width, height


def _demand_png_end(window: _Window) -> None:
    """Follow the chunks to IEND; bytes behind it are allowed."""
    head = window.at(len(PNG_SIGNATURE), 25)
    if crc32(head[4:21]) != int.from_bytes(head[21:]):
        raise ValueError("its IHDR chunk is missing or damaged")
    offset, has_data = len(PNG_SIGNATURE), False
    for _ in range(_MAX_SEGMENTS):
        length, tag = unpack(">I4s", window.at(offset, 8))
        offset += 12 + length
        if not tag.isalpha():
            raise ValueError("a PNG chunk has no name")
        if offset > window.size:
            raise EOFError
        has_data = has_data or tag == b"IDAT"
        if tag == b"IEND":
            break
    else:
        raise ValueError(f"it has more than {_MAX_SEGMENTS:,} chunks")
    if not has_data:
        raise ValueError("it has no IDAT chunk")


def _demand_jpeg_end(window: _Window) -> None:
    """Follow the segments to the scan, past the thumbnails that have ends of their own; there must be an end behind."""
    offset = 2
    for _ in range(_MAX_SEGMENTS):
        lead, marker, length = unpack(">BBH", window.at(offset, 4))
        if lead != 0xFF or marker in _NO_SEGMENT:
            raise ValueError("a JPEG marker is missing")
        offset += _WITHOUT_LENGTH.get(marker, 2 + length)
        if marker == _START_OF_SCAN:
            break
    else:
        raise ValueError(f"it has more than {_MAX_SEGMENTS:,} segments before the picture")
    if not _ends_behind(offset, window):
        raise EOFError


def _ends_behind(scan: int, window: _Window) -> bool:
    """Look for the end-of-image marker near the end, else forward from the scan (phones append a video to a picture).

    It cannot stand within scan data by chance: there FF is always followed by 00 or a restart marker.
    """
    near_end = max(scan, window.size - _TAIL)
    return window.holds(_END_OF_IMAGE, near_end, window.size) or window.holds(
        _END_OF_IMAGE, scan, min(near_end + 1, scan + _MAX_SCAN_BYTES)
    )


_ENDS: dict[str, Callable[[_Window], None]] = {"png": _demand_png_end, "jpeg": _demand_jpeg_end}
