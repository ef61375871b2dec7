"""Attachments of JUnit reports, found as GitLab's reader looks for them."""

import hashlib
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.report_data import GITLAB_ATTACHMENT, job, output, report

from kirin_cli.errors import LocalError
from kirin_cli.report.junit import render
from kirin_cli.report.result_files import link_attachments


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "renders").mkdir()
    return tmp_path


def made(name, content=b"abcd", **facts):
    """A job with a video of this name."""
    Path("renders", name).write_bytes(content)
    return job(name, outputs=[output(f"renders/{name}", sha256=hashlib.sha256(content).hexdigest(), **facts)])


def attached(*jobs, path="junit.xml"):
    """The paths that GitLab finds in the report of these jobs, one for each of them."""
    document = render(link_attachments(report(*jobs), report().folder / path))
    found = [case.findtext("system-out") or "" for case in ET.fromstring(document).iter("testcase")]
    return [match["path"] if (match := GITLAB_ATTACHMENT.search(text)) else None for text in found]


def test_files_of_a_matrix_are_found_under_names_without_brackets(folder):
    names = ("city[mode=pro].mp4", "city(mode=pro).mp4", "a]b.mp4", "plain.mp4", "a|b[[1]].mp4")
    paths = attached(*(made(name, name.encode(), bytes=len(name)) for name in names))
    assert paths == [
        "junit-files/city(mode=pro).mp4", "renders/city(mode=pro).mp4", "junit-files/a)b.mp4", "renders/plain.mp4",
        "junit-files/a_b((1)).mp4",
    ]  # fmt: skip
    assert [(folder / path).read_bytes().decode() for path in paths] == list(names)


def test_names_that_become_one_stay_apart_and_the_same_report_again_has_the_same():
    jobs = [made(name, name.encode(), bytes=len(name)) for name in ("A[1].mp4", "a|1).mp4", "a(1].mp4")]
    paths = attached(*jobs)
    assert paths == ["junit-files/A(1).mp4", "junit-files/a_1).mp4", "junit-files/a(1)-2.mp4"]
    assert attached(*jobs) == paths


def test_a_new_video_stands_beside_the_earlier_one(folder):
    attached(made("a[1].mp4", b"old!"))
    (folder / "renders/a[1].mp4").unlink()
    for _ in range(2):
        (path,) = attached(made("a[1].mp4", b"new!"))
        assert (path, (folder / path).read_bytes()) == ("junit-files/a(1)-2.mp4", b"new!")
    assert (folder / "junit-files/a(1).mp4").read_bytes() == b"old!"


def test_where_no_link_can_be_made_it_is_a_copy(folder, monkeypatch):
    def refuse(*_, **__):
        raise OSError("links are not supported here")

    monkeypatch.setattr(os, "link", refuse)
    for _ in range(2):
        (path,) = attached(made("a[1].mp4"))
        assert (path, (folder / path).read_bytes()) == ("junit-files/a(1).mp4", b"abcd")


def test_a_file_that_is_not_what_the_result_says_gets_no_link(folder):
    (folder / "secret[1]").write_bytes(b"abcd")
    lies = [output("secret[1]"), output("secret[1]", bytes=3), output("gone[1].mp4"), output("renders")]
    assert attached(*(job(str(number), outputs=[lie]) for number, lie in enumerate(lies))) == [
        None,
        None,
        None,
        "renders",
    ]
    assert not (folder / "junit-files").exists()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_text("mine"), lambda path: path.symlink_to("x")])
def test_nothing_of_another_is_written_over(folder, make):
    (folder / "junit-files").mkdir()
    taken = folder / "junit-files" / "a(1).mp4"
    make(taken)
    before = taken.lstat()
    assert attached(made("a[1].mp4")) == ["junit-files/a(1)-2.mp4"]
    assert taken.lstat() == before


@pytest.mark.parametrize("name", ["authorized_keys", "holiday.mp4"])
def test_nothing_is_put_into_a_folder_that_is_a_link(folder, name):
    (folder / "home").mkdir()
    (folder / "home" / name).write_text("mine")
    (folder / "junit-files").symlink_to("home")
    (folder / "renders/d[1]").mkdir()
    planted = [made(f"d[1]/{name}"), made("d[1]/new.mp4")]
    with pytest.raises(LocalError, match="junit-files cannot be written: it is a symbolic link"):
        attached(*planted)
    assert {path.name: path.read_text() for path in (folder / "home").iterdir()} == {name: "mine"}


@pytest.mark.parametrize("name", ["authorized_keys", ".bashrc", "x.sh", "x.mp4.command", ".mp4"])
def test_only_media_files_get_a_second_name(folder, name):
    (folder / "renders/d[1]").mkdir()
    attached(made(f"d[1]/{name}"))
    assert not (folder / "junit-files").exists()


def test_a_report_in_a_folder_with_brackets_names_the_files_as_they_are():
    assert attached(made("a[1].mp4"), path="r[1]/junit.xml") == [None]
