"""Sockets that obey the current exchange: every wait is bounded, and an answer is heard while a request still leaves.

Knows nothing of HTTP. A socket's own timeout is set anew before each operation, whatever a library set it to.
"""

import queue
import selectors
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

from kirin_cli.api.exchange import Addresses, Exchange, current

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BoundedSocket(socket.socket):
    """A connected socket whose operations raise TransportFault when the current exchange runs out of time."""

    _early = b""  # what came while the request was still leaving

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """At most `size` bytes, b"" at the end."""
        buffer = bytearray(size)
        return bytes(buffer[: self.recv_into(buffer)])

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        """Fill `buffer` with what is there, at least one byte, 0 at the end."""
        if self._early:
            memoryview(buffer).cast("B")[:1] = self._early
            self._early = b""
            return 1
        exchange = current()
        self.settimeout(exchange.patience())
        try:
            count = super().recv_into(buffer, nbytes or memoryview(buffer).nbytes, flags)
        except TimeoutError:
            raise exchange.late() from None
        exchange.received(count)
        return count

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        """Send all of `data`; raises BrokenPipeError as soon as the other side answers or closes instead (S16)."""
        rest = memoryview(data).cast("B")
        self.settimeout(0)
        while rest:
            if self._answered():
                raise BrokenPipeError("the server answered before the request was complete")
            try:
                rest = rest[super().send(rest, flags) :]
            except WOULD_BLOCK:
                self._wait(current())
            except ssl.SSLEOFError as error:
                raise BrokenPipeError("the server closed before the request was complete") from error

    def _answered(self) -> bool:
        try:
            self._early = self._early or super().recv(1)
        except WOULD_BLOCK:
            return False
        return True

    def _wait(self, exchange: Exchange) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ | selectors.EVENT_WRITE)
            if not selector.select(exchange.patience()):
                raise exchange.late()


class BoundedTlsSocket(BoundedSocket, ssl.SSLSocket):  # type: ignore[misc] # defaults differ
    """The same over TLS; an SSLContext makes them when this is its `sslsocket_class`."""


def open_socket(host: str, port: int, *, admit: bool) -> BoundedSocket:
    """Connect to the first address of `host` that answers, within the bounds of the current exchange.

    With `admit` the exchange is asked about each address first. Raises TransportFault.
    """
    exchange = current()
    ends = exchange.clock() + exchange.patience(exchange.connect)
    fault = exchange.fault("dns", f"the name {host} has no address")
    addresses = _resolve(host, port, exchange)
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        if admit:
            exchange.admit(address[0])
        try:
            sock = _connected(family, address, (ends - exchange.clock()) / left)
        except TimeoutError:
            fault = exchange.fault("connect_timeout", f"{host}:{port} did not answer in time")
        except OSError as error:
            fault = exchange.fault("refused", f"{host}:{port}: {error.strerror or error}")
        else:
            sock.settimeout(exchange.patience(exchange.connect))  # for a TLS handshake
            return sock
    raise fault


def _connected(family: socket.AddressFamily, address: Any, seconds: float) -> BoundedSocket:  # noqa: ANN401 - by family
    sock = BoundedSocket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(max(seconds, 0.001))
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _resolve(host: str, port: int, exchange: Exchange) -> Addresses:
    """The addresses of `host`, by the exchange's resolver; one that does not answer stays behind in its thread."""
    answers: queue.SimpleQueue[Addresses | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(exchange.resolver(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True, name="resolver").start()
    try:
        answer = answers.get(timeout=exchange.patience(exchange.connect))
    except queue.Empty:
        raise exchange.fault("dns", f"looking up the name {host} took too long") from None
    if isinstance(answer, Exception):
        raise exchange.fault("dns", f"the name {host} was not found") from answer
    return answer
