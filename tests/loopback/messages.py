"""What goes over the wire of the loopback service: a request as it came, an answer as it will leave.

Knows nothing of sockets, of the API or of files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

Headers = Mapping[str, str] | Iterable[tuple[str, str]]
REASONS = {int(status): status.phrase for status in HTTPStatus}


def pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Headers as pairs: order and repetitions stay."""
    return tuple(headers.items() if isinstance(headers, Mapping) else headers)


def find(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of a header, its name in any case."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


@dataclass(slots=True)
class Request:
    """One request, recorded as soon as its head was read; the fields with defaults are filled in afterwards."""

    number: int  # over the whole service, from 1
    connection: int  # which connection it came on, from 1
    at: float  # time.monotonic()
    method: str
    target: str  # exactly as sent
    headers: tuple[tuple[str, str], ...]
    version: str = "HTTP/1.1"
    body: bytes = b""
    complete: bool = False  # head and body were read in full
    status: int | None = None  # what was answered (at least begun), None for nothing or raw bytes
    sent: int = 0  # bytes of the answer that left, head included

    @property
    def path(self) -> str:
        """The path alone, also of the absolute form that proxies get."""
        return urlsplit(self.target).path if "://" in self.target else self.target.partition("?")[0]

    def header(self, name: str, default: str = "") -> str:
        return find(self.headers, name) or default

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> str:
        """The bearer token, or the whole Authorization value when it is none; "" without."""
        return self.header("Authorization").removeprefix("Bearer ")

    def having(self, *headers: tuple[str, str]) -> Request:
        """A copy with these headers alone."""
        return replace(self, headers=headers)

    def matches(self, pattern: str) -> bool:
        """Patterns: "POST", "GET /x.mp4", "* /model/*" (the star is the only special character)."""
        method, _, path = pattern.partition(" ")
        begin, star, end = path.partition("*")
        fits = self.path.startswith(begin) and self.path.endswith(end) if star else path in {"", self.path}
        return fits and method in {"*", self.method}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; Content-Length is added unless the headers frame the body already or `framed` is off."""

    status: int
    body: bytes | memoryview = b""
    headers: tuple[tuple[str, str], ...] = field(default=())
    framed: bool = True

    def header(self, name: str) -> str | None:
        return find(self.headers, name)

    def having(self, name: str, *values: str) -> Answer:
        """The same with this header set to these values, in as many lines; removed without any."""
        others = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*others, *((name, value) for value in values)))

    def head(self, *, closing: bool) -> bytes:
        """Status line and headers as bytes."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.framed and self.header("Content-Length") is None and self.header("Transfer-Encoding") is None:
            lines.append(f"Content-Length: {len(self.body)}")
        if closing:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def json_answer(status: int, payload: object) -> Answer:
    return Answer(status, json.dumps(payload).encode(), (("Content-Type", "application/json"),))


def given_answer(status: int, body: object = b"", headers: Headers = ()) -> Answer:
    """An answer of bytes or text as they are, or of anything else as JSON."""
    if isinstance(body, bytes):
        return Answer(status, body, pairs(headers))
    if isinstance(body, str):
        return Answer(status, body.encode("utf-8", "surrogateescape"), pairs(headers))
    made = json_answer(status, body)
    return replace(made, headers=(*made.headers, *pairs(headers)))
