"""Data of any kind reads, and every format draws whatever was read."""

import json
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
    run,
    text,
)

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import FORMATS
from kirin_cli.report.parser import ReportParser, as_decimal, as_timestamp

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
JOBS = st.fixed_dictionaries({}, optional=dict.fromkeys({**job(), **planned_job(), "errors": 0, "warnings": 0}, TREES))
RUNS = st.fixed_dictionaries(
    {"jobs": st.lists(JOBS, max_size=3)},
    optional={
        **dict.fromkeys({*run(), "shards"} - {"jobs"}, TREES),
        "problems": st.lists(TREES | st.fixed_dictionaries({}, optional=dict.fromkeys(PROBLEM, TREES)), max_size=2),
        "kind": st.sampled_from(["run", "plan", "validate", "another"]),
    },
)


@given(RUNS)
@settings(max_examples=60, deadline=None)
def test_whatever_somebody_wrote_into_a_result_every_format_draws_it(data):
    drawn = read(data)
    for form in FORMATS.values():
        if drawn.kind == "run" or not form.of_runs_only:
            form.render(drawn).encode("utf-8")


@pytest.mark.parametrize("evil", HOSTILE)
def test_H1_H2_H3_no_format_lets_hostile_text_do_anything_to_a_terminal_or_a_log(evil):
    results = [hostile(evil), hostile_check(evil), hostile_plan(evil)]
    for (name, form), data in product(FORMATS.items(), results):
        if name == "github" or (form.of_runs_only and "kind" in data):
            continue  # is made of commands, has its own test; there are no videos
        drawn = form.render(ReportParser(sanitize).report(data, Path()))
        assert not set(drawn) & set("\x1b\x07\x9b\r\x00\u202e\u2066\ud800\U000e0001"), name
        assert not any(line.lstrip().startswith("::error") for line in drawn.splitlines()), name
        if name not in ("json", "jsonl", "sarif"):  # which break it by an escape
            assert "##vso[" not in drawn
            assert "##[" not in drawn


def test_emoji_and_scripts_keep_the_joiners_they_are_written_with():
    assert sanitize("👩\u200d🚀 می\u200cدرخشد") == "👩\u200d🚀 می\u200cدرخشد"


def test_amounts_and_times_that_make_no_sense_read_as_missing():
    assert as_decimal("0.28") == Decimal("0.28")
    assert [as_decimal(bad) for bad in ("NaN", "-1", "1e9", "٣", 1.5, None, "")] == [None] * 7
    assert (
        as_timestamp("2026-11-20T09:00:00Z")
        == as_timestamp("2026-11-20T09:00:00")
        == as_timestamp("2026-11-20T10:00:00+01:00")
    )
    assert [as_timestamp(bad) for bad in ("yesterday", "", None, 5, "0001-01-01T00:00:00+00:00", "9999-99-99")] == [
        None
    ] * 6


def test_phases_come_from_the_times():
    (one,) = report(job()).jobs
    assert [(phase, round(end - begin, 1)) for phase, begin, end in one.spans] == [
        ("queued", 11.0), ("generating", 39.0), ("downloading", 2.5),
    ]  # fmt: skip
    assert one.seconds == 42.5


def test_a_job_that_failed_was_generating_until_then():
    times = {"submitted": "2026-11-20T09:00:10+00:00", "failed": "2026-11-20T09:00:30+00:00"}
    (one,) = report(job(state="failed", times=times)).jobs
    assert [(phase, end - begin) for phase, begin, end in one.spans] == [("generating", 20.0)]


def test_what_was_skipped_was_paid_for_before_and_what_may_be_charged_is_counted():
    maybe = job("b", state="unknown", cost_usd=None, error={**ERROR, "charged": "maybe"})
    read = report(job(), maybe, job("c", state="skipped"))
    assert read.cost == Decimal("0.28")
    assert read.perhaps_charged == 1
    assert read.states == {"done": 1, "unknown": 1, "skipped": 1}


def test_jsonl_is_one_job_a_line_with_its_run():
    lines = [json.loads(line) for line in text("jsonl", job("a"), job("b")).splitlines()]
    assert [(line["run_id"], line["name"]) for line in lines] == [("abc123", "a"), ("abc123", "b")]


def test_json_gives_the_data_back_as_it_was():
    data = run(job("a"), later="something new")
    assert json.loads(FORMATS["json"].render(ReportParser(sanitize).report(data, Path()))) == data


def test_what_several_jobs_have_in_common_is_said_once_with_their_names():
    found = [{**PROBLEM, "job": f"job{number}"} for number in range(9)]
    (problem,) = read(check(*found)).problems
    assert problem.job == "job0, job1, job2 and 6 more"
    assert len(read(check(*found, {**PROBLEM, "line": 6})).problems) == 2


def test_a_check_that_was_refused_for_its_warnings_has_errors_as_the_person_asked_with_strict():
    warning = {**PROBLEM, "severity": "warning"}
    lenient, strict = read(check(warning)), read(check(warning, exit_code=2, valid=False))
    assert (lenient.errors, lenient.warnings, [one.state for one in lenient.jobs]) == (0, 1, ["valid", "valid"])
    assert (strict.errors, strict.warnings, [one.state for one in strict.jobs]) == (1, 0, ["invalid", "valid"])


def test_a_bad_column_is_one_problem_with_the_lines_of_its_rows():
    cells = [{**PROBLEM, "file": "shots.csv", "job": f"s{n}", "row": n, "line": n} for n in range(2, 40)]
    (problem,) = read(check(*cells, {**cells[0], "job": "s2-2"})).problems
    assert (problem.line, problem.job, len(problem.more_rows)) == (2, "s2, s3, s4 and 36 more", 37)
    assert problem.text.endswith("; and 37 more rows: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 …")
    assert len(read(check(*cells, {**cells[0], "message": "another"})).problems) == 2


def test_a_problem_of_a_row_stands_in_its_table():
    row = {**PROBLEM, "file": "shots.csv", "line": 17}
    assert [(one.file, one.line) for one in read(check(row)).jobs[0].problems] == [("shots.csv", 17)]


def test_a_plan_has_its_actions_for_states_and_says_mode_and_seconds_even_where_the_request_does_not():
    (one,) = read(plan(planned_job(action="take up"))).jobs
    assert (one.state, one.mode, one.duration, one.prompt) == ("take up", "std", "10", "Neon rain")
