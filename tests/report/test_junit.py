"""JUnit XML, read back by two readers that know nothing of each other."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
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
    text,
)

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import junit
from kirin_cli.report.parser import ReportParser

JOBS = (
    job("a"), job("b", state="skipped", reason="its file is there"), job("c", state="failed", error=ERROR, outputs=[]),
    job("d", state="rejected", error=ERROR), job("e", state="pending", error=ERROR),
    job("f", state="unknown", error=ERROR), job("g", state="expired", error=ERROR),
    job("h", state="pending", reason="accepted"),
)  # fmt: skip
VERDICTS = [None, Skipped, Failure, Failure, Error, Error, Error, Skipped]


def test_states_are_passed_skipped_failure_or_error():
    (suite,) = JUnitXml.fromstring(text("junit", *JOBS).encode())
    results = [type(case.result[0]) if case.result else None for case in suite]
    assert results == VERDICTS
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (8, 2, 3, 2)


def test_both_readers_count_alike():
    document = text("junit", *JOBS)
    root, read = ET.fromstring(document), JUnitXml.fromstring(document.encode())
    read.update_statistics()
    assert [int(root.get(name)) for name in ("tests", "failures", "errors", "skipped")] == [
        read.tests, read.failures, read.errors, read.skipped,
    ]  # fmt: skip
    assert float(root.get("time")) == pytest.approx(8 * 42.5)


def test_a_case_has_file_line_cost_task_and_its_text_in_message_and_body():
    case = ET.fromstring(text("junit", JOBS[2])).find("testsuite/testcase")
    assert (case.get("classname"), case.get("name"), case.get("file"), case.get("line")) == (
        "jobs",
        "c",
        "jobs.yaml",
        "4",
    )
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert properties["cost_usd"] == "0.28"
    assert properties["task_id"] == "task-c"
    failure = case.find("failure")
    assert (failure.get("message"), failure.get("type")) == ("failed: no", "C7")
    assert failure.text.splitlines() == ["failed: no", "try again", "It was not charged.", "task task-c"]


def test_a_failure_has_the_time_that_it_took():
    times = {"submitted": "2026-11-20T09:00:10+00:00", "failed": "2026-11-20T09:00:30.500+00:00"}
    case = ET.fromstring(text("junit", job("a", state="failed", error=ERROR, times=times))).find("testsuite/testcase")
    assert case.get("time") == "20.500"


def test_what_could_not_be_fetched_has_the_time_until_it_was_there_to_be_fetched():
    times = {"submitted": "2026-11-20T09:00:10+00:00", "generated": "2026-11-20T09:01:00+00:00"}
    jobs = [job(state, state=state, error=ERROR, times=times) for state in ("expired", "pending")]
    cases = ET.fromstring(text("junit", *jobs)).iter("testcase")
    assert [case.get("time") for case in cases] == ["50.000", "0.000"]


def test_files_are_attachments():
    case = ET.fromstring(text("junit", job("a"))).find("testsuite/testcase")
    assert case.findtext("system-out") == "[[ATTACHMENT|renders/a.mp4]]"


def test_names_are_unique_within_their_class():
    root = ET.fromstring(
        text("junit", job("a"), job("a"), job("a", take=2), job("a", file="b/jobs.yaml"), job("a", file=""))
    )
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert names == [
        ("jobs", "a"), ("jobs", "a #2"), ("jobs", "a (take 2)"), ("b.jobs", "a"), ("kirin.kirin_v1_t2v", "a"),
    ]  # fmt: skip


def test_a_refused_run_has_a_case_for_each_finding():
    problem = {
        "severity": "error",
        "message": "cfg_scale is 7",
        "rule": "T4",
        "job": "a",
        "file": "j.yaml",
        "line": 5,
        "column": 9,
    }
    root = ET.fromstring(text("junit", problems=[problem, {**problem, "severity": "warning"}]))
    first, second = root.iter("testcase")
    assert (first.get("file"), first.get("line")) == ("j.yaml", "5")
    assert first.find("error").text == "cfg_scale is 7\nj.yaml:5:9"
    assert second.find("skipped") is not None


@pytest.mark.parametrize("evil", HOSTILE)
def test_H3_hostile_text_stays_text_for_both_readers(evil):
    document = junit.render(ReportParser(sanitize).report(hostile(evil), Path()))
    tags = {element.tag for element in ET.fromstring(document).iter()}
    assert tags <= {
        "testsuites", "testsuite", "testcase", "properties", "property", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert sum(len(suite) for suite in JUnitXml.fromstring(document.encode())) == 3


def test_each_job_of_a_check_is_a_case_with_all_that_is_wrong_with_it():
    of_file = {**PROBLEM, "job": "", "rule": "", "message": 'unknown key "jbs"', "line": 20}
    second = {**PROBLEM, "message": "duration is 7", "rule": "T3", "line": 6}
    warning = {**PROBLEM, "job": "b", "severity": "warning", "message": "odd"}
    suite = ET.fromstring(junit.render(read(check(of_file, PROBLEM, second, warning)))).find("testsuite")
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "0"]
    file_case, bad, good = suite
    assert (file_case.get("line"), file_case.find("error").get("message")) == ("20", 'unknown key "jbs"')
    assert (bad.get("name"), bad.get("line"), bad.find("failure").get("message")) == ("a", "4", "cfg_scale is 7")
    assert bad.findtext("failure").splitlines() == [
        "j.yaml:5:9: error: cfg_scale is 7 [T4]", "j.yaml:6:9: error: duration is 7 [T3]",
    ]  # fmt: skip
    assert good.findtext("system-out") == "j.yaml:5:9: warning: odd [T4]"


def test_a_problem_of_many_jobs_fails_each_of_them():
    both = [{**PROBLEM, "job": name} for name in "ab"]
    (suite,) = JUnitXml.fromstring(junit.render(read(check(*both))).encode())
    assert [(case.name, type(case.result[0])) for case in suite] == [("a", Failure), ("b", Failure)]


def test_each_job_of_a_plan_is_a_case_with_its_price():
    done = planned_job("b", action="skip", reason="its file is there")
    first, second = ET.fromstring(junit.render(read(plan(planned_job(), done)))).iter("testcase")
    facts = {one.get("name"): one.get("value") for one in first.iter("property")}
    assert (
        facts.items() >= {"state": "send", "cost_usd": "0.28", "price_from": "2 earlier tasks", "mode": "std"}.items()
    )
    assert first.find("skipped") is None
    assert second.find("skipped").get("message") == "its file is there"


@pytest.mark.parametrize("evil", HOSTILE)
def test_H3_hostile_job_files_stay_text_for_both_readers(evil):
    for data, cases in ((hostile_check(evil), 3), (hostile_plan(evil), 3)):
        document = junit.render(read(data))
        names = [(case.get("classname"), case.get("name")) for case in ET.fromstring(document).iter("testcase")]
        assert len(set(names)) == len(names) == cases
        assert sum(len(suite) for suite in JUnitXml.fromstring(document.encode())) == cases
