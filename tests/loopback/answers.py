"""Wrong answers of a loopback service, one maker of faults each: `api.script("POST", answer(500, create=True))`.

`create=True` means: the honest effect happens (a task is created, a poll counts) although the answer hides it.
Knows nothing of connections that break.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Callable
from typing import Any

from loopback.exchange import Exchange, Fault
from loopback.messages import Answer, Headers, Request, given_answer


def answer(status: int, body: object = b"", headers: Headers = (), *, create: bool = False) -> Fault:
    """Read the request, then give this answer; a body that is neither bytes nor text is sent as JSON."""
    given = given_answer(status, body, headers)
    return altered(lambda _request, _honest: given, create=create)


def html(status: int = 200, *, create: bool = False) -> Fault:
    """The page of a proxy."""
    page = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"
    return answer(status, page, {"Content-Type": "text/html; charset=utf-8"}, create=create)


def redirect(url: str, status: int = 302, *, create: bool = False) -> Fault:
    return answer(status, b"", {"Location": url}, create=create)


def not_found(times: int) -> list[Fault]:
    """So many answers 404: `api.script("GET", *not_found(3))`."""
    return [answer(404, {"message": "task not found"})] * times


def altered(change: Callable[[Request, Answer], Answer], *, create: bool = True) -> Fault:
    """The honest answer, changed; without `create` the change gets an empty answer and nothing happens."""

    def play(x: Exchange) -> None:
        x.send(change(x.request, x.taken(create=create)))

    return play


def json_with(**fields: Any) -> Fault:
    """The honest JSON answer with these fields set: `json_with(id=None)`."""
    return _json_altered(lambda payload: payload | fields)


def json_without(*names: str) -> Fault:
    return _json_altered(lambda payload: {name: value for name, value in payload.items() if name not in names})


def gzipped() -> Fault:
    """The honest body in gzip, with Content-Encoding, asked for or not."""
    return _body_altered(gzip.compress, encoding="gzip")


def gzip_bomb(size: int) -> Fault:
    """So many bytes of zero, in gzip."""
    return _body_altered(lambda _: gzip.compress(bytes(size)), encoding="gzip")


def lengths(*values: str) -> Fault:
    """The honest answer with these Content-Length lines ("5", "-1", two of them), then closed."""
    return _closing(lambda whole: whole.having("Content-Length", *values))


def length_off(by: int) -> Fault:
    """Content-Length too long (by > 0) or too short (by < 0), then closed."""
    return _closing(lambda whole: whole.having("Content-Length", str(len(whole.body) + by)))


def no_length(cut_after: int | None = None) -> Fault:
    """No Content-Length: the end of the connection ends the body, whole or cut."""
    return altered(lambda _, a: dataclasses.replace(a, body=a.body[:cut_after], framed=False))


def _closing(change: Callable[[Answer], Answer]) -> Fault:
    def play(x: Exchange) -> None:
        x.keep = False
        x.send(change(x.honest()))

    return play


def _body_altered(change: Callable[[bytes], bytes], encoding: str | None = None) -> Fault:
    def play(_request: Request, honest: Answer) -> Answer:
        changed = dataclasses.replace(honest, body=change(bytes(honest.body)))
        return changed.having("Content-Encoding", encoding) if encoding else changed

    return altered(play)


def _json_altered(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    return _body_altered(lambda body: json.dumps(change(json.loads(body))).encode())
