"""`include`: vars and defaults of other files, what is wrong with them told in their own file, and their limits."""

import pytest
from support.model_requests import FIELDS

from kirin_cli.jobs.include import MAX_INCLUDE_DEPTH, MAX_INCLUDED_FILES
from kirin_cli.jobs.parser import read_job_file
from kirin_cli.run.check import check_files

LOOK = """\
vars: {city: Lisbon, style: "${city} noir"}
defaults:
  model: kirin_v1_t2v
  take: 2
  params: {mode: pro, aspect_ratio: 9:16, cfg_scale: 0.3}
  output: {dir: renders/look}
"""
JOBS = """\
include: [look.yaml]
vars: {city: Oslo}
defaults: {params: {mode: std}, output: {name: "{job}-x{-take}.{ext}"}}
jobs:
- name: a
  params: {prompt: "${style} in ${city}", cfg_scale: 0.5}
"""


def said(file):
    return [(one.file.rpartition("/")[2], one.line, one.column, one.message) for one in file.problems]


def test_own_vars_and_defaults_come_over_those_of_the_included_file(load, table, tmp_path):
    table("look.yaml", LOOK)
    file = load(JOBS)
    assert file.problems == ()
    assert [job.take for job in file.jobs] == [1, 2]
    assert file.jobs[0].params == {
        "mode": "std", "aspect_ratio": "9:16", "cfg_scale": 0.5, "prompt": "Oslo noir in Oslo",
    }  # fmt: skip
    assert file.jobs[0].output.dir == tmp_path / "renders/look"
    assert file.jobs[0].output.name == "{job}-x{-take}.{ext}"


def test_later_files_come_over_earlier_ones_and_files_may_include_others_beside_them(load, table, tmp_path):
    (tmp_path / "lib").mkdir()
    table("a.yaml", "vars: {x: a, y: a, z: a}\n")
    table("lib/b.yaml", "include: inner.yaml\nvars: {y: b}\n")
    table("lib/inner.yaml", "vars: {x: inner, w: inner}\ndefaults: {model: kirin_v1_t2v}\n")
    file = load("include: [a.yaml, lib/b.yaml]\njobs:\n- params: {prompt: '${w} ${x} ${y} ${z}'}\n")
    assert file.problems == ()
    assert file.jobs[0].params["prompt"] == "inner inner b a"


def test_a_single_job_may_include_too_and_may_have_combinations_instead(load, table):
    table("look.yaml", LOOK)
    (first, _) = load("include: look.yaml\nparams: {prompt: a}\n").jobs
    assert first.params["mode"] == "pro"
    file = load("model: kirin_v1_t2v\nparams: {prompt: a}\nmatrix: {mode: [std]}\ninclude: [{mode: pro}]\n")
    assert [job.params["mode"] for job in file.jobs] == ["std", "pro"]


def test_what_is_wrong_with_an_included_file_is_said_in_it(load, table):
    table(
        "look.yaml",
        "vars: {a: '${nothing}'}\ndefaults:\n  params: {promt: a}\n  tkae: 2\n  output: {dir: ../x}\njobs: []\n"
        "model: m\nx-free: 1\n",
    )
    problems = said(load("include: [look.yaml]\ndefaults: {model: kirin_v1_t2v}\njobs: [{params: {prompt: a}}]\n"))
    assert [problem[:3] for problem in problems] == [
        ("look.yaml", 1, 8), ("look.yaml", 3, 12), ("look.yaml", 4, 3), ("look.yaml", 5, 12), ("look.yaml", 6, 1),
        ("look.yaml", 7, 1),
    ]  # fmt: skip
    assert problems[0][3].startswith("variable a: nothing is not set")
    assert problems[1][3] == 'no model has a parameter "promt"; did you mean "prompt"?'
    assert problems[4][3] == 'unknown key "jobs"; of an included file only vars and defaults are taken'


def test_a_parameter_of_an_included_default_that_a_model_refuses_stands_there(load, table, tmp_path):
    table("look.yaml", LOOK.replace("0.3", "7"))
    path = tmp_path / "jobs.yaml"
    path.write_text(JOBS.replace(", cfg_scale: 0.5", ""))
    findings = check_files([read_job_file(path, FIELDS)]).all_findings()
    assert {(one.file, one.line, one.column, one.rule, one.via) for one in findings} == {
        (str(tmp_path / "look.yaml"), 5, 43, "T4", "")
    }


BAD = {
    "missing": ("include: [lok.yaml]\njobs: []\n", (1, 11), "include: no such file: lok.yaml (in "),
    "absolute": ("include: [/etc/passwd]\njobs: []\n", (1, 11), 'include: "/etc/passwd" must be a path relative to'),
    "outside": ("include: ../../x.yaml\njobs: []\n", (1, 1), 'include: "../../x.yaml" leads out of '),
    "hidden": ("include: [.env.yaml]\njobs: []\n", (1, 11), 'include: ".env.yaml" is hidden'),
    "number": ("include: [5]\njobs: []\n", (1, 11), "include names files, not 5"),
    "mapping beside jobs": ("include: [{mode: pro}]\njobs: []\n", (1, 11), 'include names files, not {"mode": "pro"}'),
    "itself": ("include: [shots.yaml]\njobs: []\n", (1, 11), "include leads back to where it began: shots.yaml"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_included_is_said_where_it_is_named(load, table, text, place, words):
    table("look.yaml", LOOK)
    (problem,) = load(text).problems
    assert (problem.line, problem.column) == place
    assert problem.message.startswith(words)


CONTENTS = {
    "a list": ("- a\n", "an included file is one mapping with `vars:` and `defaults:` in it"),
    "two documents": ("vars: {}\n---\nvars: {}\n", "an included file is one mapping"),
    "no yaml": ("vars: [\n", "the [ that opens here is never closed"),
    "latin": (b"vars: {a: \xe9}\n", "byte 0xE9 is not valid UTF-8"),
    "vars as a list": ("vars: [a]\n", 'vars must be a mapping, not ["a"]'),
}


@pytest.mark.parametrize(("content", "words"), CONTENTS.values(), ids=CONTENTS)
def test_what_is_no_file_to_include_is_said_in_it(load, table, content, words):
    table("look.yaml", content)
    problem = load("include: [look.yaml]\njobs: []\n").problems[0]
    assert problem.file.endswith("look.yaml")
    assert problem.message.startswith(words) or "did not find" in problem.message


def test_an_empty_file_includes_nothing(load, table):
    table("look.yaml", "# nothing yet\n")
    assert load("include: [look.yaml]\njobs: []\n").problems == ()


def test_I3_circles_depth_and_number_are_bounded(load, table):
    table("a.yaml", "include: b.yaml\n")
    table("b.yaml", "include: a.yaml\n")
    (problem,) = load("include: a.yaml\njobs: []\n").problems
    assert (problem.file[-6:], problem.message) == (
        "b.yaml", "include leads back to where it began: shots.yaml → a.yaml → b.yaml → a.yaml",
    )  # fmt: skip
    for number in range(20):
        table(f"deep{number}.yaml", f"include: deep{number + 1}.yaml\n")
    (problem,) = load("include: deep0.yaml\njobs: []\n").problems
    assert problem.file.endswith(f"deep{MAX_INCLUDE_DEPTH - 1}.yaml")
    assert problem.message.startswith("include: more than 8 files in one another, 32 in all are not read")
    table("wide.yaml", "vars: {a: b}\n")
    many = ", ".join(["wide.yaml"] * (MAX_INCLUDED_FILES + 5))
    assert len(load(f"include: [{many}]\njobs: []\n").problems) == 5
    table("fork.yaml", "include: [fork2.yaml, fork2.yaml]\n")
    table("fork2.yaml", "include: [fork3.yaml, fork3.yaml]\n")
    table(
        "fork3.yaml", "include: [fork4.yaml, fork4.yaml, fork4.yaml, fork4.yaml, fork4.yaml, fork4.yaml, fork4.yaml]\n"
    )
    table("fork4.yaml", "vars: {a: b}\n")
    assert load("include: [fork.yaml, fork.yaml]\njobs: []\n").problems != ()


EVERYTHING = """\
defaults:
  model: kirin_v1_t2v
  name: shot-${row.name}
  foreach: rows.csv
  if: ${row.status:-} != done
  take: ${row.takes:-1}
  tags: ["${row.tag:-none}", all]
  output: {dir: "out/${row.name}"}
  matrix: {mode: [std, pro], cfg_scale: [0.3]}
  exclude: [{mode: pro}]
  params: {prompt: "${row.prompt}"}
jobs:
- {}
- {name: own, foreach: [{name: x, prompt: y}], matrix: {duration: [5, 10]}, output: {name: "{job}.{ext}"}}
- {name: "z-${row.name}", if: yes, exclude: [{mode: std}], params: {prompt: z}}
"""


def test_defaults_may_hold_everything_that_a_job_may(load, table, tmp_path):
    table("rows.csv", "name,prompt,status,takes,tag\nsea,waves,,2,blue\nhill,grass,done,1,\n")
    file = load(EVERYTHING)
    assert file.problems == ()
    assert [(job.name, job.take, job.tags) for job in file.jobs] == [
        ("shot-sea[mode=std,cfg_scale=0.3]", 1, ("blue", "all")),
        ("shot-sea[mode=std,cfg_scale=0.3]", 2, ("blue", "all")),
        ("own[x,duration=5]", 1, ("none", "all")),
        ("own[x,duration=10]", 1, ("none", "all")),
        ("z-sea[mode=pro,cfg_scale=0.3]", 1, ("blue", "all")),
        ("z-sea[mode=pro,cfg_scale=0.3]", 2, ("blue", "all")),
        ("z-hill[mode=pro,cfg_scale=0.3]", 1, ("none", "all")),
    ]
    assert file.left_out == 1
    assert file.jobs[2].output.dir == tmp_path / "out/x"
    assert file.jobs[2].output.name == "{job}.{ext}"
    assert file.jobs[0].position("mode") == (9, 19)
    assert not file.jobs[0].comes_from_anchor("mode")
    assert not file.jobs[0].comes_from_anchor("name")


def test_parameters_that_are_newer_than_the_tool_are_sent_with_a_warning(load, tmp_path):
    path = tmp_path / "jobs.yaml"
    path.write_text(
        "vars: {n: 5}\ndefaults: {model: kirin_v1_t2v, extra_params: {style: film, seed: '${n}'}}\njobs:\n"
        "- {name: a, params: {prompt: a}, extra_params: {style: {grain: '${n}'}}}\n"
        "- {name: b, params: {prompt: b}, extra_params: {mode: pro}}\n"
        "- {name: c, params: {prompt: c}, extra_params: {model: other}}\n"
    )
    checked = check_files([read_job_file(path, FIELDS)])
    assert checked.jobs[0].values == {"prompt": "a", "style": {"grain": 5}, "seed": 5}
    assert [(one.job, one.severity, one.path, one.line) for one in checked.all_findings()] == [
        ("a", "warning", "extra_params.style", 4), ("a", "warning", "extra_params.seed", 2),
        ("b", "warning", "extra_params.style", 2), ("b", "warning", "extra_params.seed", 2),
        ("b", "error", "extra_params.mode", 5), ("c", "warning", "extra_params.style", 2),
        ("c", "warning", "extra_params.seed", 2), ("c", "error", "extra_params.model", 6),
    ]  # fmt: skip
    assert [one.message for one in checked.all_findings() if one.severity == "error"] == [
        "mode is a parameter of kirin_v1_t2v; write it under params, to be checked",
        "extra_params.model would be sent in place of the job's model, which stands beside params",
    ]
