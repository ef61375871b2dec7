"""The bounds of one HTTP exchange, the sockets that keep them, and the one error of an exchange. Knows no HTTP."""

import errno
import io
import queue
import re
import selectors
import socket
import ssl
import threading
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

TransportErrorKind = Literal[
    "refused",  # nobody listens, no route, or a proxy said no
    "dns",
    "connect_timeout",
    "proxy",  # a proxy asks for a login, or forbids; never tried again
    "tls",  # the other side could not prove who it is; never tried again (fault S2)
    "forbidden_address",  # the connection would lead somewhere it must not (fault D10)
    "reset",  # cut, or closed without an answer
    "read_timeout",
    "deadline",  # the exchange as a whole took too long (fault P6)
    "stalled",  # slower than a download may be (fault D12)
    "too_large",
    "broken",  # what came is no HTTP
]


class TransportError(Exception):
    """An exchange that ended without a whole answer: a fact for callers to judge, no error for the person yet.

    `certainly_not_sent` is true only where not one byte of the request can have left.
    """

    def __init__(
        self, kind: TransportErrorKind, message: str, *, certainly_not_sent: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.hint = hint
        self.message = message
        self.certainly_not_sent = certainly_not_sent


def tls_error_message(error: ssl.SSLError) -> str:
    """Say in words why TLS failed (fault S2)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not valid: {error.verify_message or error.reason}"
    reason = getattr(error, "reason", None) or "the handshake failed"  # absent where OpenSSL gave no code
    return f"no secure connection: {reason.replace('_', ' ').lower()}"


# Expired or not valid yet, of another host or address: no bundle of certificates helps.
NOT_FOR_BUNDLES = frozenset((9, 10, 62, 64))


def tls_hint(error: ssl.SSLError) -> str:
    """What to do where nobody known vouches for a certificate, as behind the proxies of companies; else ""."""
    code = getattr(error, "verify_code", None)
    if not isinstance(error, ssl.SSLCertVerificationError) or code in NOT_FOR_BUNDLES:
        return ""
    return "where a proxy of your company stands between, name its certificate in SSL_CERT_FILE or REQUESTS_CA_BUNDLE"


MonotonicClock = Callable[[], float]
Addresses = list[tuple[socket.AddressFamily, Any]]
Resolver = Callable[[str, int], Addresses]


def system_resolver(host: str, port: int) -> Addresses:
    """What the operating system says; raises OSError."""
    return [(family, address) for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(slots=True)
class StallDetector:
    """Fewer than `floor` bytes a second over `window` seconds is a stall (fault D12)."""

    floor: float
    window: float
    clock: MonotonicClock
    since: float = field(init=False)
    count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.since = self.clock()

    def count_received(self, count: int) -> None:
        """Note bytes that came; raises TransportError where they are too few."""
        self.count += count
        passed = self.clock() - self.since
        if passed >= self.window:
            if self.count < self.floor * passed:
                raise TransportError("stalled", f"only {self.count} bytes came in {passed:.0f} s")
            self.since, self.count = self.since + passed, 0


@dataclass(slots=True)
class Exchange:
    """One request and its answer. Times are seconds by `clock`.

    `until` bounds the whole exchange, `idle` each single wait, `connect` the way to a connection. `admit` is asked
    about every IP address a direct connection leads to, and raises TransportError where it must not.
    """

    clock: MonotonicClock
    until: float
    idle: float = 60.0
    connect: float = 10.0
    allow_address: Callable[[str], None] = lambda _: None
    resolver: Resolver = system_resolver
    stall_detector: StallDetector | None = None
    before_send: Callable[[], None] = lambda: None  # called when connected; what it raises keeps everything here
    socks_proxy: str = ""  # the URL of one that the connection goes through
    sent: bool = False  # whether a byte of the request may have left
    _token: Token["Exchange"] | None = None

    def __enter__(self) -> Self:
        """Let every socket that this thread touches inside obey this exchange."""
        self._token = _CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            _CURRENT.reset(self._token)

    def time_left(self, most: float | None = None) -> float:
        """Seconds the next step may take; raises TransportError when there are none left."""
        left = self.until - self.clock()
        if left <= 0:
            raise self.timeout_error()
        return min(left, self.idle if most is None else most)

    def timeout_error(self) -> TransportError:
        """Say which bound was hit by a wait that ended without anything happening."""
        if self.clock() >= self.until - 0.005:
            return self.error("deadline", "the exchange took longer than it may")
        return self.error("read_timeout", f"nothing came or could be sent for {self.idle:.0f} s")

    def error(self, kind: TransportErrorKind, message: str, *, hint: str = "") -> TransportError:
        """An error that knows whether anything was sent."""
        return TransportError(kind, message, certainly_not_sent=not self.sent, hint=hint)


_CURRENT: ContextVar[Exchange] = ContextVar("exchange")


def current_exchange() -> Exchange:
    """The exchange of this thread; LookupError outside any."""
    return _CURRENT.get()


MAX_EARLY = 1 << 16
INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n")
"""An answer 1xx, but for 101, which nobody asks for: it says that another one follows."""
INTERIM_STARTS = (b"HTTP/1.1 1", b"HTTP/1.0 1")
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BoundedSocket(socket.socket):
    """A connected socket whose operations raise TransportError when the current exchange runs out of time."""

    is_spoilt = False  # something came that belongs to no answer: no further request may use this connection
    _early = b""  # what came while the request was still leaving
    _is_silent = False  # whether nothing had come at the last look, and nothing has been sent since
    _glances = False  # whether a reader is asked what it holds, and should not read on

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """At most `size` bytes, b"" at the end."""
        buffer = bytearray(size)
        return bytes(buffer[: self.recv_into(buffer)])

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        """Fill `buffer` with what is there, at least one byte, 0 at the end."""
        if self._early:
            view = memoryview(buffer).cast("B")[: nbytes or None]
            count = min(len(view), len(self._early))
            view[:count], self._early = self._early[:count], self._early[count:]
            return count
        if self._glances:
            return None  # type: ignore[return-value] # as a socket without anything; `is_clean` sees what has come since
        exchange = current_exchange()
        if self.gettimeout() != (seconds := exchange.time_left()):  # a system call, where that was not so before
            self.settimeout(seconds)
        try:
            count = super().recv_into(buffer, nbytes or memoryview(buffer).nbytes, flags)
        except TimeoutError:
            raise exchange.timeout_error() from None
        if exchange.stall_detector:
            exchange.stall_detector.count_received(count)
        return count

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        """Send all of `data`; BrokenPipeError as soon as the other side answers or closes instead (fault S16)."""
        rest = memoryview(data).cast("B")
        self._never_wait()
        while rest:
            if not self._is_silent and self._answered():
                raise BrokenPipeError("the server answered before the request was complete")
            self._is_silent = False
            try:
                rest = rest[super().send(rest, flags) :]
            except WOULD_BLOCK:
                exchange = current_exchange()
                with selectors.DefaultSelector() as selector:
                    selector.register(self, selectors.EVENT_READ | selectors.EVENT_WRITE)
                    if not selector.select(exchange.time_left()):
                        raise exchange.timeout_error() from None
            except ssl.SSLEOFError as error:
                raise BrokenPipeError("the server closed before the request was complete") from error

    @property
    def is_clean(self) -> bool:
        """Whether nothing came that nobody asked for, and the other side is still there."""
        try:
            return not self.is_spoilt and self.peek() is None
        except OSError:
            return False

    def peek(self) -> bytes | None:
        """What has come and nobody has read: b"" for the end, None for nothing. An answer 1xx is passed over."""
        self._never_wait()
        try:
            is_ended = not (piece := super().recv(max(1, MAX_EARLY - len(self._early))))
        except WOULD_BLOCK:
            is_ended, piece = False, b""
        self._early += piece
        while interim := INTERIM.match(self._early):
            self._early = self._early[interim.end() :]
        self._is_silent = not (self._early or is_ended)
        return self._early or (b"" if is_ended else None)

    def has_more(self, reader: io.BufferedReader) -> bool:
        """Whether `reader`, which reads from here, holds bytes behind those that it has given out."""
        self._glances = True
        try:
            return bool(reader.peek(1))
        except (OSError, ValueError):  # closed
            return False
        finally:
            self._glances = False

    def _never_wait(self) -> None:
        """Let what follows return at once: a system call, where that was not so before."""
        if self.gettimeout() != 0:
            self.settimeout(0)

    def _answered(self) -> bool:
        early = self.peek()
        if early is None:
            return False
        # The beginning of what may be an answer 1xx decides nothing yet.
        may_be_interim = any(start.startswith(early[:10]) for start in INTERIM_STARTS) and early[9:12] != b"101"
        return not (early and may_be_interim and len(early) < MAX_EARLY)


class BoundedTlsSocket(BoundedSocket, ssl.SSLSocket):  # type: ignore[misc] # defaults differ
    """The same over TLS; an SSLContext makes them when this is its `sslsocket_class`."""

    def recv(self, size: int = 1024, flags: int = 0, /) -> bytes:
        """As above. Without a TLS session the other side has reset the connection before the handshake.

        Only then does the standard library read before it; it would leave the socket open after what that raises.
        """
        if self._sslobj is None:  # type: ignore[attr-defined] # of the standard library
            self.close()
            raise ConnectionResetError(errno.ECONNRESET, "the connection was cut before the handshake")
        return super().recv(size, flags)


def open_socket(host: str, port: int, *, admit: bool) -> BoundedSocket:
    """Connect to the first address of `host` that answers, within the bounds of the current exchange.

    With `admit` the exchange is asked about each address first. Raises TransportError.
    """
    exchange = current_exchange()
    ends = exchange.clock() + exchange.time_left(exchange.connect)
    failure = exchange.error("dns", f"the name {host} has no address")
    addresses = resolve(host, port, exchange)
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        if admit:
            exchange.allow_address(address[0])
        sock = BoundedSocket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(max((ends - exchange.clock()) / left, 0.001))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(exchange.time_left(exchange.connect))  # for a TLS handshake
        except TimeoutError:
            failure = exchange.error("connect_timeout", f"{host}:{port} did not answer in time")
        except OSError as error:
            failure = exchange.error("refused", f"{host}:{port}: {error.strerror or error}")
        except BaseException:
            sock.close()
            raise
        else:
            return sock
        sock.close()
    raise failure


def resolve(host: str, port: int, exchange: Exchange) -> Addresses:
    """The addresses of `host`, by the exchange's resolver; one that does not answer stays behind in its thread.

    An IP address asks nobody, and needs none.
    """
    answers: queue.SimpleQueue[Addresses | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(exchange.resolver(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    if any(_is_literal(family, host) for family in (socket.AF_INET, socket.AF_INET6)):
        ask()
    else:
        threading.Thread(target=ask, daemon=True, name="resolver").start()
    try:
        addresses = answers.get(timeout=exchange.time_left(exchange.connect))
    except queue.Empty:
        raise exchange.error("dns", f"looking up the name {host} took too long") from None
    if isinstance(addresses, Exception):
        raise exchange.error("dns", f"the name {host} was not found") from addresses
    return addresses


def _is_literal(family: socket.AddressFamily, host: str) -> bool:
    try:
        return bool(socket.inet_pton(family, host))
    except (OSError, UnicodeError):
        return False
