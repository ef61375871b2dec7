"""A job file becomes jobs with defaults, names, outputs and places."""

from pathlib import Path

import pytest

from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
from kirin_cli.jobs.job import JobSpec, OutputSpec


def jobs(file):
    assert file.problems == ()
    return file.jobs


LISTED = """\
version: 1
x-base: &base {prompt: slow orbit}
defaults:
  model: kirin_v1_t2v
  params: {mode: std, aspect_ratio: 16:9}
  x-note: free
output:
  dir: renders
  name: "{job}{-take}.{ext}"
jobs:
  - name: harbour
    params: {prompt: rain, mode: pro}
  - model: kirin_v1_5_i2v
    params:
      <<: *base
      image: media/cup.png
      dynamic_masks:
        - {mask: a.png, trajectories: [{x: 1, y: 2}]}
    output: {name: "{n}.{ext}"}
  - x-any: [1]
    output:
      dir: other/place
"""


def test_jobs_have_the_defaults_that_their_model_takes(load):
    first, second, third = jobs(load(LISTED))
    assert first.params == {"mode": "pro", "aspect_ratio": "16:9", "prompt": "rain"}
    assert second.model == "kirin_v1_5_i2v"
    assert second.params["mode"] == "std"
    assert "aspect_ratio" not in second.params
    assert second.params["prompt"] == "slow orbit"
    assert third.params == {"mode": "std", "aspect_ratio": "16:9"}


def test_jobs_know_their_names_files_and_places(load, tmp_path):
    found = jobs(load(LISTED))
    assert [job.name for job in found] == ["harbour", "shots-2", "shots-3"]
    assert [(job.line, job.column) for job in found] == [(11, 5), (13, 5), (20, 5)]
    assert {job.file for job in found} == {tmp_path / "shots.yaml"}
    assert found[0].base == tmp_path


def test_output_is_taken_key_by_key_from_the_job_the_defaults_the_file(load, tmp_path):
    first, second, third = jobs(load(LISTED))
    assert first.output == OutputSpec(tmp_path / "renders", "{job}{-take}.{ext}")
    assert second.output == OutputSpec(tmp_path / "renders", "{n}.{ext}")
    assert third.output == OutputSpec(tmp_path / "other/place", "{job}{-take}.{ext}")
    text = "output: {dir: a, name: b}\ndefaults: {model: kirin_v1_t2v, output: {dir: c}}\njobs: [{params: {}}]\n"
    assert jobs(load(text))[0].output == OutputSpec(tmp_path / "c", "b")


def test_without_output_the_folder_is_left_to_the_caller(load):
    (job,) = jobs(load("model: kirin_v1_t2v\nparams: {prompt: a}\n"))
    assert job.output == OutputSpec(None, DEFAULT_TEMPLATE)


SPOTS = [
    (0, "prompt", (12, 14)),
    (0, "params.prompt", (12, 14)),
    (0, "mode", (12, 28)),
    (0, "aspect_ratio", (5, 23)),
    (0, "duration", (12, 5)),
    (0, "", (12, 5)),
    (0, "params", (12, 5)),
    (0, "name", (11, 5)),
    (0, "model", (4, 3)),
    (0, "output.name", (9, 3)),
    (0, "output.dir", (8, 3)),
    (1, "model", (13, 5)),
    (1, "prompt", (2, 16)),
    (1, "mode", (5, 12)),
    (1, "dynamic_masks[0].trajectories[0].y", (18, 47)),
    (1, "dynamic_masks[0].trajectories[1].y", (18, 25)),
    (1, "dynamic_masks[3]", (17, 7)),
    (1, "output.name", (19, 14)),
    (1, "output.dir", (8, 3)),
    (2, "prompt", (20, 5)),
    (2, "output.dir", (22, 7)),
    (2, "name", (20, 5)),
]


@pytest.mark.parametrize(("number", "path", "expected"), SPOTS)
def test_spec_paths_lead_to_lines_and_columns_counted_by_hand(load, number, path, expected):
    assert jobs(load(LISTED))[number].position(path) == expected


def test_a_parameter_with_a_dot_in_its_name_is_found(load):
    (job,) = jobs(load("model: kirin_v1_t2v\nparams:\n  prompt: a\n  camera_control.type: simple\n"))
    assert job.position("camera_control.type") == (4, 3)


def test_a_default_that_the_job_replaced_is_not_pointed_at(load):
    text = (
        "defaults:\n  params:\n    camera_control: {config: {zoom: 1}}\n"
        "jobs:\n- model: kirin_v1_t2v\n  params:\n    camera_control: {type: simple}\n"
    )
    (job,) = jobs(load(text))
    assert job.params["camera_control"] == {"type": "simple"}
    assert job.position("camera_control.config.zoom") == (7, 5)


def test_a_job_made_without_a_file_points_at_its_own_place():
    assert JobSpec("a", "m", {}, Path("x"), 3, 4).position("prompt") == (3, 4)


def test_one_job_may_stand_without_a_list(load, tmp_path):
    text = "model: kirin_v1_t2v\nparams:\n  prompt: a\ndefaults: {params: {mode: std}}\noutput: {dir: out}\n"
    (job,) = jobs(load(text, "cup.v2.yaml"))
    assert (job.name, job.line, job.column) == ("cup.v2", 1, 1)
    assert job.params == {"prompt": "a", "mode": "std"}
    assert job.output.dir == tmp_path / "out"
    assert job.position("prompt") == (3, 3)
    assert job.position("mode") == (4, 21)
    assert job.position("output.dir") == (5, 10)
    (named,) = jobs(load("name: harbour\nparams: {prompt: a}\ndefaults: {model: kirin_v1_t2v}\n"))
    assert named.name == "harbour"


def test_several_documents_are_several_files(load):
    text = (
        "model: kirin_v1_t2v\n---\ndefaults: {model: kirin_v1_5_i2v}\njobs: [{name: a}, {}]\n"
        "---\nmodel: kirin_v1_t2v\n--- \nname: a\nmodel: kirin_v1_t2v\n---\n"
    )
    found = jobs(load(text))
    assert [job.name for job in found] == ["shots", "a", "shots-3", "shots-4", "a"]
    assert [job.model[6:] for job in found] == ["v1_t2v", "v1_5_i2v", "v1_5_i2v", "v1_t2v", "v1_t2v"]
    assert [job.line for job in found] == [1, 4, 4, 6, 8]


def test_empty_params_defaults_and_output_are_fine(load):
    (job,) = jobs(load("defaults:\noutput:\njobs:\n- model: kirin_v1_t2v\n  params:\n  output:\n"))
    assert job.params == {}
    assert jobs(load("jobs: []\n")) == ()


def test_A1_a_job_without_model_or_with_an_unknown_one_has_a_problem_at_model(load):
    missing, unknown, number, null = jobs(
        load("jobs:\n- params: {prompt: a}\n- model: kirin_v9_t2v\n  params: {what: 1}\n- {model: 5}\n- {model: }\n")
    )
    assert [(p.path, p.rule) for job in (missing, unknown, number, null) for p in job.problems] == [("model", "A1")] * 4
    assert missing.problems[0].message == "no model is given; known are kirin_v1_t2v, kirin_v1_5_i2v"
    assert 'did you mean "kirin_v1_t2v"?' in unknown.problems[0].message
    assert (missing.model, unknown.model, number.model) == ("", "kirin_v9_t2v", "")
    assert (missing.position("model"), unknown.position("model")) == ((2, 3), (3, 3))


def test_A1_a_wrong_default_model_is_pointed_at_where_it_stands(load):
    (job,) = jobs(load("defaults:\n  model: nope\n  params: {prompt: a}\njobs:\n- name: a\n"))
    assert job.problems[0].path == "model"
    assert job.position("model") == (2, 3)
    assert job.params == {}


def test_params_of_a_wrong_type_are_a_problem_of_their_job_alone(load):
    broken, fine = jobs(load("defaults: {model: kirin_v1_t2v}\njobs:\n- params: [a]\n- params: {prompt: a}\n"))
    assert [(p.path, p.rule, p.message) for p in broken.problems] == [
        ("params", "", 'params must be a mapping, not ["a"]')
    ]
    assert broken.position("params") == (3, 3)
    assert fine.problems == ()


def test_json_is_yaml(load):
    (job,) = jobs(load('{"jobs": [{"model": "kirin_v1_t2v", "params": {"prompt": "a", "duration": 5}}]}', "a.json"))
    assert job.params == {"prompt": "a", "duration": 5}
