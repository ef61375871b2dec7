"""A file on its way: hashed, locked, published once, never half."""

import errno
import hashlib
import os
import resource
import signal
import stat
import sys
from pathlib import Path

import pytest

from kirin_cli.api.part_file import PartFile, check_target
from kirin_cli.errors import LocalError


def fetched(target: Path, data: bytes = b"abc", *, force: bool = False) -> PartFile:
    with PartFile(target, force=force) as part:
        part.write(data)
        part.publish()
    return part


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_hashed_while_it_is_written_and_gets_its_name_at_the_end(tmp_path):
    target = tmp_path / "new" / "x.mp4"
    with PartFile(target) as part:
        part.write(b"wrong")
        part.restart()
        part.write(b"ab")
        with part.open_content() as stream:
            assert stream.read(1) == b"a"
        part.write(b"c")
        assert left(target.parent) == ["x.mp4.part"]
        part.publish()
    assert left(target.parent) == ["x.mp4"]
    assert target.read_bytes() == b"abc"
    assert (part.size, part.sha256) == (3, hashlib.sha256(b"abc").hexdigest())


def test_what_is_not_published_leaves_nothing_behind(tmp_path):
    with PartFile(tmp_path / "x.mp4") as part:
        part.write(b"abc")
    assert left(tmp_path) == []


def test_D14_a_file_that_is_there_is_replaced_with_force_only(tmp_path):
    target = tmp_path / "x.mp4"
    target.write_text("old")
    with pytest.raises(LocalError, match="exists already"):
        PartFile(target)
    assert (target.read_text(), left(tmp_path)) == ("old", ["x.mp4"])
    fetched(target, force=True)
    assert (target.read_bytes(), left(tmp_path)) == (b"abc", ["x.mp4"])


@pytest.mark.parametrize("force", [False, True])
def test_D14_folders_links_and_devices_are_never_replaced(tmp_path, force):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name, word in (("folder", "folder"), ("link", "symbolic link"), ("pipe", "special file")):
        with pytest.raises(LocalError, match=word):
            check_target(tmp_path / name, force=force)


def test_D14_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    target = tmp_path / "x.mp4"
    with PartFile(target) as part:
        target.write_text("mine")
        with pytest.raises(LocalError, match="exists already"):
            part.publish()
    assert (target.read_text(), left(tmp_path)) == ("mine", ["x.mp4"])


def test_D14_two_writers_of_one_path_do_not_mix(tmp_path):
    target = tmp_path / "x.mp4"
    with PartFile(target) as first:
        first.write(b"abc")
        with pytest.raises(LocalError, match="another process"):
            PartFile(target)
        first.publish()
    assert target.read_bytes() == b"abc"


def test_what_a_killed_process_left_is_taken_over(tmp_path):
    (tmp_path / "x.mp4.part").write_text("half of something else, and longer")
    fetched(tmp_path / "x.mp4")
    assert (tmp_path / "x.mp4").read_bytes() == b"abc"
    assert left(tmp_path) == ["x.mp4"]


def test_a_process_killed_between_its_two_names_loses_nothing(tmp_path):
    target = tmp_path / "x.mp4"
    target.write_text("whole and good")
    (tmp_path / "x.mp4.part").hardlink_to(target)
    with PartFile(target, force=True) as part:
        assert target.read_text() == "whole and good"
        part.write(b"abc")
        assert target.read_text() == "whole and good"
        part.publish()
    assert target.read_bytes() == b"abc"


@pytest.mark.parametrize(
    "make", [Path.mkdir, lambda path: path.symlink_to("x"), lambda path: path.symlink_to("/etc/passwd"), os.mkfifo]
)
def test_D14_an_odd_part_file_is_a_local_fault(tmp_path, make):
    make(tmp_path / "x.mp4.part")
    with pytest.raises(LocalError):
        PartFile(tmp_path / "x.mp4")


def test_D14_a_folder_that_cannot_be_made_is_a_local_fault(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "x.mp4", tmp_path / ("x" * 300)):
        with pytest.raises(LocalError):
            PartFile(target)


def test_L5_a_disk_without_room_is_noticed_before_the_first_byte(tmp_path):
    with PartFile(tmp_path / "x.mp4") as part:
        part.require_space(1000)
        with pytest.raises(LocalError, match="free on the disk") as caught:
            part.require_space(1 << 60)
    assert "make room" in caught.value.hint
    assert left(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are a POSIX thing")
def test_L5_a_write_that_fails_is_a_local_fault_and_leaves_nothing(tmp_path):
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(LocalError) as caught, PartFile(tmp_path / "x.mp4") as part:
            part.write(b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EFBIG
    assert left(tmp_path) == []


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch):
    def none(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    fetched(tmp_path / "x.mp4")
    assert left(tmp_path) == ["x.mp4"]


def test_a_file_system_without_locks_will_do(tmp_path, monkeypatch):
    def none(_file: object, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)
    fetched(tmp_path / "x.mp4")
    assert left(tmp_path) == ["x.mp4"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES], ids=errno.errorcode.get)
def test_D15_a_folder_that_cannot_be_synced_is_no_error_where_the_file_is_whole(tmp_path, monkeypatch, code):
    real = os.fsync

    def fsync(number):
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(code, os.strerror(code))
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    fetched(tmp_path / "x.mp4")
    assert left(tmp_path) == ["x.mp4"]


def test_L5_a_folder_whose_disk_fails_is_an_error(tmp_path, monkeypatch):
    def fsync(number):
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(LocalError, match=r"x\.mp4"):
        fetched(tmp_path / "x.mp4")
