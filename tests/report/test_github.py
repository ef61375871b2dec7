"""What GitHub's runner reads: commands, and files with heredocs. The readers here follow the runner's own rules."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.report_data import (
    ERROR,
    HOSTILE,
    PROBLEM,
    check,
    hostile,
    hostile_check,
    hostile_plan,
    job,
    plan,
    planned_job,
    read,
    report,
)

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import github
from kirin_cli.report.parser import ReportParser


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Each line as the runner takes it apart: command, properties, message. Anything else fails."""
    found = []
    for line in text.splitlines():
        kind, properties, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()
        pairs = (one.split("=", 1) for one in properties.split(","))
        found.append((kind, {name: _plain(value) for name, value in pairs}, _plain(message)))
    return found


def _plain(text: str) -> str:
    for code, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def outputs(text: str) -> dict[str, str]:
    """The outputs as the runner reads them: `name<<delimiter`, lines, delimiter."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, delimiter = line.split("<<", 1)
        value = []
        while (next_ := next(lines)) != delimiter:
            value.append(next_)
        found[name] = "\n".join(value)
    return found


def test_a_job_that_failed_is_an_error_at_its_place():
    assert commands(github.render(report(job("a"), job("b, c: d", state="failed", error=ERROR)))) == [
        ("error", {"file": "jobs.yaml", "line": "4", "col": "5", "title": "kirin: b, c: d"}, "failed: no\ntry again")
    ]


def test_findings_are_errors_and_warnings_at_their_places():
    problem = {
        "severity": "error",
        "message": "cfg_scale is 7",
        "rule": "T4",
        "job": "a",
        "file": "j.yaml",
        "line": 5,
        "column": 9,
    }
    found = commands(github.render(report(problems=[problem, {**problem, "severity": "warning"}])))
    place = {"file": "j.yaml", "line": "5", "col": "9", "title": "kirin: a"}
    assert found == [("error", place, "cfg_scale is 7 [T4]"), ("warning", place, "cfg_scale is 7 [T4]")]


def test_the_runner_is_not_given_more_than_it_shows():
    found = commands(github.render(report(*(job(str(number), state="failed", error=ERROR) for number in range(50)))))
    assert len(found) == github.MAX_ANNOTATIONS
    assert found[-1][2] == "and 41 more; see the summary"


def test_missing_shards_are_an_error():
    assert commands(github.render(report(job(), shards={"missing": [2, 5]})))[0][2] == "missing shards: 2, 5"


def test_files_are_named_from_the_workspace_where_the_step_runs_in_a_folder_of_it():
    failed = replace(report(job("a", state="failed", error=ERROR)), root=Path("videos"))
    assert commands(github.render(failed))[0][1]["file"] == "videos/jobs.yaml"
    above = replace(report(job("a", state="failed", error=ERROR, file="../jobs.yaml")), root=Path("videos"))
    assert commands(github.render(above))[0][1]["file"] == "jobs.yaml"


@pytest.mark.parametrize("evil", HOSTILE)
def test_H3_hostile_text_can_neither_end_a_command_nor_begin_one(evil):
    read = ReportParser(sanitize).report(hostile(evil), Path())
    found = commands(github.render(read))
    assert [kind for kind, _, _ in found] == ["error", "error"]
    assert all(set(properties) <= {"file", "line", "col", "title"} for _, properties, _ in found)
    assert set(outputs(github.outputs(read))) == {
        "exit_code", "cost_usd", "run_id", "jobs", "done", "failed", "skipped", "pending", "unknown", "paths",
    }  # fmt: skip


def test_outputs_are_for_later_steps():
    found = outputs(
        github.outputs(report(job("a"), job("b", state="rejected", outputs=[], cost_usd=None), exit_code=1))
    )
    assert (found["exit_code"], found["cost_usd"], found["done"], found["failed"]) == ("1", "0.28", "1", "1")
    assert found["paths"] == "renders/a.mp4"


def test_a_check_and_a_plan_have_outputs_of_their_own():
    found = outputs(github.outputs(read(check(PROBLEM, {**PROBLEM, "severity": "warning", "message": "odd"}))))
    assert found == {
        "exit_code": "2", "jobs": "2", "errors": "1", "warnings": "1", "valid": "false", "invalid": "1",
    }  # fmt: skip
    found = outputs(github.outputs(read(plan(planned_job(), planned_job("b", action="go on"), exit_code=10))))
    assert (found["exit_code"], found["send"], found["go_on"], found["skip"]) == ("10", "1", "1", "0")
    assert (found["cost_usd"], found["seconds"]) == ("0.28", "84")


@pytest.mark.parametrize("evil", HOSTILE)
def test_H3_a_hostile_job_file_commands_nothing(evil):
    for data in (hostile_check(evil), hostile_plan(evil)):
        drawn = read(data)
        found = commands(github.render(drawn))
        assert {kind for kind, _, _ in found} <= {"error", "warning"}
        assert all(set(properties) <= {"file", "line", "col", "title"} for _, properties, _ in found)
        assert outputs(github.outputs(drawn))["jobs"] == "2"
        assert not any(line.lstrip().startswith("::") for line in github.summary(drawn).splitlines())


def test_delimiters_cannot_be_guessed():
    texts = {github.outputs(report(job())) for _ in range(2)}
    assert len(texts) == 2


@pytest.mark.slow
def test_a_summary_of_ten_thousand_jobs_is_under_one_mebibyte():
    long = {**ERROR, "message": "ü" * 300}
    text = github.summary(report(*(job(f"job-{number}", state="failed", error=long) for number in range(10_000))))
    assert 300_000 < len(text.encode()) < 1 << 20
    assert "more jobs" in text


@pytest.mark.slow
def test_outputs_of_ten_thousand_jobs_fit_and_end_with_a_whole_path():
    text = github.outputs(report(*(job(f"job-{number:0100}") for number in range(10_000))))
    assert len(text.encode()) < github.MAX_OUTPUT_BYTES + 2000
    assert all(path.endswith(".mp4") for path in outputs(text)["paths"].splitlines())
