"""With `--json` there is an object on standard output at every exit code, and it says what standard error says."""

import io
import json
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from support.command_line import surroundings

from kirin_cli.cli import runner
from kirin_cli.cli.app import run_command_line
from kirin_cli.cli.command_line import begin_command_line, current_command_line

ERROR = {"code", "message", "hint", "next", "retry_safe", "charged"}


def answer(done):
    """The object on standard output, which every command has at every exit code."""
    data = json.loads(done.stdout)
    assert data["exit_code"] == done.exit_code
    assert isinstance(data["errors"], list)
    assert isinstance(data["problems"], list)
    for job in data.get("jobs", []):
        assert job.get("error") is None or set(job["error"]) >= ERROR
    return data


def error(done):
    """The one error of a command that ended before it could do anything."""
    data = answer(done)
    (only,) = data["errors"]
    assert set(only) >= ERROR
    assert only["message"] in done.stderr.replace("\n", " ")
    return only


@pytest.mark.parametrize(
    "arguments",
    [
        "v1-t2v hi --nope", "v1-t2v hi --count x", "v1-t2v hi more", "run", "nope", "list --state nope", "usage --by x",
        "show nope", "models nope", "wait nope", "config --profile nope", "report nope", "auth nope", "resolve nope",
        "v1-t2v hi --max-cost 0", "-- --json",
    ],
)  # fmt: skip
def test_2_a_command_line_that_cannot_be(workspace, arguments):
    words = shlex.split(arguments)
    words = words if "--json" in words else [*words, "--json"]
    done = workspace.kirin(*words, expect=2)
    if words[0] == "--":
        assert done.stdout == ""
    else:
        only = error(done)
        assert (only["code"], only["retry_safe"], only["charged"]) == ("usage", True, "no")


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_2_what_is_wrong_with_a_file_is_in_problems_with_its_line(workspace, command):
    workspace.write("jobs:", "  - {name: a, params: {prompt: a, mode: best}}")
    data = answer(workspace.kirin(command, "jobs.yaml", "--json", expect=2))
    (problem,) = data["problems"]
    assert (problem["rule"], problem["path"], problem["line"]) == ("T3", "mode", 4)


def test_2_what_is_wrong_with_flags_is_in_problems(workspace):
    data = answer(workspace.kirin("v1-t2v", "x", "--mode", "best", "--json", expect=2))
    assert [(problem["rule"], problem["path"]) for problem in data["problems"]] == [("T3", "mode")]
    assert data["totals"]["jobs"] == 0


def test_0_the_answers_of_all_commands_have_the_three_names(workspace):
    workspace.jobs("rain")
    for command in (
        "run jobs.yaml", "v1-t2v hi", "list", "show TASK", "usage", "models", "models v1-t2v", "config",
        "doctor --offline", "auth status", "validate jobs.yaml", "plan jobs.yaml",
    ):  # fmt: skip
        task = str(workspace.entries()["rain"].task_id) if "TASK" in command else ""
        data = answer(workspace.kirin(*command.replace("TASK", task).split(), "--json", expect=0))
        assert data["errors"] == [] or "v1-t2v" in command  # those that the page of a model explains


def test_3_8_5_and_1_say_what_is_safe_and_what_goes_on(workspace):
    def failing(*flags, expect, **environ):
        (job,) = answer(workspace.kirin("v1-t2v", "a b", "--json", *flags, expect=expect, **environ))["jobs"]
        return job["state"], job["error"]

    state, failed = failing("--max-cost", "0.10", expect=5)
    assert (state, failed["charged"], failed["retry_safe"], failed["next"]) == ("pending", "no", True, None)
    workspace.serve(speed=0.01)
    state, failed = failing("--timeout", "0.3s", expect=8)
    task = workspace.entries().popitem()[1].task_id
    assert (state, failed["charged"], failed["retry_safe"]) == ("pending", "maybe", False)
    assert failed["next"] == f"kirin wait {task}"
    workspace.serve(fail_rate=1.0)
    state, failed = failing(expect=1)
    assert (state, failed["charged"], failed["retry_safe"]) == ("failed", "no", True)
    assert failed["next"] == "kirin v1-t2v 'a b' --json"
    assert "--retry-failed" not in failed["hint"]


def test_4_a_key_that_is_refused_names_the_command_that_was_typed_and_no_other(workspace):
    done = workspace.kirin("v1-t2v", "x", "--json", expect=4, KIRIN_API_KEY="sk-wrong-0123456789")
    (job,) = answer(done)["jobs"]
    assert (job["error"]["charged"], job["error"]["retry_safe"]) == ("no", True)
    assert job["error"]["next"] == "kirin v1-t2v x --json"
    assert "kirin run" not in done.stderr
    assert "kirin resume" not in done.stderr
    assert "to go on: kirin v1-t2v x --json" in done.stderr
    del workspace.environ["KIRIN_API_KEY"]
    only = error(workspace.kirin("v1-t2v", "x", "--json", expect=4))
    assert (only["code"], only["charged"]) == ("not_permitted", "no")


def test_9_a_ledger_that_cannot_be(workspace):
    (workspace.home.work / "file").write_text("x")
    for command in ("v1-t2v x", "list", "usage"):
        done = workspace.kirin(*command.split(), "--json", expect=9, KIRIN_STATE_DIR="file")
        assert error(done)["code"] == "local"


def test_70_a_bug_of_a_command_that_makes_something_may_have_cost_something(workspace, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(runner, "execute", broken)
    done = workspace.home.kirin("v1-t2v", "x", "--json", env=workspace.environ)
    assert done.exit_code == 70
    only = answer(done)["errors"][0]
    assert (only["code"], only["charged"], only["retry_safe"]) == ("bug", "maybe", False)


def test_a_command_that_answered_is_not_answered_again(workspace):
    done = workspace.kirin("doctor", "--json", expect=4, KIRIN_API_KEY="sk-wrong-0123456789")
    assert len(answer(done)["checks"]) > 5


def test_json_is_wanted_where_it_is_a_flag():
    assert begin_command_line(["run", "--json", "x"]).wants_json
    assert not begin_command_line(["v1-t2v", "--", "--json"]).wants_json
    assert begin_command_line(["v1-t2v", "it's"]).text == """kirin v1-t2v 'it'"'"'s'"""
    assert current_command_line().arguments == ("v1-t2v", "it's")


@pytest.mark.parametrize(
    "arguments", [("v1-t2v", "-", "--dry-run"), ("validate", "-"), ("report", "-"), ("v1-t2v", "-f", "-", "--dry-run")]
)
def test_what_reads_a_standard_input_that_is_closed_says_so(home, arguments):
    with surroundings(home.work, home.environ(), ""), redirect_stderr(io.StringIO()) as stderr:
        sys.stdin = None  # as Python has it after `<&-`
        assert run_command_line(arguments) == 2
    assert re.search("cannot be read(?: from standard input)?: it is closed", stderr.getvalue())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_a_version_that_cannot_be_printed_is_said(home, flag):
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "kirin_cli", flag]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=home.environ(), check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        9, "error: standard output cannot be written: No space left on device",
    )  # fmt: skip
