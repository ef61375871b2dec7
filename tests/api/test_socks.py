"""A request through a SOCKS5 proxy: what the proxy is asked, and each way in which it says no, in words."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from loopback.answers import answer, redirect
from loopback.service import CERTIFICATES, Service
from loopback.socks import SocksProxy

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.exchange import Addresses, Exchange, TransportError, system_resolver
from kirin_cli.api.redirects import AddressScope, RedirectChain
from kirin_cli.api.transport import HttpRequest, Transport, follow_redirects

BEARER = {"Authorization": "Bearer sk-test"}


@contextmanager
def through(proxy: str, resolver: Callable | None = None) -> Iterator[Transport]:
    environ = {"ALL_PROXY": proxy, "SSL_CERT_FILE": str(CERTIFICATES / "localhost.pem")}
    transport = Transport(NetworkSettings(environ, **({"resolver": resolver} if resolver else {})), idle=2, connect=2)
    yield transport
    transport.close()


def fault(proxy: str, **more: Callable) -> TransportError:
    with through(proxy, **more) as transport, pytest.raises(TransportError) as caught:
        transport.send(HttpRequest("GET", "https://service.example/v1", BEARER), deadline=4)
    assert caught.value.certainly_not_sent
    return caught.value


def test_S17_a_request_goes_through_the_proxy_which_looks_the_name_up():
    with Service(tls="localhost") as service, SocksProxy(service.port) as proxy:
        failure = fault(f"socks5h://{proxy.address}")
        assert proxy.targets == [("service.example", 443)]
    assert failure.kind == "tls"  # the tunnel leads to the service, whose certificate is for localhost


def test_S17_a_whole_exchange_and_a_second_one_on_the_same_connection():
    with Service() as service, SocksProxy(service.port) as proxy, through(f"socks5h://{proxy.address}") as transport:
        service.script("GET", answer(200, {"id": "a"}), answer(200, {"id": "b"}))
        for _ in range(2):
            reply = transport.send(HttpRequest("GET", "http://files.example/x.mp4"), deadline=4)
            assert reply.status == 200
        assert proxy.targets == [("files.example", 80)]


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "192.0.2.7"), (socket.AF_INET6, "2001:db8::7")])
def test_S17_with_socks5_the_name_is_looked_up_here(family, address):
    with Service() as service, SocksProxy(service.port) as proxy:
        service.script("GET", answer(200, {}))

        def resolve(host: str, port: int) -> Addresses:
            return [(family, (address, port))] if host == "files.example" else system_resolver(host, port)

        with through(f"socks5://{proxy.address}", resolve) as transport:
            transport.send(HttpRequest("GET", "http://files.example/x.mp4"), deadline=4)
        assert proxy.targets == [(address, 80)]


def test_S17_a_login_is_given_where_it_is_asked_for():
    with Service() as service, SocksProxy(service.port, login=("me", "pa:ss")) as proxy:
        service.script("GET", answer(200, {}))
        with through(f"socks5h://me:pa%3Ass@{proxy.address}") as transport:
            transport.send(HttpRequest("GET", "http://files.example/x.mp4"), deadline=4)
        assert proxy.logins == [("me", "pa:ss")]


@pytest.mark.parametrize(
    ("options", "login", "kind", "words"),
    [
        ({"login": ("me", "right")}, "", "proxy", "asks for a user name and a password"),
        ({"login": ("me", "right")}, "me:wrong@", "proxy", "refuses the user name or password"),
        ({"reply": 2}, "", "refused", "does not lead to service.example:443: its rules forbid it"),
        ({"reply": 5}, "", "refused", "the connection was refused"),
        ({"reply": 77}, "", "refused", "it answers 77"),
        ({"greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, "", "refused", "speaks no SOCKS5"),
        ({"greeting": b"\x05"}, "", "refused", "speaks no SOCKS5, or hung up"),
    ],
)
def test_S17_a_proxy_that_says_no_is_named_and_its_password_is_not(options, login, kind, words):
    with SocksProxy(9, **options) as proxy:
        failure = fault(f"socks5h://{login}{proxy.address}")
    assert (failure.kind, words in failure.message) == (kind, True), failure.message
    assert proxy.address in failure.message
    assert "wrong" not in failure.message + failure.hint
    assert failure.hint


def test_S17_a_redirect_to_a_host_that_needs_no_proxy_goes_there_directly():
    with Service() as service, Service() as direct, SocksProxy(service.port) as proxy:
        service.script("GET", redirect(direct.url("/x.mp4")))
        direct.script("GET", answer(200, {}))
        with through(f"socks5h://{proxy.address}") as transport:
            chain = RedirectChain("http://files.example/x.mp4", lambda: AddressScope.LOOPBACK)
            exchange = Exchange(time.monotonic, time.monotonic() + 4)
            with exchange:
                chain._reached = AddressScope.LOOPBACK
                response = follow_redirects(transport._adapter, {}, chain)
        assert (response.status_code, len(direct.truth.requests)) == (200, 1)
        assert proxy.targets == [("files.example", 80)]


def test_S1_a_dead_proxy_is_named_as_such():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failure = fault(f"socks5h://127.0.0.1:{port}")
    assert (failure.kind, failure.message) == (
        "refused",
        f"the proxy does not answer: 127.0.0.1:{port}: Connection refused",
    )


def test_P6_a_proxy_that_never_answers_is_waited_for_no_longer_than_the_exchange():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        through(f"socks5h://127.0.0.1:{server.getsockname()[1]}") as transport,
        pytest.raises(TransportError) as caught,
    ):
        transport.send(HttpRequest("GET", "https://service.example/v1", BEARER), deadline=0.3)
    assert (caught.value.kind, caught.value.certainly_not_sent) == ("deadline", True)
