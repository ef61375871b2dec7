"""A seekable file over HTTP Range requests: each byte fetched once, within bounds, without the key."""

import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import requests

from kirin_cli.api.adapter import BoundedAdapter, OpenResponse
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.exchange import Exchange, MonotonicClock, TransportError
from kirin_cli.api.ranges import content_length, is_packed
from kirin_cli.api.redirects import RedirectChain
from kirin_cli.api.retry import RETRIES
from kirin_cli.api.special_addresses import AddressScope
from kirin_cli.api.transport import ErrorTranslator, follow_redirects
from kirin_cli.errors import ResultUnavailable
from kirin_cli.media.mp4 import OutOfReach

PROBE_CHUNK: Final = 1 << 16
CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class ProbeTimeouts:
    """Seconds: for a connection, without a byte, and for all requests to one URL together."""

    connect: float = 10.0
    idle: float = 10.0
    together: float = 45.0


@dataclass(frozen=True, slots=True)
class RangePart:
    """Bytes of a file from where they were asked for, none behind its end; `total` is its length, None for unknown.

    Where `ranged` is false they are from its start, whatever was asked.
    """

    data: bytes
    total: int | None
    ranged: bool = True


class RangeClient:
    """The parts of one file. The first URL may lead anywhere but to link-local addresses: the person named it.

    The methods raise ResultUnavailable and TransportError.
    """

    def __init__(
        self,
        url: str,
        network: NetworkSettings,
        adapter: BoundedAdapter,
        clock: MonotonicClock,
        timeouts: ProbeTimeouts,
    ) -> None:
        self._network, self._adapter, self._clock, self._timeouts = network, adapter, clock, timeouts
        self._until = clock() + timeouts.together
        self._redirects = RedirectChain(_encoded(url), lambda: AddressScope.LOOPBACK)
        self._total: int | None = None

    def get(self, start: int, stop: int, prefix: int) -> RangePart:
        """The bytes from `start` to `stop`, or fewer; from a server without Range at most `prefix` from the start."""
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        part = self._ask(headers, lambda response: self._part(response, start, stop, prefix))
        if part is None and not start:
            part = self._ask({}, lambda response: self._part(response, 0, 0, prefix))
        if part is None:
            raise TransportError("broken", "its server sent another part than was asked for")
        if self._total not in {None, part.total}:
            raise TransportError("broken", "the file changed while it was looked at")
        self._total = part.total
        return part

    def length(self, max_bytes: int) -> int | None:
        """The length of the file by counting, None where it is more than `max_bytes`."""
        return self._ask({}, lambda response: _counted(response, max_bytes))

    def _ask(self, headers: Mapping[str, str], read: Callable[[OpenResponse], Answer]) -> Answer:
        """What `read` makes of the answer; the connection is used again only where it was read to its end."""
        failures, chain, timeouts = 0, self._redirects, self._timeouts
        while True:
            exchange = Exchange(
                self._clock, self._until, timeouts.idle, timeouts.connect, chain.allow_address, self._network.resolver
            )
            try:
                with ErrorTranslator(exchange):
                    response = follow_redirects(self._adapter, headers, chain)
                    try:
                        _refuse_packed(response.headers)
                        return read(response)
                    except BaseException:
                        response.raw.close()
                        raise
            except TransportError as error:
                failures += 1
                if error.kind not in RETRIES["probe"].errors or RETRIES["probe"].gives_up(failures):
                    raise

    def _part(self, response: OpenResponse, start: int, stop: int, prefix: int) -> RangePart | None:
        """The part that an answer holds; None where it is none that was asked for."""
        status, headers = response.status_code, response.headers
        if status == 200:
            data, ended = _body(response, prefix)
            return RangePart(data, len(data) if ended else content_length(headers), ranged=False)
        if status == 416 and start:
            response.raw.close()
            return RangePart(b"", self._total)
        if status not in {206, 416}:
            phrase = f" ({http.client.responses[status]})" if status in http.client.responses else ""
            raise ResultUnavailable(f"its server answered {status}{phrase}")
        content = CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip()) if status == 206 else None
        if content is None or int(content[1]) != start or not start <= int(content[2]) < stop:
            response.raw.close()
            return None
        data, ended = _body(response, int(content[2]) - start + 1)
        if not ended or not data:
            raise TransportError("broken", "its server sent a part of another length than it said")
        return RangePart(data, None if content[3] == "*" else int(content[3]))


def _body(response: OpenResponse, max_bytes: int) -> tuple[bytes, bool]:
    """At most `max_bytes` bytes of the body, and whether it ends there; only then can the connection be used again."""
    data = bytearray()
    while len(data) <= max_bytes:
        piece = response.raw.read1(min(PROBE_CHUNK, max_bytes + 1 - len(data)), decode_content=False)
        if not piece:
            response.raw.release_conn()
            return bytes(data), True
        data += piece
    response.raw.close()
    return bytes(data[:max_bytes]), False


def _counted(response: OpenResponse, max_bytes: int) -> int | None:
    """The length of the body, None where it is more than `max_bytes` or no whole file."""
    count = 0
    while count <= max_bytes and (piece := response.raw.read1(PROBE_CHUNK, decode_content=False)):
        count += len(piece)
    response.raw.close()
    return count if response.status_code == 200 and count <= max_bytes else None


def _refuse_packed(headers: Mapping[str, str]) -> None:
    if is_packed(headers):
        raise ResultUnavailable("its server packs it (Content-Encoding) although it was asked not to")


def _encoded(url: str) -> str:
    """The URL as it travels: letters beyond ASCII encoded. Raises ResultUnavailable where that cannot be done."""
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except (requests.RequestException, UnicodeError) as error:
        raise ResultUnavailable(f"its address cannot be used: {error}") from None
    return prepared.url or url


BLOCK: Final = 1 << 14  # bytes that a request asks for at least; twice as many where it goes on from the last
MAX_BLOCK: Final = 1 << 18
MAX_REQUESTS: Final = 64
UNRANGED: Final = "its server takes no Range requests, and its first megabyte does not say"


class RangeFile:
    """Reads about `max_bytes` bytes in all; where more is asked for, OutOfReach is raised and `limit` says why.

    `size` is the length of the file, None where it is not known; `received` counts the bytes that came.
    """

    def __init__(self, source: RangeClient, max_bytes: int = 1 << 20) -> None:
        self._source, self._max_bytes = source, max_bytes
        self._spans: list[tuple[int, bytes]] = []
        self._position = 0
        self._requests, self._block, self._stop = 0, BLOCK, 0
        self._ranged = True
        self.size: int | None = None
        self.limit = ""
        self.received = 0

    def seek(self, offset: int) -> None:
        """Read from `offset` on."""
        self._position = offset

    def read(self, count: int) -> bytes:
        """`count` bytes, fewer at the end of the file. Raises OutOfReach, and what the source raises."""
        data = bytearray()
        while len(data) < count and (piece := self._piece(self._position, count - len(data))):
            data += piece
            self._position += len(piece)
        return bytes(data)

    def _piece(self, at: int, count: int) -> bytes:
        """Some bytes from `at` on, at most `count`; none at the end."""
        for start, data in self._spans:
            if start <= at < start + len(data):
                return data[at - start : at - start + count]
        if self.size is not None and at >= self.size:
            return b""
        self._fetch(at, count)
        start, data = self._spans[-1]
        if not self._ranged and start + len(data) <= at and self.size != len(data):
            self._give_up(UNRANGED)
        return data[at - start : at - start + count]

    def _fetch(self, at: int, count: int) -> None:
        if not self._ranged:
            self._give_up(UNRANGED)
        self._block = min(self._block * 2, MAX_BLOCK) if at == self._stop else BLOCK
        length = max(count, self._block)
        if self.received + length > self._max_bytes or self._requests >= MAX_REQUESTS:
            self._give_up(f"more than {self._max_bytes} bytes or {MAX_REQUESTS} requests would be needed")
        self._requests += 1
        stop = at + length if self.size is None else min(at + length, self.size)
        part = self._source.get(at, stop, self._max_bytes)
        self._ranged, self.size, self._stop = part.ranged, part.total, at + len(part.data)
        self.received += len(part.data)
        self._spans.append((at if part.ranged else 0, part.data))

    def _give_up(self, why: str) -> None:
        self.limit = why
        raise OutOfReach
