"""`kirin init`: a job file that is valid as it is, and in which every parameter can be switched on."""

import re
from pathlib import Path

import pytest

from kirin_cli.cli.app import run_command_line
from kirin_cli.docgen.job_schema import job_file_text
from kirin_cli.docgen.starter import SCHEMA_FILE, example_value, quickstart_media, starter_job_file
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import CheckContext
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import assume_url

EVERY = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def params(text: str) -> dict[str, object]:
    stream = parse_yaml(text)
    assert stream.problems == []
    return dict(stream.documents[0].root["params"])


@EVERY
def test_a_start_is_valid_as_it_is(model: Model) -> None:
    assert model.check(params(starter_job_file(model)), assume_url).problems == ()


@EVERY
def test_every_parameter_is_there_with_its_help_and_a_value_that_it_takes(model: Model) -> None:
    text = starter_job_file(model)
    whole = params(re.sub(r"^  # (?=\w+:( |$)| )", "  ", text, flags=re.MULTILINE))
    assert list(whole) == [part.name for part in model.fields]
    for part in model.fields:
        assert " ".join(part.help.replace("`", "").split()[:5]) in text
        context = CheckContext(assume_url)
        part.check(whole[part.name], part.name, context)
        assert context.problems == []
        assert whole[part.name] == example_value(part) or (
            part.kind == "choice" and str(whole[part.name]) == example_value(part)
        )


@EVERY
def test_lines_are_short_and_the_first_names_the_schema(model: Model) -> None:
    first, *lines = starter_job_file(model).splitlines()
    assert first == "# yaml-language-server: $schema=./kirin-jobs.schema.json"
    assert max(map(len, lines)) < 180
    assert not starter_job_file(model).endswith("\n")


def test_init_prints_or_writes_and_never_replaces_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init"]) == 0
    assert capsys.readouterr().out == starter_job_file(MODELS["kirin_v1_t2v"]) + "\n"
    assert run_command_line(["init", "video-o1", "-o", "jobs.yaml"]) == 0
    assert capsys.readouterr().out == "jobs.yaml\n"
    assert (tmp_path / "jobs.yaml").read_text() == starter_job_file(MODELS["kirin_video_o1"]) + "\n"
    assert run_command_line(["init", "kirin_v1_5_i2v", "-o", "jobs.yaml"]) == 2
    assert "jobs.yaml is there already" in capsys.readouterr().err
    assert run_command_line(["init", "kirin_v1_5_i2v", "-o", "jobs.yaml", "--force"]) == 0
    assert "kirin_v1_5_i2v" in (tmp_path / "jobs.yaml").read_text()
    assert run_command_line(["validate", "jobs.yaml"]) == 0


def test_init_says_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init", "v1-t2w"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert run_command_line(["init", "-o", "nowhere/jobs.yaml"]) == 9
    assert "nowhere/jobs.yaml cannot be written" in capsys.readouterr().err


def test_init_writes_the_schema_that_its_first_line_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films").mkdir()
    schema = tmp_path / "films" / SCHEMA_FILE
    assert run_command_line(["init", "-o", "films/a.yaml"]) == 0
    said = capsys.readouterr()
    assert (said.out, schema.read_text()) == ("films/a.yaml\n", job_file_text() + "\n")
    assert f"an editor checks and completes it by films/{SCHEMA_FILE}" in said.err
    schema.write_text("{}")
    assert run_command_line(["init", "-o", "films/b.yaml"]) == 0
    assert (schema.read_text(), "is there already, and another one" in capsys.readouterr().err) == ("{}", True)
    assert run_command_line(["init", "-o", "films/b.yaml", "--force"]) == 0
    assert schema.read_text() == job_file_text() + "\n"
    assert run_command_line(["init"]) == 0
    assert f"kirin schema > {SCHEMA_FILE}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["films"]


def test_init_quickstart_writes_all_that_its_jobs_need_and_replaces_nothing_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init", "quickstart"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["jobs.yaml", *quickstart_media()]
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {*printed, SCHEMA_FILE}
    assert run_command_line(["validate", "jobs.yaml", "--strict"]) == 0
    assert run_command_line(["init", "quickstart"]) == 2
    assert "jobs.yaml is there already" in capsys.readouterr().err
    assert run_command_line(["init", "quickstart", "-o", "other.yaml"]) == 0, "the pictures are the same ones"
    (tmp_path / "media" / "cup.png").write_bytes(b"mine")
    assert run_command_line(["init", "quickstart", "-o", "third.yaml"]) == 2
    assert "cup.png is there already" in capsys.readouterr().err
    assert not (tmp_path / "third.yaml").exists()
    assert run_command_line(["init", "quickstart", "--force"]) == 0
    assert (tmp_path / "media" / "cup.png").read_bytes() == quickstart_media()["media/cup.png"]


def test_init_quickstart_names_a_folder_that_cannot_be_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "media").write_text("in the way")
    assert run_command_line(["init", "quickstart"]) == 9
    assert "media" in capsys.readouterr().err
    assert not (tmp_path / "jobs.yaml").exists()
