"""Parts of a file at somebody's URL, one bounded request each: no key, no cookies, redirects followed by hand (D10).

Knows no formats and keeps nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

import requests

from kirin_cli.api.adapter import Adapter
from kirin_cli.api.exchange import Clock, Exchange
from kirin_cli.api.faults import TransportFault
from kirin_cli.api.links import REDIRECTS, Trail
from kirin_cli.api.network import Network
from kirin_cli.api.reach import Reach
from kirin_cli.api.transport import Request, open_response, within
from kirin_cli.errors import ResultUnavailable

PIECE: Final = 1 << 16
CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)
Answer = TypeVar("Answer")
TRIES: Final = 2  # a kept connection may die just when it is used again


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds: for a connection, without a byte, and for all requests to one URL together."""

    connect: float = 10.0
    idle: float = 10.0
    together: float = 45.0


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file from where they were asked for, none behind its end; `total` is its length, None for unknown.

    Where `ranged` is false they are from its start, whatever was asked.
    """

    data: bytes
    total: int | None
    ranged: bool = True


class Parts:
    """The parts of one file. The first URL may lead anywhere but to link-local addresses: the person named it.

    The methods raise ResultUnavailable and TransportFault.
    """

    def __init__(self, url: str, network: Network, adapter: Adapter, clock: Clock, bounds: Bounds) -> None:
        self._network, self._adapter, self._clock, self._bounds = network, adapter, clock, bounds
        self._until = clock() + bounds.together
        self._trail = Trail(_encoded(url), lambda: Reach.LOOPBACK)
        self._total: int | None = None

    def get(self, start: int, stop: int, prefix: int) -> Part:
        """The bytes from `start` to `stop`, or fewer; from a server without Range at most `prefix` from the start."""
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        part = self._ask(headers, lambda response: self._part(response, start, stop, prefix))
        if part is None and not start:
            part = self._ask({}, lambda response: self._part(response, 0, 0, prefix))
        if part is None:
            raise TransportFault("broken", "its server sent another part than was asked for")
        if self._total not in {None, part.total}:
            raise TransportFault("broken", "the file changed while it was looked at")
        self._total = part.total
        return part

    def length(self, most: int) -> int | None:
        """The length of the file by counting, None where it is more than `most`."""
        return self._ask({}, lambda response: _counted(response, most))

    def _ask(self, headers: Mapping[str, str], take: Callable[[requests.Response], Answer]) -> Answer:
        for tries_left in reversed(range(TRIES)):
            try:
                with within(self._exchange()):
                    return self._taken(headers, take)
            except TransportFault as fault:
                if fault.kind != "reset" or not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _exchange(self) -> Exchange:
        bounds = self._bounds
        return Exchange(
            self._clock, self._until, bounds.idle, bounds.connect, self._trail.admit, self._network.resolver
        )

    def _taken(self, headers: Mapping[str, str], take: Callable[[requests.Response], Answer]) -> Answer:
        """What `take` makes of the answer; the connection is used again only where it was read to its end."""
        response = self._open(headers)
        try:
            _refuse_packed(response.headers)
            return take(response)
        except BaseException:
            response.raw.close()
            raise

    def _open(self, headers: Mapping[str, str]) -> requests.Response:
        while True:
            response = open_response(self._adapter, Request("GET", self._trail.url, headers), self._trail.parts)
            location = response.headers.get("Location")
            if response.status_code not in REDIRECTS or not location:
                return response
            response.raw.close()
            self._trail.follow(location)

    def _part(self, response: requests.Response, start: int, stop: int, prefix: int) -> Part | None:
        """The part that an answer holds; None where it is none that was asked for."""
        status, headers = response.status_code, response.headers
        if status == 200:
            data, ended = _body(response, prefix)
            return Part(data, len(data) if ended else _length(headers), ranged=False)
        if status == 416 and start:
            response.raw.close()
            return Part(b"", self._total)
        if status not in {206, 416}:
            raise ResultUnavailable(f"its server answered {_worded(status)}")
        found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip()) if status == 206 else None
        if found is None or int(found[1]) != start or not start <= int(found[2]) < stop:
            response.raw.close()
            return None
        data, ended = _body(response, int(found[2]) - start + 1)
        if not ended or not data:
            raise TransportFault("broken", "its server sent a part of another length than it said")
        return Part(data, None if found[3] == "*" else int(found[3]))


def _body(response: requests.Response, most: int) -> tuple[bytes, bool]:
    """At most `most` bytes of the body, and whether it ends there; only then can the connection be used again."""
    data = bytearray()
    while len(data) <= most:
        piece = response.raw.read1(min(PIECE, most + 1 - len(data)), decode_content=False)
        if not piece:
            response.raw.release_conn()
            return bytes(data), True
        data += piece
    response.raw.close()
    return bytes(data[:most]), False


def _counted(response: requests.Response, most: int) -> int | None:
    """The length of the body, None where it is more than `most` or no whole file."""
    count = 0
    while count <= most and (piece := response.raw.read1(PIECE, decode_content=False)):
        count += len(piece)
    response.raw.close()
    return count if response.status_code == 200 and count <= most else None


def _refuse_packed(headers: Mapping[str, str]) -> None:
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity"}:
        raise ResultUnavailable("its server packs it (Content-Encoding) although it was asked not to")


def _length(headers: Mapping[str, str]) -> int | None:
    length = headers.get("Content-Length", "").partition(",")[0].strip()
    return int(length) if length and "Transfer-Encoding" not in headers else None


def _worded(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


def _encoded(url: str) -> str:
    """The URL as it travels: letters beyond ASCII encoded. Raises ResultUnavailable where that cannot be done."""
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except (requests.RequestException, UnicodeError) as error:
        raise ResultUnavailable(f"its address cannot be used: {error}") from None
    return prepared.url or url
