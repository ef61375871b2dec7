"""The short way to a connection beside that of the library: what leaves and what is read is the same."""

import http.client

import pytest
from loopback.answers import answer
from loopback.faults import raw

from kirin_cli.api.adapter import MAX_IDLE
from kirin_cli.api.exchange import TransportError
from kirin_cli.api.transport import HttpRequest

ODD_HEAD = b"HTTP/1.1 200 OK\r\nX-Two: 1\r\nx-two: 2\r\nX-Long: a \r\n\t b\r\nContent-Length: 2\r\n\r\n{}"
DIRECT, SPELLED = "/files/a-b_c.mp4?x=1&y=~", "/files/a%2db"
"""The path of the first is sent as it is; the library has a say in that of the second."""


def get(service, path):
    return HttpRequest("GET", service.url("") + path, {"X-Own": "1"})


def test_both_ways_send_the_same_head_and_read_the_same_headers(service, transport):
    replies = []
    for path in (DIRECT, SPELLED):
        service.script("GET", raw(ODD_HEAD))
        replies.append(transport.send(get(service, path), deadline=2))
    direct, spelled = service.truth.requests
    assert direct.headers == spelled.headers
    assert (direct.target, spelled.target) == (DIRECT, "/files/a%2Db")
    assert replies[0].headers == replies[1].headers
    assert (replies[0].headers["X-Two"], replies[0].headers["X-Long"]) == ("1, 2", "a b")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("", "/"),
        ("?a=b", "/?a=b"),
        ("/ä b", "/%C3%A4%20b"),
        ("/a#b", "/a"),
        ("/a?b=%zz", "/a?b=%25zz"),
        ("/a?b=ü", "/a?b=%C3%BC"),
        ("/a?u=https://x.example/?y", "/a?u=https://x.example/?y"),
    ],
)
def test_H5_every_path_is_spelled_so_that_it_can_travel(service, transport, path, sent):
    service.script("GET", answer(200, {}))
    transport.send(get(service, path), deadline=2)
    assert [request.target for request in service.truth.requests] == [sent]


def test_connections_are_used_again_and_no_library_pool_is_made_for_them(service, transport):
    for _ in range(5):
        service.script("GET", answer(200, {}))
        transport.send(get(service, "/a"), deadline=2)
    assert len({request.connection for request in service.truth.requests}) == 1
    assert "_library" not in vars(transport._adapter)


def test_a_closed_pool_keeps_no_connection_that_was_in_use_meanwhile(service, transport):
    adapter = transport._adapter
    key = ("http", "127.0.0.1", service.port)
    connections = [adapter._take(key) for _ in range(MAX_IDLE + 2)]
    closings = adapter._closings
    for connection in connections:
        connection.sock = type("Socket", (), {"close": lambda self: None})()
        adapter._put_back(key, connection, closings)
    assert len(adapter._idle) == MAX_IDLE
    transport.close()
    adapter._put_back(key, connections[0], closings)
    assert (adapter._idle, connections[0].sock) == ([], None)


@pytest.mark.parametrize("path", [DIRECT, SPELLED])
def test_D6_a_body_that_ends_too_early_is_cut_both_ways(service, transport, path):
    service.script("GET", raw(ODD_HEAD.replace(b"Length: 2", b"Length: 9")))
    with pytest.raises(TransportError) as caught:
        transport.send(get(service, path), deadline=2)
    assert caught.value.kind == "reset"
    assert isinstance(caught.value.__cause__, http.client.IncompleteRead) or path == SPELLED


def test_S1_a_header_that_no_head_can_hold_is_certainly_not_sent(service, transport):
    with pytest.raises(TransportError) as caught:
        transport.send(HttpRequest("GET", service.url("/a"), {"X-Own": "\u0142"}), deadline=2)
    assert (caught.value.kind, caught.value.certainly_not_sent) == ("broken", True)
    assert service.truth.requests == ()


def test_a_header_that_would_begin_another_one_never_leaves(service, transport):
    request = HttpRequest("GET", service.url("/a"), {"X-Own": "1\r\nX-Other: 2"})
    with pytest.raises(ValueError, match="Invalid header value"):
        transport.send(request, deadline=2)
    assert service.truth.requests == ()
