"""Bytes become text, or a problem with line and column."""

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.jobs.problems import JobFileError
from kirin_cli.jobs.source_text import (
    decode,
    file_stem,
    first_forbidden,
    index_position,
    job_folder,
    read_bytes,
    source_line,
)

posix = pytest.mark.skipif(os.name != "posix", reason="needs devices and pipes of POSIX")
TEXT = "name: Hafen 🎬\nprompt: é\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_utf_8_and_whatever_has_a_byte_order_mark_is_read(codec):
    assert decode(TEXT.encode(codec)) == TEXT


def test_big_endian_with_a_mark_is_read_too():
    assert decode(b"\xfe\xff" + TEXT.encode("utf-16-be")) == TEXT


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        (b"a: 1\nb: caf\xe9\n", 2, 7),
        (b"\xef\xbb\xbfa: \xc3\xa9 \xff", 1, 6),
        (b"\xff\xfea\x00\n\x00b", 2, 1),
        (b"\xff\xfea\x00\x00\xd8", 1, 2),
        (b"a\r\nb\r\xed\xa0\x80", 3, 1),
    ],
)
def test_wrong_bytes_have_their_line_and_column(raw, line, column):
    with pytest.raises(JobFileError) as caught:
        decode(raw)
    assert (caught.value.problem.line, caught.value.problem.column) == (line, column)
    assert "save the file as UTF-8" in caught.value.problem.message


def test_places_count_every_line_end_that_the_parser_counts():
    text = "a\nb\rc\r\nd\x85e\u2028f\u2029g"
    assert [index_position(text, text.index(letter)) for letter in "abcdefg"] == [(line, 1) for line in range(1, 8)]


def test_the_first_forbidden_character_is_found():
    assert first_forbidden("ab\nc\x07") == (2, 2, "\x07")
    assert first_forbidden("fine\t\n") == (1, 1, "")


def test_a_missing_file_a_folder_and_an_impossible_name_are_problems(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "a\0b"):
        (problem,) = read_job_file(path, {}).problems
        assert (problem.line, problem.column) == (0, 0)
        assert problem.message.startswith("cannot be read: ")


@posix
def test_endless_devices_are_no_job_files():
    with pytest.raises(JobFileError, match="it is a device"):
        read_bytes(Path("/dev/zero"), 100)


@posix
def test_a_pipe_is_read_like_a_file(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, b"model: m\nparams: {}\n")
    os.close(writing)
    try:
        assert read_bytes(Path(f"/dev/fd/{reading}"), 100) == b"model: m\nparams: {}\n"
    finally:
        os.close(reading)


@posix
@pytest.mark.parametrize("path", ["/dev/fd/63", "/dev/stdin", "-"])
def test_paths_in_a_pipe_are_relative_to_the_current_folder(path):
    assert (job_folder(Path(path)), file_stem(Path(path))) == (Path(), "stdin")
    assert (job_folder(Path("shots/a.yaml")), file_stem(Path("shots/a.yaml"))) == (Path("shots"), "a")


@posix
def test_no_other_name_is_proposed_for_what_is_there(tmp_path):
    os.mkfifo(tmp_path / "jobs.yaml")
    (tmp_path / "jobs2.yaml").touch()
    with pytest.raises(JobFileError, match=r"it is a named pipe$"):
        read_bytes(tmp_path / "jobs.yaml", 100)
    with pytest.raises(JobFileError, match=r'did you mean "jobs2.yaml"'):
        read_bytes(tmp_path / "jobs22.yaml", 100)


def test_the_limit_itself_is_accepted(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 10)
    assert len(read_bytes(path, 10)) == 10
    with pytest.raises(JobFileError):
        read_bytes(path, 9)


def test_a_source_line_comes_without_its_end_and_cut(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffone\r\ntwo é\n".encode() + b"x" * 500 + b"\nbad \xff byte\x1b[31m\n")
    assert [source_line(path, line) for line in range(7)] == [
        "",
        "one",
        "two é",
        "x" * 200,
        "bad \ufffd byte\x1b[31m",
        "",
        "",
    ]


def test_a_source_line_follows_a_changed_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("old\n")
    assert source_line(path, 1) == "old"
    path.write_text("new\n")
    os.utime(path, ns=(0, 1))
    assert source_line(path, 1) == "new"


@posix
def test_there_is_no_line_in_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, tmp_path / "none", tmp_path / "a\0b"):
        assert source_line(path, 1) == ""


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may read everything")
def test_there_is_no_line_in_what_may_not_be_read(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("secret")
    path.chmod(0)
    assert source_line(path, 1) == ""


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-16", "surrogatepass")))
def test_any_bytes_are_jobs_or_problems_never_a_traceback(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("any") / "a.yaml"
    path.write_bytes(raw)
    file = read_job_file(path, {"m": ("prompt",)})
    assert file.jobs or file.problems


def test_emoji_that_a_program_wrote_as_escapes_of_json_are_read(tmp_path):
    prompt = "a \N{VIDEO CAMERA} and \\ud83d, then \N{SLICE OF PIZZA}"
    document = json.dumps({"model": "kirin_v1_t2v", "params": {"prompt": prompt}})
    assert document.isascii()
    assert yaml.safe_load(decode(document.encode()))["params"]["prompt"] == prompt


def test_escapes_outside_of_json_stay_as_they_are():
    assert decode(rb"prompt: '\ud83d\ude00'") == r"prompt: '\ud83d\ude00'"
