"""Proxies, certificates and connections: the join to requests and urllib3 with our sockets. No cookies, no retries."""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # not in typeshed

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kirin_cli.api.exchange import (
    BoundedSocket,
    BoundedTlsSocket,
    Resolver,
    TransportErrorKind,
    current_exchange,
    open_socket,
    system_resolver,
    tls_error_message,
)
from kirin_cli.api.url_policy import is_loopback
from kirin_cli.errors import UsageError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class NetworkSettings:
    """How this process reaches others. `environ` is read at construction and never again; thread-safe."""

    def __init__(self, environ: Mapping[str, str], resolver: Resolver = system_resolver) -> None:
        self.resolver = resolver
        self._lock = threading.Lock()
        self._bundle = next((environ[name] for name in BUNDLES if environ.get(name)), DEFAULT_CA_BUNDLE_PATH)
        everything = _variable(environ, "all_proxy")
        # A CGI server sets HTTP_PROXY from a header of its visitor's.
        plain = "" if "REQUEST_METHOD" in environ else _variable(environ, "http_proxy")
        self._proxies = {"http": plain or everything, "https": _variable(environ, "https_proxy") or everything}
        self._no_proxy = _variable(environ, "no_proxy")

    def proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        """The URL of the proxy to `host`, None for a direct connection; this machine never needs one.

        Raises UsageError for a proxy that speaks neither HTTP nor HTTPS.
        """
        proxy = self._proxies[scheme]
        if not proxy or is_loopback(host) or _is_direct(self._no_proxy, host, port):
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        if not proxy.lower().startswith(("http://", "https://")):
            hint = "set HTTPS_PROXY to an http:// address, or NO_PROXY to the service's host"
            raise UsageError(f"only http and https proxies can be used, not {proxy.partition(':')[0]}", hint=hint)
        return proxy

    @property
    def tls(self) -> ssl.SSLContext:
        """The one TLS context, made when it is first needed; raises UsageError for an unusable CA bundle."""
        with self._lock:
            return self._tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        file, folder = (None, self._bundle) if Path(self._bundle).is_dir() else (self._bundle, None)
        try:
            context = ssl.create_default_context(cafile=file, capath=folder)
        except OSError as error:  # ssl.SSLError is one
            hint = "correct or unset " + ", ".join(BUNDLES)
            raise UsageError(f"the CA bundle {self._bundle} cannot be used: {error}", hint=hint) from error
        context.sslsocket_class = BoundedTlsSocket
        return context


def _variable(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _is_direct(no_proxy: str, host: str, port: int | None) -> bool:
    """Whether NO_PROXY means `host`: by name, as the standard library reads it, or by * or a network in the list."""
    if proxy_bypass_environment(f"{host}:{port}" if port else host, {"no": no_proxy}):
        return True
    for entry in no_proxy.split(","):
        with suppress(ValueError):  # no address, or no network
            if entry.strip() == "*" or ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip(), strict=False):
                return True
    return False


MAX_INTERIM_ANSWERS = 100


class StrictHTTPResponse(http.client.HTTPResponse):
    """An answer that is sure of its length, and of being the only one (fault P11)."""

    def __init__(self, sock: socket.socket, *options: Any, **named: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(sock, *options, **named)
        self._socket = sock

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
        lengths = {length.strip() for line in self.headers.get_all("Content-Length", ()) for length in line.split(",")}
        if len(lengths) > 1 or not all(length.isascii() and length.isdigit() for length in lengths):
            raise http.client.HTTPException("no valid Content-Length")


class BoundedHTTPConnection(HTTPConnection):
    """A connection within the bounds of the current exchange; tells it when the request begins to leave."""

    response_class = StrictHTTPResponse

    def _new_conn(self) -> BoundedSocket:
        return open_socket(self._dns_host, self.port, admit=self.proxy is None)

    def connect(self) -> None:
        """Raises TransportError: whatever goes wrong here, nothing of the request was sent."""
        exchange = current_exchange()
        try:
            super().connect()
        except ssl.SSLError as error:
            cut = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
            raise exchange.error("reset" if cut else "tls", tls_error_message(error)) from error
        except TimeoutError as error:
            raise exchange.error("connect_timeout", f"no secure connection to {self.host} in time") from error
        except OSError as error:
            kind: TransportErrorKind = "refused" if self.proxy else "reset"
            message = "the proxy refused the connection" if self.proxy else "the connection was cut while it was made"
            raise exchange.error(kind, message) from error

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:  # noqa: ANN401 - as above
        """Connect where that is still to be done; from here on bytes leave."""
        exchange = current_exchange()
        if isinstance(self.sock, BoundedSocket) and not self.sock.is_clean:
            self.sock.close()  # what waits there is no answer to this request
            self.sock = None
        if self.sock is None:
            self.connect()
            self._ensure_silent()
        elif self.proxy is None:
            exchange.allow_address(self.sock.getpeername()[0])
        exchange.before_send()
        exchange.sent = True
        super().endheaders(message_body, encode_chunked=encode_chunked)

    def _ensure_silent(self) -> None:
        """Raise TransportError where the other side speaks, or is gone, before anything was asked."""
        early = self.sock.peek() if isinstance(self.sock, BoundedSocket) else None
        if early:
            raise current_exchange().error("broken", "the server answered before anything was asked")
        if early is not None:
            raise current_exchange().error("reset", "the connection was closed before anything was asked")


class BoundedHTTPSConnection(BoundedHTTPConnection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = BoundedHTTPConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = BoundedHTTPSConnection


POOLS = {"http": _Pool, "https": _TlsPool}


class BoundedAdapter(HTTPAdapter):
    """One pool of connections. Never retries, never keeps a cookie, leaves redirects to its caller. Thread-safe."""

    def __init__(self, network: NetworkSettings) -> None:
        self.network = network
        super().__init__(pool_connections=8, pool_maxsize=32)
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
