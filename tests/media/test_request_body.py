"""The request body: exact, streamed, and never of a changed file (rule A9, fault I6)."""

import base64
import hashlib
import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pictures import jpeg, png

from kirin_cli.errors import LocalError
from kirin_cli.media.detect import inspect_media
from kirin_cli.media.local_files import sha256
from kirin_cli.media.request_body import JsonBody
from kirin_cli.modelspec.types import MediaFile

MB = 1024 * 1024
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def picture(folder: Path, name: str = "cup.png", data: bytes = png(300, 300)) -> MediaFile:
    (folder / name).write_bytes(data)
    return inspect_media(name, "image", folder)


def sent(body: JsonBody) -> bytes:
    data = b"".join(body)
    assert len(body) == len(data)
    return data


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_plain_values_travel_as_compact_json(tree: dict[str, object]):
    expected = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
    assert sent(JsonBody(tree)) == expected.encode()


def test_tuples_are_lists_and_words_are_utf8():
    assert (
        sent(JsonBody({"prompt": "café 🎥", "points": ({"x": 1},)}))
        == '{"prompt":"café 🎥","points":[{"x":1}]}'.encode()
    )


def test_a_lone_surrogate_travels_as_its_escape():
    data = sent(JsonBody({"prompt": "a\ud800b\udc80"}))
    assert json.loads(data) == {"prompt": "a\ud800b\udc80"}


def test_nan_is_no_json():
    with pytest.raises(ValueError, match="JSON compliant"):
        JsonBody({"cfg_scale": float("nan")})


@pytest.mark.parametrize("size", [15_000, 15_001, 15_002, 48 * 1024, 48 * 1024 + 1, 200_000])
def test_A9_a_file_travels_as_bare_base64_whatever_its_size(size: int, tmp_path: Path):
    data = png(300, 300, pad_to=size)
    body = JsonBody({"data": {"image": picture(tmp_path, data=data), "seed": 7}})
    assert json.loads(sent(body)) == {"data": {"image": base64.b64encode(data).decode(), "seed": 7}}


def test_A9_every_form_of_media_travels_as_its_string(tmp_path: Path):
    text = base64.b64encode(png(300, 300, pad_to=100_001)).decode()
    inside = inspect_media("data:image/png;base64," + text, "image", tmp_path)
    address = inspect_media('https://example.com/"cat".png', "image", tmp_path)
    body = JsonBody({"image_list": [{"image": inside}, {"image": address}, {"image": picture(tmp_path, data=jpeg())}]})
    images = [item["image"] for item in json.loads(sent(body))["image_list"]]
    assert images == [text, 'https://example.com/"cat".png', base64.b64encode(jpeg()).decode()]


def test_every_attempt_is_made_anew(tmp_path: Path):
    medium = picture(tmp_path)
    body = JsonBody({"image": medium, "image_tail": medium})
    cut_short = iter(body)
    next(cut_short)
    assert sent(body) == sent(body)
    assert b"".join(cut_short) == sent(body)[len('{"image":"') :]


def rewritten(file: Path) -> None:
    before = file.stat()
    file.write_bytes(png(300, 300)[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def replaced(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(file.read_bytes())
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)


def grown(file: Path) -> None:
    with file.open("ab") as end:
        end.write(b"more")


def piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


NO_PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
CHANGES = [rewritten, replaced, grown, Path.unlink, pytest.param(piped, marks=NO_PIPES)]


@pytest.mark.parametrize("change", CHANGES)
def test_I6_a_file_changed_after_the_check_stops_the_body_before_its_first_byte(change, tmp_path: Path):
    body = JsonBody({"data": {"image_list": [{"image": picture(tmp_path, "a.png")}, {"image": picture(tmp_path)}]}})
    body.verify()
    change(tmp_path / "cup.png")
    with pytest.raises(LocalError, match=r"data\.image_list\[1\]\.image: cup\.png "):
        next(iter(body))
    with pytest.raises(LocalError, match=r"image_list\[1\]\.image: cup\.png "):
        body.verify()


@pytest.mark.parametrize("change", CHANGES)
def test_I6_the_hash_is_never_of_another_file_than_the_checked_one(change, tmp_path: Path):
    medium = picture(tmp_path)
    change(tmp_path / "cup.png")
    with pytest.raises(LocalError, match=r"^cup\.png "):
        sha256(medium)


def test_I6_a_file_changed_while_it_is_sent_never_ends_its_body(tmp_path: Path):
    medium = picture(tmp_path, data=png(300, 300, pad_to=MB))
    for size in (MB, 100_000):
        body = JsonBody({"image": medium})
        chunks = iter(body)
        received = next(chunks) + next(chunks)
        os.truncate(tmp_path / "cup.png", size)
        os.utime(tmp_path / "cup.png", ns=(0, size))
        with pytest.raises(LocalError, match="changed"):
            received += b"".join(chunks)
        assert len(received) < len(body) // 2
        (tmp_path / "cup.png").write_bytes(png(300, 300, pad_to=MB))
        medium = inspect_media("cup.png", "image", tmp_path)


def test_I6_a_body_is_never_shorter_than_announced(tmp_path: Path):
    medium = picture(tmp_path)
    promised = replace(medium, size=(medium.size or 0) + 3)
    with pytest.raises(LocalError, match="changed"):
        list(JsonBody({"image": promised}))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens but does not read")
def test_I6_a_disk_that_fails_in_the_middle_is_a_local_fault():
    memory = "/proc/self/mem"
    info = Path(memory).stat()
    medium = MediaFile("mem.png", "file", size=12, path=memory, stamp=(info.st_size, info.st_mtime_ns, info.st_ino))
    with pytest.raises(LocalError, match=r"mem\.png can no longer be read"):
        sha256(medium)


@pytest.mark.parametrize("size", [5000, 256 * 1024, 600_001])
def test_the_hash_is_of_the_decoded_bytes(size: int, tmp_path: Path):
    data = png(300, 300, pad_to=size)
    expected = hashlib.sha256(data).hexdigest()
    assert sha256(picture(tmp_path, data=data)) == expected
    assert sha256(inspect_media(base64.b64encode(data).decode(), "image", tmp_path)) == expected


def test_the_hash_of_an_address_is_that_of_its_text(tmp_path: Path):
    url = "https://example.com/cat.png"
    assert sha256(inspect_media(url, "image", tmp_path)) == hashlib.sha256(url.encode()).hexdigest()


def test_four_images_of_ten_megabytes_take_two_megabytes_at_most(tmp_path: Path):
    medium = picture(tmp_path, data=png(300, 300, pad_to=10 * MB))
    body = JsonBody({"image_list": [{"image": medium}] * 4})
    tracemalloc.start()
    try:
        length = sum(map(len, body))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length == len(body)
    assert peak <= 2 * MB
