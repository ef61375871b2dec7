"""Proxies, certificates and connections: the join to requests and urllib3 with our sockets. No cookies, no retries."""

import errno
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection

from kirin_cli.api.exchange import (
    BoundedSocket,
    Exchange,
    Resolver,
    TransportError,
    TransportErrorKind,
    current_exchange,
    open_socket,
    system_resolver,
    tls_error_message,
    tls_hint,
)
from kirin_cli.api.proxies import PROXY_HINT, ProxySettings, SystemProxies, system_proxies
from kirin_cli.api.socks import open_through_socks
from kirin_cli.api.trace import Tracer
from kirin_cli.api.trust_store import find_bundles, make_tls_context

TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})")
LOGIN_HINT = "in HTTPS_PROXY they stand before the host, as USER:PASSWORD and an @"


class NetworkSettings:
    """How this process reaches others. `environ` is read at construction and never again; thread-safe.

    `tracer` is told of every exchange.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        resolver: Resolver = system_resolver,
        find_system: Callable[[], SystemProxies] = system_proxies,
        tracer: Tracer | None = None,
    ) -> None:
        self.resolver, self.tracer = resolver, tracer
        self._lock = threading.Lock()
        self._bundles = find_bundles(environ)
        self._proxies = ProxySettings(environ, find_system)

    def proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        """The URL of the proxy to `host`, None for a direct connection. Raises UsageError for one that cannot be."""
        return self._proxies.find(scheme, host, port)

    def check(self, url: str) -> None:
        """Raise UsageError where proxy or certificates on the way to a URL are set wrongly; connects nowhere."""
        parts = urlsplit(url)
        self.proxy_for(parts.scheme, parts.hostname or "", parts.port)
        if parts.scheme == "https":
            _ = self.tls

    @property
    def tls(self) -> ssl.SSLContext:
        """The one TLS context, made when it is first needed; raises UsageError for an unusable CA bundle."""
        with self._lock:
            return self._tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return make_tls_context(self._bundles)


FOLD = re.compile(r"(?<![ \t])[ \t]*\r\n[ \t]+")


class AnswerHeaders(dict[str, str]):
    """The headers of an answer by their names in lower case, each once: several lines are joined by commas.

    They are found by names in any case. The library's dictionary of that kind takes four times as long to make.
    """

    @classmethod
    def of(cls, message: http.client.HTTPMessage) -> Self:
        """The headers as they were read."""
        merged: dict[str, str] = {}
        for name, value in message.raw_items():  # as ISO 8859-1: the rules of mails have nothing to add
            text, key = FOLD.sub(" ", value) if "\r" in value else value, name.lower()
            merged[key] = f"{merged[key]}, {text}" if key in merged else text
        return cls(merged)

    def __missing__(self, name: str) -> str:
        if name == name.lower():
            raise KeyError(name)
        return self[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as of any dictionary
        """The value of a header, or `default`."""
        return super().get(name.lower(), default)


MAX_INTERIM_ANSWERS = 100
PLAIN_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5]\d\d)(?:[\t ][\t -~]*)?\r\n((?:[\w!#$%&'*+.^`|~-]+:[\t -~]*\r\n){0,100})\r\n"
)
MAX_DIGITS = 18
PLAIN_LENGTH = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}[\t ]*")
WITHOUT_BODY = frozenset({204, 304})


class StrictHTTPResponse(http.client.HTTPResponse):
    """An answer that is sure of its length, and of being the only one (fault P11)."""

    def __init__(self, sock: socket.socket, *options: Any, **named: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(sock, *options, **named)
        self._socket, self.fields = sock, AnswerHeaders()

    def read1(self, n: int = -1) -> bytes:
        """What is there, at most `n` bytes, b"" at the end. Raises IncompleteRead where that comes too early."""
        data = super().read1(n)
        if not data and n and self.length:
            raise http.client.IncompleteRead(data, self.length)
        if self.length == 0:
            self.close()  # Python 3.12 and older leave it open
        return data

    def read_into(self, buffer: memoryview) -> int:
        """As `read1`, into a buffer; the count of bytes, 0 at the end."""
        most = len(buffer) if self.length is None else min(len(buffer), self.length)
        if self.chunked or self.fp is None or not most:
            data = self.read1(most)
            buffer[: len(data)] = data
            return len(data)
        count: int = self.fp.readinto1(buffer[:most])
        if not count:
            return len(self.read1(most))  # the end, or that it comes too early
        if self.length is not None:
            self.length -= count
            if not self.length:
                self.close()
        return count

    def _read_status(self) -> tuple[str, int, str]:
        """The first status line that is none of an answer 1xx."""
        for _ in range(MAX_INTERIM_ANSWERS):
            version, status, reason = super()._read_status()  # type: ignore[misc] # not in typeshed
            if status >= 200:
                return version, status, reason
            if status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                break
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("no answer to what was asked")

    def _close_conn(self) -> None:
        """End the reading; a connection on which more came than the answer is not used again."""
        if isinstance(self._socket, BoundedSocket) and self._socket.has_more(self.fp):
            self._socket.is_spoilt = True
        super()._close_conn()  # type: ignore[misc] # not in typeshed

    def begin(self) -> None:
        """Read the head; raises HTTPException for a Content-Length that is none, or two that differ (fault D6)."""
        super().begin()
        self.fields = AnswerHeaders.of(self.headers)
        if rest := self.headers.get_payload():
            self._take_in(str(rest).splitlines())
        lengths = set(map(str.strip, self.fields.get("content-length", "0").split(",")))
        length = lengths.pop()
        if lengths or not (length.isascii() and length.isdigit()):
            raise http.client.HTTPException("no valid Content-Length")
        if self.length is None and not self.chunked and "content-length" in self.fields and len(length) <= MAX_DIGITS:
            self.length = int(length)  # the library takes no length that is there twice, "5, 5"
            self.will_close = self._check_close()  # type: ignore[attr-defined] # not in typeshed

    def _take_in(self, lines: list[str]) -> None:
        """Read what stands behind a line that is no header: there the library's parser takes the head to end.

        Else the length would be lost, and the answer, which may tell of a video, waited for until the connection ends.
        """
        for name, colon, value in (line.partition(":") for line in lines):
            if colon and name.strip():
                self.fields.setdefault(name.strip().lower(), value.strip())
        self.chunked, self.chunk_left = self.fields.get("transfer-encoding", "").lower() == "chunked", None
        if isinstance(self._socket, BoundedSocket):
            self._socket.is_spoilt = True

    def begin_quickly(self) -> None:
        """As `begin`, with no parser for a head that is plain and came in one piece: all but `fields` tells no headers.

        The library's parser is that of mails, and takes half as long as the whole exchange. Any other head is left to
        it from the first byte on.
        """
        head = PLAIN_HEAD.match(self.fp.peek(1))
        lines = head[2].decode("ascii").split("\r\n")[:-1] if head else []
        fields = {name.lower(): value.lstrip(" \t") for name, _, value in (line.partition(":") for line in lines)}
        length = fields.get("content-length")
        has_plain_length = length is None or PLAIN_LENGTH.fullmatch(length)
        if head is None or len(fields) < len(lines) or not has_plain_length or "transfer-encoding" in fields:
            self.begin()
            return
        self.fp.read(head.end())
        self.version, self.status, self.fields, self.chunked = 11, int(head[1]), AnswerHeaders(fields), False
        self.length = 0 if self.status in WITHOUT_BODY else None if length is None else int(length)
        self.will_close = self.length is None or "close" in fields.get("connection", "").lower()


SENT_IN_PART = frozenset({errno.EPROTOTYPE, errno.ECONNRESET})
"""What macOS raises where the server has answered and closed before it had read all."""
LINE_BREAK = re.compile(r"[\r\n]")


class BoundedHTTPConnection(HTTPConnection):
    """A connection within the bounds of the current exchange; tells it when the request begins to leave."""

    response_class = StrictHTTPResponse
    _peer = ""  # the IP address that it leads to

    def _new_conn(self) -> BoundedSocket:
        exchange = current_exchange()
        if exchange.socks_proxy:
            return open_through_socks(exchange.socks_proxy, self._dns_host, self.port)
        try:
            return open_socket(self._dns_host, self.port, admit=self.proxy is None)
        except TransportError as error:
            if self.proxy is None:
                raise
            raise exchange.error(error.kind, f"the proxy does not answer: {error.message}", hint=PROXY_HINT) from error

    def connect(self) -> None:
        """Raises TransportError: whatever goes wrong here, nothing of the request was sent."""
        exchange = current_exchange()
        try:
            super().connect()
        except ssl.SSLError as error:
            cut = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
            hint = "" if cut else tls_hint(error)
            raise exchange.error("reset" if cut else "tls", tls_error_message(error), hint=hint) from error
        except TimeoutError as error:
            raise exchange.error("connect_timeout", f"no secure connection to {self.host} in time") from error
        except OSError as error:
            if self.proxy:
                raise _proxy_error(exchange, f"{self._dns_host}:{self.port}", str(error)) from error
            raise exchange.error("reset", "the connection was cut while it was made") from error

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:  # noqa: ANN401 - as above
        """Send the head by the library, which asks for connections that go through a proxy."""
        self._prepare()
        super().endheaders(message_body, encode_chunked=encode_chunked)

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: Iterable[bytes]
    ) -> StrictHTTPResponse:  # fmt: skip
        """Send a whole request, its head as one text: the library takes that apart into a call for each header.

        Returns the answer, of which the head is read. Raises ValueError for a header that would begin another one.
        """
        host = self.host if self.port == self.default_port else f"{self.host}:{self.port}"
        lines = [f"{name}: {value}" for name, value in headers.items()]
        if LINE_BREAK.search("".join(lines)):
            raise ValueError("Invalid header value: it holds a line break")
        head = "\r\n".join((f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "\r\n")).encode("latin-1")
        pieces = filter(None, body)
        self._prepare()
        try:
            self.sock.sendall(head + next(pieces, b""))
            for piece in pieces:
                self.sock.sendall(piece)
        except BrokenPipeError:
            pass  # it has answered before it had read all (fault S16)
        except OSError as error:
            if error.errno not in SENT_IN_PART:
                raise
        response = self.response_class(self.sock, method=method)
        try:
            response.begin_quickly()
        except BaseException:
            response.close()
            raise
        if response.will_close:
            self.close()  # when the response is read
        return response

    def _prepare(self) -> None:
        """Connect where that is still to be done; from here on bytes leave."""
        exchange = current_exchange()
        if isinstance(self.sock, BoundedSocket) and not self.sock.is_clean:
            self.sock.close()  # what waits there is no answer to this request
            self.sock = None
        is_direct, is_new = self.proxy is None and not exchange.socks_proxy, self.sock is None
        if is_new:
            self.connect()
            self._ensure_silent()
        if is_direct and not is_new:
            exchange.allow_address(self._peer)
        elif is_direct:
            self._peer = self.sock.getpeername()[0]
        exchange.before_send()
        exchange.sent = True

    def _ensure_silent(self) -> None:
        """Raise TransportError where the other side speaks, or is gone, before anything was asked."""
        early = self.sock.peek() if isinstance(self.sock, BoundedSocket) else None
        if early:
            raise current_exchange().error("broken", "the server answered before anything was asked")
        if early is not None:
            raise current_exchange().error("reset", "the connection was closed before anything was asked")


def _proxy_error(exchange: Exchange, proxy: str, reason: str) -> TransportError:
    """Why a proxy leads nowhere: what asks for a login, or forbids, will do so at every try."""
    refusal = TUNNEL_REFUSED.search(reason)
    if refusal is None:
        return exchange.error("refused", f"the proxy {proxy} hung up", hint=PROXY_HINT)
    status = refusal[1]
    if status == "407":
        return exchange.error("proxy", f"the proxy {proxy} asks for a user name and a password (407)", hint=LOGIN_HINT)
    kind: TransportErrorKind = "proxy" if status[0] == "4" else "refused"
    return exchange.error(kind, f"the proxy {proxy} does not let the request through (HTTP {status})", hint=PROXY_HINT)


class BoundedHTTPSConnection(BoundedHTTPConnection, HTTPSConnection):
    """The same over TLS."""
