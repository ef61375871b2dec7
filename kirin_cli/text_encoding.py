"""Bytes of text files as text, in the encoding that their byte order mark names. Knows no format."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from typing import Final

# The longer marks first: UTF-32 in little-endian order starts like UTF-16.
_MARKS: Final = (
    (BOM_UTF32_LE, "utf-32-le"),
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF8, "utf-8"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)


def split_mark(raw: bytes) -> tuple[str, bytes]:
    """The codec that a byte order mark names, UTF-8 where there is none, and the bytes behind the mark."""
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            return codec, raw[len(mark) :]
    return "utf-8", raw


def decode_text(raw: bytes, errors: str = "strict") -> str:
    """UTF-8, or UTF-16 and UTF-32 with a mark as Windows writes it. Raises UnicodeDecodeError where `errors` does."""
    codec, body = split_mark(raw)
    return body.decode(codec, errors)
