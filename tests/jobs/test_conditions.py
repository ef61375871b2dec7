"""Conditions: what holds, what does not, and what is none."""

import pytest

from kirin_cli.jobs.conditions import holds
from kirin_cli.jobs.placeholders import InterpolationError

VALUES = {"city": "Oslo", "empty": "", "no": "FALSE", "tricky": "a == a", "zero": "0", "quoted": "'x'"}


def value_of(placeholder):
    return VALUES[placeholder.name]


HOLDS = [
    "${city} == Oslo", "${city}==Oslo", "${city} == 'Oslo'", 'Oslo == "${city}"', "${city} != done", "${empty} != done",
    "${empty} == ''", "${empty} ==", "${city}", "yes", "x", True, "${tricky} != a", "${tricky}", "${city}-1 == Oslo-1",
    "android", "notes", "a-b", "a/b", "${quoted} == 'x'",
]  # fmt: skip
FAILS = [
    "${city} != Oslo", "${city} == oslo", "${empty}", "${no}", "${zero}", "false", "No", "", "off", "null", None, False,
    "${empty} != ''", "${tricky} == a",
]  # fmt: skip
NONE = [
    "${city} = Oslo", "a > b", "a and b", "not ${city}", "!${city}", "a && b", "a || b", "${city} in x", "a == b == c",
    5, ["a"], {"a": 1}, "${city",
]  # fmt: skip


@pytest.mark.parametrize("condition", HOLDS)
def test_a_condition_holds(condition):
    assert holds(condition, value_of) is True


@pytest.mark.parametrize("condition", FAILS)
def test_a_condition_does_not_hold(condition):
    assert holds(condition, value_of) is False


@pytest.mark.parametrize("condition", NONE)
def test_what_is_no_condition_is_refused(condition):
    with pytest.raises(InterpolationError):
        holds(condition, value_of)


ROWS = """\
model: kirin_v1_t2v
foreach:
- {name: a, status: done, go: TRUE}
- {name: b, status: "", go: TRUE}
- {name: c, go: FALSE}
- {name: d, status: todo, go: ""}
if: CONDITION
params: {prompt: "${row.name}"}
"""


@pytest.mark.parametrize(
    ("condition", "names"),
    {
        "${row.status:-} != done": "bcd",
        "${row.status:-}": "ad",
        "${row.go}": "ab",
        "'${row.go} == false'": "c",
        "${row.name} == ${x:-b}": "b",
        "false": "",
    }.items(),
)
def test_an_if_leaves_jobs_out_and_they_are_counted(load, condition, names):
    file = load(ROWS.replace("CONDITION", condition))
    assert file.problems == ()
    assert [job.params["prompt"] for job in file.jobs] == list(names)
    assert file.left_out == 4 - len(names)


def test_I4_a_condition_that_asks_for_what_is_not_set_is_an_error_at_its_row(load):
    file = load(ROWS.replace("CONDITION", "${row.status} != done"))
    (problem,) = file.problems
    assert (problem.line, problem.column) == (7, 1)
    assert problem.message.startswith("if: row.status is not set")
    (problem,) = load("model: kirin_v1_t2v\nparams: {prompt: a}\nif: a > b\n").problems
    assert problem.message == 'if: "a > b" is no condition; it is A == B, A != B, or one word'


def test_a_job_alone_and_a_matrix_may_have_a_condition(load):
    text = "model: kirin_v1_t2v\nparams: {prompt: a}\nmatrix: {mode: [std, pro]}\nif: '${matrix.mode} == pro'\n"
    assert [job.params["mode"] for job in load(text).jobs] == ["pro"]
    file = load("vars: {go: no}\nmodel: kirin_v1_t2v\nparams: {prompt: a}\nif: ${go}\n")
    assert (file.jobs, file.left_out) == ((), 1)


def test_a_job_that_needs_one_that_was_left_out_is_told_so(load):
    text = (
        "jobs:\n- {name: base, if: no, model: kirin_v1_t2v, params: {prompt: a}}\n"
        "- {name: next, model: kirin_v1_5_i2v, params: {dynamic_masks: [{mask: '${jobs.base.url}'}]}}\n"
    )
    (job,) = load(text).jobs
    assert job.problems[0].message.endswith('there is no job "base" in this file; 1 job left out by if')
