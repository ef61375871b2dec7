"""Where reports go, and what they are never written over."""

import pytest
from support.report_data import noted

from kirin_cli.errors import LocalError, UsageError
from kirin_cli.report.destinations import Destination, append_to_file, github_files, parse_destinations, write_report


def test_a_report_is_a_format_and_a_path():
    asked = parse_destinations(["html=out/g=1.html", "junit=-", "github=auto"])
    assert asked == (Destination("html", "out/g=1.html"), Destination("junit", "-"), Destination("github", "auto"))
    assert [one.path and one.path.as_posix() for one in asked] == ["out/g=1.html", None, None]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["html"], "FORMAT=PATH"), (["html="], "FORMAT=PATH"), (["htlm=x"], 'did you mean "html"'),
        (["html=auto"], "only github"), (["html=a", "junit=./a"], "two reports"),
        (["html=-", "junit=-"], "two reports"), (["html=new/"], "is a folder"), (["html=a\0b"], "is a folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(texts, says):
    with pytest.raises(UsageError, match=says):
        parse_destinations(texts)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        parse_destinations([f"html={tmp_path}"])


def test_standard_output_takes_one_thing():
    with pytest.raises(UsageError, match="--json"):
        parse_destinations(["junit=-"], stdout_is_taken=True)


def test_folders_are_made_and_nothing_else_is_left(tmp_path):
    write_report(tmp_path / "a" / "b" / "r.txt", "ü\n")
    write_report(tmp_path / "a" / "b" / "r.txt", "two")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["r.txt"]
    assert (tmp_path / "a" / "b" / "r.txt").read_bytes() == b"two\n"


def test_a_result_is_never_written_over(tmp_path):
    noted(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LocalError, match="is a result"):
        write_report(tmp_path / "harbour.json", "report")
    with pytest.raises(LocalError, match="is a result"):
        write_report(tmp_path / "harbour.mp4", "report", [tmp_path / "harbour.mp4"])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LocalError, match="cannot be written"):
        write_report(tmp_path / "file" / "r.txt", "text")
    with pytest.raises(LocalError, match="cannot be written"):
        append_to_file(tmp_path, "text")


def test_a_report_that_cannot_be_written_leaves_what_was_there_and_nothing_else(tmp_path):
    (tmp_path / "r.txt").mkdir()
    (tmp_path / "r.txt" / "old").write_text("old")
    with pytest.raises(LocalError):
        write_report(tmp_path / "r.txt", "new")
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["r.txt", "old"]


def test_the_runner_names_its_files():
    assert github_files({}) == (None, None)
    summary, outputs = github_files({"GITHUB_STEP_SUMMARY": "s", "GITHUB_OUTPUT": "o"})
    assert (str(summary), str(outputs)) == ("s", "o")
