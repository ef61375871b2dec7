"""Findings of expanded jobs: where they stand, and which row, combination or anchor led there."""

import pytest
from support.model_requests import FIELDS

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.jobs.problems import DEFAULT_INPUT_LIMITS
from kirin_cli.jobs.scope import ExternalInputs
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.run.check import check_files


@pytest.fixture
def find(tmp_path):
    """(job, path, rule, line, column, via) of every finding of a job file, beside which stands shots.csv."""

    def found(text, rows="", **outside):
        path = tmp_path / "jobs.yaml"
        path.write_text(text, encoding="utf-8")
        (tmp_path / "shots.csv").write_text(rows, encoding="utf-8")
        checked = check_files([read_job_file(path, FIELDS, DEFAULT_INPUT_LIMITS, ExternalInputs(**outside))])
        findings = [one for one in checked.all_findings() if one.job or one.severity == "error"]
        return [(one.job, one.path, one.rule, one.line, one.column, one.via) for one in findings]

    return found


ROWS = "model: kirin_v1_t2v\nforeach: shots.csv\nparams: {prompt: '${row.prompt}', aspect_ratio: '${row.ratio}'}\n"


def test_a_problem_of_one_row_names_its_file_and_line(find):
    assert find(ROWS, "prompt,ratio\na,16:9\n,4:3\n") == [
        ("jobs[2]", "prompt", "T1", 3, 1, "jobs.yaml:3"),
        ("jobs[2]", "aspect_ratio", "T3", 3, 2, "jobs.yaml:3"),
    ]


def test_a_problem_that_all_rows_have_comes_from_none_of_them(find):
    text = ROWS.replace("'${row.ratio}'", "4:3")
    assert find(text, "prompt,ratio\na,\n,\nb,x\n") == [
        ("jobs[1]", "aspect_ratio", "T3", 3, 35, ""),
        ("jobs[2]", "aspect_ratio", "T3", 3, 35, ""),
    ]
    assert find(text, "prompt,ratio\na,\n") == [("jobs[1]", "aspect_ratio", "T3", 3, 35, "shots.csv:2")]


def test_a_rule_that_a_combination_breaks_names_the_combination(find):
    text = "model: kirin_v1_t2v\nparams: {prompt: a, camera_control: {type: forward_up}}\nmatrix: {mode: [std, pro]}\n"
    assert find(text) == [("jobs[mode=pro]", "camera_control", "T5", 2, 21, "matrix mode=pro")]


def test_a_wrong_value_of_a_matrix_stands_in_the_matrix(find):
    text = "model: kirin_v1_t2v\nparams: {prompt: a}\nmatrix: {mode: [std, ultra], duration: [5, 10]}\n"
    assert find(text) == [
        (f"jobs[mode=ultra,duration={seconds}]", "mode", "T3", 3, 22, f"matrix mode=ultra,duration={seconds}")
        for seconds in (5, 10)
    ]


def test_what_was_written_at_an_anchor_says_so(find):
    text = (
        "x-base: &base {prompt: '', mode: std}\ndefaults: {model: kirin_v1_t2v}\njobs:\n"
        "- name: a\n  params: *base\n- name: b\n  params:\n    <<: *base\n    mode: ultra\n"
    )
    assert find(text) == [
        ("a", "prompt", "T1", 1, 16, "an anchor"),
        ("b", "prompt", "T1", 1, 16, "an anchor"),
        ("b", "mode", "T3", 9, 5, ""),
    ]


def test_an_anchor_stays_where_all_rows_have_the_problem(find):
    text = (
        "x-p: &p {prompt: '', negative_prompt: '${row.n:-}'}\n"
        "jobs:\n- {name: a, model: kirin_v1_t2v, foreach: shots.csv, params: *p}\n"
    )
    assert {via for *_, via in find(text, "n,m\n,1\n,2\n")} == {"an anchor"}
    assert {via for *_, via in find(text, "n,m\n,1\n")} == {"an anchor, shots.csv:2"}


def test_a_default_is_no_anchor(find):
    text = "defaults: {model: kirin_v1_t2v, params: {prompt: ''}}\njobs:\n- name: a\n"
    assert find(text) == [("a", "prompt", "T1", 1, 42, "")]


def test_I4_a_value_that_could_not_be_filled_in_is_told_once_and_the_rest_is_checked(find):
    text = (
        "model: kirin_v1_t2v\nparams:\n  prompt: ${nothing}\n  cfg_scale: 7\n"
        "  camera_control: {type: '${x}', config: {pan: 11}}\n"
        "  mode: pro\n  ${k}: '${z}'\n"
    )
    assert [(path, rule) for _, path, rule, *_ in find(text)] == [
        ("prompt", ""), ("camera_control.type", ""), ("${k}", ""),
        ("${k}", "A2"), ("cfg_scale", "T4"), ("camera_control.config.pan", "T7"), ("camera_control", "T5"),
    ]  # fmt: skip


def test_a_model_that_could_not_be_filled_in_is_told_once(find):
    assert find("model: ${m}\nparams: {prompt: ''}\n") == [("", "", "", 1, 1, "")]


def test_A4_an_id_that_every_combination_has_is_used_twice(find):
    text = "model: kirin_v1_t2v\nparams: {prompt: a, external_task_id: x}\nmatrix: {mode: [std, pro]}\n"
    assert [(job, path, rule) for job, path, rule, *_ in find(text)] == [("jobs[mode=pro]", "external_task_id", "A4")]


def test_what_another_job_makes_is_taken_for_a_video_without_a_look_and_for_no_picture(tmp_path):
    path = tmp_path / "jobs.yaml"
    path.write_text(
        "jobs:\n- {name: a, model: kirin_v1_t2v, params: {prompt: a}}\n"
        "- name: b\n  model: kirin_motion_control\n"
        "  params: {image_url: 'https://x.y/a.png', video_url: '${jobs.a.url}', character_orientation: video,\n"
        "    mode: std}\n"
        "- name: c\n  model: kirin_v1_6_multi_i2v\n  params: {prompt: a, image_list: ['${jobs.a.url}']}\n"
    )

    def look(given, kind, base):
        assert given == "https://x.y/a.png"
        return MediaFile(given, "url")

    checked = check_files([read_job_file(path, FIELDS)], look)
    (finding,) = checked.all_findings()
    assert (finding.job, finding.path, finding.rule) == ("c", "image_list[0].image", "I1")
    assert "${jobs.a.url} is a video; save a frame of it as a picture" in finding.message
    assert checked.jobs[1].values["video_url"] == MediaFile("${jobs.a.url}", "url")
    assert checked.jobs[1].values["video_url"].given.job == "a"
    assert [one.job.needs for one in checked.jobs] == [(), ("a",), ("a",)]
