"""SARIF: what the schema of 2.1.0 and GitHub's code scanning ask for, over what a check finds."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from support.report_data import ERROR, HOSTILE, PROBLEM, check, hostile_check, job, read, report

from kirin_cli.report import sarif

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
REGION = {
    "type": "object", "required": ["startLine"],
    "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}},
}  # fmt: skip
PHYSICAL = {
    "type": "object", "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "type": "object", "required": ["uri"],
            "properties": {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$"}},
        },
        "region": REGION,
    },
}  # fmt: skip
RESULT = {
    "type": "object", "required": ["ruleId", "ruleIndex", "level", "message", "partialFingerprints"],
    "properties": {
        "ruleId": {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9._-]*$"}, "level": {"enum": ["error", "warning"]},
        "message": TEXT,
        "locations": {
            "type": "array", "minItems": 1,
            "items": {"type": "object", "required": ["physicalLocation"], "properties": {"physicalLocation": PHYSICAL}},
        },
    },
}  # fmt: skip
RULE = {
    "type": "object", "required": ["id", "shortDescription", "help", "helpUri"],
    "properties": {"id": {"type": "string"}, "shortDescription": TEXT, "help": TEXT, "helpUri": {"format": "uri"}},
}  # fmt: skip
DRIVER = {
    "type": "object", "required": ["name", "rules"],
    "properties": {"rules": {"type": "array", "items": RULE, "uniqueItems": True}},
}  # fmt: skip
RUN = {
    "type": "object", "required": ["tool", "results"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "results": {"type": "array", "items": RESULT},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    },
}  # fmt: skip
SCHEMA = {
    "type": "object", "required": ["version", "runs"],
    "properties": {"version": {"const": "2.1.0"}, "runs": {"type": "array", "minItems": 1, "items": RUN}},
}  # fmt: skip
"""The parts of the schema that must be there, and those that GitHub's upload asks for."""


def drawn(data):
    """The one run of the document, which is of the schema."""
    document = json.loads(sarif.render(data))
    jsonschema.validate(document, SCHEMA)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [one["ruleId"] for one in run["results"]]
    return run


def test_a_problem_is_a_result_at_its_place_with_the_rule_as_the_page_says_it():
    run = drawn(read(check(PROBLEM)))
    (result,), (rule,) = run["results"], run["tool"]["driver"]["rules"]
    assert (result["ruleId"], result["level"], result["message"]["text"]) == ("T4", "error", "a: cfg_scale is 7")
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "j.yaml"}, "region": {"startLine": 5, "startColumn": 9},
    }  # fmt: skip
    assert rule["shortDescription"]["text"] == "cfg_scale number 0–1, default 0.5"
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 2}]


def test_a_problem_of_the_file_itself_has_a_rule_too():
    (result,) = drawn(read(check({**PROBLEM, "rule": "", "job": ""})))["results"]
    assert result["ruleId"] == sarif.JOB_FILE


def test_nothing_wrong_is_a_run_without_results_which_closes_earlier_alerts():
    run = drawn(read(check()))
    assert (run["results"], run["invocations"][0]["executionSuccessful"]) == ([], True)


def test_warnings_come_last_and_a_fingerprint_outlives_a_line_above():
    warning = {**PROBLEM, "severity": "warning", "message": "odd"}
    levels = [result["level"] for result in drawn(read(check(warning, PROBLEM)))["results"]]
    assert levels == ["error", "warning"]
    before, after = (drawn(read(check({**PROBLEM, "line": line})))["results"][0] for line in (5, 50))
    other = drawn(read(check({**PROBLEM, "path": "duration"})))["results"][0]
    assert before["partialFingerprints"] == after["partialFingerprints"] != other["partialFingerprints"]


@pytest.mark.parametrize(
    ("file", "uri"), [("my jobs/ü#1.yaml", "ci/my%20jobs/%C3%BC%231.yaml"), ("../j.yaml", "j.yaml"), ("-", None)]
)
def test_addresses_are_references_from_the_workspace_on(file, uri):
    (result,) = drawn(replace(read(check({**PROBLEM, "file": file})), root=Path("ci")))["results"]
    places = [place["physicalLocation"]["artifactLocation"]["uri"] for place in result.get("locations", ())]
    assert places == ([uri] if uri else [])


def test_a_bad_column_is_one_result_with_all_its_places():
    cells = [{**PROBLEM, "file": "shots.csv", "row": line, "line": line} for line in range(2, 300)]
    (result,) = drawn(read(check(*cells)))["results"]
    lines = [place["physicalLocation"]["region"]["startLine"] for place in result["locations"]]
    assert lines == list(range(2, 3 + sarif.MAX_LOCATIONS))
    assert "and 297 more rows: 3, 4" in result["message"]["text"]


def test_a_job_that_failed_is_a_result_too():
    (result,) = drawn(report(job("a", state="failed", error=ERROR)))["results"]
    assert (result["ruleId"], result["message"]["text"]) == (sarif.JOB_FAILED, "a: failed: no\ntry again")


@pytest.mark.parametrize("evil", HOSTILE)
def test_H3_hostile_text_stays_text(evil):
    text = sarif.render(read(hostile_check(evil)))
    assert "##" not in text
    assert text.isascii()
    for result in drawn(read(hostile_check(evil)))["results"]:
        (place,) = result["locations"]
        assert "](" not in result["message"]["text"]  # which would be shown as a link
        assert "\n" not in unquote(place["physicalLocation"]["artifactLocation"]["uri"]) or "\n" in evil
