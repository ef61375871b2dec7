"""The loopback service as the CDN, well behaved and not."""

from __future__ import annotations

import http.client
import threading
from contextlib import closing

import pytest

from loopback import faults, ranges
from loopback.calls import DATA, get
from loopback.service import Service


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=99990-", 206, slice(99_990, None)),
        ("bytes=5-999999999", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("bytes=100000-", 416, slice(0, 0)),
    ],
)
def test_ranges_are_served(cdn: Service, asked: str, status: int, part: slice) -> None:
    found, headers, body = get(cdn, asked)
    assert (found, body) == (status, DATA[part])
    assert headers["ETag"] == '"a"'
    if status == 416:
        assert headers["Content-Range"] == "bytes */100000"


@pytest.mark.parametrize(
    ("etag", "condition", "status"), [('"a"', '"a"', 206), ('"a"', '"b"', 200), ('W/"a"', 'W/"a"', 200)]
)
def test_if_range_wants_the_same_strong_etag(cdn: Service, etag: str, condition: str, status: int) -> None:
    cdn.serve_file("/x.mp4", DATA, etag=etag)
    assert get(cdn, "bytes=1-", **{"If-Range": condition})[0] == status


def test_ranges_are_treated_badly(cdn: Service) -> None:
    cdn.script("GET", ranges.range_ignored(), ranges.range_shifted(3), ranges.content_range("bytes 1-9/*"))
    cdn.script("GET", ranges.content_range(), ranges.multipart(), ranges.unsatisfiable(7), ranges.etag('W/"b"'))
    seen = [get(cdn, "bytes=1-9") for _ in range(7)]
    assert [status for status, _, _ in seen] == [200, 206, 206, 206, 206, 416, 206]
    content_ranges = [headers["Content-Range"] for _, headers, _ in seen]
    assert content_ranges == [None, "bytes 4-9/100000", "bytes 1-9/*", None, None, "bytes */7", "bytes 1-9/100000"]
    assert seen[1][2] == DATA[4:10]
    assert DATA[1:10] in seen[4][2]
    assert seen[6][1]["ETag"] == 'W/"b"'


def test_206_without_being_asked(cdn: Service) -> None:
    cdn.script("GET", ranges.partial_without_range())
    assert (get(cdn)[0], get(cdn)[0]) == (206, 200)


def test_a_download_is_cut_and_stalls(cdn: Service) -> None:
    released = threading.Event()
    cdn.script("GET /x.mp4", faults.cut(-1), faults.stall_after(10, released))
    with pytest.raises(http.client.IncompleteRead) as caught:
        get(cdn)
    assert caught.value.partial == DATA[:-1]
    with closing(http.client.HTTPConnection("127.0.0.1", cdn.port, timeout=30)) as client:
        client.request("GET", "/x.mp4")
        answer = client.getresponse()
        assert answer.read(10) == DATA[:10]
        released.set()
        assert answer.read() == DATA[10:]
    assert cdn.truth.keys == frozenset()


def test_what_was_sent_is_counted(cdn: Service) -> None:
    get(cdn, "bytes=0-9")
    cdn.truth.until(lambda truth: truth.bytes_sent > 10)
    (request,) = cdn.truth.of("GET /x.*")
    assert request.sent == cdn.truth.bytes_sent
    assert request.status == 206
    assert ("Range", "bytes=0-9") in request.headers
    assert cdn.truth.saw("bytes=0-9")
    assert not cdn.truth.saw("sk-test")
