"""A JSON request body with media in it, made as it is sent: its length is known, no file is ever held whole."""

from binascii import b2a_base64
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from json import JSONEncoder
from typing import NamedTuple

from kirin_cli.media.files import open_unchanged, read_unchanged
from kirin_cli.spec.medium import Medium

_STEP = 48 * 1024  # bytes of a file a time; a multiple of 3, so that the pieces of Base64 join
_TEXT_STEP = 64 * 1024  # characters of Base64 a time
_encode = JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class _Inlay(NamedTuple):
    """A file or Base64 text, and how messages name it: its place in the body and its label."""

    medium: Medium
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
    """Compact UTF-8 JSON with Medium leaves as the strings that are sent: URLs, or bare Base64 (A9).

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


def _parts(tree: object, path: str) -> Iterator[bytes | _Inlay]:
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
    elif isinstance(tree, Medium) and tree.form != "url":
        yield b'"'
        yield _Inlay(tree, f"{path}: {tree.label}")
        yield b'"'
    else:
        yield _json(tree.given if isinstance(tree, Medium) else tree)


def _json(value: object) -> bytes:
    # A lone surrogate, which UTF-8 cannot say, becomes \udXXX: the same spelling in Python and in JSON.
    return _encode(value).encode("utf-8", "backslashreplace")


def _joined(parts: Iterator[bytes | _Inlay]) -> Iterator[bytes | _Inlay]:
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
