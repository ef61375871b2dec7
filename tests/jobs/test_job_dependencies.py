"""Jobs that wait for one another: `${jobs.NAME.url}`, unknown names, circles."""

import pytest
from support.cpu_time import work_within

from kirin_cli.jobs.placeholders import JobReference, find_references

DEFAULTS = "defaults: {model: kirin_v1_5_i2v}\njobs:\n"


def job(name, *needs, more=""):
    masks = ", ".join(f"{{mask: '${{jobs.{need}.url}}'}}" for need in needs)
    return f"- {{name: {name}, params: {{dynamic_masks: [{masks}]}}{more}}}\n"


def told(file):
    assert file.problems == ()
    return [(job.name, problem.path, problem.message) for job in file.jobs for problem in job.problems]


def test_a_reference_survives_in_the_parameters_and_says_what_is_needed(load):
    text = (
        DEFAULTS
        + "- {name: a}\n- {name: b, params: {image: '${jobs.a.url}', dynamic_masks: [{mask: '${jobs.a.url}'}]}}\n"
    )
    first, second = load(text).jobs
    assert (first.needs, second.needs) == ((), ("a",))
    assert second.params["image"] == JobReference("a", "url")
    assert isinstance(second.params["image"], JobReference)
    assert [(path, one.job) for path, one in find_references(second.params)] == [
        ("image", "a"),
        ("dynamic_masks[0].mask", "a"),
    ]
    assert second.problems == ()


def test_expanded_jobs_are_named_in_full(load):
    text = (
        DEFAULTS + "- {name: a, matrix: {mode: [std, pro]}}\n" + job("b", "a[mode=pro]") + job("c", "a", "a[mode=pr]")
    )
    file = load(text)
    assert file.jobs[2].needs == ("a[mode=pro]",)
    assert told(file) == [
        ("c", "dynamic_masks[0].mask",
         'dynamic_masks[0].mask: there is no job "a" in this file; did you mean "a[mode=std]"?'),
        ("c", "dynamic_masks[1].mask",
         'dynamic_masks[1].mask: there is no job "a[mode=pr]" in this file; did you mean "a[mode=pro]"?'),
    ]  # fmt: skip


def test_references_may_come_from_matrix_rows_and_defaults_of_the_job(load, table):
    text = (
        "defaults: {model: kirin_v1_5_i2v, params: {image: '${jobs.a.url}'}}\n"
        "jobs:\n- {name: a, params: {image: x.png}}\n"
        "- {name: b, matrix: {mode: [std], image: ['${jobs.a.url}']}}\n- {name: c}\n"
    )
    file = load(text)
    assert [job.needs for job in file.jobs] == [(), ("a",), ("a",)]
    assert file.jobs[1].name == "b[mode=std,image=${jobs.a.url}]"
    assert told(file) == []


def test_text_of_a_row_is_no_reference(load, table):
    table("a.csv", "image\n${jobs.a.url}\n")
    (job,) = load("model: kirin_v1_5_i2v\nforeach: a.csv\nparams: {image: '${row.image}'}\n").jobs
    assert (job.needs, type(job.params["image"])) == ((), str)


CIRCLES = {
    "itself": (job("a", "a"), ["a → a"]),
    "two": (job("a", "b") + job("b", "a"), ["a → b → a", "b → a → b"]),
    "three and one that waits for them": (
        job("a", "b") + job("b", "c") + job("c", "a") + job("d", "a"),
        ["a → b → c → a", "b → c → a → b", "c → a → b → c"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "circles"), CIRCLES.values(), ids=CIRCLES)
def test_jobs_that_wait_for_one_another_in_a_circle_are_errors_with_the_way_around(load, text, circles):
    words = "dynamic_masks[0].mask: the jobs wait for one another in a circle: "
    assert [message for _, _, message in told(load(DEFAULTS + text))] == [words + circle for circle in circles]


def test_a_job_with_several_takes_cannot_be_waited_for(load):
    assert [message for _, _, message in told(load(DEFAULTS + job("a", more=", take: 2") + job("b", "a")))] == [
        'dynamic_masks[0].mask: job "a" has 2 takes; what is waited for has one'
    ]
    assert told(load(DEFAULTS + job("a") + job("b", "a", more=", take: 2"))) == []


def test_names_are_those_of_one_document(load):
    text = f"{DEFAULTS}{job('a')}---\n{DEFAULTS}{job('b', 'a')}"
    ((name, _, message),) = told(load(text))
    assert name == "b"
    assert message.endswith('there is no job "a" in this file; known are b')


def test_I3_a_chain_and_a_circle_of_thousands_take_no_recursion(load):
    number = 2000
    text = DEFAULTS + job("j0") + "".join(job(f"j{index}", f"j{index - 1}") for index in range(1, number))
    circle = text.replace(
        "name: j0, params: {dynamic_masks: []", f"name: j0, params: {{image: '${{jobs.j{number - 1}.url}}'"
    )
    with work_within(2):
        assert told(load(text)) == []
        (one, *_) = told(load(circle))
    assert one[2].endswith("in a circle: j0 → j1999 → j1998 → … → j2 → j1 → j0")


def test_many_wrong_names_are_refused_quickly(load):
    text = DEFAULTS + "".join(job(f"j{index}", f"k{index}") for index in range(1500))
    with work_within(2):
        assert len(told(load(text))) == 1500


def test_a_row_may_wait_for_the_job_of_the_same_row(load, table):
    table("rows.csv", "name,prompt\nsea,waves\nhill,grass\n")
    masks = "{mode: pro, dynamic_masks: [{mask: '${jobs.base[${row.name}].url}'}]}"
    file = load(
        "jobs:\n- {name: base, model: kirin_v1_t2v, foreach: rows.csv, params: {prompt: '${row.prompt}'}}\n"
        f"- {{name: next, model: kirin_v1_5_i2v, foreach: rows.csv, params: {masks}}}\n"
    )
    assert [(job.name, job.needs) for job in file.jobs[2:]] == [
        ("next[sea]", ("base[sea]",)),
        ("next[hill]", ("base[hill]",)),
    ]
    assert not any(job.problems for job in file.jobs)
