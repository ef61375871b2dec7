"""One exchange, against a real socket that behaves badly."""

import gzip
import socket
import ssl
import threading
import time
import zlib
from pathlib import Path

import pytest
from loopback.answers import answer, html, length_off, lengths, redirect
from loopback.faults import (
    close_after_reading,
    close_before_reading,
    cut,
    early,
    raw,
    reset_after_reading,
    reset_before_reading,
    stall,
    stop_reading,
    trickle,
)
from loopback.proxy import tunnel
from loopback.service import CERTIFICATES, Service
from loopback.unreachable import deaf_url, refused_url
from support.api_requests import CREATE, KEY, Blob

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.exchange import TransportError, tls_error_message
from kirin_cli.api.transport import USER_AGENT, HttpRequest, Transport
from kirin_cli.errors import LocalError, UsageError

BEARER = {"Authorization": f"Bearer {KEY}"}
OWN = str(CERTIFICATES / "localhost.pem")


def post(service: Service, body: Blob | None = None) -> HttpRequest:
    return HttpRequest("POST", service.url(CREATE), BEARER, body or Blob(200_000))


def fault_of(transport: Transport, request: HttpRequest, deadline: float = 2.0) -> TransportError:
    with pytest.raises(TransportError) as caught:
        transport.send(request, deadline=deadline, fresh=True)
    return caught.value


def test_a_body_goes_out_with_its_length_and_an_answer_comes_back(service, transport):
    service.script("POST", answer(200, {"id": "a"}, {"X-Odd": "1"}))
    reply = transport.send(post(service), deadline=2, fresh=True)
    assert (reply.status, reply.body, reply.headers["x-odd"]) == (200, b'{"id": "a"}', "1")
    (request,) = service.truth.requests
    assert (request.header("Content-Length"), request.header("Transfer-Encoding")) == ("200000", "")
    assert (request.header("User-Agent"), request.header("Accept-Encoding")) == (USER_AGENT, "identity")
    assert request.body == b" " * 200_000
    assert request.header("Cookie") == ""


def test_queries_share_a_connection_and_submissions_do_not(service, transport):
    for fresh in (False, False, True, True, False):
        transport.send(HttpRequest("GET", service.url(CREATE), BEARER), deadline=2, fresh=fresh)
    first, second, third, fourth, fifth = (request.connection for request in service.truth.requests)
    assert first == second == fifth
    assert len({first, third, fourth}) == 3


def test_S1_a_refused_connection_is_certainly_not_sent(transport):
    fault = fault_of(transport, HttpRequest("POST", refused_url(), BEARER, Blob(9)))
    assert (fault.kind, fault.certainly_not_sent) == ("refused", True)
    assert "Connection refused" in fault.message


def test_S1_a_name_without_an_address_is_certainly_not_sent():
    def nobody(_host: str, _port: int) -> list:
        raise socket.gaierror(-2, "Name or service not known")

    fault = fault_of(
        Transport(NetworkSettings({}, resolver=nobody)), HttpRequest("POST", "https://nowhere.example/", BEARER)
    )
    assert (fault.kind, fault.certainly_not_sent) == ("dns", True)


def test_S1_a_resolver_that_never_answers_is_left_behind():
    waiting = threading.Event()

    def slow(_host: str, _port: int) -> list:
        waiting.wait(5)
        return []

    transport = Transport(NetworkSettings({}, resolver=slow), connect=0.1)
    fault = fault_of(transport, HttpRequest("POST", "https://slow.example/", BEARER))
    assert (fault.kind, fault.certainly_not_sent) == ("dns", True)
    waiting.set()


def test_S1_a_name_with_no_addresses_at_all_is_a_dns_fault():
    transport = Transport(NetworkSettings({}, resolver=lambda _host, _port: []))
    assert fault_of(transport, HttpRequest("POST", "https://empty.example/", BEARER)).kind == "dns"


def test_S1_a_connect_timeout_is_certainly_not_sent():
    with deaf_url() as url:
        fault = fault_of(Transport(NetworkSettings({}), connect=0.2), HttpRequest("POST", url, BEARER, Blob(9)))
    assert (fault.kind, fault.certainly_not_sent) == ("connect_timeout", True)


def test_the_next_address_is_tried_when_the_first_refuses(service):
    port = int(refused_url().rpartition(":")[2])
    both = [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET, ("127.0.0.1", service.port))]
    transport = Transport(NetworkSettings({}, resolver=lambda _host, _port: both))
    assert transport.send(HttpRequest("GET", "http://localhost:1/", BEARER), deadline=2).status == 404
    transport.close()


@pytest.mark.parametrize(
    ("certificate", "words"), [("localhost", "self-signed"), ("stranger", "self-signed"), ("expired", "self-signed")]
)
def test_S2_a_certificate_nobody_vouches_for_is_said_in_words(certificate, words):
    with Service(tls=certificate) as service:
        fault = fault_of(Transport(NetworkSettings({})), post(service))
        assert (fault.kind, fault.certainly_not_sent) == ("tls", True)
        assert words in fault.message
        assert not service.truth.requests


def test_S2_a_certificate_of_another_host_is_said_in_words():
    with Service(tls="stranger") as service:
        network = NetworkSettings({"REQUESTS_CA_BUNDLE": str(CERTIFICATES / "stranger.pem")})
        fault = fault_of(Transport(network), post(service))
    assert fault.kind == "tls"
    assert "not valid for" in fault.message


def test_S2_an_expired_certificate_is_said_in_words():
    with Service(tls="expired") as service:
        network = NetworkSettings({"CURL_CA_BUNDLE": str(CERTIFICATES / "expired.pem")})
        assert "expired" in fault_of(Transport(network), post(service)).message


def test_S2_plain_http_where_tls_was_expected_is_said_in_words():
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def speak_http() -> None:
            with plain.accept()[0] as visitor:
                visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                visitor.recv(4096)

        threading.Thread(target=speak_http, daemon=True).start()
        url = f"https://127.0.0.1:{plain.getsockname()[1]}/"
        fault = fault_of(Transport(NetworkSettings({})), HttpRequest("POST", url, BEARER, Blob(9)))
    assert (fault.kind, fault.certainly_not_sent) == ("tls", True)
    assert fault.message.startswith("no secure connection")
    assert tls_error_message(ssl.SSLError()) == "no secure connection: the handshake failed"


def test_a_tls_handshake_that_is_cut_is_certainly_not_sent(service, trusting):
    service.drop_connections(1)
    request = HttpRequest("POST", service.url(CREATE).replace("http:", "https:"), BEARER, Blob(9))
    fault = fault_of(Transport(trusting()), request)
    assert fault.kind in {"reset", "refused"}  # as the reset comes during or before the handshake
    assert fault.certainly_not_sent


def test_a_tls_handshake_that_never_ends_is_certainly_not_sent(trusting):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        request = HttpRequest("POST", f"https://127.0.0.1:{silent.getsockname()[1]}/", BEARER, Blob(9))
        fault = fault_of(Transport(trusting(), connect=0.2), request)
    assert (fault.kind, fault.certainly_not_sent) == ("connect_timeout", True)


def test_tls_works_with_a_bundle_from_the_environment(trusting):
    transport = Transport(trusting())
    with Service(tls="localhost") as service:
        service.serve_api()
        service.script("POST", answer(200, {"id": "a"}))
        assert transport.send(post(service, Blob(3_000_000)), deadline=3, fresh=True).status == 200
        for _ in range(2):
            transport.send(HttpRequest("GET", service.url(CREATE), BEARER), deadline=2)
        assert service.truth.requests[-1].connection == service.truth.requests[-2].connection
        assert service.truth.requests[0].body == b" " * 3_000_000
    transport.close()


@pytest.mark.parametrize(
    "fault",
    [
        close_before_reading(),
        reset_before_reading(),
        close_after_reading(create=False),
        reset_after_reading(create=False),
        cut(1),
        cut(1, reset=True),
    ],
)
def test_S3_S4_a_cut_connection_may_have_been_heard(service, transport, fault):
    service.script("POST", fault)
    found = fault_of(transport, post(service))
    assert (found.kind, found.certainly_not_sent) == ("reset", False)


def test_S6_a_server_that_says_nothing_is_given_up(service, transport):
    service.script("POST", stall())
    found = fault_of(transport, post(service))
    assert (found.kind, found.certainly_not_sent) == ("read_timeout", False)


@pytest.mark.parametrize("body_only", [True, False])
def test_P6_one_byte_at_a_time_meets_the_wall_deadline(service, transport, body_only):
    service.script("POST", trickle(0.02, body_only=body_only))
    found = fault_of(transport, post(service), deadline=0.4)
    assert (found.kind, found.certainly_not_sent) == ("deadline", False)


def test_a_deadline_already_over_sends_nothing(service, transport):
    found = fault_of(transport, post(service), deadline=0)
    assert (found.kind, found.certainly_not_sent) == ("deadline", True)
    assert not service.truth.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_S9_a_redirect_is_an_answer_and_nothing_goes_there(service, transport, status):
    with Service() as other:
        service.script("*", redirect(other.url("/steal"), status))
        assert transport.send(post(service), deadline=2, fresh=True).status == status
        assert other.truth.connections == 0


@pytest.mark.parametrize("drain", [True, False])
@pytest.mark.parametrize("tls", [None, "localhost"])
def test_S16_an_early_answer_is_heard_while_the_upload_still_runs(trusting, drain, tls):
    with Service(tls=tls) as service:
        service.script("POST", early(413, {"message": "too large"}, drain=drain))
        reply = Transport(trusting()).send(post(service, Blob(20_000_000)), deadline=3, fresh=True)
        assert (reply.status, reply.body) == (413, b'{"message": "too large"}')


@pytest.mark.parametrize("tls", [None, "localhost"])
def test_S16_a_server_that_stops_reading_is_given_up(trusting, tls):
    with Service(tls=tls) as service:
        service.script("POST", stop_reading(10))
        found = fault_of(Transport(trusting(), idle=0.3), post(service, Blob(20_000_000)))
        assert (found.kind, found.certainly_not_sent) == ("read_timeout", False)


def test_S16_the_deadline_holds_while_uploading(service, transport):
    service.script("POST", stop_reading(10))
    found = fault_of(transport, post(service, Blob(20_000_000)), deadline=0.3)
    assert (found.kind, found.certainly_not_sent) == ("deadline", False)


def test_a_server_that_reads_slowly_gets_every_byte():
    transport = Transport(NetworkSettings({}), idle=2)
    with Service(receive_buffer=4096) as service:
        service.script("POST", answer(200, {"id": "a"}))
        assert transport.send(post(service, Blob(30_000_000)), deadline=10, fresh=True).status == 200
        assert len(service.truth.requests[0].body) == 30_000_000


def test_P9_an_answer_that_never_ends_is_cut_off(service):
    service.script("GET", answer(200, b"x" * 1_000_000))
    transport = Transport(NetworkSettings({}), max_bytes=500_000)
    found = fault_of(transport, HttpRequest("GET", service.url("/"), BEARER))
    assert found.kind == "too_large"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "fault",
    [
        lengths("5", "6"),
        lengths("-1"),
        lengths("5, 6"),
        lengths("x"),
        lengths("٣"),
        length_off(5),
        raw(b"garbage\r\n\r\n"),
        raw(b"\x16\x03\x01"),
        raw(b"HTTP/1.1 abc OK\r\n\r\n"),
        raw(CHUNKED + b"zz\r\nab\r\n"),
        raw(CHUNKED + b"5\r\nab"),
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
    ],
)
def test_S8_what_is_no_valid_answer_is_broken_and_may_have_been_heard(service, transport, fault):
    service.script("POST", fault)
    found = fault_of(transport, post(service))
    assert found.kind in {"broken", "reset"}
    assert not found.certainly_not_sent


def test_chunked_answers_and_answers_without_a_length_are_read(service, transport):
    service.script("GET", raw(CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), raw(b"HTTP/1.0 200 OK\r\n\r\nabc"), html())
    for expected in (b"abc", b"abc"):
        # A connection of its own: the service closes the first one after its raw answer.
        assert transport.send(HttpRequest("GET", service.url("/")), deadline=2, fresh=True).body == expected


def test_a_body_that_fails_before_its_first_byte_sends_nothing(service, transport):
    gone = LocalError("the picture changed")
    with pytest.raises(LocalError):
        transport.send(post(service, Blob(99, fails_after=0, error=gone)), deadline=2, fresh=True)
    assert service.truth.connections == 0


def test_a_body_that_fails_later_may_have_been_heard(service, transport):
    found = fault_of(transport, post(service, Blob(200_000, fails_after=2, error=LocalError("the picture changed"))))
    assert (found.kind, found.certainly_not_sent) == ("broken", False)
    assert "the picture changed" in found.message
    assert not any(request.complete for request in service.truth.requests)


def test_the_key_goes_over_http_to_this_machine_only(service, transport):
    with pytest.raises(UsageError, match="https"):
        transport.send(HttpRequest("GET", "http://service.example/", {"authorization": "Bearer x"}), deadline=1)
    with pytest.raises(ValueError, match="https"):
        transport.send(HttpRequest("GET", "ftp://service.example/"), deadline=1)


def test_the_key_stays_here_even_if_localhost_means_another_machine():
    transport = Transport(NetworkSettings({}, resolver=lambda _host, port: [(socket.AF_INET, ("192.0.2.1", port))]))
    found = fault_of(transport, HttpRequest("GET", "http://localhost/", BEARER))
    assert (found.kind, found.certainly_not_sent) == ("forbidden_address", True)


def test_S17_netrc_and_environment_never_change_what_is_sent(service, tmp_path, monkeypatch):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login thief password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", refused_url())
    transport = Transport(NetworkSettings({}))
    transport.send(post(service), deadline=2, fresh=True)
    transport.send(HttpRequest("GET", service.url("/")), deadline=2)
    with_key, without = service.truth.requests
    assert with_key.header("Authorization") == f"Bearer {KEY}"
    assert without.header("Authorization") == ""
    transport.close()


def test_S17_this_machine_is_never_asked_for_through_a_proxy(service):
    proxies = {"http_proxy": refused_url(), "HTTPS_PROXY": refused_url(), "ALL_PROXY": refused_url()}
    assert Transport(NetworkSettings(proxies)).send(post(service), deadline=2, fresh=True).status == 400


def test_S17_a_proxy_tunnels_to_the_service_and_never_sees_the_key():
    with Service(tls="localhost") as service, Service() as proxy:
        service.serve_api()
        proxy.script("CONNECT", then=tunnel(service.port))
        environ = {"SSL_CERT_FILE": OWN, "HTTPS_PROXY": proxy.origin.replace("http://", "http://user:word@")}
        transport = Transport(NetworkSettings(environ))
        found = fault_of(transport, HttpRequest("POST", "https://service.example/v1", BEARER, Blob(9)))
        assert (found.kind, found.certainly_not_sent) == ("tls", True)  # the certificate is for localhost
        (asked,) = proxy.truth.requests
        assert asked.target == "service.example:443"
        assert asked.header("Proxy-Authorization").startswith("Basic ")
        assert asked.header("Authorization") == ""


def test_S17_a_proxy_may_itself_be_reached_by_tls():
    with Service(tls="localhost") as service, Service(tls="localhost") as proxy:
        service.script("POST", answer(200, {"id": "a"}))
        proxy.script("CONNECT", then=tunnel(service.port))
        network = NetworkSettings({"SSL_CERT_FILE": OWN, "HTTPS_PROXY": proxy.origin.replace("127.0.0.1", "localhost")})
        fault = fault_of(Transport(network), HttpRequest("POST", "https://service.example/v1", BEARER, Blob(9)))
        assert (fault.kind, fault.certainly_not_sent) == ("tls", True)
        assert proxy.truth.requests[0].target == "service.example:443"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (407, "proxy", "asks for a user name and a password (407)"),
        (403, "proxy", "does not let the request through (HTTP 403)"),
        (502, "refused", "does not let the request through (HTTP 502)"),
    ],
)
def test_S17_a_proxy_that_says_no_is_certainly_not_sent(status, kind, words):
    with Service() as proxy:
        proxy.script("CONNECT", answer(status))
        transport = Transport(NetworkSettings({"https_proxy": proxy.origin.removeprefix("http://")}))
        found = fault_of(transport, HttpRequest("POST", "https://service.example/v1", BEARER, Blob(9)))
    assert (found.kind, found.certainly_not_sent) == (kind, True)
    assert f"the proxy {proxy.origin.removeprefix('http://')} {words}" == found.message
    assert "HTTPS_PROXY" in found.hint


def test_S1_a_dead_proxy_is_named_as_such():
    address = refused_url().removeprefix("http://").rstrip("/")
    transport = Transport(NetworkSettings({"https_proxy": address}))
    found = fault_of(transport, HttpRequest("POST", "https://service.example/v1", BEARER, Blob(9)))
    assert (found.kind, found.certainly_not_sent) == ("refused", True)
    assert found.message == f"the proxy does not answer: {address}: Connection refused"


def test_a_request_shows_no_key():
    assert KEY not in repr(HttpRequest("GET", "https://x/", BEARER))


def test_many_threads_share_one_transport(service, transport):
    statuses: list[int] = []

    def work() -> None:
        statuses.extend(transport.send(HttpRequest("GET", service.url("/")), deadline=3).status for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert statuses == [404] * 80


def test_an_unusable_bundle_is_a_usage_error(tmp_path: Path):
    for bundle in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        (tmp_path / "empty.pem").write_text("no certificate")
        with pytest.raises(UsageError, match="CA bundle"):
            Transport(NetworkSettings({"SSL_CERT_FILE": str(bundle)})).send(
                HttpRequest("GET", "https://127.0.0.1:1/"), deadline=1
            )


BODY = b'{"id": "t1", "status": "in_progress"}'
RAW = zlib.compressobj(wbits=-15)
DEFLATED = RAW.compress(BODY) + RAW.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY[:9], mtime=0) + gzip.compress(BODY[9:], mtime=0)),
        ("", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", DEFLATED),
        ("gzip", BODY),
        ("br", BODY),
        ("deflate", BODY),
        ("aws-chunked", BODY),
    ],
)
def test_an_answer_that_is_packed_though_nobody_asked_is_read(service, transport, coding, body):
    service.script("GET", answer(200, body, {"Content-Encoding": coding} if coding else {}))
    reply = transport.send(HttpRequest("GET", service.url("/x"), BEARER), deadline=2)
    assert reply.body == BODY


UNREADABLE = {
    "br": ("br", b"\x0b\x02\x80", "packed"),
    "zstd": ("zstd", b"\x28\xb5\x2f\xfd", "packed"),
    "cut": ("gzip", gzip.compress(BODY, mtime=0)[:-9], "cut"),
    "damaged": ("gzip", b"\x1f\x8b\x08\x00" + b"\xff" * 40, "unpacked"),
    "no gzip": ("gzip", b"\x00\x01\x02", "packed"),
    "no deflate": ("deflate", b"\x00\x01\x02", "unpacked|cut"),
    "bomb": ("gzip", 31, "longer"),
    "bomb in deflate": ("deflate", 15, "longer"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_P9_a_packed_answer_that_cannot_be_read_is_none(service, transport, name):
    coding, body, words = UNREADABLE[name]
    if isinstance(body, int):
        packing = zlib.compressobj(1, wbits=body)
        body = packing.compress(bytes(200_000_000)) + packing.flush()
    service.script("GET", *[answer(status, body, {"Content-Encoding": coding}) for status in (200, 503)])
    request = HttpRequest("GET", service.url("/x"), BEARER)
    began = time.process_time()
    with pytest.raises(TransportError, match=words):
        transport.send(request, deadline=2)
    assert time.process_time() - began < 1
    reply = transport.send(request, deadline=2)
    assert (reply.status, reply.body) == (503, b"")
