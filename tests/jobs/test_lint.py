"""Warnings of texts that are sent as they stand though they seem to mean something else."""

import pytest

from kirin_cli.jobs.scope import ExternalInputs

JOB = "model: kirin_v1_t2v\nparams: {prompt: TEXT}\n"


def warned(file):
    assert file.problems == ()
    return [(one.line, one.column, one.message) for one in file.warnings]


SPELLINGS = {
    "'over $city harbour'": ["$city"],
    "'over {{ city }} harbour'": ["{{ city }}"],
    "'over {{city}} harbour'": ["{{city}}"],
    "'over {city} harbour'": ["{city}"],
    "'over %city% harbour'": ["%city%"],
    "'$city and {city}'": ["$city", "{city}"],
    "'{row.city} {{ env.CITY }}'": ["{row.city}", "{{ env.CITY }}"],
    "'over ${city}'": [],
    "'over $${city} and $$city'": [],
    "'over $cities {cities} {city of} 100% city%'": [],
    "'{job} costs $5 and {} {{}}'": [],
}


@pytest.mark.parametrize(("text", "spelled"), SPELLINGS.items())
def test_a_known_variable_in_another_tools_spelling_is_warned_of(load, text, spelled):
    found = warned(load("vars: {city: Oslo}\n" + JOB.replace("TEXT", text)))
    said = [message for line, column, message in found if "sent as it is" in message]
    assert said == [f'"{word}" is sent as it is; write ${{{word.strip("${}% ")}}}' for word in spelled]
    assert all((line, column) == (3, 10) for line, column, message in found if "sent as it is" in message)


def test_a_variable_that_the_command_line_sets_is_known_too(load):
    outside = ExternalInputs(sets={"city": "Oslo"})
    said = warned(load(JOB.replace("TEXT", "a $city b"), outside=outside))
    assert said == [(2, 10, '"$city" is sent as it is; write ${city}')]
    assert warned(load(JOB.replace("TEXT", "a $city b"))) == []


def test_a_name_of_an_output_is_no_placeholder_of_another_tool(load):
    assert warned(load("vars: {job: a}\noutput: {name: '{job}.{ext}'}\n" + JOB.replace("TEXT", "'${job}'"))) == []


def test_a_variable_that_nothing_uses_is_warned_of_once(load, table):
    text = "vars:\n  city: Oslo\n  used: 1\n  inner: 2\n  look: 3\n"
    table("look.yaml", "vars: {more: '${look}', free: 5}\n")
    file = load("include: look.yaml\n" + text + JOB.replace("TEXT", "'${used} ${file:${inner:-a}.txt:-b}'"))
    assert warned(file) == [(3, 3, 'nothing uses the variable "city": it is ${city}')]


CUT = {
    "prompt: sign in #ff00ff pink": (3, 19),
    "prompt: neon #tag": (3, 16),
    "prompt: neon   #tag": (3, 18),
    "prompt: neon # a comment": None,
    "prompt: neon #": None,
    "prompt: neon ## heading": None,
    "prompt: 'sign in #ff00ff pink'": None,
    "prompt: c#sharp": None,
    "prompt: |\n    a sign in #ff00ff pink": None,
    "prompt: >-\n    text: sign in #ff00ff pink": None,
    "prompt: a\n  duration: 5 #seconds": None,
    "prompt: a\n  negative_prompt: my sign #1 of 2": (4, 28),
}


@pytest.mark.parametrize(("line", "place"), CUT.items())
def test_a_text_that_a_comment_cuts_is_warned_of_at_the_hash(load, line, place):
    found = warned(load(f"model: kirin_v1_t2v\nparams:\n  {line}\n"))
    assert [one[:2] for one in found] == ([place] if place else [])
    assert all("the text ends here, since # behind a blank begins a comment" in message for *_, message in found)


def test_texts_of_lists_are_cut_too(load):
    text = "model: kirin_v1_t2v\nforeach:\n- neon sign #ff00ff\n- name: my job #1\n  text: x\nparams: {prompt: a}\n"
    assert [one[:2] for one in warned(load(text))] == [(3, 13), (4, 16)]


def test_rows_without_a_name_are_numbered_and_that_is_a_warning(load, table):
    table("a.csv", "name,text\nx,a\n,b\n")
    ((*place, message),) = warned(load("model: kirin_v1_t2v\nforeach: a.csv\nparams: {prompt: a}\n"))
    assert place == [2, 1]
    assert message.startswith("1 of the rows have no name and are numbered: a row put above renames the jobs below")
    table("b.csv", "text\na\n")
    assert len(warned(load("model: kirin_v1_t2v\nforeach: b.csv\nparams: {prompt: a}\n"))) == 1
    assert warned(load("name: 'x-${row.text}'\nmodel: kirin_v1_t2v\nforeach: b.csv\nparams: {prompt: a}\n")) == []
    assert warned(load("model: kirin_v1_t2v\nforeach: [a, b]\nparams: {prompt: '${row.value}'}\n")) == []


UNNAMED = "{model: kirin_v1_t2v, params: {prompt: a}}"
NAMED = UNNAMED.replace("{model", "{name: x, model")


@pytest.mark.parametrize(
    ("jobs", "place", "count"),
    [
        ((UNNAMED, UNNAMED), (2, 3), "the jobs have"), ((NAMED, UNNAMED), (3, 3), "1 of the jobs have"),
        ((UNNAMED,), None, ""), ((NAMED, NAMED.replace("x", "y")), None, ""),
    ],
)  # fmt: skip
def test_jobs_without_a_name_are_numbered_and_that_is_a_warning(load, jobs, place, count):
    found = warned(load("jobs:\n" + "".join(f"- {job}\n" for job in jobs)))
    assert [tuple(one[:2]) for one in found] == ([place] if place else [])
    assert all(message.startswith(f"{count} no name and are numbered") for *_, message in found)


ROWS = "jobs: [{name: s, model: kirin_v1_t2v, foreach: t.csv, params: {prompt: 'x ${row.name}'}}]\n"
COLUMNS = {
    "duration": "10",
    "Aspect Ratio": "1:1",
    "negative-prompt": "blur",
    "params mode": "pro",
    "param.mode": "pro",
    "params_mode": "pro",
    "camera_control.type": "forward_up",
    "model": "kirin_v1_5_i2v",
    "extra_params.length": "7",
}


@pytest.mark.parametrize(("column", "cell"), COLUMNS.items())
def test_a_column_that_is_called_like_a_parameter_and_that_nothing_asks_for_is_warned_of(load, table, column, cell):
    table("t.csv", f"name,{column}\na,{cell}\nb,\n")
    ((line, place, message),) = warned(load(ROWS))
    assert (line, place) == (1, 6)
    assert message.startswith(f'nothing uses the column "{column}": ')
    assert message.endswith(f"${{row.{column}}} asks for it")
    assert not any("nothing uses" in said[2] for said in warned(load(ROWS.replace("x $", f"${{row.{column}:-}} $"))))


@pytest.mark.parametrize(
    "text", ["name,duration\na,\n", "name,seed,note,model\na,7,x,Tesla\n", "name,params.mode\na,pro\n"]
)
def test_a_column_that_says_nothing_or_is_of_no_parameter_is_not_warned_of(load, table, text):
    table("t.csv", text)
    assert warned(load(ROWS)) == []


def test_a_column_that_another_job_or_an_included_file_asks_for_is_used(load, table):
    table("t.csv", "name,prompt,mode\na,x,pro\n")
    table("look.yaml", "defaults: {params: {mode: '${ row.MODE :-std}'}}\n")
    other = "  - {name: t, model: kirin_v1_t2v, foreach: t.csv, params: {prompt: '${row.Prompt}'}}\n"
    one = "  - {name: s, model: kirin_v1_t2v, foreach: t.csv, params: {prompt: 'x ${row.name}'}}\n"
    assert warned(load(f"include: look.yaml\njobs:\n{one}{other}")) == []
    assert len(warned(load(f"jobs:\n{one}{one.replace('name: s', 'name: u')}"))) == 2


def test_a_member_of_a_row_of_json_or_yaml_is_warned_of_where_it_stands_first(load, table):
    table("r.jsonl", '{"name": "a"}\n{"name": "b", "mode": "pro"}\n{"name": "c", "mode": "pro"}\n')
    (warning,) = load(ROWS.replace("t.csv", "r.jsonl")).warnings
    assert (warning.file[-7:], warning.line, warning.column) == ("r.jsonl", 2, 23)
    assert [place[:2] for place in warned(load(ROWS.replace("t.csv", "[{name: a}, {name: b, mode: pro}]")))] == [
        (1, 70)
    ]
