"""Proxies by the environment, without opening a connection."""

import http.client
import socket
from io import BytesIO

import pytest

from kirin_cli.api.connections import AnswerHeaders, NetworkSettings, StrictHTTPResponse


def proxy(environ: dict[str, str], url: tuple[str, str, int | None] = ("https", "service.example", None)) -> str | None:
    return NetworkSettings(environ).proxy_for(*url)


def test_S17_each_scheme_has_its_proxy_and_lower_case_wins():
    environ = {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://high:1", "ALL_PROXY": "http://all:1"}
    assert proxy(environ) == "http://low:1"
    assert proxy(environ, ("http", "service.example", 80)) == "http://all:1"
    assert proxy({}) is None
    assert proxy({"HTTPS_PROXY": "proxy:3128"}) == "http://proxy:3128"
    assert proxy({"HTTPS_PROXY": "https://proxy:3128"}) == "https://proxy:3128"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_S17_this_machine_never_needs_a_proxy(host):
    assert proxy({"ALL_PROXY": "http://p:1", "HTTP_PROXY": "http://p:1"}, ("http", host, 80)) is None


def test_a_cgi_script_does_not_believe_http_proxy():
    assert proxy({"HTTP_PROXY": "http://thief:1", "REQUEST_METHOD": "GET"}, ("http", "a.example", None)) is None


@pytest.mark.parametrize(
    ("entries", "host", "port", "direct"),
    [
        ("*", "a.example", None, True),
        ("a.example", "a.example", None, True),
        ("example", "a.example", 443, True),
        (".example", "a.example", None, True),
        ("example", "anexample", None, False),
        ("b.example, A.Example", "a.example", None, True),
        ("a.example:8443", "a.example", 8443, True),
        ("a.example:8443", "a.example", 443, False),
        ("10.0.0.0/8", "10.2.3.4", None, True),
        ("10.0.0.0/8", "11.2.3.4", None, False),
        ("fd00::/8", "fd00::7", None, True),
        ("fd00::7", "fd00::7", None, True),
        (",, ", "a.example", None, False),
        ("", "a.example", None, False),
    ],
)
def test_no_proxy_is_understood(entries, host, port, direct):
    found = proxy({"HTTPS_PROXY": "http://p:1", "NO_PROXY": entries}, ("https", host, port))
    assert (found is None) is direct


def test_a_folder_of_certificates_will_do(tmp_path):
    assert NetworkSettings({"SSL_CERT_FILE": str(tmp_path)}).tls is not None


def test_there_is_one_tls_context():
    network = NetworkSettings({})
    assert network.tls is network.tls


def test_the_headers_of_an_answer_are_found_in_any_case_and_each_stands_once():
    message = http.client.parse_headers(BytesIO(b"X-Two: 1\r\nx-two: 2\r\nX-Long: a \r\n\t b\r\n1: \xfc\r\n\r\n"))
    headers = AnswerHeaders.of(message)
    assert headers == {"x-two": "1, 2", "x-long": "a b", "1": "ü"}
    assert (headers["X-TWO"], headers.get("X-Long"), "X-Two" in headers) == ("1, 2", "a b", True)
    assert (headers.get("2", "none"), "X-Three" in headers, 3 in headers) == ("none", False, False)
    for name in ("2", "X-Three"):
        with pytest.raises(KeyError):
            headers[name]


def answer_facts(head: bytes, read_head) -> object:
    """What is known of an answer with this head, and its body; or the error."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(head + b"12345")
        theirs.shutdown(socket.SHUT_WR)
        response = StrictHTTPResponse(ours, method="GET")
        try:
            read_head(response)
            bounds = response.version, response.chunked, response.length, response.will_close
            return response.status, dict(response.fields), bounds, response.read1(100)
        except (http.client.HTTPException, OSError) as error:
            return type(error), str(error)
        finally:
            response.close()


PLAIN_HEADS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: application/json\r\nX-Request-Id:\t a: b \r\n\r\n",
    b"HTTP/1.1 404\r\ncontent-length:5 \r\nX-Empty:\r\n\r\n",
    b"HTTP/1.1 503 \r\nConnection: Close\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
)
OTHER_HEADS = (
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 5\n\n",
    b"HTTP/1.1 200 OK\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Long: a \r\n\t b\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Name: \xfc\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"HTTP/1.1 200OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 999 Odd\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 101 + b"Content-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(101)) + b"Content-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
    b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 20_000 + b"\r\nContent-Length: 5\r\n\r\n",
    b"",
)


@pytest.mark.parametrize("head", PLAIN_HEADS + OTHER_HEADS, ids=range(len(PLAIN_HEADS + OTHER_HEADS)))
def test_a_head_reads_the_same_with_the_librarys_parser_and_without(head):
    assert answer_facts(head, StrictHTTPResponse.begin_quickly) == answer_facts(head, StrictHTTPResponse.begin)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5, 5",
        b"Content-Length : 5",
        b"no header\r\nContent-Length: 5",
        b"X-\xfc: 1\r\nContent-Length: 5",
    ],
)
def test_P6_a_length_behind_an_odd_line_ends_the_answer(lines):
    head = b"HTTP/1.1 200 OK\r\n" + lines + b"\r\nX-Last: 1\r\n\r\n"
    status, fields, (*_, length, _), body = answer_facts(head, StrictHTTPResponse.begin_quickly)
    assert (status, fields["x-last"], length, body) == (200, "1", 5, b"12345")


def test_P6_chunks_behind_an_odd_line_are_read_as_such():
    head = b"HTTP/1.1 200 OK\r\nno header\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    assert answer_facts(head, StrictHTTPResponse.begin_quickly)[3] == b"a"


def test_no_parser_is_used_for_a_plain_head(monkeypatch):
    monkeypatch.setattr(http.client, "parse_headers", None)
    for head in PLAIN_HEADS:
        assert answer_facts(head, StrictHTTPResponse.begin_quickly)[0] in range(200, 600)
