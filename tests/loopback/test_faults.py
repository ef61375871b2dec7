"""The faults of the loopback service do what their names say, to connections and to answers."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from loopback import faults
from loopback.calls import BROKEN, CREATE, DATA, TASK, body_of, call, get, post, query
from loopback.exchange import Fault
from loopback.service import Service


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("fault", [faults.close_after_reading, faults.reset_after_reading])
def test_the_answer_is_lost_and_the_task_exists_or_not(api: Service, fault: Callable[..., Fault], create: bool) -> None:
    api.script("POST", fault(create=create))
    with pytest.raises(BROKEN):
        post(api)
    assert api.truth.created("krn1-a") == int(create)
    assert api.truth.requests[0].complete
    assert api.truth.requests[0].body == body_of("krn1-a").encode()


@pytest.mark.parametrize("fault", [faults.close_before_reading(), faults.reset_before_reading()])
def test_a_request_that_was_not_read_creates_nothing(api: Service, fault: Fault) -> None:
    api.script("POST", fault)
    with pytest.raises(BROKEN):
        post(api)
    assert not api.truth.requests[0].complete
    assert post(api)[0] == 200
    assert api.truth.created() == 1


def test_resets_are_resets(api: Service) -> None:
    api.script("POST", faults.reset_after_reading(create=False))
    with pytest.raises(ConnectionResetError):
        post(api)


def test_connections_are_dropped_before_a_byte_is_read(api: Service) -> None:
    api.drop_connections(1)
    with pytest.raises(BROKEN):
        post(api)
    assert api.truth.requests == ()
    assert post(api)[0] == 200


def test_a_stall_lasts_until_it_is_released(api: Service) -> None:
    released = threading.Event()
    api.script("POST", faults.stall(released, create=True), faults.stall())
    with pytest.raises(TimeoutError):
        post(api, timeout=0.05)
    released.set()
    with pytest.raises(TimeoutError):
        post(api, "krn1-b", timeout=0.05)
    assert (api.truth.created("krn1-a"), api.truth.created("krn1-b")) == (1, 0)


def test_a_released_stall_answers(api: Service) -> None:
    released = threading.Event()
    released.set()
    api.script("POST", faults.stall(released, create=True))
    assert post(api)[0] == 200


def test_a_task_comes_late_by_an_event(api: Service) -> None:
    released = threading.Event()
    api.script("POST", faults.create_late(released))
    with pytest.raises(TimeoutError):
        post(api, timeout=0.05)
    assert query(api)[0] == 404
    released.set()
    api.truth.until(lambda truth: truth.created("krn1-a") == 1)
    assert query(api)[0] == 200


def test_a_task_comes_late_after_queries(api: Service) -> None:
    api.script("POST", faults.create_late(queries=2, hold=False))
    with pytest.raises(BROKEN):
        post(api)
    assert [query(api)[0] for _ in range(3)] == [404, 404, 200]
    assert api.truth.created("krn1-a") == 1


def test_a_late_task_does_not_double_one_that_was_sent_again(api: Service) -> None:
    api.script("POST", faults.create_late(queries=0, hold=False))
    with pytest.raises(BROKEN):
        post(api)
    assert post(api)[0] == 200
    assert query(api)[0] == 200
    assert api.truth.created("krn1-a") == 1


def test_an_answer_trickles(api: Service) -> None:
    api.script("POST", faults.trickle(0.0, size=7), faults.trickle(3.0))
    assert post(api)[0] == 200
    with pytest.raises(TimeoutError):
        post(api, "krn1-b", timeout=0.05)


def test_the_upload_is_not_read() -> None:
    with Service(receive_buffer=4096) as api:
        api.serve_api()
        api.script("POST", faults.stop_reading(after=10))
        with pytest.raises(TimeoutError):
            call(api, "POST", CREATE, b"x" * (16 << 20), timeout=0.2)
        assert (api.truth.requests[0].complete, len(api.truth.requests[0].body)) == (False, 10)


def test_413_comes_before_the_body_is_read(api: Service) -> None:
    api.script("POST", faults.early(413, {"message": "too large"}))
    status, headers, body = call(api, "POST", CREATE, b"x" * (1 << 20))
    assert (status, headers["Connection"], json.loads(body)) == (413, "close", {"message": "too large"})
    assert not api.truth.requests[0].complete


@pytest.mark.parametrize("create", [True, False])
def test_any_answer_with_or_without_a_task(api: Service, create: bool) -> None:
    api.script("POST", faults.answer(502, "<h1>", {"X-A": "b"}, create=create))
    status, headers, body = call(api, "POST", CREATE, body_of("krn1-a"))
    assert (status, headers["X-A"], body) == (502, "b", b"<h1>")
    assert api.truth.created() == int(create)


def test_raw_bytes_leave_exactly(api: Service) -> None:
    api.script("POST", faults.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: \x1b[31m\r\n\r\n{}"))
    status, headers, body = call(api, "POST", CREATE, body_of("krn1-a"))
    assert (status, headers["X"], body) == (200, "\x1b[31m", b"{}")


def test_fields_of_the_answer_are_set_and_removed(api: Service) -> None:
    api.script("POST", faults.json_with(id=None), faults.json_without("id"))
    assert post(api, "a")[1]["id"] is None
    assert "id" not in post(api, "b")[1]
    assert api.truth.created() == 2


def test_an_answer_is_cut_in_the_middle(api: Service) -> None:
    api.script("POST", faults.cut(20), faults.cut(20, reset=True))
    with pytest.raises(http.client.IncompleteRead) as caught:
        post(api)
    assert len(caught.value.partial) == 20
    with pytest.raises(BROKEN):
        post(api, "krn1-b")
    assert api.truth.created() == 2


def test_an_answer_comes_twice(api: Service) -> None:
    api.script("POST", faults.duplicate_answer())
    body = body_of("krn1-a").encode()
    with socket.create_connection(("127.0.0.1", api.port), timeout=30) as client, client.makefile("rb") as answers:
        client.sendall(b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (CREATE.encode(), len(body), body))
        everything = answers.read()
    assert everything[: len(everything) // 2] == everything[len(everything) // 2 :]
    assert everything.count(b"HTTP/1.1 200") == 2
    assert api.truth.created() == 1


def test_html_redirects_and_404s(api: Service) -> None:
    api.script("GET", *faults.not_found(2), faults.html(), faults.redirect("http://evil/", 307))
    seen = [call(api, "GET", TASK + "x") for _ in range(5)]
    assert [status for status, _, _ in seen] == [404, 404, 200, 307, 404]
    assert seen[2][1].get_content_type() == "text/html"
    assert seen[3][1]["Location"] == "http://evil/"


def test_gzip_comes_unasked(cdn: Service) -> None:
    cdn.script("GET", faults.gzipped(), faults.gzip_bomb(10_000_000))
    _, headers, body = get(cdn)
    assert (headers["Content-Encoding"], gzip.decompress(body)) == ("gzip", DATA)
    assert len(get(cdn)[2]) < 20_000


@pytest.mark.parametrize(
    ("fault", "lines"),
    [
        (faults.length_off(5), [str(len(DATA) + 5)]),
        (faults.length_off(-5), [str(len(DATA) - 5)]),
        (faults.lengths("-1"), ["-1"]),
        (faults.lengths("1", "2"), ["1", "2"]),
        (faults.no_length(), None),
    ],
)
def test_lengths_are_wrong(cdn: Service, fault: Fault, lines: list[str] | None) -> None:
    cdn.script("GET", fault)
    with closing(http.client.HTTPConnection("127.0.0.1", cdn.port, timeout=30)) as client:
        client.request("GET", "/x.mp4")
        assert client.getresponse().headers.get_all("Content-Length") == lines
    cdn.truth.until(lambda truth: truth.bytes_sent > len(DATA))


def test_no_length_and_cut(cdn: Service) -> None:
    cdn.script("GET", faults.no_length(cut_after=1000))
    assert get(cdn)[2] == DATA[:1000]
