"""The results that the sandbox delivers: real files of the kind that a model makes, each with bytes of its own."""

import hashlib
import math
import struct
import zlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from kirin_cli.modelspec.types import ResultKind

RESULT_NAMES: Final[Mapping[ResultKind, str]] = {"video": "video.mp4", "image": "image.png", "audio": "audio.wav"}
"""The last step of the URL of a result."""
CLIPS: Final = files("kirin_cli.sandbox").joinpath("clips")  # in a wheel that stays zipped too
RATIOS: Final = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0}
MIN_CLIP_SECONDS: Final = 3
MAX_CLIP_SECONDS: Final = 10
LONG_SIDE: Final = 320  # pixels
SAMPLE_RATE: Final = 8000  # a second


def result_content(kind: ResultKind, ratio: str, seconds: int, mark: str) -> bytes:
    """A file of this kind: of this aspect ratio (one of RATIOS) or length, marked so that its bytes are unique."""
    if kind == "image":
        return picture(ratio, mark)
    return clip(ratio, seconds, mark) if kind == "video" else sound(seconds, mark)


def clip(ratio: str, seconds: int, mark: str) -> bytes:
    """An H.264 MP4 of this aspect ratio (one of RATIOS) and length (3-10 s), marked so that its bytes are unique.

    The mark stands in a box of ISO 14496-12 that every player skips.
    """
    content = mark.encode()
    box = struct.pack(">I4s", 8 + len(content), b"free") + content
    return (CLIPS / f"{ratio.replace(':', 'x')}-{seconds}s.mp4").read_bytes() + box


def nearest_ratio(width: int, height: int) -> str:
    """The one of RATIOS that a picture of `width` by `height` px comes closest to."""
    shape = width / height
    return min(RATIOS, key=lambda ratio: max(shape, RATIOS[ratio]) / min(shape, RATIOS[ratio]))


def picture(ratio: str, mark: str) -> bytes:
    """A PNG of one colour, which the mark decides."""
    shape = RATIOS[ratio]
    width, height = (LONG_SIDE, round(LONG_SIDE / shape)) if shape >= 1 else (round(LONG_SIDE * shape), LONG_SIDE)
    colour = hashlib.sha256(mark.encode()).digest()[:3]
    lines = (b"\0" + colour * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"tEXt", b"Comment\0" + mark.encode("latin-1", "replace")),
        (b"IDAT", zlib.compress(lines)),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in (*chunks, (b"IEND", b"")))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def sound(seconds: int, mark: str) -> bytes:
    """A WAV of one tone, whose pitch the mark decides."""
    pitch = 220 + hashlib.sha256(mark.encode()).digest()[0]
    count = seconds * SAMPLE_RATE
    step = 2 * math.pi * pitch / SAMPLE_RATE
    samples = bytes(128 + round(50 * math.sin(step * number)) for number in range(count))
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, SAMPLE_RATE, 1, 8)
    comment = mark.encode() + b"\0" * (len(mark.encode()) % 2)
    parts = b"fmt " + struct.pack("<I", len(form)) + form + b"LIST" + struct.pack("<I", len(comment) + 12)
    parts += b"INFOICMT" + struct.pack("<I", len(comment)) + comment + b"data" + struct.pack("<I", count) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WAVE" + parts
