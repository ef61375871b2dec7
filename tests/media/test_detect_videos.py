"""Local videos (rules V1–V3): measured where they can be uploaded, else refused with a word on what to do."""

import os
import sys
from pathlib import Path

import pytest
from support.pictures import png
from support.videos import box, track, video

from kirin_cli.media.detect import inspect_media, inspect_with_videos, is_local_video
from kirin_cli.media.local_files import sha256
from kirin_cli.models import MODELS
from kirin_cli.modelspec.types import MediaError, MediaFile


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "dance.MP4"
    path.write_bytes(video(track(side=(1920, 1080), turn=90)))
    return path


def look(given: str, base: Path, *, uploads: bool = True) -> MediaFile:
    return inspect_with_videos(given, "video", base, uploads=uploads)


def refusal(given: str, base: Path, *, uploads: bool = True) -> str:
    with pytest.raises(MediaError) as caught:
        look(given, base, uploads=uploads)
    assert caught.value.rule == "V1"
    return caught.value.message


def test_V2_V3_a_local_video_is_measured(clip: Path, tmp_path: Path):
    found = look("dance.MP4", tmp_path)
    stat = clip.stat()
    assert found == MediaFile(
        "dance.MP4",
        "file",
        "mp4",
        ".mp4",
        stat.st_size,
        1080,
        1920,
        5.0,
        30.0,
        str(clip),
        (stat.st_size, stat.st_mtime_ns, stat.st_ino),
    )
    assert is_local_video(found)
    assert sha256(found) == sha256(look(str(clip), Path("/")))


def test_V1_without_a_place_for_uploads_it_is_said_what_to_do(clip: Path, tmp_path: Path):
    words = refusal("dance.MP4", tmp_path, uploads=False)
    assert "dance.MP4 is a local file" in words
    assert "KIRIN_UPLOAD_URL" in words


@pytest.mark.parametrize("given", ["https://a.example/x.mp4", "HTTP://a.example/x"])
@pytest.mark.parametrize("uploads", [True, False])
def test_V1_urls_stay_urls(given: str, uploads: bool, tmp_path: Path):
    assert look(given, tmp_path, uploads=uploads) == MediaFile(
        given, "url", suffix=".mp4" if given.endswith("4") else ""
    )


@pytest.mark.parametrize(
    "given", ["ftp://a.example/x.mp4", "data:video/mp4;base64,AAAA", "file:x.mp4", "A" * 5000, "  "]
)
@pytest.mark.parametrize("uploads", [True, False])
def test_V1_what_is_neither_url_nor_path_is_refused(given: str, uploads: bool, tmp_path: Path):
    assert "no http(s) URL" in refusal(given, tmp_path, uploads=uploads)


@pytest.mark.parametrize("given", ["missing.mp4", "dance.MP4/inner.mp4", "\udc80.mp4"])
def test_V1_a_file_that_is_not_there(clip: Path, given: str, tmp_path: Path):
    assert "no such file" in refusal(given, tmp_path)
    assert str(tmp_path) in refusal(given, tmp_path)
    assert "upload it somewhere" in refusal(given, tmp_path, uploads=False)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.mp4", b"", "empty"),
        ("x.mp4", b"hello", "text"),
        ("x.mp4", png(300, 300), "PNG"),
        ("x.mp4", video()[:-1], "cut short"),
        ("x.avi", video(), "ends in .avi"),
        ("x.mp4", video(track(side=(0, 0), coded=(0, 0))), "does not say"),
        ("x.mp4", video()[:20] + box(b"free") * 120_000, "does not say"),
    ],
)
def test_V1_a_file_that_is_no_video(tmp_path: Path, name: str, data: bytes, words: str):
    (tmp_path / name).write_bytes(data)
    assert words in refusal(name, tmp_path)
    assert name in refusal(name, tmp_path)


def test_V1_a_folder_is_no_video(tmp_path: Path):
    (tmp_path / "x.mp4").mkdir()
    assert "a folder" in refusal("x.mp4", tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_I6_a_pipe_is_refused_without_waiting_and_a_loop_in_words(tmp_path: Path):
    os.mkfifo(tmp_path / "x.mp4")
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    assert "a named pipe" in refusal("x.mp4", tmp_path)
    assert "cannot be read: Too many levels" in refusal("loop.mp4", tmp_path)


def test_a_name_without_suffix_is_judged_by_content(tmp_path: Path):
    (tmp_path / "clip").write_bytes(video())
    assert look("clip", tmp_path).suffix == ""


def test_a_large_file_is_hardly_read(tmp_path: Path):
    with (tmp_path / "x.mp4").open("wb") as file:
        file.write(video()[:-5008] + (3 << 30).to_bytes(4) + b"mdat")
        file.truncate(len(video()) - 5008 + (3 << 30))
    assert look("x.mp4", tmp_path).size > 3 << 30


def test_pictures_are_looked_at_as_ever(clip: Path, tmp_path: Path):
    (tmp_path / "x.png").write_bytes(png(320, 300))
    assert inspect_with_videos("x.png", "image", tmp_path, uploads=False) == inspect_media("x.png", "image", tmp_path)
    with pytest.raises(MediaError, match="ends in"):
        inspect_with_videos(clip.name, "image", tmp_path, uploads=True)


def test_V3_the_limits_of_a_model_are_asked_of_a_local_video(clip: Path, tmp_path: Path):
    clip.write_bytes(video(track(side=(640, 360), frames=((240, 512),), ticks=16000)))
    params = {
        "prompt": "a",
        "mode": "std",
        "aspect_ratio": "16:9",
        "video_list": [{"video_url": clip.name, "refer_type": "feature"}],
    }
    checked = MODELS["kirin_video_o1"].check(
        params, lambda given, kind: inspect_with_videos(given, kind, tmp_path, uploads=True)
    )
    found = [(problem.path, problem.rule) for problem in checked.errors]
    assert found == [("video_list[0].video_url", "V3")] * 2
    assert "640 × 360" in checked.errors[0].message
    assert "16 s" in checked.errors[1].message
