"""Files that are read without waiting, and not through a link where that matters."""

import os

import pytest

from kirin_cli.regular_file import (
    is_missing,
    is_network_path,
    obstacle_at,
    open_known_file,
    open_regular_file,
    read_regular_file,
)


def test_a_file_is_read_up_to_its_limit(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert read_regular_file(tmp_path / "x", 3) == b"abc"
    with pytest.raises(OSError, match="larger than 2 bytes"):
        read_regular_file(tmp_path / "x", 2)


def test_a_link_is_followed_unless_it_matters(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("x")
    assert read_regular_file(tmp_path / "link", 3) == b"abc"
    with pytest.raises(OSError, match="a symbolic link"):
        read_regular_file(tmp_path / "link", 3, follow_links=False)


@pytest.mark.parametrize(("make", "kind"), [(os.mkfifo, "a named pipe"), (os.mkdir, "a folder")])
def test_what_is_no_file_is_not_waited_for(tmp_path, make, kind):
    make(tmp_path / "x")
    for open_file in (open_regular_file, open_known_file):
        with pytest.raises(OSError, match=kind):
            open_file(tmp_path / "x")
    assert obstacle_at(tmp_path / "x") == kind


def test_a_known_file_comes_with_its_status(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    file, status = open_known_file(tmp_path / "x")
    with file:
        assert (file.read(), status.st_size) == (b"abc", 3)
    assert file.closed


def test_nothing_is_in_the_way_where_nothing_or_a_file_is(tmp_path):
    (tmp_path / "x").write_bytes(b"")
    assert (obstacle_at(tmp_path / "x"), obstacle_at(tmp_path / "y")) == ("", "")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("//evil.example/s/x.png", True), (r"\\evil.example\s\x.png", True), (r"/\evil.example\s\x.png", True),
        (r"\/evil.example/s/x.png", True), (r"\\?\UNC\evil.example\s\x.png", True), (r"\\.\pipe\x", True),
        (r"\??\UNC\evil.example\s\x.png", True), ("/s/x.png", False), ("s//x.png", False), (r"C:\\s\x.png", False),
        (r"\s\x.png", False), ("", False),
    ],
)  # fmt: skip
def test_a_path_of_another_machine_or_a_device_is_known_by_its_text(path, expected):
    assert is_network_path(path) is expected


def test_a_folder_is_missing_only_where_nothing_can_be_in_it(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    places = ("", "file", "file/below", "circle", "a\0b", "nowhere", "nowhere/below", "dangling")
    assert [is_missing(tmp_path / place) for place in places] == [False] * 5 + [True] * 3
