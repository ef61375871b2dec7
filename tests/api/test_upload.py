"""Uploads of local files: whole, in little memory, with the key for the service alone."""

import hashlib
import tracemalloc
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

import pytest
from loopback.answers import altered, answer, html, redirect
from loopback.faults import close_after_reading, early, reset_after_reading
from loopback.service import Service
from loopback.unreachable import refused_url
from support.api_requests import KEY
from support.videos import video

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.transport import Transport
from kirin_cli.api.upload import MultipartFile, UploadClient, UploadEndpoint, upload_endpoint, url_origin
from kirin_cli.errors import GenerationFailed, KirinError, LocalError, NotPermitted, ServiceUnreachable, UsageError
from kirin_cli.media.detect import inspect_with_videos
from kirin_cli.modelspec.types import MediaFile

PLACE = "/api/v1/storage/files"
URL = "https://cdn.example/uploads/abc.mp4"


@pytest.fixture
def storage() -> Iterator[Service]:
    with Service(patience=3) as service:
        service.script("POST", then=answer(200, {"url": URL}))
        yield service


@pytest.fixture
def clip(tmp_path: Path) -> MediaFile:
    path = tmp_path / 'my "holiday" \r\n🏖.mp4'
    path.write_bytes(video(data=700_000))
    return inspect_with_videos(path.name, "video", tmp_path, uploads=True)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def uploads(storage: Service, transport: Transport, slept: list[float]) -> UploadClient:
    return UploadClient(transport, UploadEndpoint(storage.url(PLACE), KEY), sleep=slept.append)


def parts_of(request) -> list[tuple[str, bytes]]:
    """The fields of a multipart request, as the standard library reads them."""
    head = f"Content-Type: {request.header('Content-Type')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.body)
    return [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in message.get_payload()
    ]


def test_a_file_is_sent_as_one_field_of_a_form(storage: Service, uploads: UploadClient, clip: MediaFile):
    assert uploads.send(clip) == URL
    (request,) = storage.truth.requests
    assert (request.method, request.path, request.key) == ("POST", PLACE, KEY)
    assert int(request.header("Content-Length")) == len(request.body)
    assert not request.header("Transfer-Encoding")
    content = Path(clip.path).read_bytes()
    marks = request.body.split(b"\r\n\r\n", 1)
    assert marks[1].startswith(content)
    assert b'name="file"; filename="' in marks[0]
    assert b"Content-Type: video/mp4" in marks[0]


def test_the_name_of_the_file_stays_here(storage: Service, uploads: UploadClient, clip: MediaFile):
    uploads.send(clip)
    assert not storage.truth.saw("holiday")
    assert hashlib.sha256(Path(clip.path).read_bytes()).hexdigest()[:16].encode() in storage.truth.requests[0].body


def test_a_form_is_what_any_reader_of_forms_expects(storage: Service, uploads: UploadClient, clip: MediaFile):
    uploads.send(clip)
    assert parts_of(storage.truth.requests[0]) == [("file", Path(clip.path).read_bytes())]


def test_how_it_goes_on_is_told(uploads: UploadClient, clip: MediaFile):
    told: list[tuple[int, int]] = []
    uploads.send(clip, lambda sent, total: told.append((sent, total)))
    assert len(told) >= 3
    assert told == sorted(told)
    assert {total for _, total in told} == {len(MultipartFile(clip))}
    assert told[-1] == (len(MultipartFile(clip)), len(MultipartFile(clip)))


def test_a_large_file_never_stands_in_memory(storage: Service, transport: Transport, tmp_path: Path):
    path = tmp_path / "large.mp4"
    whole = video(data=64 << 20)
    path.write_bytes(whole)
    medium = inspect_with_videos(path.name, "video", tmp_path, uploads=True)
    form = MultipartFile(medium)
    del whole
    tracemalloc.start()
    try:
        assert sum(len(piece) for piece in form) == len(form)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "said",
    [
        {"url": URL},
        {"data": {"url": URL}},
        {"status": {"code": 200}, "data": {"url": URL}, "url": None},
        {"url": URL, "data": []},
    ],
)
def test_both_forms_of_the_answer_are_read(storage: Service, uploads: UploadClient, clip: MediaFile, said):
    storage.forget_scripts()
    storage.script("POST", answer(201, said))
    assert uploads.send(clip) == URL


@pytest.mark.parametrize(
    "said",
    [
        {}, [], "x", {"url": ""}, {"url": 5}, {"url": "ftp://a/b"}, {"url": "/uploads/x"}, {"data": {"url": None}},
        {"url": "https://a.example/" + "x" * 5000}, {"url": "https://a.example/\x1b[31m"}, {"url": "https:///x"}, b"no",
    ],
)  # fmt: skip
def test_an_answer_without_a_usable_url_ends_the_upload(storage: Service, uploads: UploadClient, clip: MediaFile, said):
    storage.forget_scripts()
    storage.script("POST", answer(200, said))
    with pytest.raises(GenerationFailed, match="without a URL"):
        uploads.send(clip)


@pytest.mark.parametrize(
    ("status", "error", "exit_code"),
    [
        (400, GenerationFailed, 1),
        (404, GenerationFailed, 1),
        (413, GenerationFailed, 1),
        (401, NotPermitted, 4),
        (403, NotPermitted, 4),
    ],
)
def test_a_refusal_is_told_once_with_the_words_of_the_place(
    storage: Service,
    uploads: UploadClient,
    clip: MediaFile,
    slept: list[float],
    status: int,
    error: type[KirinError],
    exit_code: int,
):
    storage.forget_scripts()
    storage.script("POST", then=answer(status, {"message": "no room"}))
    with pytest.raises(error, match="no room") as caught:
        uploads.send(clip)
    assert caught.value.exit_code == exit_code
    assert (len(storage.truth.requests), slept) == (1, [])


def test_S16_an_early_413_is_heard(storage: Service, uploads: UploadClient, tmp_path: Path):
    (tmp_path / "x.mp4").write_bytes(video(data=30 << 20))
    storage.forget_scripts()
    storage.script("POST", then=early(413, {"message": "too large"}))
    with pytest.raises(GenerationFailed, match="413: too large"):
        uploads.send(inspect_with_videos("x.mp4", "video", tmp_path, uploads=True))


@pytest.mark.parametrize(
    "fault",
    [
        answer(500),
        html(502),
        answer(503),
        answer(429),
        close_after_reading(create=False),
        reset_after_reading(create=False),
    ],
)
def test_trouble_on_the_way_is_tried_again(
    storage: Service, uploads: UploadClient, clip: MediaFile, slept: list[float], fault
):
    storage.forget_scripts()
    storage.script("POST", fault, fault, answer(200, {"url": URL}))
    assert uploads.send(clip) == URL
    assert slept == [1.0, 2.0]
    bodies = {request.body for request in storage.truth.requests}
    assert len(bodies) == 1, "each attempt sends the whole file"


@pytest.mark.parametrize(("asked", "slept_for"), [("5", 5.0), ("99999", 30.0), ("-1", 1.0), ("soon", 1.0)])
def test_S15_a_place_may_ask_to_wait(
    storage: Service, uploads: UploadClient, clip: MediaFile, slept: list[float], asked, slept_for
):
    storage.forget_scripts()
    storage.script("POST", answer(429, b"", {"Retry-After": asked}), answer(200, {"url": URL}))
    uploads.send(clip)
    assert slept == [slept_for]


def test_lasting_trouble_ends_with_exit_code_3(
    storage: Service, uploads: UploadClient, clip: MediaFile, slept: list[float]
):
    storage.forget_scripts()
    storage.script("POST", then=answer(503, {"message": "closed"}))
    with pytest.raises(ServiceUnreachable, match="503: closed"):
        uploads.send(clip)
    assert (len(storage.truth.requests), slept) == (3, [1.0, 2.0])


def test_a_place_that_is_not_there(transport: Transport, clip: MediaFile, slept: list[float]):
    with pytest.raises(ServiceUnreachable):
        UploadClient(transport, UploadEndpoint(refused_url() + PLACE), sleep=slept.append).send(clip)


def test_S2_a_bad_certificate_is_not_tried_again(clip: MediaFile, slept: list[float]):
    with Service(tls="localhost", patience=2) as place:
        made = Transport(NetworkSettings({}), idle=1, connect=1)
        with pytest.raises(ServiceUnreachable, match="certificate"):
            UploadClient(made, UploadEndpoint(place.url(PLACE), KEY), sleep=slept.append).send(clip)
        made.close()
        assert (slept, place.truth.requests) == ([], ())


def test_S9_no_redirect_takes_file_and_key_elsewhere(storage: Service, uploads: UploadClient, clip: MediaFile):
    with Service(patience=2) as other:
        storage.forget_scripts()
        storage.script("POST", then=redirect(other.url("/"), 307))
        with pytest.raises(GenerationFailed, match="307"):
            uploads.send(clip)
        assert not other.truth.requests


def test_I6_a_file_that_changed_since_the_look_is_not_sent(storage: Service, uploads: UploadClient, clip: MediaFile):
    Path(clip.path).write_bytes(video(data=800_000))
    with pytest.raises(LocalError, match="has changed"):
        uploads.send(clip)
    assert not storage.truth.requests


def test_I6_a_file_that_changes_on_its_way_never_arrives_whole(
    storage: Service, uploads: UploadClient, clip: MediaFile
):
    def tell(_sent: int, _total: int) -> None:
        Path(clip.path).write_bytes(b"another")

    with pytest.raises((LocalError, ServiceUnreachable)):
        uploads.send(clip, tell)
    assert not any(request.complete for request in storage.truth.requests)


@pytest.mark.parametrize(
    ("upload_url", "gets_key"),
    [
        ("https://api.example/api/v1/storage/files", True),
        ("https://API.example:443/x", True),
        ("https://api.example:8443/x", False),
        ("https://store.example/x", False),
        ("https://api.example.evil.example/x", False),
        ("http://api.example/x", False),
    ],
)
def test_the_key_goes_to_the_origin_of_the_service_alone(upload_url: str, gets_key: bool):
    place = upload_endpoint(upload_url, "https://api.example/base", KEY)
    assert place.key == (KEY if gets_key else "")
    assert KEY not in repr(place)


def test_without_its_key_a_place_gets_no_authorization(storage: Service, transport: Transport, clip: MediaFile):
    place = upload_endpoint(storage.url(PLACE), "https://api.example", KEY)
    assert UploadClient(transport, place).send(clip) == URL
    assert not storage.truth.saw(KEY)
    assert not storage.truth.requests[0].header("Authorization")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "store",
        "ftp://a.example/x",
        "https://me:word@a.example/x",
        "https:///x",
        "https://a.example/x#y",
        "https://a b/",
    ],
)
def test_an_upload_url_of_no_use_is_a_usage_error(bad: str):
    with pytest.raises(UsageError):
        upload_endpoint(bad, "https://api.example", KEY)


def test_an_origin_is_scheme_host_and_port():
    assert url_origin("HTTPS://A.example/x") == ("https", "a.example", 443)
    assert url_origin("http://a.example:99") == ("http", "a.example", 99)


def test_a_quicktime_video_is_called_so(tmp_path: Path, storage: Service, uploads: UploadClient):
    (tmp_path / "x.mov").write_bytes(video(head=b""))
    uploads.send(inspect_with_videos("x.mov", "video", tmp_path, uploads=True))
    assert b"Content-Type: video/quicktime" in storage.truth.requests[0].body


def test_answers_are_not_believed_to_be_short(storage: Service, uploads: UploadClient, clip: MediaFile):
    storage.forget_scripts()
    storage.script("POST", then=altered(lambda _request, honest: honest.having("X", "y"), create=True))
    with pytest.raises(GenerationFailed):
        uploads.send(clip)


@pytest.mark.parametrize("status", [401, 403])
def test_S14_the_page_of_a_firewall_is_no_refused_key(storage, uploads, clip, status):
    storage.forget_scripts()
    storage.script("POST", answer(status, "<!doctype html><title>Blocked</title>", {"Content-Type": "text/html"}))
    with pytest.raises(ServiceUnreachable, match=f"could not be uploaded: HTTP {status}: Blocked") as caught:
        uploads.send(clip)
    assert "a firewall or a proxy" in caught.value.hint
