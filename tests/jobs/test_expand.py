"""matrix, foreach and take make many jobs of one: their names, parameters, places, limits."""

import tracemalloc

import pytest
from support.cpu_time import work_within
from support.job_lines import problem_rows

from kirin_cli.jobs.scope import ExternalInputs

MATRIX = """\
defaults: {model: kirin_v1_5_i2v, params: {mode: std}}
jobs:
- name: cup
  params: {image: cup.png, prompt: "a ${matrix.mode} cup"}
  matrix:
    mode: [std, pro]
    cfg_scale: [0.3, 0.7]
  exclude: [{mode: pro, cfg_scale: 0.3}]
  include:
  - {mode: std, prompt: slow}
  - {mode: ultra}
"""


def names(file):
    assert file.problems == ()
    return [job.name for job in file.jobs]


def test_a_matrix_makes_jobs_with_stable_readable_names(load):
    assert names(load(MATRIX)) == [
        "cup[mode=std,cfg_scale=0.3,prompt=slow]",
        "cup[mode=std,cfg_scale=0.7,prompt=slow]",
        "cup[mode=pro,cfg_scale=0.7]",
        "cup[mode=ultra]",
    ]


def test_a_matrix_sets_parameters_over_the_jobs_own(load):
    jobs = load(MATRIX).jobs
    assert jobs[0].params == {"mode": "std", "image": "cup.png", "prompt": "slow", "cfg_scale": 0.3}
    assert jobs[2].params == {"mode": "pro", "image": "cup.png", "prompt": "a pro cup", "cfg_scale": 0.7}
    assert jobs[3].params == {"mode": "ultra", "image": "cup.png", "prompt": "a ultra cup"}
    assert [job.via for job in jobs[1:3]] == [
        "matrix mode=std,cfg_scale=0.7,prompt=slow",
        "matrix mode=pro,cfg_scale=0.7",
    ]
    assert {job.base_name for job in jobs} == {"cup"}


def test_what_a_matrix_sets_stands_where_it_was_written(load):
    jobs = load(MATRIX).jobs
    assert [jobs[2].position(path) for path in ("mode", "cfg_scale", "prompt", "image", "", "seed", "name")] == [
        (6, 17), (7, 22), (4, 28), (4, 12), (4, 3), (4, 3), (3, 3),
    ]  # fmt: skip
    assert jobs[0].position("prompt") == (10, 17)
    assert jobs[3].position("mode") == (11, 6)
    assert jobs[3].position("cfg_scale") == (4, 3)


def test_a_key_that_is_no_parameter_is_for_the_job_to_ask_for(load):
    text = (
        "name: rain-${matrix.city}\nmodel: '${matrix.model}'\noutput: {dir: 'out/${matrix.city}'}\n"
        "params: {prompt: 'Rain over ${matrix.city}'}\n"
        "matrix: {city: [Lisbon, Oslo], model: [kirin_v1_t2v, kirin_v1_5_i2v], mode: [std], x-note: free}\n"
    )
    file = load(text)
    assert names(file) == [
        "rain-Lisbon[model=kirin_v1_t2v,mode=std]",
        "rain-Lisbon[model=kirin_v1_5_i2v,mode=std]",
        "rain-Oslo[model=kirin_v1_t2v,mode=std]",
        "rain-Oslo[model=kirin_v1_5_i2v,mode=std]",
    ]
    assert file.jobs[3].model == "kirin_v1_5_i2v"
    assert file.jobs[3].params == {"prompt": "Rain over Oslo", "mode": "std"}
    assert file.jobs[3].output.dir.name == "Oslo"


def test_exclude_and_include_may_stand_inside_the_matrix(load):
    text = (
        "model: kirin_v1_t2v\nparams: {prompt: a}\n"
        "matrix: {mode: [std, pro], duration: [5, 10],\n"
        "  exclude: [{duration: '5', mode: pro}], include: [{cfg_scale: 1}]}\n"
    )
    assert names(load(text)) == [
        "shots[mode=std,duration=5,cfg_scale=1]",
        "shots[mode=std,duration=10,cfg_scale=1]",
        "shots[mode=pro,duration=10,cfg_scale=1]",
    ]


def test_a_matrix_is_filled_in_before_it_is_made(load):
    text = (
        "vars: {modes: [std, pro], not: pro}\nmodel: kirin_v1_t2v\nparams: {prompt: a}\n"
        "matrix: {mode: '${modes}', cfg_scale: ['${env.CFG}', 0.5], prompt: ['${env.CFG}']}\n"
        "exclude: [{mode: '${not}'}]\n"
    )
    file = load(text, outside=ExternalInputs(environ={"CFG": "0.25"}))
    assert names(file) == ["shots[mode=std,cfg_scale=0.25,prompt=0.25]", "shots[mode=std,cfg_scale=0.5,prompt=0.25]"]
    assert file.jobs[0].params == {"prompt": "0.25", "mode": "std", "cfg_scale": 0.25}
    assert file.jobs[0].position("mode") == (4, 10)


def test_whole_mappings_may_be_values_of_a_matrix(load):
    text = "model: kirin_v1_t2v\nparams: {prompt: a}\nmatrix: {camera_control: [{type: forward_up}, null]}\n"
    file = load(text)
    assert names(file) == ['shots[camera_control={"type": "forward_up"}]', "shots[camera_control=null]"]
    assert file.jobs[0].params["camera_control"] == {"type": "forward_up"}
    assert file.jobs[0].position("camera_control.type") == (3, 28)


HEAD = "model: kirin_v1_t2v\nparams: {prompt: a}\n"
CLOSE = '; did you mean "cfg_scale"?'
BAD_MATRIX = {
    "a list": ("matrix: [a]\n", [(3, 1, 'matrix must be a mapping, not ["a"]')]),
    "no list": ("matrix: {mode: std}\n", [(3, 10, 'mode must be a list of values, not "std"')]),
    "no values": ("matrix: {mode: []}\n", [(3, 10, "mode must be a list of values, not []")]),
    "text of a variable": (
        "vars: {m: std}\nmatrix: {mode: '${m}'}\n", [(4, 10, 'mode must be a list of values, not "std"')],
    ),
    "empty": ("matrix: {}\n", [(3, 1, "matrix leaves no combination")]),
    "null": ("matrix:\n", [(3, 1, "matrix leaves no combination")]),
    "all excluded": ("matrix: {mode: [std]}\nexclude: [{mode: std}]\n", [(3, 1, "matrix leaves no combination")]),
    "twice": ("matrix: {mode: [std, pro, std]}\n", [(3, 27, 'mode has "std" twice')]),
    "typo": (
        "matrix: {mode: [std], cfg_scal: [1, 2]}\n",
        [(3, 23, '"cfg_scal" is no parameter of kirin_v1_t2v, nor is it used as ${matrix.cfg_scal}' + CLOSE)],
    ),
    "typo in include": (
        "matrix: {mode: [std]}\ninclude: [{mod: pro}]\n",
        [(4, 12, '"mod" is no parameter of kirin_v1_t2v, nor is it used as ${matrix.mod}; did you mean "mode"?')],
    ),
    "unset": (
        "matrix: {mode: ['${x}', std]}\n", [(3, 17, "matrix.mode[0]: x is not set; --set gives variables a value")],
    ),
    "unset list": ("matrix: {mode: '${x}'}\n", [(3, 10, "matrix.mode: x is not set; --set gives variables a value")]),
    "unset in an entry": (
        "matrix: {mode: [std], include: [{mode: '${x}'}]}\n",
        [(3, 34, "matrix.include[0].mode: x is not set; --set gives variables a value")],
    ),
    "row": (
        "matrix: {mode: ['${row.m}']}\n",
        [(3, 17, "matrix.mode[0]: row.m is not set; it is for parameters and names of a job with foreach")],
    ),
    "exclude without": (
        "exclude: [{mode: std}]\n", [(3, 12, 'exclude names "mode", which is not in the matrix; there is no matrix')],
    ),
    "exclude of a typo": (
        "matrix: {mode: [std, pro]}\nexclude: [{mod: std}]\n",
        [(4, 12, 'exclude names "mod", which is not in the matrix; did you mean "mode"?')],
    ),
    "exclude of what is not there": (
        "matrix: {mode: [std, pro]}\nexclude: [{mode: pr}]\n",
        [(4, 12, "exclude names mode pr; the matrix has std or pro")],
    ),
    "exclude as a mapping": (
        "matrix: {mode: [std]}\nexclude: {mode: std}\n",
        [(4, 1, 'exclude must be a list of mappings, not {"mode": "std"}')],
    ),
    "include of a word": (
        "matrix: {mode: [std]}\ninclude: [pro, {}]\n",
        [(4, 11, 'an entry is a mapping of names and values, not "pro"'),
         (4, 16, "an entry is a mapping of names and values, not {}")],
    ),
    "include null": ("include:\n", [(3, 1, "include must be a list of mappings, not null")]),
    "include in two places": (
        "matrix: {mode: [std], include: [{mode: pro}]}\ninclude: [{mode: pro}]\n",
        [(4, 1, "include is there twice: beside the matrix and in it")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problems"), BAD_MATRIX.values(), ids=BAD_MATRIX)
def test_what_is_wrong_with_a_matrix_is_said_where_it_stands(load, text, problems):
    assert problem_rows(load(HEAD + text)) == problems


def test_a_matrix_that_two_jobs_share_through_an_anchor_is_wrong_in_both(load):
    text = "x-m: &m {mode: []}\ndefaults: {model: kirin_v1_t2v}\njobs: [{name: a, matrix: *m}, {name: b, matrix: *m}]\n"
    file = load(text)
    assert file.jobs == ()
    assert len(file.problems) == 1


FOREACH = """\
defaults: {model: kirin_v1_t2v, params: {prompt: "${row.prompt}", aspect_ratio: "${row.ratio}"}}
jobs:
- name: shots
  foreach: shots.csv
  params: {cfg_scale: "${row.cfg}", negative_prompt: "no ${row.prompt}"}
"""
CSV = 'prompt,ratio,cfg\n007,16:9,0.5\n\n"Rain, and\nmore",9:16,\n'


def test_foreach_makes_a_job_of_every_row(load, table):
    table("shots.csv", CSV)
    file = load(FOREACH)
    assert names(file) == ["shots[1]", "shots[2]"]
    assert file.jobs[0].params == {
        "prompt": "007",
        "aspect_ratio": "16:9",
        "cfg_scale": 0.5,
        "negative_prompt": "no 007",
    }
    assert file.jobs[1].params["prompt"] == "Rain, and\nmore"
    assert file.jobs[1].params["cfg_scale"] is None
    assert [job.via for job in file.jobs] == ["shots.csv:2", "shots.csv:4"]
    assert file.jobs[0].position("cfg_scale") == (5, 12)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("${row.promt}", 'row.promt is not set; did you mean "row.prompt"?'),
        ("${prompt}", 'prompt is not set; did you mean "row.prompt"?'),
        ("a ${row.cfg}", "row.cfg is empty; ${row.cfg:-} takes it as it is"),
        ("${row.cfg:?needs a scale}", "needs a scale"),
    ],
)
def test_I4_a_column_that_is_missing_or_empty_inside_text_is_an_error_of_its_job(load, table, cell, words):
    table("shots.csv", "prompt,cfg\na,\n")
    file = load(f"model: kirin_v1_t2v\nforeach: shots.csv\nparams: {{prompt: '{cell}'}}\n")
    (job,) = file.jobs
    assert [problem.message for problem in job.problems] == [f"prompt: {words}"]
    assert job.via == "shots.csv:2"


def test_an_empty_cell_has_a_default_and_is_empty_where_that_is_said(load, table):
    table("shots.csv", "prompt,cfg\na,\n")
    text = "model: kirin_v1_t2v\nforeach: shots.csv\nparams: {prompt: 'a${row.cfg:-}b', cfg_scale: '${row.cfg:-0.5}'}\n"
    (job,) = load(text).jobs
    assert job.params == {"prompt": "ab", "cfg_scale": 0.5}


def test_rows_with_a_name_are_called_by_it(load, table):
    table(
        "shots.jsonl", '{"name": "sun set", "n": 1}\n{"name": "", "n": 2}\n{"name": 7}\n{"name": null}\n{"name": [1]}\n'
    )
    assert names(load("model: kirin_v1_t2v\nforeach: shots.jsonl\n")) == [
        "shots[sun set]", "shots[2]", "shots[7]", "shots[4]", "shots[[1]]",
    ]  # fmt: skip


def test_a_name_that_asks_for_the_row_stands_alone(load, table):
    table("shots.csv", "id,x\n17,1\n18,2\n")
    text = "name: shot-${row.id}\nmodel: kirin_v1_t2v\nforeach: shots.csv\nmatrix: {mode: [std, pro]}\n"
    file = load(text)
    assert names(file)[:3] == ["shot-17[mode=std]", "shot-17[mode=pro]", "shot-18[mode=std]"]
    assert file.jobs[1].via == "shots.csv:2, matrix mode=pro"


def test_json_rows_keep_their_types(load, table):
    table(
        "rows.jsonl",
        '{"prompt": "a", "duration": 10, "camera": {"type": "simple", "config": {"zoom": "2"}}, "cfg": null}\n',
    )
    text = (
        "model: kirin_v1_t2v\nforeach: rows.jsonl\nparams:\n"
        "  {prompt: '${row.prompt}', duration: '${row.duration}', camera_control: '${row.camera}',\n"
        "   cfg_scale: '${row.cfg}'}\n"
    )
    (job,) = load(text).jobs
    camera = {"type": "simple", "config": {"zoom": 2}}
    assert job.params == {"prompt": "a", "duration": 10, "camera_control": camera, "cfg_scale": None}


LISTED = """\
vars: {city: Lisbon, more: [{prompt: c}, {prompt: d}]}
defaults: {model: kirin_v1_t2v, params: {prompt: '${row.prompt}', mode: '${row.mode:-std}'}}
jobs:
- name: own
  foreach:
  - prompt: 'Rain over ${city}'
    mode: pro
  - {prompt: Snow}
- name: var
  foreach: '${more}'
- name: file
  foreach: rows.yaml
"""


def test_rows_may_be_listed_in_the_file_in_a_variable_and_in_another_file(load, table):
    table("rows.yaml", "- prompt: '${city}'\n")
    file = load(LISTED)
    assert names(file) == ["own[1]", "own[2]", "var[1]", "var[2]", "file[1]"]
    assert [job.params["prompt"] for job in file.jobs] == ["Rain over Lisbon", "Snow", "c", "d", "${city}"]
    assert [job.params["mode"] for job in file.jobs] == ["pro", "std", "std", "std", "std"]
    assert [job.via for job in file.jobs] == [
        "shots.yaml:6",
        "shots.yaml:8",
        "shots.yaml:1",
        "shots.yaml:1",
        "rows.yaml:1",
    ]


BAD_FOREACH = {
    "number": ("foreach: 5\n", [("", 3, 1, "foreach must be a list or the name of a file, not 5")]),
    "null": ("foreach:\n", [("", 3, 1, "foreach must be a list or the name of a file, not null")]),
    "missing": ("foreach: none.csv\n", [("", 3, 1, 'foreach "none.csv" cannot be read: No such file or directory')]),
    "suffix": ("foreach: a.doc\n", [("", 3, 1, 'foreach "a.doc" must be a list, a glob, or a file that ends in .csv')]),
    "unset": ("foreach: '${x}.csv'\n", [("", 3, 1, "foreach: x is not set; --set gives variables a value")]),
    "empty": ("foreach: []\n", [("", 3, 1, "foreach has no rows")]),
    "lists": ("foreach: [[a], {b: 1}]\n", [("", 3, 11, "a row is a mapping of names and values, or a value, not [")]),
    "no file": ("foreach: '*.png'\n", [("", 3, 1, 'foreach "*.png" finds no file')]),
    "unset cell": (
        "foreach: [{a: '${x}'}]\n", [("", 3, 12, "foreach[0].a: x is not set; --set gives variables a value")],
    ),
    "bad rows": ("foreach: bad.csv\n", [("bad.csv", 2, 1, "has 1 cell, the header has 2")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problems"), BAD_FOREACH.values(), ids=BAD_FOREACH)
def test_what_is_wrong_with_rows_is_said_in_their_file_at_their_line(load, table, text, problems, tmp_path):
    table("bad.csv", "a,b\n1\n1,2\n")
    found = [
        (problem.file.removeprefix(f"{tmp_path}/"), problem.line, problem.column, problem.message)
        for problem in load(HEAD + text).problems
    ]
    assert len(found) == len(problems)
    for (file, line, column, message), expected in zip(found, problems, strict=True):
        assert (file, line, column) == expected[:3]
        assert message.startswith(expected[3])


def test_a_file_that_several_jobs_ask_for_is_read_once_and_its_problems_are_said_once(load, table):
    table("bad.csv", "a,b\n1\n1,2\n")
    text = "defaults: {model: kirin_v1_t2v}\njobs: [{name: x, foreach: bad.csv}, {name: y, foreach: bad.csv}]\n"
    file = load(text)
    assert len(file.problems) == 1
    assert [job.name for job in file.jobs] == ["x[1]", "y[1]"]


def test_problems_of_the_job_file_come_first_and_then_those_of_each_table(load, table):
    table("a.csv", "x\n1,2\n")
    file = load("version: 2\nmodel: kirin_v1_t2v\nforeach: a.csv\n")
    assert [problem.file[-5:] for problem in file.problems] == ["", "a.csv"]


def test_rows_of_one_name_are_refused_with_the_row(load, table):
    table("a.csv", "name\nx\ny\nx\n")
    (problem,) = load("model: kirin_v1_t2v\nforeach: a.csv\n").problems
    assert problem.message == 'the name "shots[x]" is taken by the job on line 2'
    assert (problem.file[-5:], problem.line, problem.column, problem.via) == ("a.csv", 4, 1, "shots.yaml:1")


def test_a_problem_of_a_name_or_an_output_knows_its_row(load, table):
    table("a.csv", "dir\na\n../b\n")
    text = "model: kirin_v1_t2v\nforeach: a.csv\noutput: {dir: '${row.dir}', name: '{job}'}\n"
    (problem,) = load(text).problems
    assert (problem.file[-5:], problem.line, problem.column, problem.via) == ("a.csv", 3, 1, "shots.yaml:1")
    (fixed,) = load("model: kirin_v1_t2v\nforeach: a.csv\noutput: {dir: ../b}\n").problems
    assert (fixed.line, fixed.via) == (3, "")


def test_take_makes_takes_of_one_name(load):
    jobs = load("model: kirin_v1_t2v\nparams: {prompt: a}\ntake: 3\n").jobs
    assert [(job.name, job.take, job.takes) for job in jobs] == [("shots", 1, 3), ("shots", 2, 3), ("shots", 3, 3)]


def test_take_may_come_from_the_row_and_the_defaults(load, table):
    table("a.csv", "n,m\n2,x\n,x\n1,x\n")
    text = (
        "defaults: {model: kirin_v1_t2v, take: 2}\njobs:\n- name: a\n- {name: b, take: 1}\n"
        "- {name: c, foreach: a.csv, take: '${row.n}'}\n"
    )
    assert [(job.name, job.take) for job in load(text).jobs] == [
        ("a", 1), ("a", 2), ("b", 1), ("c[1]", 1), ("c[1]", 2), ("c[2]", 1), ("c[2]", 2), ("c[3]", 1),
    ]  # fmt: skip


def test_nothing_of_one_job_reaches_another(load, table):
    table("a.csv", "n\n1\n2\n")
    text = "model: kirin_v1_t2v\nforeach: a.csv\nparams: {camera_control: {config: {zoom: '${row.n}'}}, prompt: a}\n"
    assert [job.params["camera_control"]["config"]["zoom"] for job in load(text).jobs] == [1, 2]


def test_params_of_a_wrong_type_are_the_one_problem_of_each_job(load):
    file = load("model: kirin_v1_t2v\nparams: '${x}'\nmatrix: {mode: [std, pro]}\n")
    assert [[problem.path for problem in job.problems] for job in file.jobs] == [["params"], ["params"]]


def test_a_job_without_params_may_have_all_from_its_matrix(load):
    file = load("model: kirin_v1_t2v\ninclude: [{prompt: a}, {prompt: b, mode: pro}]\n")
    assert [job.params for job in file.jobs] == [{"prompt": "a"}, {"prompt": "b", "mode": "pro"}]
    assert file.jobs[1].position("mode") == (2, 36)
    assert file.jobs[1].position("duration") == (2, 1)


def test_an_unknown_model_hides_no_key_of_the_matrix(load):
    file = load("model: kirin_v9\nmatrix: {mode: [std], anything: [1]}\n")
    assert file.problems == ()
    assert [problem.rule for job in file.jobs for problem in job.problems] == ["A1"]


PLAIN = "jobs:\n" + "".join(f"- {{name: j{number}, model: kirin_v1_t2v}}\n" for number in range(11))


def test_I5_more_jobs_than_a_run_may_have_are_refused_where_they_begin(load):
    assert load(PLAIN, outside=ExternalInputs(max_jobs=11)).problems == ()
    file = load(PLAIN, outside=ExternalInputs(max_jobs=10))
    assert problem_rows(file) == [(12, 3, "more than 10 jobs in this run; --max-jobs allows more")]
    assert len(file.jobs) == 10


def test_I5_the_limit_holds_for_all_files_together(load):
    outside = ExternalInputs(max_jobs=15)
    assert load(PLAIN, outside=outside).problems == ()
    assert problem_rows(load(PLAIN, outside=outside)) == [
        (6, 3, "more than 15 jobs in this run; --max-jobs allows more")
    ]


ROWS = "".join(f"- {{a: {number}}}\n" for number in range(10_001))
TOO_MANY = {
    "matrix of 10⁴ and one": (
        "matrix: {duration: [" + ",".join(map(str, range(10_001))) + "]}\n",
        "matrix makes 10,001 combinations; a run may have 10,000 (--max-jobs)",
    ),
    "matrix of 10³⁰": (
        "matrix: {" + ", ".join(f"k{key}: {list(range(10))}" for key in range(30)) + "}\n",
        f"matrix makes {10**12:,} or more combinations; a run may have 10,000 (--max-jobs)",
    ),
    "matrix of 2³⁰⁰⁰⁰": (
        "matrix:\n" + "".join(f"  k{key}: [1, 2]\n" for key in range(30_000)),
        f"matrix makes {10**12:,} or more combinations; a run may have 10,000 (--max-jobs)",
    ),
    "include": (
        "include:\n" + "".join(f"- {{seed: {number}}}\n" for number in range(10_001)),
        "include makes 10,001 combinations; a run may have 10,000 (--max-jobs)",
    ),
    "rows": ("foreach: rows.yaml\n", "foreach makes at least 10,001 jobs; a run may have 10,000 (--max-jobs)"),
    "rows and matrix": (
        "matrix: {duration: [" + ",".join(map(str, range(5000))) + "]}\nforeach: [{a: 1}, {a: 2}, {a: 3}]\n",
        "matrix makes at least 15,000 jobs; a run may have 10,000 (--max-jobs)",
    ),
    "takes": ("take: 1000000000\n", "more than 10,000 jobs in this run; --max-jobs allows more"),
    "comparisons": (
        "matrix: {duration: [" + ",".join(map(str, range(5000))) + "]}\nexclude:\n"
        + "".join(f"- {{duration: {number}}}\n" for number in range(500)),
        "5,000 combinations and so many entries of exclude and include are too much to compare",
    ),
    "parameters": (
        "foreach: [" + "{a: 1}, " * 5000 + "]\n" + "defaults: {params: {prompt: "
        + "[" + "a, " * 1000 + "]}}\n",
        "more than 2,000,000 parameters and items in the jobs that are made from the file",
    ),
    "text": (
        "foreach: [" + "{a: 1}, " * 10_000 + "]\n"
        "defaults: {params: {negative_prompt: '" + "x" * 10_000 + "${row.a}'}}\n",
        "more than 67,108,864 characters by filling in placeholders",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), TOO_MANY.values(), ids=TOO_MANY)
def test_I5_what_is_too_much_is_refused_in_about_a_second_without_being_made(load, table, text, words):
    table("rows.yaml", ROWS)
    with work_within(2):
        file = load("model: kirin_v1_t2v\nparams: {prompt: a}\n" + text)
    assert [problem.message for problem in file.problems] == [words]


def test_jobs_from_rows_take_little_memory(load, table):
    table("a.csv", "prompt,cfg\n" + "".join(f"Rain over harbour number {number},0.5\n" for number in range(2000)))
    tracemalloc.start()
    file = load(
        "model: kirin_v1_t2v\nforeach: a.csv\nparams: {prompt: '${row.prompt}', cfg_scale: '${row.cfg}', mode: std}\n"
    )
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(file.jobs) == 2000
    assert held < 4 << 20


def test_I5_a_matrix_of_just_as_many_as_allowed_is_made(load):
    number = 100
    text = f"model: kirin_v1_t2v\nmatrix: {{duration: {list(range(number))}, cfg_scale: {list(range(number))}}}\n"
    file = load(text)
    assert len(names(file)) == number * number
    assert len({job.name for job in file.jobs}) == number * number


def test_one_entry_over_the_limit_does_not_hide_what_is_wrong_with_the_next(load):
    text = (
        "defaults: {model: kirin_v1_t2v}\njobs:\n- {name: a, matrix: {duration: [1, 2, 3]}}\n"
        "- {name: b, output: {name: '{jib}'}}\n"
    )
    file = load(text, outside=ExternalInputs(max_jobs=2))
    assert [problem.line for problem in file.problems] == [3, 4]
    assert [job.name for job in file.jobs] == ["b"]


def test_rows_are_counted_with_the_jobs_before_them(load):
    text = "defaults: {model: kirin_v1_t2v}\njobs:\n- {}\n- {}\n- {foreach: [{a: 1}, {a: 2}]}\n"
    (problem,) = load(text, outside=ExternalInputs(max_jobs=3)).problems
    assert problem.message == "foreach makes at least 2 jobs; a run may have 3 (--max-jobs); it has 2 already"


def test_names_of_aliased_lists_of_rows_keep_their_places(load):
    text = (
        "x-rows: &rows\n- a: 1\njobs:\n- {name: x, model: kirin_v1_t2v, foreach: *rows, params: {prompt: '${row.a}'}}\n"
    )
    (job,) = load(text).jobs
    assert (job.params, job.via) == ({"prompt": 1}, "shots.yaml:2")


def test_a_cell_of_tags_is_a_list_separated_by_commas(load, table):
    table("a.csv", 'name,tags\nx,"hero, social ,"\ny,\nz,one\n')
    text = "model: kirin_v1_t2v\nforeach: a.csv\nparams: {prompt: a}\ntags: TAGS\n"
    jobs = load(text.replace("TAGS", "${row.tags}")).jobs
    assert [job.tags for job in jobs] == [("hero", "social"), (), ("one",)]
    jobs = load(text.replace("TAGS", "[all, '${row.tags}', 'by ${row.name}']")).jobs
    assert [job.tags for job in jobs] == [("all", "hero", "social", "by x"), ("all", "by y"), ("all", "one", "by z")]
    table("rows.jsonl", '{"name": "x", "tags": ["a, b", "c"]}\n{"name": "y", "tags": null}\n')
    jobs = load(text.replace("a.csv", "rows.jsonl").replace("TAGS", "${row.tags}")).jobs
    assert [job.tags for job in jobs] == [("a, b", "c"), ()]
    assert load("vars: {t: 'a, b'}\nmodel: kirin_v1_t2v\ntags: ${t}\n").jobs[0].tags == ("a, b",)
