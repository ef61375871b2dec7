"""One HTTP exchange with the service: a request, a bounded answer or a TransportError. Never retries or redirects."""

import http.client
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import TracebackType
from typing import Protocol
from urllib.parse import SplitResult

import requests
from urllib3.exceptions import HTTPError

from kirin_cli import __version__
from kirin_cli.api.adapter import BoundedAdapter, OpenResponse
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.exchange import Exchange, MonotonicClock, TransportError, current_exchange
from kirin_cli.api.proxies import SOCKS
from kirin_cli.api.ranges import is_packed
from kirin_cli.api.redirects import REDIRECT_STATUSES, RedirectChain
from kirin_cli.api.special_addresses import is_loopback_address
from kirin_cli.api.url_policy import host_and_port, is_loopback, split_url
from kirin_cli.errors import KirinError, UsageError

USER_AGENT = f"kirin-cli/{__version__}"
READ_SIZE = 1 << 16
MIN_CONNECT_SECONDS = 1.0
GZIP = b"\x1f\x8b"
TEXT_STARTS = frozenset({b"{", b"[", b"<", b'"', b""})
LIBRARY_ERRORS = (requests.RequestException, HTTPError, http.client.HTTPException, OSError, UnicodeError)
CUT = (ConnectionError, ssl.SSLEOFError, http.client.IncompleteRead)


class RequestBody(Protocol):
    """Bytes of a known length that can be made anew for each attempt."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is sent. The headers may hold the key, so they are in no repr."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: RequestBody | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole answer; header names compare without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Exchanges with bounds: `connect` and `idle` seconds for single waits, `max_bytes` of an answer. Thread-safe."""

    def __init__(
        self,
        network: NetworkSettings,
        *,
        connect: float = 10.0,
        idle: float = 60.0,
        max_bytes: int = 4 << 20,
        clock: MonotonicClock = time.monotonic,
    ) -> None:
        self.network, self.connect, self.idle, self.max_bytes, self.clock = network, connect, idle, max_bytes, clock
        self._connect_until: float | None = None
        self._adapter = BoundedAdapter(network)

    def send(
        self, request: HttpRequest, *, deadline: float, fresh: bool = False,
        before_send: Callable[[], None] = lambda: None,
    ) -> HttpReply:  # fmt: skip
        """The answer to `request` within `deadline` seconds, connecting and uploading included.

        `fresh` uses a connection of its own, so that no dying one is picked up; `before_send` is called when it is
        there, immediately before the first byte leaves. Raises TransportError, UsageError for a key that would leave
        without TLS, and what the body and `before_send` raise before the first byte has left.
        """
        parts, now, connect = split_url(request.url), self.clock(), self.connect
        if self._connect_until is not None:
            connect = min(connect, max(MIN_CONNECT_SECONDS, self._connect_until - now))
        allow = _address_guard(request, parts)
        exchange = Exchange(
            self.clock, now + deadline, self.idle, connect, allow, resolver=self.network.resolver,
            before_send=before_send,
        )  # fmt: skip
        adapter = BoundedAdapter(self.network) if fresh else self._adapter
        tracer = self.network.tracer
        traced = tracer.begin(request.method, request.url, request.headers, request.body) if tracer else None
        try:
            with ErrorTranslator(exchange):
                reply = self._exchange(adapter, request, parts)
        except (TransportError, KirinError) as error:
            if traced:
                traced.show_failure(error.message)
            raise
        else:
            if traced:
                traced.show_answer(reply.status, reply.headers, reply.body)
            return reply
        finally:
            if fresh:
                adapter.close()

    def limit_connecting(self, seconds: float) -> None:
        """Wait for no connection for longer than `seconds` from now: what is not connected then is certainly not sent.

        One that is begun later gets MIN_CONNECT_SECONDS.
        """
        self._connect_until = self.clock() + seconds

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def _exchange(self, adapter: BoundedAdapter, request: HttpRequest, parts: SplitResult) -> HttpReply:
        try:
            response = open_response(adapter, request, parts)
        except KirinError as error:
            if not current_exchange().sent:
                raise
            raise TransportError("broken", f"the request could not be sent to its end: {error}") from error
        try:
            body = unpack_body(self._read(response), response.headers, response.status_code, self.max_bytes)
            return HttpReply(response.status_code, response.headers, body)
        except BaseException:
            response.raw.close()
            raise

    def _read(self, response: OpenResponse) -> bytes:
        body = bytearray()
        while piece := response.raw.read1(READ_SIZE):
            body += piece
            if len(body) > self.max_bytes:
                raise TransportError("too_large", f"the answer is longer than {self.max_bytes} bytes")
        response.raw.release_conn()
        return bytes(body)


def unpack_body(body: bytes, headers: Mapping[str, str], status: int, max_bytes: int) -> bytes:
    """The body of an answer without gzip or deflate, which some gateways apply though nobody asks for it.

    Its bytes decide, whatever is announced. Raises TransportError for what cannot be read and for more than `max_bytes`
    (a bomb); an error body that cannot be read is empty instead: its status says enough.
    """
    is_gzip = body.startswith(GZIP)
    if not is_gzip and (body.lstrip()[:1] in TEXT_STARTS or not is_packed(headers)):
        return body
    try:
        if is_gzip or "deflate" in headers.get("Content-Encoding", "").lower():
            # Some servers send deflate without the two bytes before it, which are a multiple of 31.
            is_bare = int.from_bytes(body[:2]) % 31 != 0 or body[0] & 15 != zlib.DEFLATED
            bare_or_not = -zlib.MAX_WBITS if is_bare else zlib.MAX_WBITS
            return _decompress(body, zlib.MAX_WBITS | 16 if is_gzip else bare_or_not, max_bytes)
    except TransportError:
        if status < 300:
            raise
        return b""
    if status >= 300:
        return b""
    raise TransportError("broken", "the answer is packed in a way that was not asked for and cannot be read")


def _decompress(body: bytes, window: int, max_bytes: int) -> bytes:
    content = bytearray()
    try:
        while body:  # a gzip file may have several members
            decompressor = zlib.decompressobj(window)
            content += decompressor.decompress(body, max_bytes + 1 - len(content))
            if len(content) > max_bytes:
                raise TransportError("too_large", f"the answer is longer than {max_bytes} bytes when it is unpacked")
            if not decompressor.eof:
                raise TransportError("reset", "the packed answer was cut")
            body = decompressor.unused_data if decompressor.unused_data.startswith(GZIP) else b""
    except zlib.error as error:
        raise TransportError("broken", "the packed answer cannot be unpacked") from error
    return bytes(content)


def open_response(adapter: BoundedAdapter, request: HttpRequest, parts: SplitResult) -> OpenResponse:
    """Send `request` and read the head of the answer; the body waits in `.raw`, not decoded.

    Must run inside an exchange.
    """
    proxy, exchange = adapter.network.proxy_for(parts.scheme, *host_and_port(parts.netloc)), current_exchange()
    exchange.socks_proxy = ""  # each hop of a download has a way of its own
    if proxy and proxy.lower().startswith(SOCKS):
        exchange.socks_proxy, proxy = proxy, None
    # Nothing is added from ~/.netrc, the environment or a session (fault S17).
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **request.headers}
    body: Iterable[bytes] = ()
    if request.body is not None:
        pieces = iter(request.body)
        first = next(pieces, b"")  # a file that changed since it was checked is noticed before anything leaves
        body, headers["Content-Length"] = chain((first,), pieces), str(len(request.body))
    return adapter.open(request.method, request.url, headers, body, proxy=proxy, parts=parts)


def follow_redirects(adapter: BoundedAdapter, headers: Mapping[str, str], chain: RedirectChain) -> OpenResponse:
    """Open the URL of the chain and whatever it redirects to; the last answer, which is no redirect. As above."""
    tracer = adapter.network.tracer
    while True:
        traced = tracer.begin("GET", chain.url, headers) if tracer else None
        response = open_response(adapter, HttpRequest("GET", chain.url, headers), chain.parts)
        if traced:
            traced.show_answer(response.status_code, response.headers)
        location = response.headers.get("Location")
        if response.status_code not in REDIRECT_STATUSES or not location:
            return response
        response.raw.close()
        chain.follow(location)


class ErrorTranslator:
    """Bounds what happens inside by `exchange`, and turns whatever the libraries raise into one TransportError."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> None:
        self._exchange.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exchange.__exit__(kind, error, traceback)
        if isinstance(error, TransportError):
            error.certainly_not_sent = not self._exchange.sent
        elif isinstance(error, LIBRARY_ERRORS):
            if any(isinstance(cause, CUT) for cause in _causes(error)):
                message = "the connection was cut before the answer was complete"
                raise self._exchange.error("reset", message) from error
            raise self._exchange.error("broken", "what came is no valid answer") from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it; the libraries keep some of that in arguments only."""
    yield error
    for inner in (error.__cause__ or error.__context__, *error.args):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _address_guard(request: HttpRequest, parts: SplitResult) -> Callable[[str], None]:
    """What allows or refuses an address: a key without TLS goes to this machine only."""
    if parts.scheme == "https" or not any(name.lower() == "authorization" for name in request.headers):
        return lambda _address: None
    if not is_loopback(host_and_port(parts.netloc)[0]):
        raise UsageError("the key goes over https only, except to this machine", hint="use an https:// base URL")

    def only_loopback(address: str) -> None:
        if not is_loopback_address(address):
            message = f"localhost means {address} here, and the key stays on this machine"
            raise TransportError("forbidden_address", message)

    return only_loopback
