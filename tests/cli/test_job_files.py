"""`--only`, `--tag` and `--skip`: which jobs of a run are wanted; a job file on standard input."""

import os

import pytest
from support.command_line import Home, make_folder

from kirin_cli.cli.job_files import JobSelection
from kirin_cli.jobs.parser import read_job_file
from kirin_cli.models import MODELS

TEXT = """\
defaults: {model: kirin_v1_5_i2v, tags: [all]}
jobs:
- name: harbour
- {name: cup, matrix: {mode: [std, pro]}, tags: [hero, social]}
- {name: cups, take: 2, tags: hero}
- {name: "odd[12]", tags: []}
- {name: odd1}
- {name: last, params: {image: "${jobs.middle.url}"}}
- {name: middle, params: {image: "${jobs.harbour.url}"}}
"""


FIELDS = {name: {field.name: field for field in MODELS[name].fields} for name in ("kirin_v1_t2v", "kirin_v1_5_i2v")}


@pytest.fixture
def load(tmp_path):
    def write_and_read(text, name="shots.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_job_file(tmp_path / name, FIELDS)

    return write_and_read


@pytest.fixture
def choose(load):
    def chosen(*only, tags=(), skip=()):
        (file,), flaws = JobSelection(only, tags, skip).of([load(TEXT)])
        assert file.problems == ()
        return [f"{job.name}-{job.take}" if job.takes > 1 else job.name for job in file.jobs], flaws

    return chosen


CUPS = ["cup[mode=std]", "cup[mode=pro]"]


@pytest.mark.parametrize(
    ("only", "expected"),
    {
        ("harbour",): ["harbour"],
        ("cup",): CUPS,
        ("cup*",): [*CUPS, "cups-1", "cups-2"],
        ("cup[mode=std]",): ["cup[mode=std]"],
        ("cup[mode=*",): CUPS,
        ("cup[mode=s??]",): ["cup[mode=std]"],
        ("cup[[]*",): CUPS,
        ("odd[12]",): ["odd[12]"],
        ("od[de][1]",): ["odd1"],
        ("[!c]*r",): ["harbour"],
        ("cups", "harbour"): ["harbour", "cups-1", "cups-2"],
        ("middle",): ["harbour", "middle"],
        ("last",): ["harbour", "last", "middle"],
    }.items(),
)
def test_patterns_choose_jobs_by_name_with_what_they_need(choose, only, expected):
    assert choose(*only) == (expected, [])


def test_without_a_choice_all_jobs_are_wanted(choose):
    names, flaws = choose()
    assert (len(names), flaws) == (9, [])


def test_tags_choose_jobs_that_have_one_of_them(choose):
    assert choose(tags=("hero",)) == ([*CUPS, "cups-1", "cups-2"], [])
    assert choose(tags=("social", "all"))[0] == ["harbour", *CUPS, "odd1", "last", "middle"]
    assert choose("cups", "harbour", tags=("hero",))[0] == ["cups-1", "cups-2"]


@pytest.mark.parametrize(
    ("only", "tags", "flaws"),
    [
        (("harbuor",), (), [("--only", 'there is no job called "harbuor"; did you mean "harbour"?')]),
        (("HARBOUR",), (), [("--only", 'there is no job called "HARBOUR"; did you mean "harbour"?')]),
        (("harbour", "x*y"), (), [("--only", 'there is no job called "x*y"; known are ')]),
        ((), ("hreo",), [("--tag", 'there is no job with the tag "hreo"; did you mean "hero"?')]),
        (("nothing",), ("no",), [("--only", "there is no job called"), ("--tag", "there is no job with the tag")]),
    ],
)
def test_what_finds_nothing_is_told_with_the_nearest_name(choose, only, tags, flaws):
    _, found = choose(*only, tags=tags)
    assert len(found) == len(flaws)
    for (flag, words), expected in zip(found, flaws, strict=True):
        assert flag == expected[0]
        assert words.startswith(expected[1])


def test_a_choice_of_patterns_that_each_find_something_else_may_find_nothing_together(choose):
    names, flaws = choose("harbour", tags=("hero",))
    assert names == []
    assert flaws == [("--tag", "no job has both such a name and such a tag")]


def test_what_a_file_lacks_is_not_told_where_it_could_not_be_read(load):
    file = load("defaults: {model: kirin_v1_t2v}\njobs:\n- {name: a}\n- [\n")
    (chosen,), flaws = JobSelection(("b",)).of([file])
    assert (chosen.jobs, chosen.problems, flaws) == ((), file.problems, [])


def test_thousands_of_names_are_not_listed(load):
    text = "defaults: {model: kirin_v1_t2v}\njobs:\n" + "".join(
        f"- {{name: shot-{number}}}\n" for number in range(3000)
    )
    _, ((_, words),) = JobSelection(("zzz",)).of([load(text)])
    assert words == 'there is no job called "zzz"'
    _, ((_, words),) = JobSelection(("shot-30000",)).of([load(text)])
    assert words.startswith('there is no job called "shot-30000"; did you mean "shot-')


def test_needs_stay_in_their_document_and_file(load):
    text = "defaults: {model: kirin_v1_5_i2v}\njobs:\n- {name: a}\n- {name: b, params: {image: '${jobs.a.url}'}}\n"
    (file,), _ = JobSelection(("b",)).of([load(f"{text}---\n{text.replace('name: b', 'name: c')}")])
    assert [(job.name, job.line) for job in file.jobs] == [("a", 3), ("b", 4)]


def test_skip_leaves_jobs_out_and_says_which_another_needs(choose):
    assert choose(skip=("cup*", "odd[12]")) == (["harbour", "odd1", "last", "middle"], [])
    needed = "job middle needs job harbour, which is left out; leave it in: what is done costs nothing"
    assert choose("last", skip=("harbour",)) == (["last", "middle"], [("--skip", needed)])
    assert choose(tags=("hero",), skip=("cups",)) == (CUPS, [])
    assert choose("cup", skip=("cup",)) == ([], [("--skip", "every job is skipped")])
    assert choose(skip=("cpu",))[1] == [("--skip", 'there is no job called "cpu"; did you mean "cup"?')]


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_a_job_file_may_come_on_standard_input(home):
    make_folder(home.work / "media")
    text = "model: kirin_v1_t2v\nparams: {prompt: rain}\n"
    result = home.kirin("validate", "-", "--json", stdin=text)
    assert (result.exit_code, [job["name"] for job in result.data["jobs"]]) == (0, ["stdin"])
    assert home.kirin("plan", "-", "--json", stdin=text).data["jobs"][0]["name"] == "stdin"
    result = home.kirin("run", "-", "--sandbox", stdin=text)
    assert (result.exit_code, result.stdout) == (0, "renders/stdin.mp4\n")
    result = home.kirin("validate", "-", stdin=text.replace("prompt", "promt"))
    assert result.exit_code == 2
    assert '-:2:10: error: unknown parameter "promt"; did you mean "prompt"? [A2]  (job stdin)' in result.stderr
    assert "     2 | params: {promt: rain}\n" in result.stderr
    assert home.kirin("validate", "-", stdin="").stderr.startswith("-:1:1: error: the file is empty")


def test_how_many_jobs_an_if_left_out_is_said(home):
    jobs = "".join(f"  - {{name: j{n}, if: '{n} != 2', params: {{prompt: a}}}}\n" for n in range(4))
    text = f"defaults: {{model: kirin_v1_t2v}}\njobs:\n{jobs}"
    assert home.kirin("validate", "-", stdin=text).stderr == (
        "no problem in 3 jobs of 1 file, 1 job left out by if; nothing was sent\n"
    )
    assert home.kirin("validate", "-", "--json", stdin=text).data["left_out"] == 1
    assert "1 job left out by if\n" in home.kirin("plan", "-", stdin=text).stderr
    assert "1 job left out by if\n" in home.kirin("run", "-", "--sandbox", stdin=text).stderr


@pytest.mark.parametrize("command", [("plan",), ("run", "--sandbox")])
def test_all_once_more_and_only_what_failed_cannot_both_be_meant(home, command):
    (home.work / "jobs.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: a boat}\n", encoding="utf-8")
    done = home.kirin(*command, "jobs.yaml", "--again", "--retry-failed")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --again makes every job once more, --retry-failed only those that failed\n")


@pytest.mark.skipif(os.name != "posix", reason="needs pipes of POSIX")
def test_what_a_pipe_asks_for_is_made_in_the_current_folder(home):
    reading, writing = os.pipe()
    os.write(writing, b"model: kirin_v1_t2v\nparams: {prompt: x}\noutput: {dir: clips}\n")
    os.close(writing)
    try:
        made = home.kirin("run", f"/dev/fd/{reading}", "--sandbox")
    finally:
        os.close(reading)
    assert (made.exit_code, made.stdout) == (0, "clips/stdin.mp4\n"), made.stderr


@pytest.mark.parametrize(
    ("command", "has_sandbox"),
    [("wait", False), ("resume", False), ("download", False), ("run", True), ("v1-t2v", True)],
)
def test_the_sandbox_is_proposed_where_the_command_has_it(home, command, has_sandbox):
    (home.work / "a.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: x}\n")
    result = home.kirin(command, "a.yaml")
    assert (result.exit_code, "--sandbox" in result.stderr) == (4, has_sandbox), result.stderr


def test_a_shard_without_a_job_says_so(home):
    (home.work / "a.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: x}\n")
    runs = [home.kirin("run", "a.yaml", "--sandbox", "-q", "--shard", f"{index}/2") for index in (1, 2)]
    assert sorted((run.exit_code, run.stdout) for run in runs) == [(0, ""), (0, "renders/a.mp4\n")]
    empty = next(index for index, run in enumerate(runs, start=1) if not run.stdout)
    said = home.kirin("run", "a.yaml", "--sandbox", "--shard", f"{empty}/2").stderr
    assert said.startswith(f"no job falls into shard {empty}/2\n")
    (home.work / "a.yaml").write_text("jobs: []\n")
    assert home.kirin("run", "a.yaml", "--sandbox").stderr.startswith("there is no job to do\n")


@pytest.mark.parametrize("command", ["validate", "plan", "run"])
def test_a_job_that_is_left_out_though_another_needs_it_is_refused_by_the_check_too(home, command):
    edit = "params: {prompt: x, video_list: [{video_url: '${jobs.first.url}'}]}"
    jobs = f"  - {{name: first, params: {{prompt: x}}}}\n  - {{name: second, model: kirin_video_o1, {edit}}}\n"
    (home.work / "a.yaml").write_text(f"defaults: {{model: kirin_v1_t2v}}\njobs:\n{jobs}")
    refused = home.kirin(command, "a.yaml", "--skip", "first")
    assert (refused.exit_code, refused.stderr.splitlines()[0]) == (
        2,
        "--skip: error: job second needs job first, which is left out; leave it in: what is done costs nothing",
    )
    assert home.kirin("validate", "a.yaml", "--skip", "second").exit_code == 0
    assert home.kirin("validate", "a.yaml", "--only", "second").exit_code == 0
