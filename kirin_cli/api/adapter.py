"""The join to requests and urllib3: their pools and HTTP, our sockets, no cookies, no retries, one TLS context.

Knows nothing of keys, of JSON or of files.
"""

import http.client
import ssl
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kirin_cli.api.exchange import current
from kirin_cli.api.faults import Kind, tls_words
from kirin_cli.api.network import Network
from kirin_cli.api.sockets import BoundedSocket, open_socket

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager


class Answer(http.client.HTTPResponse):
    """An answer that is sure of its length."""

    def begin(self) -> None:
        """Read the head; raises HTTPException for a Content-Length that is none, or two that differ (D6)."""
        super().begin()
        lengths = {length.strip() for line in self.headers.get_all("Content-Length", ()) for length in line.split(",")}
        if len(lengths) > 1 or not all(length.isascii() and length.isdigit() for length in lengths):
            raise http.client.HTTPException("no valid Content-Length")


class Connection(HTTPConnection):
    """A connection within the bounds of the current exchange; tells it when the request begins to leave."""

    response_class = Answer

    def _new_conn(self) -> BoundedSocket:
        return open_socket(self._dns_host, self.port, admit=self.proxy is None)

    def connect(self) -> None:
        """Raises TransportFault: whatever goes wrong here, nothing of the request was sent."""
        exchange = current()
        try:
            super().connect()
        except ssl.SSLError as error:
            cut = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
            raise exchange.fault("reset" if cut else "tls", tls_words(error)) from error
        except TimeoutError as error:
            raise exchange.fault("connect_timeout", f"no secure connection to {self.host} in time") from error
        except OSError as error:
            kind: Kind = "refused" if self.proxy else "reset"
            words = "the proxy refused the connection" if self.proxy else "the connection was cut while it was made"
            raise exchange.fault(kind, words) from error

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:  # noqa: ANN401 - as above
        """Connect where that is still to be done; from here on bytes leave."""
        exchange = current()
        if self.sock is None:
            self.connect()
        elif self.proxy is None:
            exchange.admit(self.sock.getpeername()[0])
        exchange.sent = True
        super().endheaders(message_body, encode_chunked=encode_chunked)


class TlsConnection(Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = TlsConnection


POOLS = {"http": _Pool, "https": _TlsPool}


class Adapter(HTTPAdapter):
    """One pool of connections. Never retries, never keeps a cookie, leaves redirects to its caller. Thread-safe."""

    def __init__(self, network: Network) -> None:
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
