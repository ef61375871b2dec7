"""Downloads from a server that does everything wrong: the file is right, or it is not there."""

import hashlib
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from loopback.answers import altered, answer, gzip_bomb, gzipped, html, length_off, lengths, no_length, redirect
from loopback.faults import cut, raw, stall, stall_after, trickle
from loopback.files import clip
from loopback.messages import Answer, Request
from loopback.ranges import (
    content_range,
    etag,
    multipart,
    partial_without_range,
    range_ignored,
    range_shifted,
    unsatisfiable,
)
from loopback.service import Service
from loopback.unreachable import refused_url
from support.api_requests import KEY
from support.clocks import FakeClock

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.download import BUFFER_SIZE, DownloadedFile, Downloader, DownloadLimits, ResultUrlExpired
from kirin_cli.api.retry import RETRIES
from kirin_cli.atomic_file import OpenFolder
from kirin_cli.errors import LocalError, ResultUnavailable

DATA = clip(300_000)
HALF = len(DATA) // 2
RETRY = RETRIES["download"]
QUICK = DownloadLimits(idle=3, connect=2, retries=replace(RETRY, max_failures=4))
Fetch = Callable[..., DownloadedFile]


@pytest.fixture
def cdn():
    with Service(patience=2) as service:
        service.serve_file("/x.mp4", DATA, etag='"a"')
        yield service


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def fetch(cdn, tmp_path, slept):
    downloader = Downloader(NetworkSettings({}), sleep=slept.append, limits=QUICK)

    def run(path: str = "/x.mp4", **more) -> DownloadedFile:
        return downloader.fetch(cdn.url(path), tmp_path / "x.mp4", **{"origin": "127.0.0.1", **more})

    yield run
    downloader.close()
    assert not [path for path in tmp_path.iterdir() if path.suffix not in {".mp4", ".odd", ""}], (
        "something was left behind"
    )
    assert not (tmp_path / "x.mp4").exists() or (tmp_path / "x.mp4").read_bytes() == DATA


def asked(cdn: Service) -> list[str]:
    return [request.header("Range") for request in cdn.truth.requests]


def test_a_file_arrives_whole_and_is_described(fetch, tmp_path):
    seen: list[tuple[int, int | None]] = []
    fetched = fetch(on_progress=lambda received, total: seen.append((received, total)))
    assert fetched.path == tmp_path / "x.mp4"
    assert (fetched.bytes, fetched.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert fetched.content_type == "video/mp4"
    assert fetched.video
    assert fetched.video.seconds == 5.0
    assert seen[-1] == (len(DATA), len(DATA))
    assert fetched.path.read_bytes() == DATA


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("after", [0, 1, HALF, -1])
def test_D1_a_cut_download_is_resumed_where_it_was_cut(cdn, fetch, after, reset):
    cdn.script("GET", cut(after, reset=reset))
    fetch()
    first, second = asked(cdn)
    if not reset:  # a reset may take bytes with it that were on their way
        assert second == ("" if after == 0 else f"bytes={after % len(DATA)}-")
    assert first == ""


def test_D1_many_cuts_are_no_failure_as_long_as_it_gets_further(cdn, fetch, slept):
    big = clip(2_000_000)
    cdn.serve_file("/x.mp4", big, etag='"a"')
    cdn.script("GET", *[cut(100_000)] * 12)
    with_hash = fetch(kind="video")
    assert with_hash.sha256 == hashlib.sha256(big).hexdigest()
    assert slept == [0.5] * 12
    with_hash.path.unlink()


@pytest.mark.parametrize(
    "odd",
    [
        range_shifted(5),
        content_range(),
        content_range("bytes 100-299999/*"),
        content_range("bytes 100-299999/300001"),
        multipart(),
        etag('"b"'),
        etag('W/"a"'),
        unsatisfiable(),
        unsatisfiable(len(DATA)),
        answer(304),
    ],
)
def test_D2_D3_D4_an_odd_answer_to_a_range_starts_again_and_asks_for_no_range_any_more(cdn, fetch, odd):
    cdn.script("GET", cut(100), odd, cut(200))
    fetch()
    assert asked(cdn) == ["", "bytes=100-", "", ""]


def test_D2_a_rest_may_come_in_several_parts(cdn, fetch):
    def first_kilobyte(request: Request, _honest: Answer) -> Answer:
        start = int(request.header("Range").removeprefix("bytes=").removesuffix("-"))
        part = Answer(206, DATA[start : start + 1024], (("ETag", '"a"'),))
        return part.having("Content-Range", f"bytes {start}-{start + 1023}/{len(DATA)}")

    cdn.script("GET", cut(100), altered(first_kilobyte), altered(first_kilobyte))
    fetch()
    assert asked(cdn) == ["", "bytes=100-", "bytes=1124-", "bytes=2148-"]


def test_D2_a_range_that_is_ignored_starts_again_in_the_same_answer(cdn, fetch):
    cdn.script("GET", cut(100), range_ignored())
    fetch()
    assert asked(cdn) == ["", "bytes=100-"]


def test_D2_a_part_that_nobody_asked_for_is_not_taken(cdn, fetch):
    cdn.script("GET", partial_without_range())
    fetch()
    assert asked(cdn) == ["", ""]


def test_D3_a_changed_file_is_fetched_from_its_start(cdn, fetch):
    def change(number: int, _request: object):
        if number == 2:
            cdn.serve_file("/x.mp4", DATA, etag='"new"')
        return cut(HALF) if number == 1 else None

    cdn.serve_file("/x.mp4", clip(300_000, seed=9), etag='"old"')
    cdn.decide("GET", change)
    fetch()
    assert [request.header("If-Range") for request in cdn.truth.requests] == ["", '"old"']


@pytest.mark.parametrize("tag", [None, 'W/"a"', "a"])
def test_D3_without_a_strong_etag_nothing_is_resumed(cdn, fetch, tag):
    cdn.serve_file("/x.mp4", DATA, etag=tag)
    cdn.script("GET", cut(HALF))
    fetch()
    assert asked(cdn) == ["", ""]


@pytest.mark.parametrize("fold", [b"\r ", b"\n\t"])
def test_D3_an_etag_that_is_folded_oddly_is_not_sent_back(cdn, fetch, fold):
    head = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "a%sb"\r\n\r\n' % (len(DATA), fold)
    cdn.script("GET", raw(head + DATA[:1000]))
    fetch()
    assert asked(cdn) == ["", ""]


def test_D4_416_with_the_length_that_is_here_finishes(cdn, fetch):
    cdn.script("GET", length_off(7), unsatisfiable(len(DATA)))
    assert fetch().bytes == len(DATA)
    assert asked(cdn) == ["", f"bytes={len(DATA)}-"]


def test_D5_without_a_length_the_container_tells_a_cut(cdn, fetch):
    cdn.script("GET", no_length(HALF), no_length())
    fetch()
    assert asked(cdn) == ["", ""]


def test_D5_a_file_that_is_always_cut_is_not_had(cdn, fetch, tmp_path):
    cdn.script("GET", then=no_length(HALF))
    with pytest.raises(ResultUnavailable, match="not whole"):
        fetch()
    assert len(asked(cdn)) == QUICK.retries.max_failures


def test_chunks_mark_the_end_of_a_file(cdn, fetch):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: video/mp4\r\n\r\n"
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(DATA), DATA)
    cdn.script("GET", raw(head + whole[:1000]), raw(head + b"zz\r\n"), raw(head + whole))
    assert fetch().bytes == len(DATA)


@pytest.mark.parametrize("fault", [length_off(5), length_off(-5), lengths("-1"), lengths("5", "300000"), lengths("x")])
def test_D6_a_wrong_length_is_tried_again(cdn, fetch, fault):
    cdn.script("GET", fault)
    fetch()
    assert len(asked(cdn)) == 2


@pytest.mark.parametrize("fault", [gzipped(), gzip_bomb(1_000_000), answer(200, DATA, {"Content-Encoding": "br"})])
def test_D7_a_packed_file_is_refused_and_not_unpacked(cdn, fetch, fault):
    cdn.script("GET", fault)
    with pytest.raises(ResultUnavailable, match="packs"):
        fetch()
    assert cdn.truth.requests[0].header("Accept-Encoding") == "identity"


@pytest.mark.parametrize(
    "fault",
    [
        html(),
        answer(200, {"error": "expired"}),
        answer(200, b"\xef\xbb\xbf \n{}"),
        answer(200, "<?xml version='1.0'?><Error/>"),
        answer(200, b"x", {"Content-Type": "application/problem+json; charset=utf-8"}),
    ],
)
@pytest.mark.parametrize("kind", ["video", "image"])
def test_D8_text_is_no_video(cdn, fetch, fault, kind):
    cdn.script("GET", fault)
    with pytest.raises(ResultUnavailable, match="text"):
        fetch(kind=kind)
    assert len(asked(cdn)) == 1


def test_D8_an_unknown_container_is_believed_where_its_length_is(cdn, fetch):
    webm = b"\x1a\x45\xdf\xa3" + bytes(1000)
    cdn.serve_file("/x.mp4", webm, content_type="application/octet-stream")
    cdn.script("GET", no_length())
    fetched = fetch()
    assert (fetched.bytes, fetched.video, len(asked(cdn))) == (len(webm), None, 2)
    fetched.path.unlink()


NO_VIDEOS = {
    "text": (b"not yet\n" * 20, "is text"),
    "page": (b"<html>", "is text"),
    "JPEG": (b"\xff\xd8\xff\xe0" + bytes(500), "in JPEG format"),
    "zip": (b"PK\x03\x04" + bytes(500), "a ZIP archive"),
    "ELF": (b"\x7fELF" + bytes(500), "a program"),
    "script": (b"#!/bin/sh\necho hello\n", "a script"),
    "zeros": (bytes(5000), "nothing but zeros"),
    "noise": (b"\x07\x01\x02" * 90, "of no known format"),
    "cut": (DATA[:-9], "boxes are not complete"),
    "MP4 of noise": (DATA[:32] + b"\xfe\xfe\xfe\xfejunk" * 50, "boxes are not complete"),
    "no moov": (DATA[:28] + b"\0\0\0\x10mdat12345678", "boxes are not complete"),
    "mdat of zeros": (DATA[: DATA.index(b"mdat") + 4] + bytes(len(DATA) - DATA.index(b"mdat") - 4), "not complete"),
}


@pytest.mark.parametrize("name", NO_VIDEOS)
def test_D17_D18_what_is_no_video_twice_is_kept_beside_the_target(cdn, fetch, tmp_path, name):
    data, words = NO_VIDEOS[name]
    cdn.serve_file("/x.mp4", data)
    for _ in range(2):
        with pytest.raises(ResultUnavailable, match=words) as caught:
            fetch()
        assert str(tmp_path / "x.odd") in caught.value.message
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x.odd", data)]
    assert len(asked(cdn)) == 4
    cdn.serve_file("/x.mp4", DATA)
    fetch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.mp4", "x.odd"]


def test_D17_an_odd_file_replaces_no_other(cdn, fetch, tmp_path):
    (tmp_path / "x.odd").write_bytes(b"mine")
    for data in (b"#!/bin/sh", b"#!/bin/bash", b"#!/bin/sh"):
        cdn.serve_file("/x.mp4", data)
        with pytest.raises(ResultUnavailable, match="kept as"):
            fetch()
    contents = {path.read_bytes() for path in tmp_path.iterdir()}
    assert contents == {b"mine", b"#!/bin/sh", b"#!/bin/bash"}


def test_D17_an_odd_file_is_not_written_through_a_link(cdn, fetch, tmp_path):
    (tmp_path / "there").write_bytes(b"mine")
    (tmp_path / "x.odd").symlink_to(tmp_path / "there")
    cdn.serve_file("/x.mp4", b"#!/bin/sh")
    with pytest.raises(ResultUnavailable, match="kept as"):
        fetch()
    assert (tmp_path / "there").read_bytes() == b"mine"


def test_D17_once_odd_and_then_whole_is_whole(cdn, fetch, tmp_path):
    cdn.script("GET", answer(200, b"#!/bin/sh"), answer(200, b"#!/bin/bash"))
    fetch()
    assert [path.name for path in tmp_path.iterdir()] == ["x.mp4"]


def test_an_image_is_taken_by_its_length(cdn, fetch):
    cdn.serve_file("/x.mp4", b"\x89PNG\r\n\x1a\n" + bytes(100), content_type="image/png")
    fetched = fetch(kind="image")
    assert (fetched.bytes, fetched.content_type) == (108, "image/png")
    fetched.path.unlink()


def test_an_empty_file_is_not_whole(cdn, fetch):
    cdn.serve_file("/x.mp4", b"")
    with pytest.raises(ResultUnavailable, match="not whole"):
        fetch()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_D9_a_dead_url_is_said_at_once(cdn, fetch, status):
    cdn.script("GET", answer(status, "<Error>expired</Error>"))
    with pytest.raises(ResultUrlExpired, match=str(status)):
        fetch()
    assert len(asked(cdn)) == 1


def test_D9_a_url_may_die_in_the_middle(cdn, fetch):
    cdn.script("GET", cut(HALF), answer(403))
    with pytest.raises(ResultUrlExpired):
        fetch()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_passing_trouble_is_tried_again(cdn, fetch, slept, status):
    cdn.script(
        "GET", answer(status), answer(status, b"", {"Retry-After": "7"}), answer(status, b"", {"Retry-After": "9999"})
    )
    fetch()
    assert slept == [0.5, 7.0, RETRY.max_delay]


def test_a_lasting_trouble_is_given_up(cdn, fetch, slept):
    cdn.script("GET", then=answer(500))
    with pytest.raises(ResultUnavailable, match="500") as caught:
        fetch()
    assert slept == [0.5, 1.0, 2.0]
    assert "free of charge" in caught.value.hint


def test_a_download_ends_after_so_many_attempts(cdn, tmp_path):
    cdn.script("GET", then=cut(HALF))
    cdn.serve_file("/x.mp4", DATA, ranges=False)
    limits = DownloadLimits(retries=replace(RETRY, max_attempts=3, max_failures=99))
    with pytest.raises(ResultUnavailable, match="too often"):
        Downloader(NetworkSettings({}), sleep=lambda _: None, limits=limits).fetch(
            cdn.url("/x.mp4"), tmp_path / "x.mp4", origin="127.0.0.1"
        )


def test_a_file_that_never_ends_is_given_up(cdn, tmp_path):
    limits = DownloadLimits(max_bytes=100_000)
    with pytest.raises(ResultUnavailable, match="longer than"):
        Downloader(NetworkSettings({}), limits=limits).fetch(cdn.url("/x.mp4"), tmp_path / "x.mp4", origin="127.0.0.1")


def test_D10_good_redirects_are_followed(cdn, fetch):
    cdn.serve_file("/ü.mp4", DATA)
    cdn.serve_file("/%C3%BC.mp4", DATA)
    cdn.script(
        "GET", redirect("/ü.mp4#x", 307), redirect("y", 301), redirect("//127.0.0.1:" + str(cdn.port) + "/x.mp4", 302)
    )
    fetch()
    assert [request.target for request in cdn.truth.requests] == ["/x.mp4", "/%C3%BC.mp4", "/y", "/x.mp4"]


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("file:///etc/passwd", "cannot be used"),
        ("ftp://127.0.0.1/x", "cannot be used"),
        ("data:video/mp4,x", "cannot be used"),
        ("http://169.254.169.254/latest", "must not"),
        ("http://[fe80::1]/x", "must not"),
        ("http://0.0.0.0/x", "must not"),
        ("http://[::ffff:169.254.169.254]/", "must not"),
        ("http://a:x/", "cannot be used"),
    ],
)
def test_D10_bad_redirects_are_refused(cdn, fetch, location, words):
    cdn.script("GET", redirect(location))
    with pytest.raises(ResultUnavailable, match=words):
        fetch()
    assert len(asked(cdn)) == 1


def test_D10_fifty_hops_are_too_many(cdn, fetch):
    cdn.script("GET", *[redirect("/x.mp4")] * 50)
    with pytest.raises(ResultUnavailable, match="more than 5"):
        fetch()
    assert len(asked(cdn)) == 6


def test_D10_https_is_never_left(cdn, trusting, tmp_path):
    with Service(tls="localhost") as secure:
        secure.serve_file("/x.mp4", DATA)
        downloader = Downloader(trusting())
        assert downloader.fetch(secure.url("/x.mp4"), tmp_path / "ok.mp4", origin="localhost").bytes == len(DATA)
        secure.script("GET", redirect(cdn.url("/x.mp4")))
        with pytest.raises(ResultUnavailable, match="https to http"):
            downloader.fetch(secure.url("/x.mp4"), tmp_path / "x.mp4", origin="localhost")
        downloader.close()
    assert cdn.truth.connections == 0


@pytest.mark.parametrize(
    "url", ["", "x.mp4", "/x.mp4", "ftp://cdn.example/x", "file:///etc/passwd", "https://", "javascript:x"]
)
def test_P4_a_url_of_no_use_is_refused_without_a_connection(tmp_path, url):
    with pytest.raises(ResultUnavailable, match="cannot be used"):
        Downloader(NetworkSettings({})).fetch(url, tmp_path / "x.mp4", origin="127.0.0.1")
    assert not list(tmp_path.iterdir())


def towards(service: Service, **names: str) -> Callable:
    """A resolver by which these names lead to these addresses, and others to none."""

    def resolve(host: str, _port: int) -> list:
        if host not in names:
            raise socket.gaierror
        return [(socket.AF_INET, (names[host], service.port))]

    return resolve


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/x.mp4", "http://localhost:{}/x.mp4", "http://name:{}/x.mp4"])
def test_D10_a_public_service_cannot_send_anybody_to_this_machine(cdn, tmp_path, url):
    network = NetworkSettings({}, resolver=towards(cdn, api="203.0.113.1", name="127.0.0.1", localhost="127.0.0.1"))
    for origin in ("api", "8.8.8.8", "unknown"):
        with pytest.raises(ResultUnavailable, match="must not"):
            Downloader(network).fetch(url.format(cdn.port), tmp_path / "x.mp4", origin=origin)
    assert not cdn.truth.requests


def test_D10_a_private_service_may_name_a_private_host_but_not_this_machine(cdn, tmp_path):
    network = NetworkSettings({}, resolver=towards(cdn, api="10.0.0.1", name="127.0.0.1"))
    with pytest.raises(ResultUnavailable, match="must not"):
        Downloader(network).fetch("http://name/x.mp4", tmp_path / "x.mp4", origin="api")


def test_D10_a_public_host_cannot_redirect_to_this_machine_even_if_the_service_is_here(cdn, tmp_path):
    with Service() as proxy:  # stands for the public host: asked through a proxy, nobody knows its address
        proxy.script("GET", redirect(cdn.url("/x.mp4")))
        with pytest.raises(ResultUnavailable, match="must not"):
            Downloader(NetworkSettings({"http_proxy": proxy.origin})).fetch(
                "http://cdn.example/x", tmp_path / "x.mp4", origin="127.0.0.1"
            )
    assert not cdn.truth.requests


def test_D10_a_kept_connection_is_no_way_around_the_check(cdn, tmp_path):
    network = NetworkSettings({}, resolver=towards(cdn, name="127.0.0.1", api="8.8.8.8"))
    downloader = Downloader(network)
    downloader.fetch("http://name/x.mp4", tmp_path / "1.mp4", origin="127.0.0.1")
    with pytest.raises(ResultUnavailable, match="must not"):
        downloader.fetch("http://name/x.mp4", tmp_path / "2.mp4", origin="api")
    downloader.close()
    assert len(cdn.truth.requests) == 1


def test_D11_neither_key_nor_cookies_reach_the_cdn(cdn, fetch, tmp_path, monkeypatch):
    netrc = tmp_path.parent / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login x password {KEY}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    cookie = {"Set-Cookie": "a=b", "Location": "/x.mp4"}
    cdn.script("GET", answer(302, b"", cookie), cut(HALF))
    fetch()
    assert len(cdn.truth.requests) == 3
    assert not cdn.truth.saw(KEY)
    assert not any(request.header("Cookie") or request.header("Authorization") for request in cdn.truth.requests)


def test_D12_a_stall_is_noticed_and_the_rest_fetched(cdn, tmp_path):
    cdn.script("GET", stall(), stall_after(HALF))
    downloader = Downloader(NetworkSettings({}), sleep=lambda _: None, limits=DownloadLimits(idle=0.3))
    downloader.fetch(cdn.url("/x.mp4"), tmp_path / "x.mp4", origin="127.0.0.1")
    downloader.close()
    assert asked(cdn) == ["", "", f"bytes={HALF}-"]


def test_D12_ten_bytes_a_second_are_a_stall(cdn, tmp_path):
    clock = FakeClock(step=1.0)  # every look at it takes a second
    cdn.script("GET", then=trickle(0.001, size=10))
    limits = DownloadLimits(retries=replace(RETRY, max_failures=2))
    downloader = Downloader(NetworkSettings({}), clock=clock, sleep=clock.sleep, limits=limits)
    with pytest.raises(ResultUnavailable, match=r"only \d+ bytes came in 3\d s"):
        downloader.fetch(cdn.url("/x.mp4"), tmp_path / "x.mp4", origin="127.0.0.1")
    assert len(cdn.truth.requests) == 2


def test_a_server_that_is_not_there_is_given_up(tmp_path, slept):
    with pytest.raises(ResultUnavailable, match="refused"):
        Downloader(NetworkSettings({}), sleep=slept.append).fetch(
            refused_url() + "/x.mp4", tmp_path / "x.mp4", origin="127.0.0.1"
        )
    assert len(slept) == (RETRY.max_failures or 0) - 1


def test_a_certificate_nobody_vouches_for_is_not_tried_again(tmp_path, slept):
    with Service(tls="localhost") as secure, pytest.raises(ResultUnavailable, match="certificate"):
        Downloader(NetworkSettings({}), sleep=slept.append).fetch(
            secure.url("/x.mp4"), tmp_path / "x.mp4", origin="127.0.0.1"
        )
    assert slept == []


def test_D14_a_target_that_is_taken_costs_no_request(cdn, tmp_path):
    (tmp_path / "x.mp4").write_text("mine")
    with pytest.raises(LocalError):
        Downloader(NetworkSettings({})).fetch(cdn.url("/x.mp4"), tmp_path / "x.mp4", origin="127.0.0.1")
    assert not cdn.truth.requests
    Downloader(NetworkSettings({})).fetch(cdn.url("/x.mp4"), tmp_path / "x.mp4", origin="127.0.0.1", force=True)
    assert (tmp_path / "x.mp4").read_bytes() == DATA


def test_L5_a_file_larger_than_the_disk_is_refused_before_it_comes(cdn, fetch):
    cdn.script("GET", lengths(str(1 << 60)))
    with pytest.raises(LocalError, match="free on the disk"):
        fetch()


def test_a_listener_that_raises_ends_the_download(fetch, tmp_path):
    def stop(_received: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(on_progress=stop)
    assert not (tmp_path / "x.mp4").exists()


def test_S17_downloads_use_the_proxy_and_keep_its_connection(tmp_path):
    with Service() as proxy:
        proxy.serve_file("/x.mp4", DATA)
        downloader = Downloader(NetworkSettings({"http_proxy": proxy.origin}))
        for name in ("1.mp4", "2.mp4"):
            downloader.fetch("http://cdn.example/x.mp4", tmp_path / name, origin="127.0.0.1")
        downloader.close()
        assert [request.target for request in proxy.truth.requests] == ["http://cdn.example/x.mp4"] * 2
        assert proxy.truth.connections == 1


def test_what_is_about_to_be_published_is_told_before_and_can_be_stopped(fetch, tmp_path):
    told: list[DownloadedFile] = []

    def note(fetched: DownloadedFile, folder: OpenFolder) -> None:
        assert folder.status("x.mp4.part")
        assert not fetched.path.exists()
        told.append(fetched)
        raise LocalError("the ledger is full")

    with pytest.raises(LocalError):
        fetch(before_publish=note)
    assert not (tmp_path / "x.mp4").exists()
    assert fetch() == told[0]


def test_many_downloads_at_once_share_connections(cdn, tmp_path):
    downloader, done = Downloader(NetworkSettings({})), []

    def work(name: int) -> None:
        done.extend(
            downloader.fetch(cdn.url("/x.mp4"), Path(tmp_path / f"{name}-{n}.mp4"), origin="127.0.0.1").bytes
            for n in range(3)
        )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    downloader.close()
    assert done == [len(DATA)] * 12
    assert cdn.truth.connections <= 4


def test_one_download_after_the_other_reads_by_way_of_one_buffer(cdn, tmp_path):
    downloader, sizes = Downloader(NetworkSettings({})), (BUFFER_SIZE * 2 + 77, 5000, BUFFER_SIZE)
    for number, size in enumerate(sizes):
        cdn.serve_file(f"/{number}.mp4", clip(size))
        downloader.fetch(cdn.url(f"/{number}.mp4"), tmp_path / f"{number}.mp4", origin="127.0.0.1")
    assert [(tmp_path / f"{number}.mp4").read_bytes() for number in range(3)] == list(map(clip, sizes))
    assert len(downloader._context.buffers) == 1
    downloader.close()


def test_a_download_takes_few_calls(cdn, fetch, tmp_path):
    cdn.serve_file("/small.mp4", clip(4000))
    fetch("/small.mp4")  # what is made once
    events: Counter[str] = Counter()
    sys.setprofile(lambda _frame, event, _argument: events.update((event,)))
    try:
        fetch("/small.mp4", force=True)
    finally:
        sys.setprofile(None)
    (tmp_path / "x.mp4").unlink()
    assert events["call"] < 340  # 263 of Python 3.11
