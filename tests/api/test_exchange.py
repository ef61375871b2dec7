"""The bounds of an exchange, by a clock that stands still until told otherwise."""

import gc
import socket
import ssl
import struct
import threading
import time

import pytest
from support.clocks import FakeClock

from kirin_cli.api.exchange import (
    Addresses,
    BoundedTlsSocket,
    Exchange,
    StallDetector,
    TransportError,
    current_exchange,
    resolve,
)


def test_patience_is_the_shortest_of_its_bounds():
    clock = FakeClock(now=10)
    exchange = Exchange(clock, until=15, idle=60)
    assert exchange.time_left() == 5
    assert exchange.time_left(2) == 2
    clock.now = 15
    with pytest.raises(TransportError) as caught:
        exchange.time_left()
    assert (caught.value.kind, caught.value.certainly_not_sent) == ("deadline", True)


def test_D12_a_pace_is_measured_window_by_window():
    clock = FakeClock(now=0)
    pace = StallDetector(floor=1000, window=30, clock=clock)
    clock.now = 29
    pace.count_received(1)
    clock.now = 30
    pace.count_received(30_000)
    clock.now = 60
    with pytest.raises(TransportError, match="only 29999 bytes came in 30 s"):
        pace.count_received(29_999)


def test_an_exchange_ends_with_its_block():
    exchange = Exchange(FakeClock(), until=1)
    with exchange:
        assert current_exchange() is exchange
    with pytest.raises(LookupError):
        current_exchange()


def test_an_address_needs_no_thread_that_looks_it_up_and_a_name_gets_one_of_its_own():
    asked = {}

    def resolver(host: str, port: int) -> Addresses:
        asked[host] = threading.current_thread().name
        return [(socket.AF_INET, ("127.0.0.1", port))]

    exchange = Exchange(time.monotonic, time.monotonic() + 9, resolver=resolver)
    for host in ("127.0.0.1", "::1", "1.2.3.4.5", "files.example"):
        assert resolve(host, 80, exchange) == [(socket.AF_INET, ("127.0.0.1", 80))]
    here = threading.current_thread().name
    assert asked == {"127.0.0.1": here, "::1": here, "1.2.3.4.5": "resolver", "files.example": "resolver"}


def test_a_connection_that_is_reset_before_the_handshake_is_closed():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = BoundedTlsSocket
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()  # by a reset
        while is_connected(client):
            pass
        with pytest.raises(ConnectionResetError):
            context.wrap_socket(client, server_hostname="localhost")
        gc.collect()  # a socket that is still open is told now, as a warning: an error in these tests


def is_connected(client):
    try:
        return bool(client.getpeername())
    except OSError:
        return False
