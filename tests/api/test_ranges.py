"""What an answer to a request for the rest of a file is good for."""

import pytest
from requests.structures import CaseInsensitiveDict

from kirin_cli.api.ranges import PartialFile, RangeAction, decide_range, read_headers, total_length

HALF = PartialFile(size=50, total=100, etag='"a"', framed=True)
GOOD = {"Content-Range": "bytes 50-99/100", "ETag": '"a"', "Content-Length": "50"}


def judged(status: int, headers: dict[str, str], known: PartialFile = HALF) -> RangeAction:
    return decide_range(status, CaseInsensitiveDict(headers), known)


def test_D3_a_rest_is_asked_for_with_a_strong_etag_only():
    assert HALF.headers == {"Range": "bytes=50-", "If-Range": '"a"'}
    assert PartialFile(size=50, total=100).headers == {}
    assert PartialFile(size=0, etag='"a"').headers == {}


def test_D2_a_fitting_rest_is_taken():
    assert judged(206, GOOD) is RangeAction.REST
    assert judged(206, {"content-range": "Bytes 50-99/100"}) is RangeAction.REST
    assert judged(206, GOOD | {"Content-Range": "bytes 50-59/100", "Content-Length": "10"}) is RangeAction.REST
    assert judged(206, GOOD, PartialFile(size=50, etag='"a"')) is RangeAction.REST
    assert total_length(CaseInsensitiveDict(GOOD)) == 100


@pytest.mark.parametrize(
    "change",
    [
        {"Content-Range": "bytes 49-99/100"},
        {"Content-Range": "bytes 51-99/100"},
        {"Content-Range": "bytes 50-99/101"},
        {"Content-Range": "bytes 50-99/*"},
        {"Content-Range": "bytes 50-100/100"},
        {"Content-Range": "bytes 50-49/100"},
        {"Content-Range": "bytes */100"},
        {"Content-Range": ""},
        {"Content-Range": "bytes 50-99/" + "9" * 5000},
        {"Content-Range": "٥٠-99/100"},
        {"ETag": '"b"'},
        {"ETag": 'W/"a"'},
        {"Content-Length": "49"},
        {"Content-Length": "51"},
    ],
)
def test_D2_D3_a_rest_that_does_not_fit_is_odd(change):
    assert judged(206, GOOD | change) is RangeAction.ODD


def test_D2_a_multipart_answer_and_an_unasked_part_are_odd():
    assert judged(206, {"Content-Type": "multipart/byteranges; boundary=x"}) is RangeAction.ODD
    assert judged(206, GOOD, PartialFile()) is RangeAction.ODD


def test_D2_a_whole_answer_is_taken_from_its_start():
    assert judged(200, {}) is RangeAction.WHOLE
    assert judged(200, {}, PartialFile()) is RangeAction.WHOLE


def test_D4_416_finishes_only_a_file_of_that_length():
    assert judged(416, {"Content-Range": "bytes */50"}) is RangeAction.FINISH
    assert judged(416, {"Content-Range": "bytes */100"}) is RangeAction.ODD
    assert judged(416, {}) is RangeAction.ODD
    assert judged(416, {"Content-Range": "bytes */0"}, PartialFile()) is RangeAction.ODD


@pytest.mark.parametrize("status", [100, 201, 204, 300, 304])
def test_other_answers_are_odd(status):
    assert judged(status, {}) is RangeAction.ODD


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"Content-Length": "7", "ETag": '"a"'}, PartialFile(0, 7, '"a"', framed=True)),
        ({"ETag": 'W/"a"'}, PartialFile()),
        ({"ETag": '"'}, PartialFile()),
        ({"ETag": '"a\r b"'}, PartialFile()),
        ({"ETag": '"a\n b"'}, PartialFile()),
        ({"Transfer-Encoding": "chunked", "ETag": ' "a" '}, PartialFile(0, None, '"a"', framed=True)),
        ({}, PartialFile()),
        ({"Content-Length": "7, 7"}, PartialFile(0, 7, framed=True)),
    ],
)
def test_what_a_head_says_is_learned(headers, known):
    assert read_headers(CaseInsensitiveDict(headers)) == known


def test_an_etag_is_forgotten_where_nothing_is_to_be_resumed():
    assert read_headers({"ETag": '"a"'}, resumable=False).etag == ""
