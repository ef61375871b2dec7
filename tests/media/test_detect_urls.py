"""URLs of images (rules I1, I2) and videos (rule V1)."""

import subprocess
import sys
from pathlib import Path

import pytest

from kirin_cli.media.detect import inspect_media
from kirin_cli.modelspec.types import MediaError, MediaKind

HERE = Path()


def refusal(given: str, kind: MediaKind) -> MediaError:
    with pytest.raises(MediaError) as caught:
        inspect_media(given, kind, HERE)
    return caught.value


@pytest.mark.parametrize(
    ("url", "suffix"),
    [
        ("https://example.com/cat.png", ".png"),
        ("HTTP://example.com:8080/cat.JPG?size=9#top", ".jpg"),
        ("https://example.com/cat.jpeg", ".jpeg"),
        ("https://example.com/picture.php?id=9", ".php"),
        ("https://example.com/v1.5/cat", ""),
        ("https://example.com/cat-1.5", ""),
        ("https://example.com/.png", ""),
        ("https://example.com/cat.png//?v=.gif", ".png"),
        ("https://example.com", ""),
        ("https://me:word@[::1]/cat", ""),
    ],
)
def test_I1_an_image_may_be_at_a_web_address(url: str, suffix: str):
    medium = inspect_media(url, "image", HERE)
    assert (medium.given, medium.form, medium.suffix) == (url, "url", suffix)
    assert (medium.size, medium.width, medium.height, medium.format) == (None, None, None, "")


@pytest.mark.parametrize("local", [True, False])
def test_I1_a_service_takes_web_addresses_too(local: bool):
    assert inspect_media("https://example.com/a.png", "image", HERE, local=local).form == "url"


def test_I1_an_address_never_costs_the_import_of_the_picture_library():
    code = (
        "import sys\nfrom pathlib import Path\nfrom kirin_cli.media.detect import inspect_media\n"
        "inspect_media({!r}, 'image', Path())\n{}"
    )
    imported = code.format("https://example.com/cat.png", "sys.exit('imagesize' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", imported], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize("kind", ["image", "video"])
@pytest.mark.parametrize(
    "url",
    [
        "https:///cat.mp4",
        "http:cat.mp4",
        "https://",
        "https://:80/cat.mp4",
        "https://example.com:0/cat.mp4",
        "https://example.com:99999/cat.mp4",
        "https://example.com:http/cat.mp4",
        "https://[::1/cat.mp4",
        "https://example.com/my cat.mp4",
        "https://example.com/cat.mp4\n",
        "https://example.com/\x1b[31mcat.mp4",
        "https://example.com/\udc80.mp4",
    ],
)
def test_I1_V1_an_address_that_nothing_can_be_fetched_from_is_refused(url: str, kind: MediaKind):
    assert refusal(url, kind).rule == ("V1" if kind == "video" else "I1")


@pytest.mark.parametrize("url", ["ftp://example.com/cat.png", "file:cat.png", "s3://bucket/cat.png", "gs://b/c.png"])
@pytest.mark.parametrize("kind", ["image", "video"])
def test_I1_V1_other_schemes_are_refused_by_name(url: str, kind: MediaKind):
    fault = refusal(url, kind)
    assert fault.rule == ("V1" if kind == "video" else "I1")
    assert url in fault.message


def test_I1_a_file_with_a_colon_in_its_name_is_told_how_to_be_written():
    assert "./shot:" in refusal("shot:1.png", "image").message


@pytest.mark.parametrize(
    "suffix", ["gif", "WEBP", "bmp", "tif", "tiff", "heic", "heif", "avif", "svg", "mp4", "mov", "pdf"]
)
def test_I2_the_suffix_of_an_image_address_must_not_promise_another_format(suffix: str):
    fault = refusal(f"https://example.com/cat.{suffix}?v=1", "image")
    assert (fault.rule, f".{suffix.lower()}" in fault.message) == ("I2", True)


@pytest.mark.parametrize(
    "path",
    [
        "/dance.mp4",
        "/dance.MOV",
        "/v?id=9",
        "",
        "/v1.2/clip",
        "/dance.mp4?name=x.avi",
        "/clip-1.5",
        "/clip.2024",
        "/clip-1.5s",
        "/clip.x",
        "/take.second",
        "/dance.php",
        "/files/dance.ashx?id=9",
        "/a.xhtml",
    ],
)
def test_V1_videos_are_mp4_or_mov_or_promise_nothing(path: str):
    medium = inspect_media(f"https://example.com{path}", "video", HERE)
    assert (medium.form, medium.given) == ("url", f"https://example.com{path}")


@pytest.mark.parametrize(
    "path",
    [
        "/dance.avi",
        "/dance.WEBM",
        "/dance.mp4.gif",
        "/cat.png",
        "/cat.JPEG",
        "/clip-1.5.ts",
        "/a.m4v",
        "/a.mkv",
        "/a.3gp",
    ],
)
def test_V1_a_suffix_of_something_else_is_refused_for_a_video(path: str):
    fault = refusal(f"https://example.com{path}", "video")
    assert (fault.rule, path in fault.message) == ("V1", True)


@pytest.mark.parametrize(
    "given", ["dance.mp4", "/srv/dance.mp4", "", "AAAA" * 100, "data:video/mp4;base64,AAAA", "~/x.mov"]
)
def test_V1_a_video_that_is_no_address_is_to_be_uploaded_first(given: str, tmp_path: Path):
    (tmp_path / "dance.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    with pytest.raises(MediaError, match="upload it somewhere and give its URL") as caught:
        inspect_media(given, "video", tmp_path)
    assert caught.value.rule == "V1"


def test_V1_a_message_never_holds_a_page_of_base64():
    assert len(refusal("A" * 100_000, "video").message) < 300
