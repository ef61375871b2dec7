"""The JSON body of a request with media in it: streamed as it is sent, or as plain data for people. Sends nothing."""

from binascii import b2a_base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from json import JSONEncoder
from typing import NamedTuple

from kirin_cli.media.local_files import open_unchanged, read_unchanged
from kirin_cli.modelspec.types import MediaFile

_STEP = 48 * 1024  # bytes of a file a time; a multiple of 3, so that the pieces of Base64 join
_TEXT_STEP = 64 * 1024  # characters of Base64 a time
_encode = JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class _EmbeddedFile(NamedTuple):
    """A file or Base64 text, and how messages name it: its place in the body and its label."""

    medium: MediaFile
    name: str

    @property
    def length(self) -> int:
        """Characters of Base64."""
        if self.medium.form == "base64":
            return len(self.medium.given)
        return -(-(self.medium.size or 0) // 3) * 4

    def opened(self, stack: ExitStack) -> Iterator[bytes]:
        """Open the file now, read it later."""
        if self.medium.form == "base64":
            return _steps(self.medium.given)
        file = stack.enter_context(open_unchanged(self.medium, self.name))
        return (b2a_base64(data, newline=False) for data in read_unchanged(self.medium, file, _STEP, self.name))


class JsonBody:
    """Compact UTF-8 JSON with Medium leaves as the strings that are sent: URLs, or bare Base64 (rule A9).

    `len()` is exact in bytes. Each `iter()` opens the files anew, all of them before its first chunk, and raises
    LocalFault where one is gone or has changed since the look: before the first chunk, or in the middle, but never
    after the last. A lone surrogate travels as its JSON escape; NaN and infinities raise ValueError when built.
    """

    def __init__(self, tree: object) -> None:
        self._parts = tuple(_joined(_parts(tree, "")))
        self._length = sum(len(part) if isinstance(part, bytes) else part.length for part in self._parts)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        with ExitStack() as stack:
            for stream in self._streams(stack):
                yield from stream

    def verify(self) -> None:
        """Raise LocalFault where a file is gone or has changed: to be asked before a connection is opened."""
        with ExitStack() as stack:
            self._streams(stack)

    def _streams(self, stack: ExitStack) -> list[Iterator[bytes]]:
        return [iter((part,)) if isinstance(part, bytes) else part.opened(stack) for part in self._parts]


def json_body(tree: object) -> JsonBody:
    """The JSON document of a tree of mappings, lists, scalars and Medium leaves."""
    return JsonBody(tree)


def _steps(text: str) -> Iterator[bytes]:
    return (text[start : start + _TEXT_STEP].encode() for start in range(0, len(text), _TEXT_STEP))


def _parts(tree: object, path: str) -> Iterator[bytes | _EmbeddedFile]:
    if isinstance(tree, Mapping):
        yield b"{"
        for index, (key, value) in enumerate(tree.items()):
            yield b"," * (index > 0) + _json(key) + b":"
            yield from _parts(value, f"{path}.{key}" if path else key)
        yield b"}"
    elif isinstance(tree, (list, tuple)):
        yield b"["
        for index, value in enumerate(tree):
            yield b"," * (index > 0)
            yield from _parts(value, f"{path}[{index}]")
        yield b"]"
    elif isinstance(tree, MediaFile) and tree.form != "url":
        yield b'"'
        yield _EmbeddedFile(tree, f"{path}: {tree.label}")
        yield b'"'
    else:
        yield _json(tree.given if isinstance(tree, MediaFile) else tree)


def _json(value: object) -> bytes:
    # A lone surrogate, which UTF-8 cannot say, becomes \udXXX: the same spelling in Python and in JSON.
    return _encode(value).encode("utf-8", "backslashreplace")


def _joined(parts: Iterator[bytes | _EmbeddedFile]) -> Iterator[bytes | _EmbeddedFile]:
    """The same with neighbouring bytes made one."""
    text: list[bytes] = []
    for part in parts:
        if isinstance(part, bytes):
            text.append(part)
        else:
            yield b"".join(text)
            yield part
            text.clear()
    yield b"".join(text)


def elide(tree: object) -> object:
    """The tree with files and Base64 as short words: "<file cup.png, 12345 bytes, sha256 ab12cd34…>"; URLs stay.

    Raises LocalFault where a file has changed since the look.
    """
    return _replaced(tree, _words)


def expand(tree: object) -> object:
    """The tree with every Medium as the string that is sent; LocalFault where a file has changed since the look."""
    return _replaced(tree, _sent)


def _replaced(tree: object, leaf: Callable[[MediaFile], str]) -> object:
    if isinstance(tree, MediaFile):
        return leaf(tree)
    if isinstance(tree, Mapping):
        return {key: _replaced(value, leaf) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_replaced(value, leaf) for value in tree]
    return tree


def _words(media_file: MediaFile) -> str:
    if media_file.form == "url":
        return media_file.given
    from kirin_cli.media.local_files import sha256  # noqa: PLC0415  (only a request with media pays for hashing)

    what = f"file {media_file.given}, {media_file.size} bytes" if media_file.form == "file" else media_file.label
    return f"<{what}, sha256 {sha256(media_file)[:8]}…>"


def _sent(media_file: MediaFile) -> str:
    if media_file.form != "file":
        return media_file.given
    with open_unchanged(media_file, media_file.label) as file:
        data = b"".join(read_unchanged(media_file, file, media_file.size or 1, media_file.label))
    return b2a_base64(data, newline=False).decode()
