"""Local videos become URLs: each content once, whoever uses it and however often."""

import hashlib
import json
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.videos import video

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.probe import url_still_valid
from kirin_cli.api.transport import Transport
from kirin_cli.api.upload import STORAGE_PATH, UploadClient, upload_endpoint
from kirin_cli.errors import LocalError, ServiceUnreachable, UsageError
from kirin_cli.media.detect import inspect_with_videos
from kirin_cli.media.local_files import sha256
from kirin_cli.media.request_body import JsonBody
from kirin_cli.models import MODELS
from kirin_cli.modelspec.types import MediaFile, MediaKind
from kirin_cli.run.identity import request_text
from kirin_cli.run.uploads import MAX_AGE, UploadCache, Uploader, upload_local_videos
from kirin_cli.sandbox.server import Sandbox

TO = "https://api.example/api/v1/storage/files"
Make = Callable[..., MediaFile]


class Place:
    """Takes uploads and remembers what it was asked; `dead` URLs are gone."""

    def __init__(self) -> None:
        self.sent: list[MediaFile] = []
        self.asked: list[tuple[str, int]] = []
        self.dead: set[str] = set()
        self.started, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    def send(self, medium: MediaFile, tell: Callable[[int, int], None]) -> str:
        self.started.set()
        assert self.may_end.wait(5)
        self.sent.append(medium)
        tell(medium.size or 0, medium.size or 0)
        return f"https://cdn.example/{len(self.sent)}.mp4"

    def still_there(self, url: str, size: int) -> bool:
        self.asked.append((url, size))
        return url not in self.dead


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def clip(tmp_path: Path) -> Make:
    def make(name: str = "a.mp4", data: int = 500) -> MediaFile:
        path, content = tmp_path / name, video(data=data)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
        return inspect_with_videos(name, "video", tmp_path, uploads=True)

    return make


@pytest.fixture
def kept(tmp_path: Path) -> UploadCache:
    return UploadCache(tmp_path / "state", TO, lambda: 1000.0)


def uploader(place: Place, kept: UploadCache) -> Uploader:
    return Uploader(place.send, place.still_there, kept)


def test_a_local_video_becomes_its_url_wherever_it_stands(place: Place, kept: UploadCache, clip: Make):
    picture = MediaFile("iVBOR", "base64", "png", size=3)
    values = {
        "prompt": "p",
        "image_list": [{"image_url": picture}],
        "video_list": [{"video_url": clip(), "keep": True}],
    }
    sent = upload_local_videos(values, uploader(place, kept))
    assert sent["image_list"] == [{"image_url": picture}]
    (item,) = sent["video_list"]
    assert (item["video_url"].form, item["video_url"].given) == ("url", "https://cdn.example/1.mp4")
    assert item["video_url"].path is None
    assert b"https://cdn.example/1.mp4" in b"".join(JsonBody(sent))
    assert values["video_list"][0]["video_url"].form == "file", "the job itself stays as it is"


def test_many_jobs_with_one_content_upload_it_once(place: Place, kept: UploadCache, clip: Make):
    made = uploader(place, kept)
    same = [clip("a.mp4"), clip("b.mp4"), clip("a.mp4")]
    other = clip("c.mp4", data=600)
    urls = {made.url_of(one) for one in [*same, *same]}
    assert urls == {"https://cdn.example/1.mp4"}
    assert made.url_of(other) == "https://cdn.example/2.mp4"
    assert len(place.sent) == 2


def test_threads_wait_for_the_upload_that_is_under_way(place: Place, kept: UploadCache, clip: Make):
    made, video_, urls = uploader(place, kept), clip(), []
    place.may_end.clear()
    threads = [threading.Thread(target=lambda: urls.append(made.url_of(video_))) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert place.started.wait(5)
    place.may_end.set()
    for thread in threads:
        thread.join(5)
    assert urls == ["https://cdn.example/1.mp4"] * 6
    assert len(place.sent) == 1


def test_another_content_does_not_wait(place: Place, kept: UploadCache, clip: Make):
    made, slow, quick = uploader(place, kept), clip("a.mp4"), clip("b.mp4", data=600)
    kept.put(sha256(quick), "https://cdn.example/kept.mp4")
    place.may_end.clear()
    thread = threading.Thread(target=made.url_of, args=(slow,))
    thread.start()
    assert place.started.wait(5)
    assert made.url_of(quick) == "https://cdn.example/kept.mp4"
    place.may_end.set()
    thread.join(5)


def test_a_later_run_uses_the_url_of_an_earlier_one(place: Place, kept: UploadCache, clip: Make):
    first = uploader(place, kept).url_of(clip())
    assert uploader(place, kept).url_of(clip()) == first
    assert place.asked == [(first, clip().size)]
    assert len(place.sent) == 1


def test_a_url_that_is_dead_is_forgotten_and_the_video_uploaded_again(place: Place, kept: UploadCache, clip: Make):
    first = uploader(place, kept).url_of(clip())
    place.dead.add(first)
    second = uploader(place, kept).url_of(clip())
    assert second != first
    assert uploader(place, kept).url_of(clip()) == second


def test_a_failed_upload_is_no_upload(place: Place, kept: UploadCache, clip: Make):
    def fail(_medium: MediaFile, _tell: object) -> str:
        raise ServiceUnreachable("no")

    with pytest.raises(ServiceUnreachable):
        Uploader(fail, place.still_there, kept).url_of(clip())
    assert uploader(place, kept).url_of(clip()) == "https://cdn.example/1.mp4"


def test_I6_a_file_that_changed_since_the_look_is_never_uploaded(place: Place, kept: UploadCache, clip: Make):
    found = clip()
    Path(found.path).write_bytes(video(data=9000))
    with pytest.raises(LocalError, match="has changed"):
        uploader(place, kept).url_of(found)
    assert not place.sent


def test_without_a_place_for_uploads_a_local_video_is_never_sent(clip: Make):
    with pytest.raises(UsageError, match="takes videos by URL only"):
        upload_local_videos({"video_url": clip()}, None)
    assert upload_local_videos({"prompt": "p"}, None) == {"prompt": "p"}


def test_how_an_upload_goes_on_is_told(place: Place, kept: UploadCache, clip: Make):
    told: list[tuple[int, int]] = []
    upload_local_videos({"video_url": clip()}, uploader(place, kept), lambda sent, total: told.append((sent, total)))
    assert told == [(clip().size, clip().size)]


def test_the_identity_of_a_job_is_its_content_and_not_where_it_was_uploaded(clip: Make):
    here, there = request_text("m", {"video_url": clip("a.mp4")}), request_text("m", {"video_url": clip("b.mp4")})
    assert here == there
    assert hashlib.sha256(Path(clip().path).read_bytes()).hexdigest() in here


@pytest.mark.parametrize("later", [-5.0, MAX_AGE, MAX_AGE * 99])
def test_what_is_too_old_or_from_the_future_is_not_used(tmp_path: Path, later: float):
    UploadCache(tmp_path, TO, lambda: 1000.0).put("ab", "https://cdn.example/x")
    assert UploadCache(tmp_path, TO, lambda: 1000.0 + MAX_AGE - 1).get("ab")
    assert not UploadCache(tmp_path, TO, lambda: 1000.0 + later).get("ab")


def test_what_another_place_has_is_not_used(tmp_path: Path, kept: UploadCache):
    kept.put("ab", "https://cdn.example/x")
    assert not UploadCache(tmp_path / "state", "https://other.example/", lambda: 1000.0).get("ab")
    kept.forget("ab")
    kept.forget("ab")
    assert not kept.get("ab")


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_only_their_owner_can_read_the_urls(tmp_path: Path, kept: UploadCache):
    kept.put("ab", "https://cdn.example/x?signature=1")
    (note,) = (tmp_path / "state" / "uploads").iterdir()
    assert stat.S_IMODE(note.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b'{"url": 5}', b'{"at": "x"}', b"[" * 100_000, b"\xff\xfe"]
)
def test_a_damaged_memory_is_no_memory(tmp_path: Path, kept: UploadCache, damage: bytes):
    kept.put("ab", "https://cdn.example/x")
    (note,) = (tmp_path / "state" / "uploads").iterdir()
    note.write_bytes(damage)
    assert kept.get("ab") == ""
    kept.put("ab", "https://cdn.example/y")
    assert kept.get("ab") == "https://cdn.example/y"


def test_a_state_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, place: Place, clip: Make):
    (tmp_path / "state").write_text("a file is in the way")
    assert (
        uploader(place, UploadCache(tmp_path / "state", TO, lambda: 0.0)).url_of(clip()) == "https://cdn.example/1.mp4"
    )


def test_V2_a_local_video_travels_through_the_storage_of_the_sandbox(tmp_path: Path, clip: Make):
    with Sandbox() as server:
        network, transport = NetworkSettings({}), Transport(NetworkSettings({}))
        place = upload_endpoint(server.base_url + STORAGE_PATH, server.base_url, str(server.key))
        kept = UploadCache(tmp_path, place.url, lambda: 0.0)
        made = Uploader(
            UploadClient(transport, place).send, lambda url, size: url_still_valid(url, size, network), kept
        )
        found = clip(data=300_000)
        url = made.url_of(found)
        assert url_still_valid(url, found.size or 0, network)
        assert not url_still_valid(url + "x", found.size or 0, network)
        again = Uploader(
            UploadClient(transport, place).send, lambda url, size: url_still_valid(url, size, network), kept
        )
        assert again.url_of(found) == url
        params = {"image_url": "https://a.example/x.png", "video_url": "a.mp4", "character_orientation": "image"}

        def look(given: str, kind: MediaKind) -> MediaFile:
            return inspect_with_videos(given, kind, tmp_path, uploads=True)

        checked = MODELS["kirin_motion_control"].check(params | {"mode": "std"}, look)
        assert not checked.errors
        assert upload_local_videos(checked.values, made)["video_url"].given == url
        transport.close()


def test_notes_are_plain_json(tmp_path: Path, kept: UploadCache):
    kept.put("ab", "https://cdn.example/x")
    (note,) = (tmp_path / "state" / "uploads").iterdir()
    assert json.loads(note.read_text()) == {
        "url": "https://cdn.example/x", "at": 1000.0, "to": TO, "sha256": "ab",
    }  # fmt: skip
