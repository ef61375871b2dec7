"""`kirin validate` in a review: what it prints for programs at every exit code, and its reports."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.command_line import Home

BAD = """\
version: 1
defaults: {model: kirin_v1_t2v}
jobs:
  - {name: boat, params: {prompt: A boat, duration: 7, cfg_scale: 3}}
  - name: many
    params: {prompt: hi, aspect_ratio: 16:10}
    matrix: {cfg_scale: [0.1, 0.2, 0.3, 0.4]}
  - name: moon
    params: {prompt: hi, camera_control: {type: down_back, config: {pan: 3}}}
jbs: 3
"""
GOOD = "version: 1\njobs: [{name: boat, model: kirin_v1_t2v, params: {prompt: A boat}}]\n"


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    (home.work / "bad.yaml").write_text(BAD)
    (home.work / "good.yaml").write_text(GOOD)
    return home


def test_json_has_everything_wrong_by_job_and_in_one_list(home):
    ended = home.kirin("validate", "bad.yaml", "--json")
    data = ended.data
    assert (ended.exit_code, data["exit_code"], data["valid"], data["kind"]) == (2, 2, False, "validate")
    assert [one["message"] for one in data["errors"]] == ['unknown key "jbs"; did you mean "jobs"?']
    assert [one["rule"] for one in data["jobs"][0]["errors"]] == ["T3", "T4"]
    assert len(data["problems"]) == 1 + 2 + 4 + 1
    assert [one["severity"] for one in data["problems"]].count("warning") == 1
    assert {"job": "boat", "rule": "T4", "file": "bad.yaml", "line": 4, "column": 56}.items() <= data["problems"][
        2
    ].items()


def test_json_of_a_good_file_says_so(home):
    ended = home.kirin("validate", "good.yaml", "--json")
    assert (ended.exit_code, ended.data["exit_code"], ended.data["valid"], ended.data["problems"]) == (0, 0, True, [])


def test_json_is_there_when_an_error_ended_it(home):
    ended = home.kirin("validate", "good.yaml", "--json", "--set", "x")
    assert (ended.exit_code, ended.data["exit_code"], ended.data["valid"]) == (2, 2, False)
    assert "--set" in ended.data["errors"][0]["message"]
    assert ended.data["problems"][0]["severity"] == "error"
    assert "--set" in ended.stderr


@pytest.mark.parametrize("wrong", ["--bad", "--color=x", "--report=x"])
def test_json_has_its_shape_where_the_command_line_is_wrong(home, wrong):
    for command in ("validate", "plan"):
        ended = home.kirin(command, "good.yaml", "--json", wrong)
        data = ended.data
        assert (ended.exit_code, data["exit_code"], data["kind"], data["jobs"]) == (2, 2, command, [])
        assert len(data["errors"]) == len(data["problems"]) == 1
    assert home.kirin("validate", "good.yaml", "--json", wrong).data["valid"] is False


@pytest.mark.parametrize("name", ["json", "jsonl", "junit", "markdown", "github", "sarif"])
def test_every_format_can_go_to_standard_output_alone(home, name):
    ended = home.kirin("validate", "bad.yaml", "--report", f"{name}=-")
    assert ended.exit_code == 2
    assert "cfg_scale is 3" in ended.stdout.replace("\\_", "_")
    assert "8 problems" not in ended.stdout
    assert "bad.yaml:4:56: error:" in ended.stderr  # a person reads on as before


def test_reports_as_files_are_what_json_says(home):
    names = ("r/check.json", "r/check.xml", "r/check.sarif", "r/check.md")
    reports = zip(("json", "junit", "sarif", "markdown"), names, strict=True)
    wanted = [word for name, path in reports for word in ("--report", f"{name}={path}")]
    ended = home.kirin("validate", "bad.yaml", "--json", *wanted)
    files = [(home.work / name).read_text(encoding="utf-8") for name in names]
    assert json.loads(files[0]) == ended.data
    suite = ET.fromstring(files[1]).find("testsuite")
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["7", "5", "1"]
    results = json.loads(files[2])["runs"][0]["results"]
    assert [(one["ruleId"], one["level"]) for one in results] == [
        ("job-file", "error"), ("T3", "error"), ("T4", "error"), ("T3", "error"), ("T8", "warning"),
    ]  # fmt: skip
    assert "many\\[cfg\\_scale=0.3\\] and 1 more" in files[3]


def test_a_step_of_github_gets_annotations_from_the_workspace_on_a_summary_and_outputs(home):
    files = {"GITHUB_STEP_SUMMARY": str(home.root / "summary"), "GITHUB_OUTPUT": str(home.root / "outputs")}
    ended = home.kirin(
        "validate", "bad.yaml", "--report", "github=auto", env={**files, "GITHUB_WORKSPACE": str(home.root)}
    )
    assert "::error file=work/bad.yaml,line=4,col=43,title=kirin%3A boat::duration is 7" in ended.stderr
    assert "::warning file=work/bad.yaml,line=9" in ended.stderr
    assert (home.root / "summary").read_text(encoding="utf-8").startswith("## ❌ kirin validate: 4 errors, 1 warning")
    assert "\nfalse\n" in (home.root / "outputs").read_text(encoding="utf-8")


def test_a_gallery_of_no_videos_is_refused_and_what_there_is_is_named(home):
    ended = home.kirin("validate", "good.yaml", "--report", "html=g.html")
    assert ended.exit_code == 2
    assert "kirin validate makes none" in ended.stderr
    assert "sarif" in ended.stderr
    for wrong in ("html", "htm=x"):
        ended = home.kirin("validate", "good.yaml", "--report", wrong)
        assert ended.exit_code == 2
        assert "html=gallery" not in ended.stderr


def test_strict_turns_warnings_into_failures_in_the_reports_too(home):
    text = GOOD.replace("A boat}", "A boat, camera_control: {type: down_back, config: {pan: 3}}}")
    (home.work / "odd.yaml").write_text(text)
    lenient = home.kirin("validate", "odd.yaml", "--report", "junit=-")
    strict = home.kirin("validate", "odd.yaml", "--strict", "--report", "junit=-")
    assert [ended.exit_code for ended in (lenient, strict)] == [0, 2]
    assert [ET.fromstring(ended.stdout).get("failures") for ended in (lenient, strict)] == ["0", "1"]


def test_a_report_that_cannot_be_written_is_9_of_a_good_file_and_hides_no_mistake(home):
    (home.work / "file").write_text("x")
    ended = home.kirin("validate", "good.yaml", "--json", "--report", "sarif=file/x")
    assert (ended.exit_code, ended.data["exit_code"], ended.data["valid"]) == (9, 9, True)
    assert home.kirin("validate", "bad.yaml", "--report", "sarif=file/x").exit_code == 2


def test_results_of_several_checks_are_joined(home):
    for name in ("bad", "good"):
        home.kirin("validate", f"{name}.yaml", "--report", f"json=all/{name}.json")
    ended = home.kirin("report", "--merge", "all", "--json")
    assert (ended.data["valid"], ended.data["exit_code"], len(ended.data["jobs"])) == (False, 2, 7)
    assert home.kirin("report", "all", "--report", "html=g.html").exit_code == 2
    assert Path(home.work / "g.html").exists() is False
