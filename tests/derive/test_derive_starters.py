"""`kirin init`: a job file that is valid as it is, and in which every parameter can be switched on."""

import re
from pathlib import Path

import pytest

from kirin_cli.cli.main import run
from kirin_cli.derive.starters import job_file_start, sample
from kirin_cli.jobs.document import parse
from kirin_cli.models import MODELS
from kirin_cli.spec.fields import Check
from kirin_cli.spec.medium import look_nowhere
from kirin_cli.spec.model import Model
from kirin_cli.spec.problem import Problems

EVERY = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def params(text: str) -> dict[str, object]:
    stream = parse(text)
    assert stream.problems == []
    return dict(stream.documents[0].root["params"])


@EVERY
def test_a_start_is_valid_as_it_is(model: Model) -> None:
    assert model.check(params(job_file_start(model)), look_nowhere).problems == ()


@EVERY
def test_every_parameter_is_there_with_its_help_and_a_value_that_it_takes(model: Model) -> None:
    text = job_file_start(model)
    whole = params(re.sub(r"^  # (?=\w+:( |$)| )", "  ", text, flags=re.MULTILINE))
    assert list(whole) == [part.name for part in model.fields]
    for part in model.fields:
        assert " ".join(part.help.replace("`", "").split()[:5]) in text
        problems = Problems()
        part.check(whole[part.name], part.name, Check(look_nowhere, problems))
        assert problems.found == []
        assert whole[part.name] == sample(part) or (part.kind == "choice" and str(whole[part.name]) == sample(part))


@EVERY
def test_lines_are_short_and_the_first_names_the_schema(model: Model) -> None:
    first, *lines = job_file_start(model).splitlines()
    assert first == "# yaml-language-server: $schema=./kirin-jobs.schema.json"
    assert max(map(len, lines)) < 180
    assert not job_file_start(model).endswith("\n")


def test_init_prints_or_writes_and_never_replaces_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    assert capsys.readouterr().out == job_file_start(MODELS["kirin_v1_t2v"]) + "\n"
    assert run(["init", "video-o1", "-o", "jobs.yaml"]) == 0
    assert capsys.readouterr().out == "jobs.yaml\n"
    assert (tmp_path / "jobs.yaml").read_text() == job_file_start(MODELS["kirin_video_o1"]) + "\n"
    assert run(["init", "kirin_v1_5_i2v", "-o", "jobs.yaml"]) == 2
    assert "jobs.yaml is there already" in capsys.readouterr().err
    assert run(["init", "kirin_v1_5_i2v", "-o", "jobs.yaml", "--force"]) == 0
    assert "kirin_v1_5_i2v" in (tmp_path / "jobs.yaml").read_text()
    assert run(["validate", "jobs.yaml"]) == 0


def test_init_says_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "v1-t2w"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert run(["init", "-o", "nowhere/jobs.yaml"]) == 9
    assert "nowhere/jobs.yaml cannot be written" in capsys.readouterr().err
