"""Faults of a CDN with its own mind about Range, ETag and Content-Range: `cdn.script("GET", range_ignored())`.

Knows nothing of the API.
"""

from __future__ import annotations

from loopback.exchange import Exchange, Fault
from loopback.faults import altered
from loopback.messages import Answer, Request


def range_ignored() -> Fault:
    """200 with the whole file, whatever part was asked for."""

    def play(x: Exchange) -> None:
        x.send(x.honest_for(_without_range(x.request)))

    return play


def range_shifted(by: int) -> Fault:
    """206 with a part that starts `by` bytes later than asked, and says so."""

    def play(x: Exchange) -> None:
        first, _, last = x.request.header("Range").removeprefix("bytes=").partition("-")
        asked = _without_range(x.request, ("Range", f"bytes={int(first) + by}-{last}")) if first else x.request
        x.send(x.honest_for(asked))

    return play


def content_range(*values: str) -> Fault:
    """The honest part with another Content-Range, "bytes 5-9/*", or with none at all."""
    return altered(lambda _, honest: honest.having("Content-Range", *values))


def partial_without_range() -> Fault:
    """206 although no range was asked for; the whole file."""
    return altered(lambda _, honest: Answer(206, honest.body, honest.headers))


def etag(*values: str) -> Fault:
    """The honest answer under another ETag, or with none; parts stay parts."""
    return altered(lambda _, honest: honest.having("ETag", *values))


def multipart() -> Fault:
    """206 as multipart/byteranges with one part."""

    def change(_request: Request, honest: Answer) -> Answer:
        part = f"--cut\r\nContent-Type: video/mp4\r\nContent-Range: {honest.header('Content-Range')}\r\n\r\n"
        body = part.encode() + bytes(honest.body) + b"\r\n--cut--\r\n"
        return Answer(206, body, (("Content-Type", "multipart/byteranges; boundary=cut"),))

    return altered(change)


def unsatisfiable(total: int | None = None) -> Fault:
    """416 that names this length of the file, or none."""
    headers = () if total is None else (("Content-Range", f"bytes */{total}"),)
    return altered(lambda _request, _honest: Answer(416, b"", headers), create=False)


def _without_range(request: Request, *instead: tuple[str, str]) -> Request:
    others = tuple(pair for pair in request.headers if pair[0].lower() != "range")
    return request.having(*others, *instead)
