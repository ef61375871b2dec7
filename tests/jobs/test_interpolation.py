"""`${…}` in the values of a job: what each name stands for, and how a parameter takes it."""

import pytest

from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.jobs.scope import ExternalInputs
from kirin_cli.modelspec.fields import INVALID

HEAD = (
    "vars: {city: Lisbon, ten: 10, half: 0.5, yes: true, empty: '', blank: ' ', nothing: , list: [1, 2],\n"
    "  digits: '0.5'}\n"
)
JOB = HEAD + "model: kirin_v1_t2v\nparams: {KEY: VALUE}\n"


@pytest.fixture
def fill(load):
    """The value of a parameter of a job with variables, or the sentence about it."""

    def filled(value, key="prompt", model="kirin_v1_t2v", **outside):
        text = JOB.replace("KEY", key).replace("VALUE", value).replace("kirin_v1_t2v", model)
        file = load(text, outside=ExternalInputs(**outside))
        assert file.problems == ()
        (job,) = file.jobs
        if job.problems:
            (problem,) = job.problems
            assert problem.path.partition(".")[0].partition("[")[0] == key
            assert problem.path in job.invalid_paths
            return problem.message
        return job.params[key]

    return filled


@pytest.mark.parametrize(
    ("value", "becomes"),
    {
        "'Rain over ${city}'": "Rain over Lisbon",
        "'${city}'": "Lisbon",
        "'${ten} of ${half} ${yes}'": "10 of 0.5 true",
        "'$5 $$5 $${city}'": "$5 $5 ${city}",
        "'a${empty:-}b'": "ab",
        "'${empty:-}'": "",
        "'${empty:-none}'": "none",
        "'${unset:-a b}'": "a b",
        "'${unset:-}'": "",
        "'${nothing:-some}'": "some",
        "'${city:-other}'": "Lisbon",
        "'${city:?is needed}'": "Lisbon",
        r'"\x24{city}"': "Lisbon",
        "plain": "plain",
    }.items(),
)
def test_names_become_values_in_text(fill, value, becomes):
    assert fill(value) == becomes


@pytest.mark.parametrize(
    ("value", "words"),
    {
        "'${cty}'": 'prompt: cty is not set; did you mean "city"?',
        "'a ${zzz} b'": "prompt: zzz is not set; known are city, ten, ",
        "'${nothing}'": "prompt: nothing is empty; ${nothing:-} takes it as it is",
        "'${empty}'": "prompt: empty is empty; ${empty:-} takes it as it is",
        "'a ${empty} b'": "prompt: empty is empty; ${empty:-} takes it as it is",
        "'${blank}'": "prompt: blank is empty; ${blank:-} takes it as it is",
        "'${file:none.txt}'": "prompt: no such file: none.txt (in ",
        "'${city:-${ten}}'": 'prompt: "${city:-${ten}}" has a brace inside; that is possible in jobs.…url and file',
        "'${${city}}'": 'prompt: "${${city}}" has a brace inside',
        "'a ${nothing}'": "prompt: nothing is empty",
        "'${unset:?Say which city}'": "prompt: Say which city",
        "'${unset:?}'": "prompt: unset is not set",
        "'a ${list}'": "prompt: list is a list, which is no text",
        "'${row.a}'": "prompt: row.a is not set; it is for parameters and names of a job with foreach",
        "'${matrix.a}'": "prompt: matrix.a is not set; it is for parameters and names of a job with matrix",
        "'${foo.bar}'": 'prompt: unknown name "foo.bar"; with a dot there are env.NAME, row.COLUMN',
        "'${jobs.a}'": 'prompt: unknown name "jobs.a"; what another job makes is jobs.NAME.url',
        "'${jobs.a.video}'": 'prompt: unknown name "jobs.a.video"',
        "'${city'": 'prompt: "${city" does not end',
    }.items(),
)
def test_I4_what_has_no_value_is_an_error_and_never_empty(fill, value, words):
    assert fill(value).startswith(words)


def test_I4_the_value_that_could_not_be_filled_in_is_broken_and_the_rest_is_filled(load):
    text = (
        HEAD + "model: kirin_v1_t2v\nparams:\n  prompt: ${cty}\n  camera_control: {type: '${city}', config: '${x}'}\n"
    )
    (job,) = load(text).jobs
    assert job.invalid_paths == ("prompt", "camera_control.config")
    assert job.params == {"prompt": INVALID, "camera_control": {"type": "Lisbon", "config": INVALID}}
    assert [job.position(problem.path) for problem in job.problems] == [(5, 3), (6, 37)]


def test_without_any_variable_the_flag_is_named(load):
    (job,) = load("model: kirin_v1_t2v\nparams: {prompt: '${city}'}\n").jobs
    assert job.problems[0].message == "prompt: city is not set; --set gives variables a value"


@pytest.mark.parametrize(
    ("value", "key", "becomes"),
    [
        ("'${half}'", "cfg_scale", 0.5),
        ("'${digits}'", "cfg_scale", 0.5),
        ("'0.${ten}'", "cfg_scale", 0.10),
        ("'${none:-0.25}'", "cfg_scale", 0.25),
        ("'${none:-}'", "cfg_scale", None),
        ("'${empty:-}'", "cfg_scale", None),
        ("'${ten}'", "duration", 10),
        ("'${none:-10}'", "duration", 10),
        ("'${none:-16:9}'", "aspect_ratio", "16:9"),
        ("'${none:-007}'", "prompt", "007"),
        ("'${none:-7}'", "prompt", "7"),
        ("'${ten}'", "prompt", 10),
        ("'${list}'", "prompt", [1, 2]),
        ("{type: simple, config: {zoom: '${none:--3.5}', pan: '${ten}'}}", "camera_control",
         {"type": "simple", "config": {"zoom": -3.5, "pan": 10}}),
    ],
)  # fmt: skip
def test_a_whole_value_keeps_its_type_and_text_is_read_as_the_parameter_takes_it(fill, value, key, becomes):
    assert fill(value, key) == becomes
    assert isinstance(fill(value, key), type(becomes))


def test_values_of_the_flag_and_the_environment_are_text_that_is_read_where_text_is_not_taken(fill):
    outside = {"sets": {"scale": "0.7", "code": "007"}, "environ": {"SCALE": "1e-1", "CODE": "12"}}
    assert fill("'${scale}'", "cfg_scale", **outside) == 0.7
    assert fill("'${env.SCALE}'", "cfg_scale", **outside) == 0.1
    assert fill("'${code}'", **outside) == "007"
    assert fill("'${env.CODE}'", **outside) == "12"
    assert fill("'${env.CODE}'", "image", "kirin_v1_5_i2v", **outside) == "12"
    masks = fill(
        "[{mask: '${env.CODE}', trajectories: [{x: '${env.CODE}'}]}]", "dynamic_masks", "kirin_v1_5_i2v", **outside
    )
    assert masks == [{"mask": "12", "trajectories": [{"x": 12}]}]


def test_a_value_given_by_flag_replaces_the_variable_and_is_not_filled_in_again(fill):
    assert fill("'${city}'", sets={"city": "${ten} $$"}) == "${ten} $$"
    assert fill("'a${city:-}b'", sets={"city": ""}) == "ab"


def test_I4_an_empty_value_of_the_flag_is_an_error_since_it_would_be_paid_for(fill):
    for empty in ("", "  "):
        assert fill("'a${city}b'", sets={"city": empty}) == "prompt: city is empty; ${city:-} takes it as it is"


def test_I4_all_that_is_not_set_in_a_text_is_said_at_once(load):
    (job,) = load("vars: {a: 1}\nmodel: kirin_v1_t2v\nparams: {prompt: '${x} ${a} ${yy} ${x}'}\n").jobs
    assert [problem.message.partition(";")[0] for problem in job.problems] == [
        "prompt: x is not set",
        "prompt: yy is not set",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    {
        "'${env.HOEM}'": 'prompt: env.HOEM is not set in the environment; did you mean "HOME"?',
        "'${env.zzz}'": "prompt: env.zzz is not set in the environment",
        "'${env.NONE}'": "prompt: env.NONE is empty; ${env.NONE:-} takes it as it is",
        "'a ${env.NONE}'": "prompt: env.NONE is empty",
        "'${env.KEY}'": "prompt: env.KEY is a secret, which never goes into a request",
        "'${env.KEY:-x}'": "prompt: env.KEY is a secret",
    }.items(),
)
def test_the_environment_gives_no_secrets_and_nothing_empty(fill, value, words):
    outside = {"environ": {"HOME": "/root", "NONE": "", "KEY": "k"}, "secrets": frozenset({"KEY"})}
    assert fill(value, **outside).startswith(words)


def test_an_empty_variable_of_the_environment_has_a_default(fill):
    assert fill("'${env.NONE:-x}'", environ={"NONE": ""}) == "x"


def test_text_of_a_job_is_filled_in_only_once(fill):
    assert fill("'${none:-$$}{city}'") == "$${city}"


def test_a_name_is_filled_in_only_once(load):
    text = "model: kirin_v1_t2v\nname: '$${x}-${y:-$a}'\ntags: ['$$$$']\noutput: {dir: '$${d}'}\nTAKE\n"
    for take in ("", "take: 1"):
        (job,) = load(text.replace("TAKE", take)).jobs
        assert (job.name, job.tags, job.output.dir.name) == ("${x}-$a", ("$$",), "${d}")


def test_a_parameter_that_no_model_has_stays_text(fill):
    assert fill("'${ten}0'", "strength") == "100"
    assert fill("{a: ['${ten}', '${none:-5}']}", "strength") == {"a": [10, "5"]}


def test_the_file_is_not_filled_in_where_the_model_is_unknown(load):
    (job,) = load(HEAD + "model: kirin_v9\nparams: {cfg_scale: '${digits}'}\n").jobs
    assert [problem.path for problem in job.problems] == ["model"]
    assert job.params == {"cfg_scale": "0.5"}


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("'${jobs.cup.url}'", "prompt"),
        ("'${jobs.cup.url}'", "cfg_scale"),
        ("'see ${jobs.cup.url}'", "image"),
        ("'${jobs.cup.url}'", "strength"),
        ("[{mask: a.png, trajectories: '${jobs.cup.url}'}]", "dynamic_masks"),
    ],
)
def test_what_another_job_makes_stands_only_where_an_image_or_video_is_taken(fill, value, key):
    message = fill(value, key, "kirin_v1_5_i2v")
    assert "${jobs.cup.url} can only stand where a video is taken" in message or "must be all of" in message


def test_a_reference_is_text_that_knows_what_it_names():
    reference = JobReference("cup[mode=std]", "url")
    assert reference == "${jobs.cup[mode=std].url}"
    assert (reference.job, reference.field) == ("cup[mode=std]", "url")
    assert repr(reference) == "JobReference(job='cup[mode=std]', field='url')"


DEFAULTS = """\
vars: {m: kirin_v1_t2v, dir: out, word: hero, n: 2, name: "{job}-x.{ext}", file: rain}
defaults: {model: "${m}", take: "${n}", tags: ["${word}", all],
  params: {prompt: "${word} ${n}"}, output: {name: "${name}"}}
output: {dir: "${dir}/a"}
jobs:
- name: "${file}-${n}"
- {name: b, model: "${m}", take: 1, tags: "${word}2", output: {dir: "${dir}/${file}"}, params: {prompt: c}}
"""


def test_names_models_outputs_tags_and_takes_are_filled_in_for_jobs_and_what_they_share(load, tmp_path):
    first, second, other = load(DEFAULTS).jobs
    assert (first.name, first.model, first.tags, first.take, first.takes) == (
        "rain-2",
        "kirin_v1_t2v",
        ("hero", "all"),
        1,
        2,
    )
    assert (second.name, second.take, second.takes) == ("rain-2", 2, 2)
    assert (first.output.dir, first.output.name) == (tmp_path / "out/a", "{job}-x.{ext}")
    assert first.params == {"prompt": "hero 2"}
    assert (other.tags, other.takes, other.output.dir) == (("hero2",), 1, tmp_path / "out/rain")
    assert other.output.name == "{job}-x.{ext}"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    {
        "name": ("name: '${x}'\nmodel: kirin_v1_t2v\n", (1, 1), "name: x is not set"),
        "model": ("model: '${x}'\nparams: {prompt: a}\n", (1, 1), "model: x is not set"),
        "default model": ("defaults: {model: '${x}'}\njobs: [{}]\n", (1, 12), "model: x is not set"),
        "dir": ("model: kirin_v1_t2v\noutput: {dir: 'a/${x}'}\n", (2, 10), "dir: x is not set"),
        "dir of the file": ("output:\n  name: '${x}'\njobs: []\n", (2, 3), "name: x is not set"),
        "tag": ("model: kirin_v1_t2v\ntags: [a, '${x}']\n", (2, 11), "tags: x is not set"),
        "take": ("model: kirin_v1_t2v\ntake: '${x}'\n", (2, 1), "take: x is not set"),
        "take of words": ("model: kirin_v1_t2v\ntake: '${y:-two}'\n", (2, 1), "take must be a whole"),
        "dir that leads out": ("vars: {up: ..}\nmodel: kirin_v1_t2v\noutput: {dir: '${up}/a'}\n", (3, 10), '"../a"'),
        "bad template": ("vars: {f: '{jib}'}\nmodel: kirin_v1_t2v\noutput: {name: '${f}'}\n", (3, 10), "unknown field"),
        "list in a name": ("vars: {l: [1]}\nmodel: kirin_v1_t2v\nname: '${l}'\n", (3, 1), "name: l is a list"),
    }.values(),
)  # fmt: skip
def test_I4_I8_what_is_wrong_outside_of_parameters_is_said_at_its_place(load, text, place, words):
    (problem,) = load(text).problems
    assert (problem.line, problem.column) == place
    assert problem.message.startswith(words)


def test_a_job_whose_model_could_not_be_filled_in_is_not_said_to_have_none(load):
    file = load("model: '${x}'\nparams: {prompt: a}\n")
    assert [(job.model, job.problems, job.invalid_paths) for job in file.jobs] == [("", (), ("model",))]


def test_a_mapping_of_a_variable_is_one_value_of_a_parameter(load):
    text = (
        "vars: {camera: {type: simple, config: {zoom: '${z:-2}'}}}\n"
        "model: kirin_v1_t2v\nparams: {camera_control: '${camera}'}\n"
    )
    (job,) = load(text).jobs
    assert job.params == {"camera_control": {"type": "simple", "config": {"zoom": 2}}}
    assert job.position("camera_control.config.zoom") == (3, 10)


def test_the_tree_of_a_file_is_not_changed_by_filling_it_in(load):
    text = (
        "vars: {x: 1}\ndefaults: {model: kirin_v1_t2v, params: &p {prompt: 'a ${x}', mode: std}}\n"
        "jobs: [{}, {params: *p}]\n"
    )
    first, second = load(text).jobs
    assert first.params == second.params == {"prompt": "a 1", "mode": "std"}
