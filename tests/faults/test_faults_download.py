"""Downloads inside whole runs (faults D1–D8 and D12): the file, its sidecar, the ledger, the exit code."""

import time
from dataclasses import replace
from typing import Any

import pytest
from faults.bench import CLIP, Bench
from faults.download_checks import FILE, HALF, paid_without_file, then_fetched, whole
from loopback import faults, ranges
from loopback.exchange import Fault
from loopback.files import clip

from kirin_cli.api.download import Downloader, DownloadLimits
from kirin_cli.api.retry import RETRIES

IMPATIENT = DownloadLimits(idle=0.2, retries=replace(RETRIES["download"], max_failures=3))


def in_real_time(network: Any, **options: Any) -> Downloader:
    """Stalls are measured on the clock of the sockets; the pauses between attempts stay virtual."""
    return Downloader(network, **{**options, "clock": time.monotonic, "limits": IMPATIENT})


RESUMED = {
    "nothing": faults.cut(0),
    "one byte": faults.cut(1),
    "half": faults.cut(HALF),
    "all but one": faults.cut(-1),
    "reset": faults.cut(HALF, reset=True),
    "no answer": faults.close_after_reading(create=False),
    "garbage": faults.raw(b"\x00\x01\r\n\r\n"),
    "503": faults.answer(503),
    "429": faults.answer(429, b"", {"Retry-After": "9"}),
}


@pytest.mark.parametrize("name", RESUMED)
def test_D1_a_download_that_is_cut_goes_on(machine: Bench, name: str) -> None:
    machine.cdn.script(FILE, RESUMED[name])
    whole(machine, machine.run(), gets=2)


ODD: dict[str, tuple[Fault, ...]] = {
    "D2 ignored": (ranges.range_ignored(),),
    "D2 shifted": (ranges.range_shifted(5),),
    "D2 no total": (ranges.content_range("bytes 10000-19999/*"),),
    "D2 another total": (ranges.content_range("bytes 10000-19999/30000"),),
    "D2 no Content-Range": (ranges.content_range(),),
    "D2 multipart": (ranges.multipart(),),
    "D3 ETag changed": (ranges.etag('"other"'),),
    "D3 ETag weak": (ranges.etag('W/"result"'),),
    "D4 416, no length": (ranges.unsatisfiable(),),
    "D4 416, another length": (ranges.unsatisfiable(7),),
    "D4 416, this length": (ranges.unsatisfiable(len(CLIP)),),
}


@pytest.mark.parametrize("name", ODD)
def test_D2_D3_D4_an_odd_rest_is_never_spliced(machine: Bench, name: str) -> None:
    machine.cdn.script(FILE, faults.cut(HALF), *ODD[name])
    whole(machine, machine.run())


def test_D3_a_file_that_changed_behind_its_url_is_fetched_from_its_start(machine: Bench) -> None:
    machine.cdn.serve_file("/result.mp4", clip(20_000, seed=5), etag='"first"')
    machine.cdn.script(
        FILE, lambda x: (faults.cut(HALF)(x), machine.cdn.serve_file("/result.mp4", CLIP, etag='"second"'))
    )
    whole(machine, machine.run(), gets=2)


def test_D4_416_for_all_that_is_here_finishes(machine: Bench) -> None:
    machine.cdn.script(FILE, faults.length_off(7))
    whole(machine, machine.run(), gets=2)


@pytest.mark.parametrize("after", [0, 1, 100, HALF, len(CLIP) - 1])
def test_D5_without_a_length_the_container_tells_that_it_was_cut(machine: Bench, after: int) -> None:
    machine.cdn.script(FILE, faults.no_length(after), faults.no_length())
    whole(machine, machine.run(), gets=2)


@pytest.mark.parametrize("lengths", [("30000",), ("500",), ("-1",), ("20000", "500"), ("zwanzig",)])
def test_D6_a_wrong_length_is_tried_again(machine: Bench, lengths: tuple[str, ...]) -> None:
    machine.cdn.script(FILE, faults.lengths(*lengths))
    whole(machine, machine.run(), gets=2)


FOREIGN = {
    "D5 always cut": faults.no_length(HALF),
    "D6 always too long": faults.lengths("30000"),
    "D7 gzip": faults.gzipped(),
    "D7 bomb": faults.gzip_bomb(50_000_000),
    "D8 HTML": faults.html(),
    "D8 JSON": faults.answer(200, {"error": "expired"}),
    "D8 nothing": faults.answer(200, b"", {"Content-Type": "video/mp4"}),
    "D1 always cut": faults.cut(100),
    "500 for ever": faults.answer(500),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_D5_D6_D7_D8_what_is_no_video_is_7_and_is_fetched_another_time(machine: Bench, name: str) -> None:
    machine.cdn.serve_file("/result.mp4", CLIP)  # no ETag: nothing is resumed, so a file that is always cut never comes
    machine.cdn.script(FILE, then=FOREIGN[name])
    result = machine.run()
    paid_without_file(machine, result)
    assert "free of charge" in result.outcome.error.hint
    assert len(machine.cdn.truth.of("GET")) <= 6
    then_fetched(machine)


def mp4(status: int = 200, body: bytes = CLIP, **headers: str) -> Fault:
    """The clip, under headers that say something else: `Content_Type="text/html"`."""
    given = {"Content-Type": "video/mp4"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return faults.answer(status, body, given)


WHOLE_ALL_THE_SAME = {
    **{f"coding {word}": mp4(Content_Encoding=word) for word in ("aws-chunked", "utf-8", "none", "binary", "identity")},
    **{name: mp4(Content_Type=name) for name in ("text/html", "application/json", "application/xml; charset=x")},
    "203": mp4(203),
    "206 unasked": mp4(206, Content_Range=f"bytes 0-{len(CLIP) - 1}/{len(CLIP)}"),
}


@pytest.mark.parametrize("name", WHOLE_ALL_THE_SAME)
def test_D8_the_bytes_of_a_video_are_a_video_whatever_the_headers_say(machine: Bench, name: str) -> None:
    machine.cdn.script(FILE, WHOLE_ALL_THE_SAME[name])
    whole(machine, machine.run(), gets=1)


TAILS = {"newline": b"\n", "seven zeros": bytes(7), "text": b"<!-- cached -->", "huge box": b"\xff\xff\xff\xffjunk"}


@pytest.mark.parametrize("name", TAILS)
def test_D8_what_stands_behind_the_last_box_does_not_matter(machine: Bench, name: str) -> None:
    machine.cdn.serve_file("/result.mp4", CLIP + TAILS[name])
    result = machine.run()
    (output,) = result.outcome.outputs
    assert (result.exit_code, output.path.read_bytes()) == (0, CLIP + TAILS[name])
    assert len(machine.cdn.truth.of("GET")) == 1


NO_FILE = {
    "br": mp4(Content_Encoding="br"),
    "zstd": mp4(Content_Encoding="zstd"),
    "gzip in a list": mp4(Content_Encoding="aws-chunked, GZIP"),
    "a part": mp4(206, CLIP[:HALF], Content_Range=f"bytes 0-{HALF - 1}/{len(CLIP)}"),
    "a rest": mp4(206, CLIP[HALF:], Content_Range=f"bytes {HALF}-{len(CLIP) - 1}/{len(CLIP)}"),
}


@pytest.mark.parametrize("name", NO_FILE)
def test_D2_D7_D8_a_packed_file_and_a_part_are_no_file(machine: Bench, name: str) -> None:
    machine.cdn.script(FILE, then=NO_FILE[name])
    paid_without_file(machine, machine.run())
    then_fetched(machine)


ODD_FILES = {
    "D18 text": mp4(body=b"come back later"),
    "D18 page": mp4(body=b"<html>"),
    "D18 JPEG": mp4(body=b"\xff\xd8\xff\xe0" + bytes(500)),
    "D18 zip": mp4(body=b"PK\x03\x04" + bytes(500)),
    "D18 ELF": mp4(body=b"\x7fELF" + bytes(500)),
    "D18 script": mp4(body=b"#!/bin/sh\n"),
    "D18 zeros": mp4(body=bytes(20_000)),
    "D17 cut in a box": mp4(body=CLIP[:-9]),
    "D17 MP4 of noise": mp4(body=CLIP[:32] + b"\xfe\xfe\xfe\xfejunk" * 9),
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_D17_D18_what_is_no_video_twice_is_kept_and_the_service_asked_again(machine: Bench, name: str) -> None:
    machine.cdn.script(FILE, then=ODD_FILES[name])
    for _ in range(2):
        result = machine.run(resume=True) if machine.posts else machine.run()
        error = result.outcome.error
        assert (result.exit_code, result.outcome.state, error.charged, machine.posts) == (7, "pending", "yes", 1)
        assert str(machine.renders / "rain.odd") in error.message
        assert [path.name for path in machine.renders.iterdir()] == ["rain.odd"]
    then_fetched(machine)
    assert sorted(path.name for path in machine.renders.iterdir()) == ["rain.json", "rain.mp4", "rain.odd"]


@pytest.mark.parametrize(
    "slow",
    [faults.stall(), faults.stall_after(HALF), faults.trickle(0.05, 10, body_only=True)],
    ids=["silent", "stops", "slow"],
)
def test_D12_a_download_that_hardly_moves_is_tried_again(machine: Bench, slow: Fault) -> None:
    machine.cdn.script(FILE, slow)
    began = time.monotonic()
    whole(machine, machine.run(downloader=in_real_time))
    assert time.monotonic() - began < 9  # not the patience of the server


def test_D12_a_server_that_never_moves_is_7(machine: Bench) -> None:
    machine.cdn.script(FILE, then=faults.stall())
    paid_without_file(machine, machine.run(downloader=in_real_time))
    then_fetched(machine)
