"""A look behind URLs (rules I1–I5, V1–V3): a few kilobytes are read, whatever the server is like."""

import mmap
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback.answers import altered, answer, gzip_bomb, gzipped, html, no_length, redirect
from loopback.faults import cut, reset_after_reading, stall, stall_after, trickle
from loopback.messages import Answer, Request
from loopback.ranges import content_range, multipart, range_ignored, range_shifted
from loopback.service import Service
from loopback.unreachable import refused_url
from support.pictures import jpeg, png
from support.videos import EMPTY, FTYP, box, extends, fragment, movie, track, video

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.probe import Prober, url_still_valid
from kirin_cli.api.range_reader import ProbeTimeouts
from kirin_cli.api.special_addresses import AddressScope, address_scope
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind

HERE = Path()
MB = 1 << 20
LARGE = 200 * MB
PATIENT = ProbeTimeouts(connect=3.0, idle=3.0, together=9.0)
QUICK = ProbeTimeouts(connect=0.5, idle=0.3, together=1.0)
Look = Callable[..., MediaFile]


@pytest.fixture
def cdn() -> Iterator[Service]:
    with Service(patience=2) as service:
        yield service


@pytest.fixture
def prober() -> Iterator[Prober]:
    with Prober(NetworkSettings({}), timeouts=PATIENT) as made:
        yield made


@pytest.fixture
def look(cdn: Service, prober: Prober) -> Look:
    """Serve some bytes and look at them."""

    def run(data: bytes, path: str = "/x.mp4", kind: MediaKind = "video", **more) -> MediaFile:
        return prober.inspect(cdn.serve_file(path, data, **more), kind, HERE)

    return run


def refusal(prober: Prober, url: str, kind: MediaKind = "video") -> MediaError:
    with pytest.raises(MediaError) as caught:
        prober.inspect(url, kind, HERE)
    return caught.value


def received(cdn: Service) -> int:
    """Bytes that the server sent, heads included."""
    return sum(request.sent for request in cdn.truth.requests)


@pytest.fixture(params=[True, False], ids=["moov last", "moov first"])
def large(request, tmp_path: Path) -> Iterator[mmap.mmap]:
    """A video of 200 MB that takes no room on the disk."""
    data = struct.pack(">I4s", LARGE, b"mdat")
    path = tmp_path / "large.mp4"
    with path.open("w+b") as file:
        for part in (FTYP + data, movie()) if request.param else (FTYP + movie() + data,):
            file.write(part)
            if request.param:
                file.seek(len(FTYP) + LARGE)
        file.truncate(len(FTYP) + LARGE + len(movie()))
        yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def test_V2_V3_of_a_large_video_hardly_anything_is_read(cdn: Service, look: Look, large: mmap.mmap):
    medium = look(large)
    assert (medium.format, medium.size, medium.seconds, medium.fps) == ("mp4", len(large), 5.0, 30.0)
    assert (medium.width, medium.height, medium.form) == (1280, 720, "url")
    assert len(cdn.truth.requests) <= 2
    assert received(cdn) < 66_000


def test_the_start_alone_is_read_of_a_large_video_without_range(
    cdn: Service, look: Look, prober: Prober, large: mmap.mmap
):
    moov_first = large[24:28] == b"moov"
    medium = look(large, ranges=False)
    assert medium.size == len(large)
    assert (medium.seconds, medium.width) == ((5.0, 1280) if moov_first else (None, None))
    remark = prober.warning_for(medium.given)
    assert (remark is None) is moov_first
    if remark:
        assert remark[0] == "V1"
        assert "no Range requests" in remark[1]
    assert received(cdn) < 8 * MB  # what stands in the buffers of two sockets when one is closed


def test_V3_a_phone_video_on_its_side_has_the_sides_as_shown(look: Look):
    medium = look(video(track(side=(1920, 1080), turn=90), moov_last=True), "/x.mov")
    assert (medium.width, medium.height) == (1080, 1920)


def test_V3_a_fragmented_video_is_walked_from_fragment_to_fragment(cdn: Service, look: Look):
    data = FTYP + movie(EMPTY, ticks=0, more=extends(512)) + fragment(30, data=400_000) * 20
    medium = look(data)
    assert (medium.seconds, medium.fps) == (20.0, 30.0)
    assert received(cdn) < MB / 2


def test_a_video_in_countless_fragments_stays_unmeasured_and_says_so(cdn: Service, look: Look, prober: Prober):
    data = FTYP + movie(EMPTY, ticks=0, more=extends(512)) + fragment(3, data=40_000) * 200
    medium = look(data)
    assert (medium.seconds, medium.width, medium.fps) == (None, 1280, None)
    assert "length, frame rate could not be learned" in prober.warning_for(medium.given)[1]
    assert len(cdn.truth.requests) <= 64
    assert received(cdn) < 1.2 * MB


@pytest.mark.parametrize(("make", "format_"), [(png, "png"), (jpeg, "jpeg")])
@pytest.mark.parametrize("ranges", [True, False])
def test_I2_I5_small_pictures(look: Look, make, format_: str, ranges: bool):
    data = make(640, 480)
    medium = look(data, f"/x.{format_}", "image", ranges=ranges)
    assert medium == MediaFile(medium.given, "url", format_, f".{format_}", len(data), 640, 480)


@pytest.mark.parametrize("data", [png(1200, 900, pad_to=9 * MB), jpeg(1200, 900) + bytes(9 * MB)])
def test_I3_I4_of_a_large_picture_the_start_is_read(cdn: Service, look: Look, data: bytes):
    medium = look(data, "/x", "image")
    assert (medium.size, medium.width, medium.height) == (len(data), 1200, 900)
    assert received(cdn) < 70_000


def test_I4_a_picture_behind_half_a_megabyte_of_camera_notes(cdn: Service, look: Look):
    medium = look(jpeg(800, 600, app_padding=600_000) + bytes(MB), "/x.jpg", "image")
    assert (medium.width, medium.height) == (800, 600)
    assert received(cdn) < 1.1 * MB


def test_I4_a_picture_that_hides_its_size_stays_unmeasured_and_says_so(look: Look, prober: Prober):
    medium = look(jpeg(800, 600, app_padding=2 * MB), "/x.jpg", "image")
    assert (medium.width, medium.format) == (None, "jpeg")
    assert medium.size is not None
    assert prober.warning_for(medium.given)[0] == "I1"
    assert "its pixels could not be learned" in prober.warning_for(medium.given)[1]


@pytest.mark.parametrize("size", [5000, 3 * MB])
def test_I3_a_picture_without_length_is_counted(cdn: Service, look: Look, size: int):
    data = png(400, 400, pad_to=size)
    cdn.script("GET", no_length(), no_length())
    assert look(data, "/x.png", "image", ranges=False).size == len(data)


def test_I3_a_picture_without_length_is_counted_no_further_than_ten_megabytes(cdn: Service, prober: Prober):
    url = cdn.serve_file("/x.png", png(400, 400, pad_to=40 * MB), ranges=False)
    cdn.script("GET", then=no_length())
    fault = refusal(prober, url, "image")
    assert (fault.rule, "more than 10485760 bytes" in fault.message) == ("I3", True)
    assert received(cdn) < 25 * MB


def test_V2_the_size_of_a_video_without_length_stays_unknown(cdn: Service, prober: Prober):
    url = cdn.serve_file("/x.mp4", video(data=3 * MB), ranges=False)
    cdn.script("GET", then=no_length())
    medium = prober.inspect(url, "video", HERE)
    assert (medium.size, medium.seconds) == (None, 5.0)
    assert "its size could not be learned" in prober.warning_for(url)[1]


def test_a_server_that_gives_parts_and_no_length(cdn: Service, look: Look):
    def unsized(_: Request, honest: Answer) -> Answer:
        told = honest.header("Content-Range") or ""
        return honest.having("Content-Range", told.partition("/")[0] + "/*") if honest.status == 206 else honest

    data = FTYP + movie(EMPTY, ticks=0, more=extends(512)) + fragment(30, data=40_000) * 4
    cdn.script("GET", then=altered(unsized))
    medium = look(data)
    assert (medium.size, medium.seconds, medium.fps) == (None, 4.0, 30.0)


@pytest.mark.parametrize(
    "fault",
    [
        range_ignored(),
        content_range(),
        content_range("bytes 5-9/*"),
        content_range("none"),
        multipart(),
        range_shifted(3),
    ],
    ids=["ignored", "unnamed", "other", "nonsense", "multipart", "shifted"],
)
def test_a_server_with_its_own_mind_about_range_is_asked_without(cdn: Service, look: Look, fault):
    cdn.script("GET", fault, range_ignored())
    assert look(video()).seconds == 5.0


@pytest.mark.parametrize("status", [206, 416])
def test_a_wrong_part_of_a_later_request_is_refused(cdn: Service, prober: Prober, status: int):
    url = cdn.serve_file("/x.mp4", video(moov_last=True, data=MB))
    cdn.script("GET", None, answer(status) if status == 416 else range_shifted(1))
    assert refusal(prober, url).rule == "V1"


def test_a_server_that_gives_parts_only_sometimes(cdn: Service, prober: Prober):
    url = cdn.serve_file("/x.mp4", video(moov_last=True, data=3 * MB))
    cdn.script("GET", None, range_ignored())
    assert prober.inspect(url, "video", HERE).seconds is None
    assert "no Range requests" in prober.warning_for(url)[1]


def test_a_file_that_changes_between_two_requests_is_refused(cdn: Service, prober: Prober):
    url = cdn.serve_file("/x.mp4", video(moov_last=True, data=MB))

    def swapped(request: Request, honest: Answer) -> Answer:
        return honest.having("Content-Range", honest.header("Content-Range").rpartition("/")[0] + "/99999999")

    cdn.script("GET", None, altered(swapped))
    assert "changed while" in refusal(prober, url).message


@pytest.mark.parametrize("kind", ["image", "video"])
@pytest.mark.parametrize("status", [204, 401, 403, 404, 410, 418, 429, 500, 503, 599])
def test_I1_V1_a_refusal_of_the_server_is_told_with_its_status(
    cdn: Service, prober: Prober, kind: MediaKind, status: int
):
    cdn.script("GET", then=answer(status, "<secret page>"))
    url = cdn.url("/x")
    fault = refusal(prober, url, kind)
    assert fault.rule == ("V1" if kind == "video" else "I1")
    assert f"cannot be fetched: its server answered {status}" in fault.message
    assert url in fault.message
    assert "secret" not in fault.message


@pytest.mark.parametrize(
    ("data", "kind", "rule", "words"),
    [
        (b"", "image", "I6", "empty"),
        (b"", "video", "V1", "empty"),
        (b"GIF89a" + bytes(500), "image", "I2", "GIF"),
        (video(), "image", "I2", "MP4"),
        (png(300, 300), "video", "V1", "PNG"),
        (png(300, 300)[:-20], "image", "I6", "truncated"),
        (jpeg()[:200], "image", "I6", "truncated"),
        (video()[:-50], "video", "V1", "cut short"),
        (video(track(handler=b"soun")), "video", "V1", "no video track"),
    ],
)
def test_I2_I6_V1_the_content_decides(
    cdn: Service, prober: Prober, data: bytes, kind: MediaKind, rule: str, words: str
):
    fault = refusal(prober, cdn.serve_file("/x", data), kind)
    assert (fault.rule, words in fault.message) == (rule, True)


def test_D8_a_page_in_place_of_a_picture(cdn: Service, prober: Prober):
    cdn.script("GET", then=html())
    assert (refusal(prober, cdn.url("/x.png"), "image").rule, refusal(prober, cdn.url("/x")).rule) == ("I2", "V1")


@pytest.mark.parametrize("fault", [gzipped(), gzip_bomb(5 * MB)], ids=["gzip", "bomb"])
@pytest.mark.parametrize(("kind", "rule"), [("image", "I1"), ("video", "V1")])
def test_D7_what_is_packed_is_refused_unread(cdn: Service, prober: Prober, fault, kind: MediaKind, rule: str):
    cdn.serve_file("/x", png(300, 300))
    cdn.script("GET", then=fault)
    found = refusal(prober, cdn.url("/x"), kind)
    assert (found.rule, "packs it" in found.message) == (rule, True)
    assert received(cdn) < MB


def test_I1_V1_a_server_that_is_not_there(prober: Prober):
    assert "cannot be fetched" in refusal(prober, refused_url() + "/x.mp4").message
    assert refusal(prober, "http://nowhere.invalid/x.png", "image").rule == "I1"


@pytest.mark.parametrize(
    "fault", [stall(), stall_after(10), trickle(0.05, body_only=True), cut(10), reset_after_reading(create=False)]
)
def test_D12_slow_and_broken_servers_do_not_hold_up_the_check(cdn: Service, fault):
    url = cdn.serve_file("/x.mp4", video())
    cdn.script("GET", then=fault)
    with Prober(NetworkSettings({}), timeouts=QUICK) as prober:
        assert refusal(prober, url).rule == "V1"


def test_a_connection_that_dies_is_tried_once_more(cdn: Service, look: Look):
    cdn.script("GET", reset_after_reading(create=False))
    assert look(video()).seconds == 5.0


def test_D10_redirects_are_followed_and_remembered(cdn: Service, prober: Prober):
    cdn.serve_file("/x.mp4", video(moov_last=True, data=MB))
    cdn.script("GET /a.mp4", then=redirect("/b"))
    cdn.script("GET /b", then=redirect(cdn.url("/x.mp4", host="localhost")))
    assert prober.inspect(cdn.url("/a.mp4"), "video", HERE).seconds == 5.0
    assert [request.path for request in cdn.truth.requests] == ["/a.mp4", "/b", "/x.mp4", "/x.mp4"]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://a.example/x", "http://169.254.169.254/x", "http://[::]/", "//"]
)
def test_D10_redirects_lead_nowhere_else(cdn: Service, prober: Prober, target: str):
    cdn.script("GET", then=redirect(target))
    assert refusal(prober, cdn.url("/x.mp4")).rule == "V1"


def test_D10_redirects_end(cdn: Service, prober: Prober):
    cdn.script("GET", then=redirect("/again"))
    assert "more than 5 times" in refusal(prober, cdn.url("/x.png"), "image").message
    assert len(cdn.truth.requests) == 6


def test_D10_no_redirect_leads_from_https_to_http(cdn: Service, trusting):
    with Service(tls="localhost", patience=2) as secure, Prober(trusting(), timeouts=PATIENT) as prober:
        secure.script("GET", then=redirect(cdn.serve_file("/x.mp4", video())))
        assert "from https to http" in refusal(prober, secure.url("/x.mp4", host="localhost")).message
    assert not cdn.truth.requests


def test_D10_no_redirect_leads_from_outside_in(cdn: Service):
    with Service(patience=2) as proxy:
        proxy.script("GET", then=redirect(cdn.serve_file("/x.mp4", video())))
        network = NetworkSettings({"http_proxy": proxy.origin})
        with Prober(network, timeouts=PATIENT) as prober:
            assert "where it must not" in refusal(prober, "http://cdn.example/x.mp4").message
    assert not cdn.truth.requests


def test_D10_link_local_addresses_are_never_asked(cdn: Service, prober: Prober):
    assert address_scope("169.254.169.254") is AddressScope.FORBIDDEN
    assert "must not" in refusal(prober, "http://169.254.169.254/latest/x.png", "image").message


def test_D11_nothing_of_the_person_travels(cdn: Service, prober: Prober, tmp_path: Path):
    network = NetworkSettings({"KIRIN_API_KEY": "sk-secret", "HOME": str(tmp_path)})
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password word")
    cdn.serve_file("/x.mp4", video(moov_last=True, data=MB))
    cdn.script("GET", answer(302, b"", {"Location": "/x.mp4", "Set-Cookie": "a=b"}))
    with Prober(network, timeouts=PATIENT) as made:
        made.inspect(cdn.url("/x.mp4"), "video", HERE)
    for request in cdn.truth.requests:
        assert {name.lower() for name, _ in request.headers} <= {"host", "range", "user-agent", "accept-encoding"}
        assert request.header("Accept-Encoding") == "identity"


def test_each_url_is_looked_at_once(cdn: Service, prober: Prober):
    good, bad = cdn.serve_file("/x.mp4", video()), cdn.url("/missing.mp4")
    for _ in range(3):
        assert prober.inspect(good, "video", HERE).seconds == 5.0
        assert "404" in refusal(prober, bad).message
    assert len(cdn.truth.requests) == 2


def test_expected_urls_are_looked_at_together(cdn: Service, prober: Prober):
    cdn.serve_file("/x.png", png(300, 300))
    all_here = threading.Barrier(6, timeout=30)

    def together(_request: Request, honest: Answer) -> Answer:
        all_here.wait()
        return honest

    cdn.script("GET", then=altered(together))
    urls = [cdn.url(f"/x.png?{number}") for number in range(6)]
    for url in [*urls, *urls]:
        assert prober.expect(url, "image", HERE).width is None
    prober.ahead()
    assert [prober.inspect(url, "image", HERE).width for url in urls] == [300] * 6
    assert len(cdn.truth.requests) == 6


def test_what_is_no_url_is_left_to_the_plain_look(cdn: Service, prober: Prober, tmp_path: Path):
    (tmp_path / "cup.png").write_bytes(png(320, 300))
    for look in (prober.expect, prober.inspect):
        assert look("cup.png", "image", tmp_path).form == "file"
        with pytest.raises(MediaError, match="ends in"):
            look(cdn.url("/x.gif"), "image", tmp_path)
    prober.ahead()
    assert not cdn.truth.requests


def test_a_url_is_sent_as_urls_are_written(cdn: Service, prober: Prober):
    cdn.serve_file("/caf%C3%A9.mp4", video())
    assert prober.inspect(cdn.url("/café.mp4#t=3"), "video", HERE).given == cdn.url("/café.mp4#t=3")
    assert [request.target for request in cdn.truth.requests] == ["/caf%C3%A9.mp4"]


def test_a_proxy_that_cannot_be_used_is_said_before_anything_is_asked():
    with Prober(NetworkSettings({"https_proxy": "socks4://127.0.0.1:9"})) as prober:
        prober.expect("https://cdn.example/x.mp4", "video", HERE)
        prober.ahead()
        with pytest.raises(UsageError):
            prober.inspect("https://cdn.example/x.mp4", "video", HERE)


def test_whether_a_file_is_still_there(cdn: Service):
    url = cdn.serve_file("/x.mp4", video())
    assert url_still_valid(url, len(video()), NetworkSettings({}))
    assert not url_still_valid(url, 5, NetworkSettings({}))
    assert not url_still_valid(cdn.url("/gone"), 5, NetworkSettings({}), timeouts=QUICK)
    assert not url_still_valid("ftp://x", 5, NetworkSettings({}))


def test_data_behind_the_boxes_is_not_read(cdn: Service, look: Look):
    assert look(video() + box(b"free", bytes(MB))).seconds == 5.0
    assert received(cdn) < 40_000
