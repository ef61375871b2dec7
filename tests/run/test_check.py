"""Job files held against the models: unknown models, places of problems, ids that are used twice."""

from pathlib import Path

import pytest
from support.model_requests import FIELDS
from support.pictures import png

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.models import MODEL_ENTRIES, MODELS
from kirin_cli.modelspec.types import Finding, MediaError, MediaFile, MediaKind
from kirin_cli.run.check import CheckedFiles, check_files


@pytest.fixture
def check(tmp_path):
    """Checks job files with these texts, called 1.yaml, 2.yaml and so on."""

    def checked(*texts: str) -> CheckedFiles:
        paths = [tmp_path / f"{number}.yaml" for number in range(1, len(texts) + 1)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8")
        return check_files(read_job_file(path, FIELDS) for path in paths)

    return checked


def places(found: CheckedFiles) -> list[tuple[str, str, str, int, int]]:
    return [(one.rule, one.path, Path(one.file).name, one.line, one.column) for one in found.all_findings()]


GOOD = """\
jobs:
  - name: harbour
    model: kirin_v1_t2v
    params: {prompt: a, duration: 10}
"""


def test_a_good_file_has_values_and_nothing_to_say(check):
    found = check(GOOD)
    assert not found.all_findings()
    assert not found.is_refused(strict=True)
    (job,) = found.jobs
    assert (job.job.name, job.model, job.values) == (
        "harbour",
        MODELS["kirin_v1_t2v"],
        {"prompt": "a", "duration": "10"},
    )


@pytest.mark.parametrize("model", ["kirin_v9_t2v", "v1-t2v", '""'])
def test_A1_an_unknown_model_is_refused_where_it_stands(check, model):
    found = check(f"jobs:\n- name: a\n  model: {model}\n  params: {{prompt: a}}\n")
    assert places(found) == [("A1", "model", "1.yaml", 3, 3)]
    assert found.jobs[0].model is None
    assert found.is_refused(strict=False)


@pytest.mark.parametrize(
    ("model", "near"),
    [("kirin_v2_t2v", "kirin_v1_t2v"), *((entry.command, name) for name, entry in MODEL_ENTRIES.items())],
)
def test_A1_the_nearest_model_is_named(check, model, near):
    (finding,) = check(f"model: {model}\nparams: {{prompt: a}}\n").all_findings()
    assert finding.message == f'unknown model "{model}"; did you mean "{near}"?'


def test_A1_a_job_without_a_model_says_which_there_are(check):
    (finding,) = check("jobs:\n- params: {prompt: a}\n").all_findings()
    assert (finding.rule, finding.path, finding.line) == ("A1", "model", 2)
    assert all(model in finding.message for model in MODELS)


def test_every_problem_stands_at_its_line_and_column(check):
    found = check(
        "defaults:\n"
        "  params: {mode: pro, duration: 7}\n"
        "jobs:\n"
        "- name: one\n"
        "  model: kirin_v1_t2v\n"
        "  params:\n"
        "    prompt: a\n"
        "    duration: 5\n"
        "    camera_control: {type: simple, config: {pan: 1, tilt: 11}}\n"
        "- name: two\n"
        "  model: kirin_v1_t2v\n"
        "  params: {}\n"
    )
    assert places(found) == [
        ("T7", "camera_control.config.tilt", "1.yaml", 9, 53),
        ("T5", "camera_control", "1.yaml", 9, 5),
        ("T1", "prompt", "1.yaml", 12, 3),
        ("T3", "duration", "1.yaml", 2, 23),
    ]
    assert [one.job for one in found.all_findings()] == ["one", "one", "two", "two"]


def test_a_warning_refuses_only_under_strict(check):
    found = check("model: kirin_v1_t2v\nparams: {prompt: a, camera_control: {type: down_back, config: {}}}\n")
    assert [(one.rule, one.severity) for one in found.all_findings()] == [("T8", "warning")]
    assert not found.is_refused(strict=False)
    assert found.is_refused(strict=True)


def test_problems_of_files_and_of_jobs_come_together(check):
    found = check("version: 2\nmodel: kirin_v1_t2v\nparams: {prompt: ''}\n", "jobs: 5\n")
    assert places(found) == [
        ("", "", "1.yaml", 1, 1),
        ("", "", "2.yaml", 1, 1),
        ("T1", "prompt", "1.yaml", 3, 10),
    ]


def test_parameters_that_are_no_mapping_are_the_one_problem_of_their_job(check):
    assert places(check("jobs:\n- model: kirin_v1_t2v\n  params: [prompt]\n")) == [("", "params", "1.yaml", 3, 3)]


def with_id(given: str, name: str = "a") -> str:
    return f"jobs:\n- name: {name}\n  model: kirin_v1_t2v\n  params: {{prompt: a, external_task_id: {given}}}\n"


def test_A4_an_external_task_id_is_unique_within_a_run_of_several_files(check):
    found = check(with_id("order-1"), with_id("order-2"), with_id("order-1", "b"))
    assert [place for place in places(found) if place[0]] == [("A4", "external_task_id", "3.yaml", 4, 23)]
    (finding,) = (one for one in found.all_findings() if one.rule)
    assert finding.message.startswith('external_task_id "order-1" is used by job a at ')
    assert finding.message.endswith("1.yaml:2 too")
    assert found.is_refused(strict=False)


def test_A4_every_further_use_is_a_problem_of_its_own(check):
    found = check(with_id("same"), with_id("same"), with_id("same"))
    assert [Path(one.file).name for one in found.all_findings() if one.rule] == ["2.yaml", "3.yaml"]


@pytest.mark.parametrize("pair", [("a", "A"), ('"1"', '"01"'), ("null", "null"), ('""', "a"), ("5", "5")])
def test_A4_only_equal_ids_of_good_jobs_are_compared(check, pair):
    found = check(with_id(pair[0]), with_id(pair[1]))
    assert not [one for one in found.all_findings() if "is used by" in one.message]


def test_I1_I6_pictures_are_looked_for_beside_the_job_file(check, tmp_path):
    (tmp_path / "cup.png").write_bytes(png(300, 300))
    text = "model: kirin_v1_5_i2v\nparams: {image: NAME}\n"
    assert not check(text.replace("NAME", "cup.png")).all_findings()
    assert places(check(text.replace("NAME", "mug.png"))) == [("I6", "image", "1.yaml", 2, 10)]


def test_what_is_given_in_many_jobs_is_looked_at_once(tmp_path):
    asked = []

    def look(given: str, kind: MediaKind, _: Path) -> MediaFile:
        asked.append((given, kind))
        return MediaFile(given, "url")

    path = tmp_path / "1.yaml"
    params = "{mode: pro, character_orientation: image, image_url: a, video_url: a}"
    job = f"- model: kirin_motion_control\n  params: {params}\n"
    path.write_text(f"jobs:\n{job * 3}", encoding="utf-8")
    assert len(check_files([read_job_file(path, FIELDS)], look).jobs) == 3
    assert asked == [("a", "image"), ("a", "video")]


def test_what_another_job_will_make_is_told_from_a_text_that_looks_like_it(tmp_path):
    def look(given: str, kind: MediaKind, _: Path) -> MediaFile:
        raise MediaError("I6", f"{type(given).__name__} {given}")

    path = tmp_path / "1.yaml"
    path.write_text(
        "jobs:\n"
        "- {name: a, model: kirin_v1_t2v, params: {prompt: a}}\n"
        "- {name: b, model: kirin_v1_5_i2v, params: {image: '${jobs.a.url}'}}\n"
        "- {name: c, model: kirin_v1_5_i2v, params: {image: '$${jobs.a.url}'}}\n",
        encoding="utf-8",
    )
    found = check_files([read_job_file(path, FIELDS)], look).all_findings()
    assert [(one.job, one.message) for one in found] == [
        ("b", "image cannot be used: ${jobs.a.url} is a video; save a frame of it as a picture, and give that picture"),
        ("c", "image cannot be used: str ${jobs.a.url}"),
    ]


def test_a_look_of_the_callers_own_is_asked_with_the_folder_of_the_file(tmp_path):
    asked = []

    def look(given: str, kind: MediaKind, base: Path) -> MediaFile:
        asked.append((given, kind, base))
        raise MediaError("I6", "nothing there")

    path = tmp_path / "1.yaml"
    path.write_text("model: kirin_v1_5_i2v\nparams: {image: a.png}\n", encoding="utf-8")
    (finding,) = check_files([read_job_file(path, FIELDS)], look).all_findings()
    assert asked == [("a.png", "image", tmp_path)]
    assert finding == Finding(
        message="image cannot be used: nothing there",
        rule="I6",
        path="image",
        job=finding.job,
        file=str(path),
        line=2,
        column=10,
    )
