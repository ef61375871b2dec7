"""Files that are whole or not there."""

import os

import pytest

from kirin_cli.atomic_file import sync_folder, write_atomically


def test_a_file_is_written_with_its_mode_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "ä.json"
    write_atomically(path, "grün\n", mode=0o600)
    assert path.read_bytes() == "grün\n".encode()
    assert [file.name for file in tmp_path.iterdir()] == ["ä.json"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_new_file_takes_the_place_of_the_old_one_and_of_its_mode(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o600)
    umask = os.umask(0o022)
    try:
        write_atomically(path, "new")
    finally:
        os.umask(umask)
    assert path.read_text() == "new"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_what_fails_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch, at):
    def fails(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "x").write_text("old")
    monkeypatch.setattr("os.fsync" if at == "fsync" else "pathlib.Path.replace", fails)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "x", "new")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"x": "old"}


def test_a_folder_that_cannot_be_synced_is_no_fault(tmp_path):
    sync_folder(tmp_path / "nowhere")
