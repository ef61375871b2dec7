"""The bounds of one HTTP exchange, and how far it has come. Opens nothing; sockets ask it how long they may wait.

The sockets of a pooled connection outlive an exchange, so they find the current one in a context variable.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from kirin_cli.api.faults import Kind, TransportFault

Clock = Callable[[], float]
Addresses = list[tuple[socket.AddressFamily, Any]]
Resolver = Callable[[str, int], Addresses]


def system_resolver(host: str, port: int) -> Addresses:
    """What the operating system says; raises OSError."""
    return [(family, address) for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(slots=True)
class Pace:
    """Fewer than `floor` bytes a second over `window` seconds is a stall (D12)."""

    floor: float
    window: float
    clock: Clock
    since: float = field(init=False)
    count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.since = self.clock()

    def received(self, count: int) -> None:
        """Note bytes that came; raises TransportFault where they are too few."""
        self.count += count
        passed = self.clock() - self.since
        if passed >= self.window:
            if self.count < self.floor * passed:
                raise TransportFault("stalled", f"only {self.count} bytes came in {passed:.0f} s")
            self.since, self.count = self.since + passed, 0


@dataclass(slots=True)
class Exchange:
    """One request and its answer. Times are seconds by `clock`.

    `until` bounds the whole exchange, `idle` each single wait, `connect` the way to a connection. `admit` is asked
    about every IP address a direct connection leads to, and raises TransportFault where it must not.
    """

    clock: Clock
    until: float
    idle: float = 60.0
    connect: float = 10.0
    admit: Callable[[str], None] = lambda _: None
    resolver: Resolver = system_resolver
    pace: Pace | None = None
    sent: bool = False  # whether a byte of the request may have left

    def patience(self, most: float | None = None) -> float:
        """Seconds the next step may take; raises TransportFault when there are none left."""
        left = self.until - self.clock()
        if left <= 0:
            raise self.late()
        return min(left, self.idle if most is None else most)

    def late(self) -> TransportFault:
        """Say which bound was hit by a wait that ended without anything happening."""
        if self.clock() >= self.until - 0.005:
            return self.fault("deadline", "the exchange took longer than it may")
        return self.fault("read_timeout", f"nothing came or could be sent for {self.idle:.0f} s")

    def fault(self, kind: Kind, message: str) -> TransportFault:
        """A fault that knows whether anything was sent."""
        return TransportFault(kind, message, certainly_not_sent=not self.sent)

    def received(self, count: int) -> None:
        """Note bytes that came."""
        if self.pace:
            self.pace.received(count)


_CURRENT: ContextVar[Exchange] = ContextVar("exchange")


def current() -> Exchange:
    """The exchange of this thread; LookupError outside any."""
    return _CURRENT.get()


@contextmanager
def bounded(exchange: Exchange) -> Iterator[Exchange]:
    """Let every socket that this thread touches inside obey `exchange`."""
    token = _CURRENT.set(exchange)
    try:
        yield exchange
    finally:
        _CURRENT.reset(token)
