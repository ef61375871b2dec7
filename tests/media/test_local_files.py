"""Local picture files: found, told from what is none, never waited for (rules I2, I6)."""

import os
import shutil
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.pictures import jpeg, png

from kirin_cli.media.detect import inspect_media
from kirin_cli.modelspec.types import MediaError

FIFO_IS_KNOWN = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")


def refusal(given: str, base: Path) -> MediaError:
    with pytest.raises(MediaError) as caught:
        inspect_media(given, "image", base)
    assert given in caught.value.message
    return caught.value


def test_one_picture_of_thousands_is_asked_for_once_opened_once_and_read_once(tmp_path: Path):
    for name in ("first.png", "second.png"):
        (tmp_path / name).write_bytes(png(30, 30))
    inspect_media("first.png", "image", tmp_path)  # the folder is looked up once
    calls: Counter[str] = Counter()

    def count(_frame: object, event: str, function: object) -> None:
        if event == "c_call":
            calls[getattr(function, "__name__", "")] += 1

    sys.setprofile(count)
    try:
        inspect_media("second.png", "image", tmp_path)
    finally:
        sys.setprofile(None)
    wanted = ("lstat", "stat", "open", "fstat", "readlink", "scandir", "read", "seek")
    assert {name: calls[name] for name in wanted if calls[name]} == {"lstat": 1, "open": 1, "fstat": 1, "read": 1}
    assert calls.total() <= 60


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.png", png(640, 480), "png"),
        ("b.JPG", jpeg(), "jpeg"),
        ("c.jpeg", png(640, 480), "png"),
        ("bare", jpeg(), "jpeg"),
    ],
)
def test_I2_a_local_picture_shows_its_facts(name: str, data: bytes, found: str, tmp_path: Path):
    file = tmp_path / name
    file.write_bytes(data)
    medium = inspect_media(name, "image", tmp_path)
    info = file.stat()
    assert (medium.given, medium.form, medium.format, medium.label) == (name, "file", found, name)
    assert (medium.size, medium.width, medium.height) == (len(data), 640, 480)
    assert (medium.suffix, medium.path) == (Path(name).suffix.lower(), str(file.resolve()))
    assert medium.stamp == (info.st_size, info.st_mtime_ns, info.st_ino)


def test_I1_paths_are_relative_to_the_base_absolute_or_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "shots").mkdir()
    file = tmp_path / "cup of tea.png"
    file.write_bytes(png(300, 300))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for given in ("../cup of tea.png", str(file), "~/cup of tea.png", "./../shots/../cup of tea.png"):
        assert inspect_media(given, "image", tmp_path / "shots").path == str(file.resolve())


def test_I1_a_relative_folder_is_that_of_where_the_program_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for side in (300, 301):
        (tmp_path / str(side)).mkdir()
        (tmp_path / str(side) / "cup.png").write_bytes(png(side, 400))
        monkeypatch.chdir(tmp_path / str(side))
        assert inspect_media("cup.png", "image", Path()).width == side


def test_I1_links_are_followed_to_the_picture(tmp_path: Path):
    (tmp_path / "shots").mkdir()
    file = tmp_path / "shots" / "bare"
    file.write_bytes(png(300, 300))
    (tmp_path / "cup.png").symlink_to(file)
    (tmp_path / "latest").symlink_to("shots")
    for given, suffix in (("cup.png", ".png"), ("latest/bare", ""), ("latest/../cup.png", ".png")):
        medium = inspect_media(given, "image", tmp_path)
        assert (medium.path, medium.suffix) == (str(file.resolve()), suffix)


@pytest.mark.parametrize("given", ["cup.png/", "./cup.png/.", "cup.png//"])
def test_I1_slashes_behind_a_name_mean_nothing(given: str, tmp_path: Path):
    (tmp_path / "cup.png").write_bytes(png(300, 300))
    medium = inspect_media(given, "image", tmp_path)
    assert (medium.path, medium.suffix) == (str((tmp_path / "cup.png").resolve()), ".png")


def test_I1_only_a_leading_tilde_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUP", "cup")
    (tmp_path / "$CUP~.png").write_bytes(png(300, 300))
    assert inspect_media("$CUP~.png", "image", tmp_path).form == "file"


def test_I1_a_path_that_reads_like_an_address_is_a_file_all_the_same(tmp_path: Path):
    folder = tmp_path / "http:" / "127.0.0.1:9"
    folder.mkdir(parents=True)
    (folder / "cup.png").write_bytes(png(300, 301))
    medium = inspect_media("./http://127.0.0.1:9/cup.png", "image", tmp_path)
    assert (medium.form, medium.width, medium.height) == ("file", 300, 301)


@pytest.mark.parametrize(
    "given", ["nowhere.png", "nowhere/cup.png", "cup.png/below.png", "x" * 300 + ".png", "\ud800.png"]
)
def test_I6_a_missing_file_is_named(given: str, tmp_path: Path):
    (tmp_path / "cup.png").write_bytes(png(300, 300))
    fault = refusal(given, tmp_path)
    assert (fault.rule, "no such file" in fault.message) == ("I6", True)


def test_I6_a_folder_is_no_picture(tmp_path: Path):
    (tmp_path / "cup.png").mkdir()
    assert refusal("cup.png", tmp_path).message == "cup.png is a folder, not a picture"


@FIFO_IS_KNOWN
def test_I6_a_named_pipe_is_never_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "cup.png")
    fault = refusal("cup.png", tmp_path)
    assert (fault.rule, "a named pipe" in fault.message) == ("I6", True)


@FIFO_IS_KNOWN
def test_I6_devices_and_sockets_are_no_pictures(tmp_path: Path):
    assert "a device" in refusal("/dev/null", tmp_path).message
    with socket.socket(socket.AF_UNIX) as endpoint, tempfile.TemporaryDirectory() as short:
        endpoint.bind(f"{short}/cup.png")
        assert "a socket" in refusal("cup.png", Path(short)).message


def test_I6_an_empty_file_is_refused(tmp_path: Path):
    (tmp_path / "cup.png").touch()
    assert refusal("cup.png", tmp_path).message == "cup.png is empty"


@pytest.mark.parametrize("data", [png(640, 480)[:20], png(640, 480)[:-1], jpeg()[:100], jpeg()[:-2]])
def test_I6_a_truncated_file_is_refused(data: bytes, tmp_path: Path):
    (tmp_path / "cup.png").write_bytes(data)
    fault = refusal("cup.png", tmp_path)
    assert (fault.rule, "truncated" in fault.message) == ("I6", True)


@pytest.mark.parametrize("name", ["cup.txt", "cup.gif", "cup.png.bak", "cup.JPGX"])
def test_I2_a_suffix_where_there_is_one_must_be_a_pictures(name: str, tmp_path: Path):
    (tmp_path / name).write_bytes(png(300, 300))
    assert refusal(name, tmp_path).rule == "I2"


def test_I2_the_content_counts_whatever_the_suffix_says(tmp_path: Path):
    (tmp_path / "cup.png").write_bytes(b"GIF89a\x80\2\xe0\1\0\0\0;")
    fault = refusal("cup.png", tmp_path)
    assert (fault.rule, "GIF" in fault.message) == ("I2", True)


@pytest.mark.parametrize("start", [png(640, 480)[:-12], jpeg()[:-2]])
def test_I6_two_gigabytes_are_not_read_whole(start: bytes, tmp_path: Path):
    with (tmp_path / "cup.png").open("wb") as file:
        file.write(start)
        file.truncate(2 * 1024**3)
    assert refusal("cup.png", tmp_path).rule == "I6"


def test_I3_two_gigabytes_of_whole_picture_show_their_size(tmp_path: Path):
    with (tmp_path / "cup.png").open("wb") as file:
        file.write(png(640, 480))
        file.truncate(2 * 1024**3)
    assert inspect_media("cup.png", "image", tmp_path).size == 2 * 1024**3


def test_I6_the_home_of_somebody_unknown_is_refused(tmp_path: Path):
    assert refusal("~nobody.knows.me/cup.png", tmp_path).rule == "I6"


def test_I6_a_loop_of_links_is_refused(tmp_path: Path):
    (tmp_path / "cup.png").symlink_to("cup.png")
    assert refusal("cup.png", tmp_path).rule == "I6"
    assert "Too many levels of symbolic links" in str(refusal("cup.png", tmp_path))


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder that the superuser leaves to try it as somebody else."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    powerful = hasattr(os, "geteuid") and os.geteuid() == 0
    if powerful:
        os.seteuid(65534)
    yield folder
    if powerful:
        os.seteuid(0)
    for path in folder.iterdir():
        path.chmod(0o700)
    shutil.rmtree(folder)


@FIFO_IS_KNOWN
def test_I6_a_file_that_may_not_be_read_is_refused(nobodys_folder: Path):
    mine = os.geteuid()
    os.seteuid(os.getuid())
    (nobodys_folder / "cup.png").write_bytes(png(300, 300))
    (nobodys_folder / "cup.png").chmod(0)
    (nobodys_folder / "closed").mkdir(mode=0)
    os.seteuid(mine)
    for given in ("cup.png", "closed/cup.png"):
        fault = refusal(given, nobodys_folder)
        assert (fault.rule, "Permission denied" in fault.message) == ("I6", True)


@pytest.mark.parametrize(
    ("given", "words"),
    {
        "media\new.png": r"a line feed (\n ",
        "media\table.png": r"a tab (\t ",
        "media\audience.png": r"a bell (\a ",
    }.items(),
)
def test_I6_a_control_character_in_the_name_of_a_missing_file_is_named(given: str, words: str, tmp_path: Path):
    with pytest.raises(MediaError) as caught:
        inspect_media(given, "image", tmp_path)
    assert caught.value.rule == "I6"
    assert f"holds {words}in double quotes); write it in single quotes, or with /" in caught.value.message
