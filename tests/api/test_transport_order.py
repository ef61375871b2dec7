"""Answers out of order: interim ones, two for one request, late ones, some that nobody asked for (fault P11)."""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from loopback.answers import answer
from loopback.faults import answered_twice, interim, stall
from loopback.files import clip
from loopback.service import Service
from support.api_requests import KEY, Blob

from kirin_cli.api.connections import MAX_INTERIM_ANSWERS, BoundedHTTPConnection, NetworkSettings
from kirin_cli.api.download import Downloader
from kirin_cli.api.exchange import BoundedSocket, Exchange, TransportError
from kirin_cli.api.transport import HttpReply, HttpRequest, Transport

BEARER = {"Authorization": f"Bearer {KEY}"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


def get(transport: Transport, service: Service, name: str = "a") -> HttpReply:
    return transport.send(HttpRequest("GET", service.url(f"/{name}"), BEARER), deadline=2)


@contextmanager
def speaking(*scripts: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback that plays one script for each connection; its origin."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for script in scripts:
                connection, _ = server.accept()
                connection.settimeout(3)
                with connection:
                    script(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    return data


@pytest.mark.parametrize("statuses", [(100,), (102,), (103,), (100, 102, 103, 103), (199,) * 20], ids=str)
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("size", [10, 8_000_000])
def test_P11_interim_answers_to_a_post_are_passed_over(service, transport, statuses, early, size):
    service.script("POST", interim(*statuses, early=early))
    reply = transport.send(HttpRequest("POST", service.url("/x"), BEARER, Blob(size)), deadline=3, fresh=True)
    assert reply.status == 404  # the honest answer of a service that has nothing there
    (request,) = service.truth.of("POST")
    assert (len(request.body), request.complete) == (size, True)


@pytest.mark.parametrize("statuses", [(100,), (103,), (102, 103, 103)], ids=str)
def test_P11_interim_answers_to_queries_shift_nothing(service, transport, statuses):
    for number in range(3):
        service.serve_file(f"/{number}", str(number).encode())
        service.script(f"GET /{number}", interim(*statuses))
    assert [get(transport, service, str(number)).body for number in range(3)] == [b"0", b"1", b"2"]
    assert len({request.connection for request in service.truth.requests}) == 1


def test_P11_a_switch_of_protocols_or_interim_answers_without_end_are_no_answer(transport):
    def switch(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + OK + b"no")

    def endless(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * (MAX_INTERIM_ANSWERS + 1) + OK + b"no")

    with speaking(switch, endless) as origin:
        for _ in range(2):
            with pytest.raises(TransportError) as caught:
                transport.send(HttpRequest("GET", f"{origin}/a", BEARER), deadline=2)
            assert caught.value.kind == "broken"


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_P11_a_second_answer_to_one_request_is_no_answer_to_the_next(service, transport, pause):
    service.script("GET /a", answered_twice(b"a stranger's", pause))
    service.script("GET /b", answer(200, b"b"))
    get(transport, service, "a")
    if pause:
        service.truth.until(lambda truth: truth.of("GET /a")[0].sent > 0)  # the second answer; the first is not counted
    assert get(transport, service, "b").body == b"b"
    first, second = (request.connection for request in service.truth.requests)
    assert first != second


def test_P11_over_tls_too(trusting):
    transport = Transport(trusting(), idle=0.8, connect=2)
    with Service(patience=3, tls="localhost") as service:
        service.script("GET /a", answered_twice(b"a stranger's"))
        service.script("GET /b", answer(200, b"b"), answer(200, b"c"))
        get(transport, service, "a")
        assert [get(transport, service, "b").body for _ in range(2)] == [b"b", b"c"]
        first, second, third = (request.connection for request in service.truth.requests)
        assert first != second == third
    transport.close()


def test_P11_a_late_answer_after_a_timeout_answers_nothing_else(service, transport):
    released = threading.Event()
    service.script("GET /a", stall(released, create=True))
    service.script("GET /b", answer(200, b"b"))
    with pytest.raises(TransportError, match=r"longer|nothing came"):
        transport.send(HttpRequest("GET", service.url("/a"), BEARER), deadline=0.1)
    released.set()
    assert get(transport, service, "b").body == b"b"
    assert len({request.connection for request in service.truth.requests}) == 2


@pytest.mark.parametrize("said", [OK + b"no", b""], ids=["an answer", "the end"])
def test_P11_a_server_that_speaks_or_leaves_before_it_is_asked_gets_no_request(said):
    with socket.create_server(("127.0.0.1", 0)) as server, BoundedSocket() as near:
        near.connect(server.getsockname())
        far, _ = server.accept()
        with far:
            far.sendall(said)
            far.shutdown(socket.SHUT_WR)
            select.select([near], [], [], 2)

            class Prepared(BoundedHTTPConnection):
                def _new_conn(self):
                    return near

            exchange = Exchange(time.monotonic, time.monotonic() + 2)
            with exchange, pytest.raises(TransportError, match="before anything was asked") as caught:
                Prepared("127.0.0.1", 1).request("GET", "/")
            assert (caught.value.certainly_not_sent, exchange.sent) == (True, False)
            far.setblocking(False)
            with pytest.raises(BlockingIOError):
                far.recv(1)


def test_P11_interim_answers_of_a_cdn_are_passed_over(tmp_path):
    with Service(patience=3) as cdn:
        data = clip(300_000)
        url = cdn.serve_file("/x.mp4", data)
        cdn.script("GET", interim(100, 103, 103))
        fetched = Downloader(NetworkSettings({})).fetch(url, tmp_path / "x.mp4", origin="127.0.0.1")
        assert (fetched.bytes, (tmp_path / "x.mp4").read_bytes() == data) == (len(data), True)
        assert len(cdn.truth.requests) == 1
