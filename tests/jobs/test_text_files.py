"""Text files that job files take in: their text, and that they lie inside of the project."""

import os

import pytest

from kirin_cli.jobs.text_files import MAX_TEXT_BYTES, NoSuchFile, TextFileError, TextFiles, confine, project_folder


@pytest.fixture
def base(tmp_path):
    """The folder of a job file in a project, beside which lie secrets."""
    (tmp_path / "project" / ".git").mkdir(parents=True)
    (tmp_path / "project" / "jobs").mkdir()
    (tmp_path / "secret.txt").write_text("s")
    return tmp_path / "project" / "jobs"


def test_a_text_comes_without_blanks_around_it_and_with_plain_line_ends(base):
    (base / "a.txt").write_bytes("\ufeff \r\nslow\r\norbit é \n\n".encode())
    (base / "b.txt").write_bytes("wide".encode("utf-16"))
    files = TextFiles(base)
    assert files.read("a.txt") == "slow\norbit é"
    assert files.read("b.txt") == "wide"
    (base / "a.txt").unlink()
    assert files.read("a.txt") == "slow\norbit é"


def test_the_project_is_where_its_repository_or_its_settings_are(base, tmp_path):
    assert project_folder(base) == tmp_path / "project"
    (base / "kirin.toml").touch()
    assert project_folder(base) == base
    alone = tmp_path / "alone" / "jobs"
    alone.mkdir(parents=True)
    assert project_folder(alone) == alone


def test_files_of_the_project_are_taken_in(base):
    (base.parent / "prompts").mkdir()
    (base.parent / "prompts" / "a.txt").write_text("x")
    assert TextFiles(base).read("../prompts/a.txt") == "x"
    (base / "link.txt").symlink_to(base.parent / "prompts" / "a.txt")
    assert TextFiles(base).read("link.txt") == "x"


OUTSIDE = [
    "../../secret.txt", "/etc/passwd", "~/x", "link.txt", "folder/secret.txt", ".env", "../.git/config", "a\nb", " ",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_outside_of_the_project_and_nothing_hidden_is_taken_in(base, name):
    (base / "link.txt").symlink_to("../../secret.txt")
    (base / "folder").symlink_to("../..")
    (base / ".env").write_text("KEY=s")
    with pytest.raises(TextFileError) as caught:
        TextFiles(base).read(name)
    assert not isinstance(caught.value, NoSuchFile)
    with pytest.raises(TextFileError):
        confine(base, name)


def test_what_cannot_be_read_is_said(base):
    (base / "large.txt").write_bytes(b"x" * (MAX_TEXT_BYTES + 1))
    (base / "latin.txt").write_bytes(b"a\n\xe9")
    (base / "folder.txt").mkdir()
    os.mkfifo(base / "pipe.txt")
    words = {"large.txt": "is larger than", "latin.txt": "byte 0xE9", "folder.txt": "cannot", "pipe.txt": "cannot"}
    for name, part in words.items():
        with pytest.raises(TextFileError, match=part):
            TextFiles(base).read(name)
    with pytest.raises(NoSuchFile):
        TextFiles(base).read("none.txt")


def test_a_job_takes_a_text_in_by_a_name_that_may_come_from_its_row(load, table):
    table("a.txt", "slow orbit\n")
    table("b.txt", "${city} $$ fast")
    table("rows.csv", "name\na\nb\nc\n")
    text = (
        "vars: {city: Oslo, style: '${file:a.txt}'}\nmodel: kirin_v1_t2v\nforeach: rows.csv\n"
        "params: {prompt: '${file:${row.name}.txt:-none}', negative_prompt: 'no ${style}'}\n"
    )
    file = load(text)
    assert file.problems == ()
    assert [job.params["prompt"] for job in file.jobs] == ["slow orbit", "${city} $$ fast", "none"]
    assert file.jobs[0].params["negative_prompt"] == "no slow orbit"
    (job,) = load("model: kirin_v1_t2v\nparams: {prompt: '${file:a.tx}', mode: '${file:/etc/passwd}'}\n").jobs
    said = [problem.message for problem in job.problems]
    assert said[0].startswith("prompt: no such file: a.tx (in ")
    assert said[0].endswith('; did you mean "a.txt"?')
    assert said[1] == 'mode: file: "/etc/passwd" must be a path relative to the job file'
