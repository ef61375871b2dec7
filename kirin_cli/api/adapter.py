"""The pool of connections: the join to requests and urllib3, and the short way where no proxy stands between.

Never retries, never keeps a cookie, leaves redirects to its caller.
"""

import re
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import SplitResult

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kirin_cli.api.connections import (
    BoundedHTTPConnection,
    BoundedHTTPSConnection,
    NetworkSettings,
    StrictHTTPResponse,
)
from kirin_cli.api.url_policy import host_and_port

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager


class _Pool(HTTPConnectionPool):
    ConnectionCls = BoundedHTTPConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = BoundedHTTPSConnection


POOLS = {"http": _Pool, "https": _TlsPool}


class BodyReader(Protocol):
    """The body of an answer that is still to come. A body that was read to its end gives its connection back."""

    def read1(self, amt: int, /, *, decode_content: bool = False) -> bytes:
        """What is there, at most `amt` bytes as they travel, b"" at the end."""

    def release_conn(self) -> None:
        """The connection may be used again."""

    def close(self) -> None:
        """Close the connection, unless it was given back."""


@dataclass(frozen=True, slots=True)
class OpenResponse:
    """An answer whose head has come; its header names compare without case, its body waits in `raw`."""

    status_code: int
    headers: Mapping[str, str]
    raw: BodyReader

    def read_into(self, buffer: memoryview) -> int:
        """Fill `buffer` with what is there of the body, as it travels; the count of bytes, 0 at the end."""
        if isinstance(self.raw, DirectBody):
            return self.raw.read_into(buffer)
        data = self.raw.read1(len(buffer), decode_content=False)
        buffer[: len(data)] = data
        return len(data)


class DirectBody:
    """The body of an answer that came without a proxy: a BodyReader."""

    def __init__(self, response: StrictHTTPResponse, release: Callable[[], None], close: Callable[[], None]) -> None:
        self._response, self._release, self._close = response, release, close
        self._is_read = self._is_released = False

    def read1(self, amt: int, /, *, decode_content: bool = False) -> bytes:
        """As the protocol says; nothing is ever decoded here."""
        if self._is_read:
            return b""
        data = self._response.read1(amt)
        self._release_at_end()
        return data

    def read_into(self, buffer: memoryview) -> int:
        """As `read1`, into a buffer; the count of bytes."""
        if self._is_read:
            return 0
        count = self._response.read_into(buffer)
        self._release_at_end()
        return count

    def _release_at_end(self) -> None:
        if self._response.isclosed():
            self._is_read = True
            self.release_conn()

    def release_conn(self) -> None:
        """As the protocol says."""
        if not self._is_released:
            self._is_released = True
            self._release()

    def close(self) -> None:
        """As the protocol says."""
        if not self._is_released:
            self._is_released = True
            self._response.close()
            self._close()

    __del__ = close


IdleConnections = list[tuple[tuple[str, str, int | None], BoundedHTTPConnection]]


def _close_all(idle: IdleConnections) -> None:
    while idle:
        idle.pop()[1].close()


DIRECT_HOST = re.compile(r"[A-Za-z0-9.-]+")
DIRECT_TARGET = re.compile(r"/[\w.~!$&'()*+,;=:@/-]*(?:\?[\w.~!$&'()*+,;=:@/?-]*)?", re.ASCII)
"""Hosts and paths that travel as they are written; the library spells the others."""
MAX_IDLE = 32  # connections


class BoundedAdapter:
    """One pool of connections. Never retries, never keeps a cookie, leaves redirects to its caller. Thread-safe.

    Where no proxy stands between, requests go to the connections themselves: the library's pools, retries and
    responses cost four times as much as the request.
    """

    def __init__(self, network: NetworkSettings) -> None:
        self.network = network
        self._lock = threading.Lock()
        self._idle: IdleConnections = []
        self._closings = 0
        weakref.finalize(self, _close_all, self._idle)

    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Iterable[bytes] = (), *,
        proxy: str | None, parts: SplitResult,
    ) -> OpenResponse:  # fmt: skip
        """Send a request and read the head of the answer. A `body` needs a Content-Length among the headers."""
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        host, port = host_and_port(parts.netloc)
        if proxy is None and DIRECT_HOST.fullmatch(host) and DIRECT_TARGET.fullmatch(target):
            return self._open_direct((parts.scheme, host, port), method, target, headers, body)
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.headers = method, url, CaseInsensitiveDict(headers)
        if body:
            prepared.body = body  # type: ignore[assignment] # the library takes any iterable
        with self._lock:
            library = self._library
        response = library.send(prepared, stream=True, proxies={parts.scheme: proxy} if proxy else {})
        return OpenResponse(response.status_code, response.headers, response.raw)

    def close(self) -> None:
        """Close the idle connections, and those in use when they have done their work."""
        with self._lock:
            self._closings += 1
            _close_all(self._idle)
            if "_library" in self.__dict__:
                self._library.close()

    @cached_property
    def _library(self) -> "_LibraryAdapter":
        """What sends the requests that do not go directly; most runs make none."""
        return _LibraryAdapter(self.network)

    def _open_direct(
        self, key: tuple[str, str, int | None], method: str, target: str, headers: Mapping[str, str],
        body: Iterable[bytes],
    ) -> OpenResponse:  # fmt: skip
        connection, closings = self._take(key), self._closings
        try:
            response = connection.ask(method, target, headers, body)
        except BaseException:
            connection.close()
            raise
        release = partial(self._put_back, key, connection, closings)
        return OpenResponse(response.status, response.fields, DirectBody(response, release, connection.close))

    def _take(self, key: tuple[str, str, int | None]) -> BoundedHTTPConnection:
        """An idle connection, the last used first, or a new one that is not connected yet."""
        with self._lock:
            for index in range(len(self._idle) - 1, -1, -1):
                if self._idle[index][0] == key:
                    return self._idle.pop(index)[1]
        scheme, host, port = key
        if scheme == "https":
            return BoundedHTTPSConnection(host, port, ssl_context=self.network.tls)
        return BoundedHTTPConnection(host, port)

    def _put_back(self, key: tuple[str, str, int | None], connection: BoundedHTTPConnection, closings: int) -> None:
        with self._lock:
            is_kept = connection.sock is not None and closings == self._closings and len(self._idle) < MAX_IDLE
            if is_kept:
                self._idle.append((key, connection))
        if not is_kept:
            connection.close()


class _LibraryAdapter(HTTPAdapter):
    """The library's pools, with our connections in them."""

    def __init__(self, network: NetworkSettings) -> None:
        self.network = network
        super().__init__(pool_connections=8, pool_maxsize=MAX_IDLE)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> "PoolManager":  # noqa: ANN401 - the library's own
        """Let the pools behind a proxy make our connections too."""
        if proxy.startswith("https"):
            options["proxy_ssl_context"] = self.network.tls
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: Any,  # noqa: ANN401 - here and below: the library's own signature
        cert: Any = None,  # noqa: ANN401
    ) -> tuple[Any, Any]:
        """Give every pool the one TLS context; making one costs 18 ms of CPU."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self.network.tls} if host["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ANN401
        """Load no certificates for a connection: the TLS context has them."""

    def build_response(self, req: requests.PreparedRequest, resp: "BaseHTTPResponse") -> requests.Response:
        """An answer without cookies."""
        response = requests.Response()
        response.request, response.raw, response.status_code = req, resp, resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        return response
