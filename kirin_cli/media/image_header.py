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

_OTHER_CONTENTS = {"": "of an unknown format", "text": "text", "mov": "a MOV video", "mp4": "an MP4 video"}


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

    def read(self, offset: int, count: int) -> bytes:
        self._file.seek(offset)
        data = self._file.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def contains(self, pair: bytes, start: int, end: int) -> bool:
        """Whether two bytes stand beside each other between two offsets."""
        self._file.seek(start)
        before = b""
        while start < end and (block := self._file.read(min(_SCAN_BLOCK, end - start))):
            if pair in before + block:
                return True
            before, start = block[-1:], start + len(block)
        return False


def read_image_header(file: BinaryIO, size: int, name: str) -> ImageHeader:
    """Measure the picture in a seekable file of `size` bytes; `name` is what messages call it.

    Raises MediaError: by rule I2 where its content is something else, I6 where it is empty, cut short or undecodable.
    """
    if not size:
        raise MediaError("I6", f"{name} is empty")
    content = detect_format(file.read(HEAD))
    if content not in _CHECK_END:
        described = _OTHER_CONTENTS.get(content, f"in {content.upper()} format")
        raise MediaError("I2", f"{name} is {described} by its content; give a JPEG or PNG picture")
    try:
        # The end comes first: in a broken JPEG imagesize looks for a marker byte by byte, for minutes in 2 GB.
        _CHECK_END[content](_Window(file, size))
        return ImageHeader(content, *_sides(file))
    except EOFError:
        raise MediaError("I6", f"{name} is truncated: its {content.upper()} data end too early") from None
    except ValueError as error:
        raise MediaError("I6", f"{name} cannot be decoded: {error}") from None


def _sides(file: BinaryIO) -> tuple[int, int]:
    """Width and height in px. Takes an open file only: imagesize fetches a text that is a URL."""
    from imagesize import get  # noqa: PLC0415 - brings urllib.request and XML, which only a picture should cost

    width, height = get(file, exif_rotation=False)
    if width < 1 or height < 1:  # -1 where it can make nothing of the file
        raise ValueError("its header states no size")
    return width, height


def _check_png_end(window: _Window) -> None:
    """Follow the chunks to IEND; bytes behind it are allowed."""
    head = window.read(len(PNG_SIGNATURE), 25)
    if crc32(head[4:21]) != int.from_bytes(head[21:]):
        raise ValueError("its IHDR chunk is missing or damaged")
    offset, has_data = len(PNG_SIGNATURE), False
    for _ in range(_MAX_SEGMENTS):
        length, tag = unpack(">I4s", window.read(offset, 8))
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


def _check_jpeg_end(window: _Window) -> None:
    """Follow the segments to the scan, past the thumbnails that have ends of their own; there must be an end behind."""
    offset = 2
    for _ in range(_MAX_SEGMENTS):
        lead, marker, length = unpack(">BBH", window.read(offset, 4))
        if lead != 0xFF or marker in _NO_SEGMENT:
            raise ValueError("a JPEG marker is missing")
        offset += _WITHOUT_LENGTH.get(marker, 2 + length)
        if marker == _START_OF_SCAN:
            break
    else:
        raise ValueError(f"it has more than {_MAX_SEGMENTS:,} segments before the picture")
    # The end-of-image marker cannot stand within scan data by chance: there FF is followed by 00 or a restart marker.
    # It is near the end of the file, or further forward where a phone has appended a video to a picture.
    near_end = max(offset, window.size - _TAIL)
    if not window.contains(_END_OF_IMAGE, near_end, window.size) and not window.contains(
        _END_OF_IMAGE, offset, min(near_end + 1, offset + _MAX_SCAN_BYTES)
    ):
        raise EOFError


_CHECK_END: dict[str, Callable[[_Window], None]] = {"png": _check_png_end, "jpeg": _check_jpeg_end}
