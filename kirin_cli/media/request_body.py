"""The JSON body of a request with media in it: streamed as it is sent, or as plain data for people. Sends nothing."""

import os
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from json import JSONEncoder
from typing import NamedTuple

from kirin_cli.media.local_files import open_unchanged, read_unchanged, sha256
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.tree import map_leaves, walk

_FILE_STEP = 48 * 1024  # bytes of a file a time; a multiple of 3, so that the pieces of Base64 join
_TEXT_STEP = 64 * 1024  # characters of Base64 a time
_encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class _EmbeddedFile(NamedTuple):
    """A file or Base64 text, and how messages name it: its path in the body and its label."""

    medium: MediaFile
    name: str

    @property
    def length(self) -> int:
        """Characters of Base64."""
        if self.medium.form == "base64":
            return len(self.medium.given)
        return -(-(self.medium.size or 0) // 3) * 4

    def open(self, stack: ExitStack) -> Iterator[bytes]:
        """Open the file now, read it later."""
        text = self.medium.given
        if self.medium.form == "base64":
            return (text[start : start + _TEXT_STEP].encode() for start in range(0, len(text), _TEXT_STEP))
        file = stack.enter_context(open_unchanged(self.medium, self.name))
        return (b2a_base64(data, newline=False) for data in read_unchanged(self.medium, file, _FILE_STEP, self.name))


class JsonBody:
    """Compact UTF-8 JSON of a tree with MediaFile leaves as the strings that are sent: URLs, or bare Base64 (rule A9).

    `len()` is exact in bytes. Each `iter()` opens the files anew, all of them before its first chunk, and raises
    LocalError where one is gone or has changed since it was inspected: before the first chunk, or in the middle, but
    never after the last. A lone surrogate travels as its JSON escape; NaN and infinities raise ValueError when built.
    """

    def __init__(self, tree: object) -> None:
        media = [(path, leaf) for path, leaf in walk(tree) if isinstance(leaf, MediaFile) and leaf.form != "url"]
        marker = os.urandom(16).hex()  # stands where media go, and nowhere else
        text = _encode(_map_media(tree, lambda medium: medium.given if medium.form == "url" else marker))
        # A lone surrogate, which UTF-8 cannot say, becomes \udXXX: the same spelling in Python and in JSON.
        first, *rest = (piece.encode("utf-8", "backslashreplace") for piece in text.split(marker))
        self._parts: list[bytes | _EmbeddedFile] = [first]
        for (path, medium), piece in zip(media, rest, strict=True):
            self._parts += (_EmbeddedFile(medium, f"{path}: {medium.label}"), piece)
        self._length = sum(len(part) if isinstance(part, bytes) else part.length for part in self._parts)

    def __len__(self) -> int:
        return self._length

    @property
    def outline(self) -> str:
        """The JSON for people, with a few words in the place of each Base64."""
        texts = (
            part.decode() if isinstance(part, bytes) else f"<{part.medium.label}, {part.length} characters of Base64>"
            for part in self._parts
        )
        return "".join(texts)

    def __iter__(self) -> Iterator[bytes]:
        with ExitStack() as stack:
            for stream in self._open(stack):
                yield from stream

    def verify(self) -> None:
        """Raise LocalError where a file is gone or has changed: to be asked before a connection is opened."""
        with ExitStack() as stack:
            self._open(stack)

    def _open(self, stack: ExitStack) -> list[Iterator[bytes]]:
        return [iter((part,)) if isinstance(part, bytes) else part.open(stack) for part in self._parts]


def elide(tree: object) -> object:
    """The tree with files and Base64 as short texts: "<file cup.png, 12345 bytes, sha256 ab12cd34…>"; URLs stay.

    Raises LocalError where a file has changed since it was inspected.
    """

    def describe(medium: MediaFile) -> str:
        if medium.form == "url":
            return medium.given
        what = f"file {medium.given}, {medium.size} bytes" if medium.form == "file" else medium.label
        return f"<{what}, sha256 {sha256(medium)[:8]}…>"

    return _map_media(tree, describe)


def expand(tree: object) -> object:
    """The tree with every MediaFile as the string that is sent. Raises LocalError as `elide` does."""

    def encode(medium: MediaFile) -> str:
        if medium.form != "file":
            return medium.given
        with ExitStack() as stack:
            return b"".join(_EmbeddedFile(medium, medium.label).open(stack)).decode()

    return _map_media(tree, encode)


def _map_media(tree: object, change: Callable[[MediaFile], str]) -> object:
    return map_leaves(tree, lambda leaf: change(leaf) if isinstance(leaf, MediaFile) else leaf)
