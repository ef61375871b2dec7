"""The size of a PNG or JPEG, whether viewers turn it, and evidence that the file is whole."""

import re
from binascii import crc32
from collections.abc import Callable
from struct import unpack
from typing import BinaryIO, NamedTuple

from kirin_cli.media.formats import HEAD, PNG_SIGNATURE, detect_format, pointer_hint
from kirin_cli.modelspec.types import MediaError

_BLOCK = 4096
_SCAN_BLOCK = 256 * 1024
_TAIL = 4096
_MAX_SCAN_BYTES = 64 * 1024 * 1024
_MAX_SEGMENTS = 100_000
_MAX_STRAY_BYTES = 1 << 20

_END_OF_IMAGE = b"\xff\xd9"
_START_OF_SCAN = 0xDA
_NO_SEGMENT = frozenset((0xD8, 0xD9))  # a second start; an end before the scan
_WITHOUT_LENGTH = {0x01: 2} | dict.fromkeys(range(0xD0, 0xD8), 2)  # TEM; restart markers
_NO_MARKER = frozenset((0x00, 0xFF))  # a stuffed byte, a fill byte
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # of every process; the others are tables and JPG
_EXIF = 0xE1

_OTHER_CONTENTS = {"": "of an unknown format", "text": "text", "mov": "a MOV video", "mp4": "an MP4 video"}


class ImageHeader(NamedTuple):
    """What the first bytes say. Sides are in px as stored; `turned`: an EXIF orientation shows them exchanged."""

    format: str
    width: int
    height: int
    turned: bool = False


class _Facts(NamedTuple):
    """The sides as stored, and whether there is an EXIF segment or chunk, which may turn them."""

    width: int
    height: int
    has_exif: bool


class _Window:
    """A few bytes from anywhere in a seekable file, of which `head` are the first. EOFError where it ends too early."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size
        self.head = self._block = file.read(_BLOCK)  # of most pictures all that is ever read
        self._start = 0

    def read(self, offset: int, count: int) -> bytes:
        begin = offset - self._start
        data = self._block[begin : begin + count] if begin >= 0 else b""
        if len(data) < count:
            self._file.seek(offset)
            self._block = self._file.read(max(count, _BLOCK))
            self._start = offset
            data = self._block[:count]
            if len(data) < count:
                raise EOFError
        return data

    def has_end_of_image(self, start: int, end: int) -> bool:
        """Whether the marker of the end stands between two offsets."""
        self._file.seek(start)
        before = b""
        while start < end and (block := self._file.read(min(_SCAN_BLOCK, end - start))):
            if _END_OF_IMAGE in before + block:
                return True
            before, start = block[-1:], start + len(block)
        return False


def read_image_header(file: BinaryIO, size: int, name: str) -> ImageHeader:
    """Measure the picture in a seekable file of `size` bytes; `name` is what messages call it.

    Raises MediaError: by rule I2 where its content is something else, I6 where it is empty, cut short or undecodable.
    """
    if not size:
        raise MediaError("I6", f"{name} is empty")
    window = _Window(file, size)
    content = detect_format(window.head[:HEAD])
    if content not in _READERS:
        if pointer := pointer_hint(window.head[:HEAD]):
            raise MediaError("I2", f"{name} is {pointer}")
        described = _OTHER_CONTENTS.get(content, f"in {content.upper()} format")
        raise MediaError("I2", f"{name} is {described} by its content; give a JPEG or PNG picture")
    try:
        width, height, has_exif = _READERS[content](window)
    except EOFError:
        raise MediaError("I6", f"{name} is truncated: its {content.upper()} data end too early") from None
    except ValueError as error:
        raise MediaError("I6", f"{name} cannot be decoded: {error}") from None
    if width < 1 or height < 1:
        raise MediaError("I6", f"{name} cannot be decoded: its header states no size")
    return ImageHeader(content, width, height, has_exif and _is_turned(file, width, height))


def _is_turned(file: BinaryIO, width: int, height: int) -> bool:
    """Whether an EXIF orientation exchanges the sides. Takes an open file: imagesize fetches a text that is a URL."""
    from imagesize import get  # noqa: PLC0415 - brings urllib.request and XML, which only a photo should cost

    return width != height and get(file, exif_rotation=True) == (height, width)


def _read_png(window: _Window) -> _Facts:
    """Follow the chunks to IEND; bytes behind it are allowed."""
    offset, has_pixels, read = len(PNG_SIGNATURE), False, window.read
    head = read(offset, 25)
    if crc32(head[4:21]) != int.from_bytes(head[21:]):
        raise ValueError("its IHDR chunk is missing or damaged")
    if head[4:8] != b"IHDR":
        raise ValueError("its header states no size")
    width, height = unpack(">II", head[8:16])
    for _ in range(_MAX_SEGMENTS):
        length, tag = unpack(">I4s", read(offset, 8))
        offset += 12 + length
        if not tag.isalpha():
            raise ValueError("a PNG chunk has no name")
        if offset > window.size:
            raise EOFError
        if tag == b"IDAT":
            has_pixels = True
        elif tag == b"IEND":
            break
    else:
        raise ValueError(f"it has more than {_MAX_SEGMENTS:,} chunks")
    if not has_pixels:
        raise ValueError("it has no IDAT chunk")
    return _Facts(width, height, has_exif=False)  # of a PNG few viewers heed it


def _read_jpeg(window: _Window) -> _Facts:
    """Follow the segments to the scan, past the thumbnails that have ends of their own; there must be an end behind.

    Stray bytes between segments are skipped, as decoders do: up to the next FF with a marker behind it.
    """
    offset, sides, has_exif = 2, (0, 0), False
    for _ in range(_MAX_SEGMENTS):
        lead, marker, length = unpack(">BBH", window.read(offset, 4))
        if lead != 0xFF or marker in _NO_MARKER:
            offset = _next_marker(window, offset)
            marker, length = unpack(">xBH", window.read(offset, 4))
        if marker in _NO_SEGMENT:
            raise ValueError("a JPEG marker is missing")
        length = _WITHOUT_LENGTH.get(marker) or 2 + max(2, length)
        if marker in _FRAMES and sides == (0, 0) and length >= 9:
            height, width = unpack(">HH", window.read(offset + 5, 4))
            sides = width, height
        elif marker == _EXIF and not has_exif and length >= 12:
            has_exif = window.read(offset + 4, 4) == b"Exif"
        offset += length
        if marker == _START_OF_SCAN:
            break
    else:
        raise ValueError(f"it has more than {_MAX_SEGMENTS:,} segments before the picture")
    # The end-of-image marker cannot stand within scan data by chance: there FF is followed by 00 or a restart marker.
    # It is near the end of the file, or further forward where a phone has appended a video to a picture.
    near_end = max(offset, window.size - _TAIL)
    far_end = min(near_end + 1, offset + _MAX_SCAN_BYTES)
    if not window.has_end_of_image(near_end, window.size) and not window.has_end_of_image(offset, far_end):
        raise EOFError
    return _Facts(*sides, has_exif)


def _next_marker(window: _Window, offset: int) -> int:
    """Where the next marker begins. Raises ValueError where too much stands before it, EOFError at the end."""
    end = min(window.size, offset + _MAX_STRAY_BYTES)
    while offset < end:
        block = window.read(offset, min(_SCAN_BLOCK, window.size - offset))
        if match := _MARKER.search(block):
            return offset + match.start()
        offset += max(1, len(block) - 1)  # an FF at the end of one block may begin a marker
    if end == window.size:
        raise EOFError
    raise ValueError("a JPEG marker is missing")


_READERS: dict[str, Callable[[_Window], _Facts]] = {"png": _read_png, "jpeg": _read_jpeg}
