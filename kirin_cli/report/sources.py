"""Videos inside a page, as data URIs. Only a file that is still what the result says may come in."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Final

from kirin_cli.report.record import Made

LARGEST: Final = 64 << 20
"""Bytes of one file; a larger one is linked to."""

LARGEST_TOGETHER: Final = 128 << 20
"""Bytes of all files of a page."""

_TYPES: Final = {
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}  # fmt: skip


class Embedding:
    """Gives the content of each file as a data URI while there is room, and else what `otherwise` gives.

    A result may have come from anywhere and name any file of this machine; its size and its SHA-256 must be those
    that the result states, so nobody learns from the page what they do not know.
    """

    def __init__(self, otherwise: Callable[[Made], str]) -> None:
        self._otherwise = otherwise
        self._room = LARGEST_TOGETHER

    def __call__(self, made: Made) -> str:
        """The address of a file."""
        kind = _TYPES.get(made.path.suffix.lower())
        content = _content(made) if kind and made.bytes <= min(LARGEST, self._room) else None
        if content is None:
            return self._otherwise(made)
        self._room -= len(content)
        return f"data:{kind};base64,{b64encode(content).decode()}"


def _content(made: Made) -> bytes | None:
    try:
        if not made.path.is_file() or made.path.stat().st_size != made.bytes:
            return None
        content = made.path.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == made.sha256 else None
