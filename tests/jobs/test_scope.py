"""`vars`: variables made of others, and what is wrong with them, said once and where it stands."""

import pytest
from support.cpu_time import work_within
from support.job_lines import problem_rows

from kirin_cli.errors import UsageError
from kirin_cli.jobs.scope import MAX_JOBS, ExternalInputs, parse_set_values

JOB = "model: kirin_v1_t2v\nparams: {prompt: '${a}'}\n"


def prompt(file):
    assert file.problems == ()
    (job,) = file.jobs
    assert job.problems == ()
    return job.params["prompt"]


def test_variables_may_be_made_of_others_in_any_order(load):
    assert prompt(load("vars: {a: '${b}!', b: '${c} ${d:-and}', c: 'rain $$'}\n" + JOB)) == "rain $ and!"
    assert prompt(load("vars: {c: 5, b: '${c}', a: '${b}'}\n" + JOB)) == 5


def test_variables_may_be_made_of_the_environment(load):
    text = "vars: {a: '${env.CITY:-Lisbon}'}\n" + JOB
    assert prompt(load(text)) == "Lisbon"
    assert prompt(load(text, outside=ExternalInputs(environ={"CITY": "Oslo ${b}"}))) == "Oslo ${b}"


def test_a_variable_that_is_given_by_flag_is_not_read_from_the_file(load):
    outside = ExternalInputs(sets={"a": "given"})
    assert prompt(load("vars: {a: '${env.CITY:?give the city}', b: '${a}'}\n" + JOB, outside=outside)) == "given"


WRONG = {
    "itself": ("vars:\n  a: 'x${a}'\n", [(2, 3, "variable a: refers to itself: a → a")]),
    "two": ("vars:\n  a: '${b}'\n  b: '${a}'\n", [(3, 3, "variable b: refers to itself: a → b → a")]),
    "inside a tree": (
        "vars:\n  a: {k: ['${b}']}\n  b: ['${a}']\n", [(3, 3, "variable b: refers to itself: a → b → a")],
    ),
    "unset": (
        "vars:\n  a: [1, {k: '${x}'}]\n", [(2, 11, "variable a[1].k: x is not set; --set gives variables a value")],
    ),
    "a wrong one is said once": (
        "vars:\n  a: '${b}'\n  b: '${c}${c}'\n  c: '${x:?what}'\n", [(4, 3, "variable c: what")],
    ),
    "no name": (
        "vars:\n  a: 1\n  a-b: 1\n",
        [(3, 3, '"a-b" is no name for a variable: it may have letters, digits and _')],
    ),
    "rows": (
        "vars:\n  a: '${row.x}'\n",
        [(2, 3, "variable a: row.x is not set; it is for parameters and names of a job with foreach")],
    ),
    "jobs": (
        "vars:\n  a: '${jobs.b.url}'\n",
        [(2, 3, "variable a: ${jobs.b.url} can only stand where a video is taken")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problems"), WRONG.values(), ids=WRONG)
def test_I4_what_is_wrong_with_a_variable_is_said_once_where_it_stands(load, text, problems):
    file = load(text + JOB)
    assert problem_rows(file) == problems
    assert [job.problems for job in file.jobs] == [()]


def test_I4_a_wrong_variable_breaks_what_asks_for_it_without_a_word(load):
    file = load("vars: {b: '${x}'}\nmodel: kirin_v1_t2v\nparams: {prompt: 'a ${b}', mode: std}\nname: '${b}'\n")
    assert len(file.problems) == 1
    assert [(job.name, job.invalid_paths, job.problems) for job in file.jobs] == [("shots", ("prompt",), ())]


def test_a_variable_that_nobody_asks_for_is_checked_too(load):
    assert len(load("vars: {b: '${x}'}\njobs: []\n").problems) == 1


def test_a_long_circle_is_cut(load):
    names = [f"v{number}" for number in range(20)]
    text = "vars: {" + ", ".join(f"{a}: '${{{b}}}'" for a, b in zip(names, [*names[1:], names[0]], strict=True)) + "}\n"
    (problem,) = load(text + "jobs: []\n").problems
    assert problem.message == "variable v19: refers to itself: v0 → v1 → v2 → … → v18 → v19 → v0"


def test_I3_a_chain_of_variables_of_any_length_takes_no_recursion(load):
    chain = ", ".join(f"v{number}: '${{v{number + 1}}}'" for number in range(5000))
    assert prompt(load(f"vars: {{a: '${{v0}}', {chain}, v5000: end}}\n{JOB}")) == "end"


BOMBS = {
    "text": ("a: " + "x" * 1000, "'" + "${a}" * 10 + "'", "more than 67,108,864 characters"),
    "lists": (
        "a: [1, 2, 3, 4, 5, 6, 7, 8, 9]",
        "[" + ", ".join(["'${a}'"] * 10) + "]",
        "more than 2,000,000 parameters",
    ),
}


@pytest.mark.parametrize(("first", "value", "words"), BOMBS.values(), ids=BOMBS)
def test_I3_variables_that_multiply_are_refused_in_under_a_second(load, first, value, words):
    lines = [first, *(f"{chr(98 + step)}: {value.replace('${a}', '${' + chr(97 + step) + '}')}" for step in range(20))]
    with work_within(1):
        (problem,) = load("vars:\n  " + "\n  ".join(lines) + "\njobs: []\n").problems
    assert problem.message.startswith(words)
    assert problem.line > 2


def test_I3_a_circle_through_every_one_of_many_variables_is_refused_in_under_a_second(load):
    number = 5000
    body = "\n".join(f"  v{index}: '${{v{(index + 1) % number}}}'" for index in range(number))
    with work_within(0.5):
        file = load(f"vars:\n{body}\njobs: []\n")
    assert len(file.problems) == 1


def test_values_of_the_flag_are_names_and_text():
    assert parse_set_values(["a=1", "b=", "_c2=x=y"]) == {"a": "1", "b": "", "_c2": "x=y"}
    assert ExternalInputs().max_jobs == MAX_JOBS == 10_000


def test_a_variable_has_one_value():
    with pytest.raises(UsageError, match="--set a is given twice; it takes one value"):
        parse_set_values(["a=1", "b=2", "a=1"])


@pytest.mark.parametrize("text", ["a", "=1", "a-b=1", "a b=1", "1a=1", "row.x=1", ""])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match=r"--set is .* it must be NAME=VALUE"):
        parse_set_values([text])


def test_a_value_that_no_file_has_a_use_for_is_told_with_the_nearest_name(load):
    outside = ExternalInputs(sets={"ctiy": "Oslo", "mood": "calm", "a": "b", "hue": "c"})
    load("vars: {city: Lisbon}\nmodel: kirin_v1_t2v\nparams: {prompt: '${mood:-x}'}\n", outside=outside)
    load(JOB, outside=outside)
    load("vars: {mood: '${hue}'}\njobs: []\n", outside=outside)
    assert outside.unused_warnings() == ['no file has a variable "ctiy"; did you mean "city"?']
    assert ExternalInputs(sets={"a": "1"}).unused_warnings() == ['no file has a variable "a"']
