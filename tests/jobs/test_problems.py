"""All that is wrong with a job file is found in one pass, each at its line and column."""

import json

import pytest
from support.job_lines import problem_rows


def only(file):
    (problem,) = file.problems
    return problem


WRONG = {
    "unknown key at the top": ("jbos: []\njobs: []\n", (1, 1), 'unknown key "jbos"; did you mean "jobs"?'),
    "unknown key in a job": (
        "jobs:\n- model: kirin_v1_t2v\n  parms: {}\n", (3, 3), 'unknown key "parms"; did you mean "params"?',
    ),
    "an unknown key near a new one": ("vras: {a: b}\njobs: []\n", (1, 1), 'unknown key "vras"; did you mean "vars"?'),
    "vars as a list": ("vars: [a]\njobs: []\n", (1, 1), 'vars must be a mapping, not ["a"]'),
    "tags as a number": ("jobs: []\ndefaults: {tags: [1]}\n", (2, 12), "tags must be a list of words, not [1]"),
    "take as text": ("jobs: []\ndefaults: {take: two}\n", (2, 12), 'take must be a whole number from 1, not "two"'),
    "take of none": ("jobs: []\ndefaults: {take: 0}\n", (2, 12), "take must be a whole number from 1, not 0"),
    "take as true": ("jobs: []\ndefaults: {take: true}\n", (2, 12), "take must be a whole number from 1, not true"),
    "tags beside jobs": (
        "tags: [a]\njobs: []\n", (1, 1), "tags cannot stand beside jobs; write it in a job or in defaults",
    ),
    "a parameter beside params": (
        "model: kirin_v1_t2v\nprompt: a\n", (2, 1), 'unknown key "prompt"; it is a parameter: write it under params',
    ),
    "unknown key in defaults": ("defaults: {jobs: 1}\njobs: []\n", (1, 12), 'unknown key "jobs"'),
    "unknown key in output": ("output: {folder: a}\njobs: []\n", (1, 10), 'unknown key "folder"; known are dir, name'),
    "unknown default parameter": (
        "defaults: {params: {promt: a}}\njobs: []\n",
        (1, 21),
        'no model has a parameter "promt"; did you mean "prompt"?',
    ),
    "version 2": ("version: 2\njobs: []\n", (1, 1), "version must be 1, not 2"),
    "version in quotes": ("jobs: []\nversion: '1'\n", (2, 1), 'version must be 1, not "1"'),
    "version true": ("version: true\njobs: []\n", (1, 1), "version must be 1, not true"),
    "version null": ("version:\njobs: []\n", (1, 1), "version must be 1, not null"),
    "jobs as a mapping": ("jobs: {a: 1}\n", (1, 1), 'jobs must be a list, not {"a": 1}'),
    "jobs without value": ("jobs:\n", (1, 1), "jobs must be a list, not null"),
    "a job as text": ("jobs:\n- harbour\n", (2, 3), 'a job is a mapping with params, not "harbour"'),
    "defaults as a list": ("defaults: [1]\njobs: []\n", (1, 1), "defaults must be a mapping, not [1]"),
    "default params as text": ("defaults: {params: a}\njobs: []\n", (1, 12), 'params must be a mapping, not "a"'),
    "output as text": ("output: a\njobs: []\n", (1, 1), 'output must be a mapping, not "a"'),
    "name as a number": (
        "model: kirin_v1_t2v\nname: 7\n", (2, 1), "name must be text that is not empty, not 7; put it in quotes",
    ),
    "name empty": ("model: kirin_v1_t2v\nname: ' '\n", (2, 1), 'name must be text that is not empty, not " "'),
    "dir null": ("output: {dir: }\njobs: []\n", (1, 10), "dir must be text that is not empty, not null"),
    "both forms": (
        "model: kirin_v1_t2v\njobs: []\n", (1, 1), "model cannot stand beside jobs; write it in a job or in defaults",
    ),
    "no job": ("version: 1\n", (1, 1), "there is no job: write `jobs:`, or one job's `model:` and `params:`"),
    "empty": ("# nothing\n", (1, 1), "the file is empty; it needs `jobs:`, or one job's `model:` and `params:`"),
    "a list": ("\n- a\n", (2, 1), 'a job file is a mapping with `jobs:` in it, not ["a"]'),
    "unknown field": ("output: {name: '{jib}.mp4'}\njobs: []\n", (1, 10), 'unknown field "{jib}"; did you mean "job"?'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_file_is_said_at_its_line_and_column(load, text, place, words):
    problem = only(load(text))
    assert (problem.line, problem.column) == place
    assert problem.message.startswith(words)


@pytest.mark.parametrize("folder", ["../../x", "/tmp/x", "~/x", "a/../../x", "C:\\x", "\\\\host\\x", "a\0b"])
def test_I8_the_output_folder_of_a_file_stays_below_the_file(load, folder):
    file = load(f"model: kirin_v1_t2v\noutput: {{dir: {json.dumps(folder)}}}\n")
    assert (only(file).line, only(file).column) == (2, 10)
    assert file.jobs[0].output.dir is None


@pytest.mark.parametrize("name", ["../../x.mp4", "/tmp/x.mp4", "~/x.mp4", "{job}/../../x.mp4"])
def test_I8_a_template_that_leads_out_is_refused_where_it_stands(load, name):
    file = load(f"defaults: {{model: kirin_v1_t2v}}\njobs:\n- output:\n    name: '{name}'\n")
    assert (only(file).line, only(file).column) == (4, 5)


def test_a_duplicate_name_is_an_error_at_the_second_that_names_the_first(load):
    text = "defaults: {model: kirin_v1_t2v}\njobs: [{name: a}, {name: b}, {name: a},\n {name: shots-5}, {}]\n"
    assert problem_rows(load(text)) == [
        (2, 31, 'the name "a" is taken by the job on line 2'),
        (3, 19, 'the name "shots-5" is taken by the job on line 3'),
    ]


def test_all_problems_of_a_file_come_in_one_pass_by_line(load):
    text = (
        "version: 3\ndefaults: {model: kirin_v1_t2v, params: {nope: 1}}\njobs:\n- {name: a, nam: 1}\n- 5\n"
        "- name: c\n  name: d\n  params: {prompt: !x y}\n- name: a\n  output: {name: '{'}\n- params: 7\n"
    )
    file = load(text)
    assert [problem.line for problem in file.problems] == [1, 2, 4, 5, 7, 8, 9, 10]
    assert [job.name for job in file.jobs] == ["a", "c", "a", "shots-5"]
    assert file.jobs[-1].problems[0].path == "params"


def test_an_error_of_syntax_is_said_and_the_documents_above_are_still_checked(load):
    file = load("model: kirin_v1_t2v\nnope: 1\n---\njobs: [\n")
    assert [problem.line for problem in file.problems] == [2, 5]


def test_more_than_a_thousand_problems_are_not_told(load):
    file = load("jobs:\n" + "- 1\n" * 2000)
    assert len(file.problems) == 1001
    assert file.problems[-1].message == "more than 1,000 problems: the rest is not shown"
    keys = load("model: kirin_v1_t2v\n" + "".join(f"k{i}: 1\n" for i in range(1500)))
    assert len(keys.problems) == 1000
    params = load("jobs: []\ndefaults:\n  params:\n" + "".join(f"    k{i}: 1\n" for i in range(1500)))
    assert len(params.problems) == 1000


def test_the_limits_are_an_argument(load):
    assert "larger than the limit of 10 bytes" in only(load("jobs: [] # long", bytes=10)).message


def test_hostile_keys_are_shown_cut(load):
    assert len(only(load("jobs: []\n" + "? " + "k" * 100_000 + "\n: 1\n")).message) < 250
