"""`--check-urls`: what URLs lead to is held against the rules, at the place where each URL stands."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback.answers import no_length
from loopback.service import Service
from support.command_line import run_in_process
from support.pictures import png
from support.videos import track, video

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.models import MODELS
from kirin_cli.run.check import CheckedFiles
from kirin_cli.run.check_online import check_files_online, check_online, make_prober

FIELDS = {model.id: model.names for model in MODELS.values()}
MOTION = """\
version: 1
defaults:
  {{model: kirin_motion_control, params: {{character_orientation: image, mode: std}}}}
jobs:
  - name: one
    params:
      image_url: {image}
      video_url: {video}
  - name: two
    params:
      image_url: {image}
      video_url: {video}
"""


@pytest.fixture
def cdn() -> Iterator[Service]:
    with Service(patience=3) as service:
        service.serve_file("/good.png", png(640, 480))
        service.serve_file("/small.png", png(640, 200))
        service.serve_file("/good.mp4", video())
        service.serve_file("/long.mp4", video(track(frames=((600, 512),)), moov_last=True))
        yield service


@pytest.fixture
def job_file(cdn: Service, tmp_path: Path):
    def write(image: str, video_: str) -> Path:
        path = tmp_path / "jobs.yaml"
        path.write_text(MOTION.format(image=cdn.url(image), video=cdn.url(video_)))
        return path

    return write


def checked(path: Path) -> CheckedFiles:
    with make_prober({}) as looking:
        return check_files_online([read_job_file(path, FIELDS)], looking)


def test_good_urls_pass_and_each_is_asked_once(cdn: Service, job_file):
    assert checked(job_file("/good.png", "/good.mp4")).all_findings() == []
    assert sorted(request.path for request in cdn.truth.requests) == ["/good.mp4", "/good.png"]


def test_I1_I4_V1_V2_problems_stand_at_the_field_with_line_and_column(job_file):
    found = checked(job_file("/small.png", "/long.mp4")).all_findings()
    assert [(one.job, one.path, one.rule, one.line) for one in found] == [
        ("one", "image_url", "I4", 7),
        ("one", "image_url", "I5", 7),
        ("one", "video_url", "V2", 8),
        ("two", "image_url", "I4", 11),
        ("two", "image_url", "I5", 11),
        ("two", "video_url", "V2", 12),
    ]
    assert "640 × 200" in found[0].message
    assert "20 s" in found[2].message
    missing = checked(job_file("/gone.png", "/gone.mp4")).all_findings()[:2]
    assert [(one.rule, "404 (Not Found)" in one.message) for one in missing] == [("I1", True), ("V1", True)]


def test_what_cannot_be_learned_is_a_warning_at_the_field(cdn: Service, job_file):
    cdn.serve_file("/good.mp4", video(data=3 << 20), ranges=False)
    cdn.script("GET /good.mp4", then=no_length())
    files = checked(job_file("/good.png", "/good.mp4"))
    assert [(one.job, one.path, one.rule, one.severity, one.line) for one in files.all_findings()] == [
        ("one", "video_url", "V1", "warning", 8),
        ("two", "video_url", "V1", "warning", 12),
    ]
    assert not files.is_refused(strict=False)
    assert files.is_refused(strict=True)


def test_other_problems_stay_what_they_were(tmp_path: Path):
    path = tmp_path / "jobs.yaml"
    path.write_text(
        "version: 1\nmodel: kirin_motion_control\nparams:\n  image_url: missing.png\n  video_url: ftp://a/b\n"
    )
    rules = [one.rule for one in checked(path).all_findings()]
    assert {"I6", "V1", "C1"} <= set(rules)
    assert len([rule for rule in rules if rule == "I6"]) == 1


def test_the_values_of_a_model_command_are_looked_at_too(cdn: Service, tmp_path: Path):
    params = {"prompt": "a", "image_list": [{"image": cdn.url("/good.png")}, {"image": cdn.url("/small.png")}]}
    with make_prober({}) as looking:
        found = check_online(MODELS["kirin_v1_6_multi_i2v"], params, tmp_path, looking)
    assert [(one.path, one.rule) for one in found.problems] == [
        ("image_list[1].image", "I4"),
        ("image_list[1].image", "I5"),
    ]


@pytest.mark.parametrize(("given", "code"), [(("/good.png", "/good.mp4"), 0), (("/good.png", "/long.mp4"), 2)])
def test_the_flag_of_validate(cdn: Service, job_file, tmp_path: Path, given: tuple[str, str], code: int):
    environ = {**os.environ, "KIRIN_STATE_DIR": str(tmp_path / "state")}
    command = ["validate", "--json", str(job_file(*given))]
    ended = run_in_process(tmp_path, environ, *command, "--check-urls")
    assert ended.exit_code == code, ended.stderr
    assert json.loads(ended.stdout)["valid"] is (code == 0)
    before = len(cdn.truth.requests)
    assert run_in_process(tmp_path, environ, *command).exit_code == 0
    assert len(cdn.truth.requests) == before, "without the flag nothing is asked"


def test_the_flag_of_a_model_command(cdn: Service, tmp_path: Path):
    environ = {**os.environ, "KIRIN_STATE_DIR": str(tmp_path / "state")}
    command = ["v1-5-i2v", "a cup", "--image", cdn.url("/small.png"), "--dry-run"]
    assert run_in_process(tmp_path, environ, *command).exit_code == 0
    ended = run_in_process(tmp_path, environ, *command, "--check-urls")
    assert ended.exit_code == 2
    assert "640 × 200" in ended.stderr
    assert "--image" in ended.stderr
