"""The sample files of the job-file language, run as they are through the real command on the sandbox."""

import json
import shutil
from pathlib import Path

import pytest

from kirin_cli.cli.app import run_command_line

SAMPLES = Path(__file__).parents[1] / "sample_jobs"


@pytest.fixture
def samples(tmp_path, monkeypatch):
    """A copy of the samples to run in, with a ledger of its own."""
    for path in [*SAMPLES.glob("*.yaml"), *SAMPLES.glob("*.csv")]:
        shutil.copy(path, tmp_path)
    shutil.copytree(SAMPLES / "media", tmp_path / "media")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIRIN_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KIRIN_POLL_SECONDS", "0.1")
    return tmp_path


def made(samples, capsys, *arguments):
    """The exit code, and the files that a command made, by name."""
    code = run_command_line(["run", *arguments, "--sandbox", "--json", "--progress", "quiet"])
    jobs = json.loads(capsys.readouterr().out)["jobs"]
    files = [Path(output["path"]) for job in jobs for output in job["outputs"]]
    assert all(path.is_file() for path in files)
    return code, [str(path.relative_to("renders")) for path in files]


@pytest.mark.slow
def test_the_campaign_makes_every_combination(samples, capsys):
    code, files = made(samples, capsys, "campaign-matrix.yaml")
    assert code == 0
    assert files == [
        "campaign-matrix/street[city=Lisbon,aspect_ratio=16_9].mp4",
        "campaign-matrix/street[city=Lisbon,aspect_ratio=9_16].mp4",
        "campaign-matrix/street[city=Oslo,aspect_ratio=16_9].mp4",
        "campaign-matrix/street[city=Oslo,aspect_ratio=9_16].mp4",
        "campaign-matrix/cup[mode=std,cfg_scale=0.3].mp4",
        "campaign-matrix/cup[mode=pro,cfg_scale=0.7,seed=7].mp4",
        "campaign-matrix/fox.mp4",
    ]
    note = json.loads(Path("renders/campaign-matrix/fox.json").read_text())
    assert "it costs $0 to look" in json.dumps(note)


def test_the_shots_make_a_video_of_every_row_and_take(samples, capsys):
    code, files = made(samples, capsys, "shots.yaml")
    assert code == 0
    assert files == [
        "shots/shots[sunset].mp4", "shots/shots[sunset]-2.mp4", "shots/shots[market].mp4", "shots/shots[snow].mp4",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_part_of_the_campaign_with_another_season(samples, capsys):
    chosen = ["--only", "street[city=Oslo,*9:16]", "--tag", "social", "--set", "season=winter"]
    assert made(samples, capsys, "campaign-matrix.yaml", *chosen) == (
        0,
        ["campaign-matrix/street[city=Oslo,aspect_ratio=9_16].mp4"],
    )
    note = json.loads(Path("renders/campaign-matrix/street[city=Oslo,aspect_ratio=9_16].json").read_text())
    assert "A quiet street in Oslo, winter light, soft colours" in json.dumps(note)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["campaign-matrix.yaml", "--set", "saeson=winter"], 'no file has a variable "saeson"; did you mean "season"?'),
        (["campaign-matrix.yaml", "--set", "season"], "must be NAME=VALUE"),
        (["campaign-matrix.yaml", "--only", "cap*"], 'there is no job called "cap*"'),
        (["shots.yaml", "--tag", "9:17"], 'there is no job with the tag "9:17"; did you mean "9:16"?'),
        (["shots.yaml", "--max-jobs", "3"], "more than 3 jobs in this run; --max-jobs allows more"),
        (["campaign-matrix.yaml", "--max-jobs", "3"], "a run may have 3 (--max-jobs)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words_before_anything_is_sent(samples, capsys, arguments, words):
    for command in (["validate"], ["run", "--sandbox"]):
        assert run_command_line([*command, *arguments]) == 2
        assert words in capsys.readouterr().err
    assert not Path("renders").exists()


def test_a_problem_of_a_row_is_shown_with_the_row_and_in_json_too(samples, capsys):
    text = Path("shots.csv").read_text().replace("9:16", "4:3")
    Path("shots.csv").write_text(text)
    assert run_command_line(["validate", "shots.yaml"]) == 2
    said = capsys.readouterr().err
    assert 'aspect_ratio is "4:3"; choose 16:9, 9:16 or 1:1 [T3]  (job shots[market], from shots.yaml:13)' in said
    assert said.startswith("shots.csv:3:52: error: ")
    assert run_command_line(["validate", "shots.yaml", "--json"]) == 2
    jobs = json.loads(capsys.readouterr().out)["jobs"]
    assert [(one["rule"], one["file"], one["line"], one["column"]) for job in jobs for one in job["errors"]] == [
        ("T3", "shots.csv", 3, 52)
    ]


def test_a_single_job_with_placeholders_is_a_start_for_flags(samples, capsys, monkeypatch):
    Path("one.yaml").write_text(
        "model: kirin_v1_t2v\nvars: {city: Oslo}\nparams: {prompt: 'Rain over ${city} in ${env.SEASON}'}\n"
    )
    monkeypatch.setenv("SEASON", "May")
    assert run_command_line(["v1-t2v", "-f", "one.yaml", "--dry-run", "--json"]) == 0
    assert "Rain over Oslo in May" in capsys.readouterr().out
    monkeypatch.delenv("SEASON")
    assert run_command_line(["v1-t2v", "-f", "one.yaml", "--dry-run"]) == 2
    assert "one.yaml:3:10: error: prompt: env.SEASON is not set in the environment" in capsys.readouterr().err


def test_the_key_goes_into_no_request(samples, capsys, monkeypatch):
    monkeypatch.setenv("KIRIN_API_KEY", "sk-very-secret-key")
    Path("leak.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: 'a ${env.KIRIN_API_KEY}'}\n")
    assert run_command_line(["validate", "leak.yaml"]) == 2
    said = capsys.readouterr()
    assert "env.KIRIN_API_KEY is a secret, which never goes into a request" in said.err
    assert "very-secret" not in said.err + said.out


def test_flags_with_dollars_are_the_job_file_that_says_the_same(samples, capsys):
    prompt = "it costs $$5, or ${price} or $a"
    assert run_command_line(["v1-t2v", prompt, "--to-yaml"]) == 0
    Path("cost.yaml").write_text(capsys.readouterr().out)
    assert run_command_line(["v1-t2v", "-f", "cost.yaml", "--dry-run", "--json"]) == 0
    assert json.dumps(prompt) in json.dumps(json.loads(capsys.readouterr().out)["body"])
