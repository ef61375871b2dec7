"""Where reports go, and what they are never written over."""

import pytest
from support.report_data import PROBLEM, job, noted
from support.report_data import text as text_of

from kirin_cli.errors import LocalError, UsageError
from kirin_cli.report import FORMATS
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


@pytest.mark.parametrize(
    "name", ["jobs.yaml", "jobs.YML", "kirin.toml", "shots.csv", "shots.tsv", "a.mp4", "a.png", "a.mp3", "a.gif"]
)
def test_no_report_is_called_like_what_kirin_reads_or_makes(tmp_path, name):
    for file_format in ("html", "markdown", "json"):
        with pytest.raises(UsageError, match="and a report is none"):
            parse_destinations([f"{file_format}={tmp_path / name}"])


@pytest.mark.parametrize(
    ("file_format", "content"),
    [
        ("json", '{"model": "kirin_v1_t2v", "params": {}}'), ("json", '{"$schema": "./s.json", "jobs": []}'),
        ("json", '{"kirin": 1, "request": {}}'), ("jsonl", '{"name": "a", "kind": "b"}'), ("sarif", "jobs: []"),
        ("html", '{"run_id": "a"}'), ("junit", "name,prompt"), ("html-embedded", "model: x"),
    ],
)  # fmt: skip
def test_what_is_there_and_is_no_report_is_not_replaced(tmp_path, file_format, content):
    path = tmp_path / "there"
    path.write_text(content)
    with pytest.raises(UsageError, match="is no report of kirin: it would be lost"):
        parse_destinations([f"{file_format}={path}"])


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_earlier_report_and_an_empty_file_are_replaced(tmp_path, file_format):
    path = tmp_path / "there"
    path.touch()
    assert parse_destinations([f"{file_format}={path}"])
    for text in (text_of(file_format, job()), text_of(file_format, problems=[PROBLEM])):
        write_report(path, text)
        assert parse_destinations([f"{file_format}={path}"])


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
