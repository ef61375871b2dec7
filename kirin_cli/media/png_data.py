"""Whether the pixels of a PNG are all there: the checksums of its chunks, and a stream that inflates to every row.

Measured beside SHA-256 of the same bytes: the checksums take half as long, inflating three times (noise) to thirteen
times (photos) as long, 7 ms a megabyte. So `validate` decodes some pictures, and `run` those that it sends.
"""

from binascii import a2b_base64, crc32
from functools import lru_cache
from io import BytesIO
from struct import unpack
from typing import BinaryIO, Final
from zlib import decompressobj
from zlib import error as zlib_error

from kirin_cli.media.formats import PNG_SIGNATURE
from kirin_cli.media.local_files import open_unchanged
from kirin_cli.modelspec.types import MediaError, MediaFile

MAX_CHECKED_BYTES: Final = 10 << 20  # of a file; rule I3 refuses a larger one
MAX_INFLATED_BYTES: Final = 1 << 30  # a stream that means more is held to its checksums alone
_STEP: Final = 1 << 18  # bytes that are read, and inflated, at once
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # bits of a channel
# Adam7: first column and row of each pass, and the steps from one to the next.
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_CRITICAL: Final = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))


@lru_cache(maxsize=4096)
def check_pixels(media_file: MediaFile) -> None:
    """Read a PNG, of a file or of Base64, to its end; of any other picture nothing more is asked than its header says.

    Raises MediaError (rule I6) where pixels are damaged or missing, LocalError where the file has changed meanwhile.
    """
    if media_file.format != "png" or media_file.form == "url" or (media_file.size or 0) > MAX_CHECKED_BYTES:
        return
    is_file, name = media_file.form == "file", media_file.label
    try:
        with open_unchanged(media_file, name) if is_file else BytesIO(a2b_base64(media_file.given)) as file:
            check_png_data(file)
    except OSError as error:
        raise MediaError("I6", f"{name} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise MediaError("I6", f"{name} is damaged: {error}; copy or export it again") from None


def check_png_data(file: BinaryIO) -> None:
    """Read a PNG to its IEND chunk; raises ValueError, with a sentence, where decoders would not get all its pixels.

    Memory is bounded. Behind the pixels a wrong checksum matters in chunks that decoders need only.
    """
    file.seek(len(PNG_SIGNATURE))
    stream, tag = _PixelStream(), b""
    while tag != b"IEND":
        offset = file.tell()
        head = file.read(8)
        if len(head) < 8:
            raise ValueError("it has no IEND chunk")
        left, tag = unpack(">I4s", head)
        if tag == b"IHDR":
            stream = _PixelStream(file.read(left))
            file.seek(offset + 8)
        checksum = crc32(tag)
        while left and (data := file.read(min(left, _STEP))):
            left -= len(data)
            checksum = crc32(data, checksum)
            if tag == b"IDAT":
                stream.inflate(data)
        if int.from_bytes(file.read(4)) != checksum and (tag in _CRITICAL or not stream.began):
            raise ValueError(f"the checksum of its {tag.decode('latin-1')} chunk at byte {offset} is wrong")
    stream.end()


def inflated_size(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Bytes of all rows of a picture with so many bits a pixel, each row with its filter byte before it."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    size = 0
    for column, row, column_step, row_step in passes:
        columns, rows = -(-(width - column) // column_step), -(-(height - row) // row_step)
        size += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return size


class _PixelStream:
    """The compressed pixels, inflated and thrown away; `inflate` and `end` raise ValueError for what cannot be right.

    A damaged stream is told at the end only: a wrong checksum says where, which is the better message.
    """

    def __init__(self, header: bytes = b"") -> None:
        self._expected = self._missing = _expected_size(header) if header else 0
        self._inflater = decompressobj()
        self._is_broken = False
        self.began = False

    def inflate(self, data: bytes) -> None:
        """Inflate the next bytes of the stream, as far as rows are missing."""
        self.began = True
        while data and 0 < self._missing <= MAX_INFLATED_BYTES and not (self._is_broken or self._inflater.eof):
            try:
                # The last byte alone: a wrong checksum behind it, which decoders do not mind, would take it along.
                self._missing -= len(self._inflater.decompress(data, min(max(self._missing - 1, 1), _STEP)))
            except zlib_error:
                self._is_broken = True
            data = self._inflater.unconsumed_tail

    def end(self) -> None:
        """Raise ValueError where rows are missing."""
        if not self._expected:
            raise ValueError("its IHDR chunk is missing or damaged")
        if self._is_broken and self._missing == 1:
            return
        if 0 < self._missing <= MAX_INFLATED_BYTES:
            rest = "the others cannot be decompressed" if self._is_broken else "the others are missing"
            share = 100 * (self._expected - self._missing) // self._expected
            raise ValueError(f"only {share} % of its pixels are there, {rest}")


def _expected_size(header: bytes) -> int:
    """Bytes that the stream inflates to, by an IHDR chunk. Raises ValueError for a kind of picture that PNG has not."""
    width, height, depth, colour, compression, filters, interlace = unpack(">IIBBBBB", header[:13].ljust(13, b"\xff"))
    if depth not in _DEPTHS.get(colour, ()) or compression or filters or interlace > 1:
        raise ValueError("its IHDR chunk names a kind of picture that PNG does not have")
    return inflated_size(width, height, depth * _CHANNELS[colour], interlaced=bool(interlace))
