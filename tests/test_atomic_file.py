"""Files that are whole or not there."""

import os
import time

import pytest

from kirin_cli.atomic_file import (
    OpenFolder,
    append_durably,
    create_file,
    link_or_copy,
    lock_file,
    retry_while_busy,
    sync_folder,
    write_atomically,
)


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
    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    (tmp_path / "x").write_text("old")
    monkeypatch.setattr(f"os.{at}", fails)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "x", "new")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"x": "old"}


def test_a_folder_that_cannot_be_synced_is_no_fault(tmp_path):
    sync_folder(tmp_path / "nowhere")


def test_a_link_in_the_place_is_replaced_and_what_it_leads_to_is_untouched(tmp_path):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "x").symlink_to("victim")
    write_atomically(tmp_path / "x", "new")
    assert ((tmp_path / "victim").read_text(), (tmp_path / "x").read_text()) == ("mine", "new")
    assert not (tmp_path / "x").is_symlink()


def test_a_second_name_of_what_is_replaced_keeps_its_content(tmp_path):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "x").hardlink_to(tmp_path / "victim")
    write_atomically(tmp_path / "x", "new")
    assert (tmp_path / "victim").read_text() == "mine"


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("old"), lambda path: path.symlink_to("nowhere"), os.mkfifo]
)
def test_nothing_is_replaced_where_it_must_not_be(tmp_path, make):
    make(tmp_path / "x")
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "x", "new", replace=False)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("there", [False, True])
def test_without_hard_links_nothing_is_replaced_either(tmp_path, monkeypatch, there):
    def refuses(*_, **__):
        raise PermissionError("no hard links on this file system")

    monkeypatch.setattr(os, "link", refuses)
    if there:
        (tmp_path / "x").write_text("first")
        with pytest.raises(FileExistsError):
            write_atomically(tmp_path / "x", "new", replace=False)
    else:
        write_atomically(tmp_path / "x", "new", replace=False)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x": "first" if there else "new"}


@pytest.mark.parametrize("links", [True, False])
def test_a_second_name_never_takes_the_place_of_what_is_there(tmp_path, monkeypatch, links):
    def refuse(*_, **__):
        raise OSError(1, "Operation not permitted")

    path = tmp_path / "in"
    path.mkdir()
    (tmp_path / "new").write_text("new")
    (tmp_path / "other").write_text("other")
    (path / "a").write_text("old")
    (path / "b").symlink_to(tmp_path / "other")
    if not links:
        monkeypatch.setattr("os.link", refuse)
    with OpenFolder(path) as folder:
        link_or_copy(tmp_path / "new", folder, "c")
        for name in ("a", "b", "c"):
            with pytest.raises(FileExistsError):
                link_or_copy(tmp_path / "other", folder, name)
    assert {one.name: (one.read_text(), one.is_symlink()) for one in path.iterdir()} == {
        "a": ("old", False), "b": ("other", True), "c": ("new", False),
    }  # fmt: skip
    assert (path / "c").samefile(tmp_path / "new") is links


@pytest.mark.parametrize("links", [True, False])
def test_a_folder_that_is_a_link_is_not_opened_where_links_are_not_followed(tmp_path, monkeypatch, links):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    if not links:  # it became one only after it was looked at
        monkeypatch.setattr("kirin_cli.atomic_file._is_link", lambda _: False)
    with pytest.raises(OSError, match=r"symbolic link" if links else r"Not a directory|symbolic links"):
        OpenFolder(tmp_path / "link", follow_links=False)
    OpenFolder(tmp_path / "real", follow_links=False).close()
    OpenFolder(tmp_path / "link").close()


def test_a_draft_has_a_name_that_nobody_can_foresee(tmp_path, monkeypatch):
    drafts, real = set(), OpenFolder.create

    def create(folder, name, **options):
        drafts.add(name)
        return real(folder, name, **options)

    monkeypatch.setattr(OpenFolder, "create", create)
    for _ in range(50):
        write_atomically(tmp_path / "x", "new")
    assert len(drafts) == 50


def test_a_draft_lies_in_the_folder_that_was_opened_even_when_its_path_leads_elsewhere_by_then(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "trap").mkdir()
    with OpenFolder(tmp_path / "real") as folder:
        (tmp_path / "real").rename(tmp_path / "moved")
        (tmp_path / "real").symlink_to("trap")
        folder.create("x").close()
        folder.move("x", "y", replace=True)
    assert [path.name for path in (tmp_path / "moved").iterdir()] == ["y"]
    assert list((tmp_path / "trap").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="a folder that is open cannot be moved on Windows")
def test_a_file_goes_into_the_folder_that_is_open_and_stays_away_where_it_fails(tmp_path):
    place, moved = tmp_path / "place", tmp_path / "moved"
    place.mkdir()
    with OpenFolder(place) as folder:
        place.rename(moved)
        write_atomically(place / "x.json", "new", folder=folder)
        assert (moved / "x.json").read_text() == "new"
        with pytest.raises(FileExistsError):
            write_atomically(place / "x.json", "newer", replace=False, folder=folder)
    assert [(file.name, file.read_text()) for file in moved.iterdir()] == [("x.json", "new")]
    assert not place.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_may_be_written_but_not_read_will_do(tmp_path):
    (tmp_path / "box").mkdir()
    (tmp_path / "box").chmod(0o300)
    try:
        write_atomically(tmp_path / "box" / "x", "new")
    finally:
        (tmp_path / "box").chmod(0o700)
    assert (tmp_path / "box" / "x").read_text() == "new"


def test_what_is_added_to_the_end_stays_there(tmp_path):
    append_durably(tmp_path / "x", b"a\n", mode=0o600)
    append_durably(tmp_path / "x", b"b\n", mode=0o600)
    assert (tmp_path / "x").read_bytes() == b"a\nb\n"
    assert os.name != "posix" or (tmp_path / "x").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["link", "second name", "pipe"])
def test_nothing_is_added_through_a_link_or_into_a_pipe(tmp_path, kind):
    victim, path = tmp_path / "victim", tmp_path / "x"
    victim.write_text("mine")
    {"link": path.symlink_to, "second name": path.hardlink_to, "pipe": lambda _: os.mkfifo(path)}[kind](victim)
    with pytest.raises(OSError, match=r"a symbolic link|a second name|a named pipe"):
        append_durably(path, b"more")
    assert victim.read_text() == "mine"


def test_a_file_that_the_environment_names_may_lie_behind_a_link(tmp_path):
    (tmp_path / "real").write_text("a\n")
    (tmp_path / "x").symlink_to("real")
    append_durably(tmp_path / "x", b"b\n", own=False)
    assert (tmp_path / "real").read_text() == "a\nb\n"


def test_a_new_file_is_new(tmp_path):
    create_file(tmp_path / "x", mode=0o600).close()
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "x")


class InUse(PermissionError):
    """What Windows raises where another program has the file open."""

    winerror = 32


@pytest.mark.parametrize("times", [0, 1, 5])
def test_a_file_that_a_scanner_has_open_is_moved_once_it_lets_go(times):
    left, slept = [InUse()] * times, []

    def act():
        if left:
            raise left.pop()

    retry_while_busy(act, slept.append)
    assert (left, len(slept)) == ([], times)


def test_one_that_stays_in_use_or_is_forbidden_is_said():
    def act(error):
        raise error

    slept = []
    with pytest.raises(InUse):
        retry_while_busy(lambda: act(InUse()), slept.append)
    assert 1 < sum(slept) < 3
    with pytest.raises(PermissionError):
        retry_while_busy(lambda: act(PermissionError()), lambda _: pytest.fail("nothing to wait for"))


def left_draft(folder, number, *, age=7200.0, suffix="part"):
    """A draft as a process that was killed leaves it, so many seconds old."""
    draft = folder / f".kirin-{number:016x}.{suffix}"
    draft.write_text("half")
    os.utime(draft, (time.time() - age,) * 2)
    return draft


def names(folder):
    return {file.name for file in folder.iterdir()}


def test_drafts_that_a_killed_process_has_left_go_with_the_next_write_into_the_folder(tmp_path):
    left_draft(tmp_path, 1)
    left_draft(tmp_path, 2, suffix="lock")
    write_atomically(tmp_path / "x", "new")
    assert names(tmp_path) == {"x"}


@pytest.mark.skipif(os.name != "posix", reason="links are made as POSIX has them")
def test_only_what_is_certainly_left_goes(tmp_path):
    young, held = left_draft(tmp_path, 1, age=60.0), left_draft(tmp_path, 2)
    (tmp_path / ".kirin-0000000000000003.part").mkdir()
    (tmp_path / "other").write_text("x")
    (tmp_path / ".kirin-0000000000000004.part").symlink_to("other")
    others = [left_draft(tmp_path, 5, suffix=suffix) for suffix in ("mp4", "part.json")]
    before = names(tmp_path)
    with held.open("r+b") as file:
        assert lock_file(file)
        write_atomically(tmp_path / "x", "new")
        assert names(tmp_path) == before | {"x"}
    assert {young.read_text(), *(other.read_text() for other in others)} == {"half"}


def test_a_draft_is_held_while_it_is_written_and_a_folder_is_searched_once(tmp_path, monkeypatch):
    real, seen = os.fsync, []

    def sync(number):
        (draft,) = (path for path in tmp_path.iterdir() if path.name.startswith(".kirin-"))
        with draft.open("r+b") as file:
            assert lock_file(file) is False
        seen.append(draft)
        real(number)

    monkeypatch.setattr("os.fsync", lambda number: sync(number) if len(seen) < 1 else real(number))
    write_atomically(tmp_path / "x", "new")
    assert len(seen) == 1
    listed = []
    monkeypatch.setattr(OpenFolder, "names", lambda folder: listed.append(folder) or [])
    write_atomically(tmp_path / "x", "newer")
    write_atomically(tmp_path / "y", "new")
    assert listed == []
