"""The key that a service echoes and the ids that it makes up (faults H4 and H5)."""

import json

import pytest
from faults import oracle, processes
from faults.bench import CLIP, KEY, Bench
from faults.in_process import kirin
from faults.processes import run_process
from loopback import faults
from loopback.exchange import Exchange
from loopback.messages import json_answer

ECHOES: dict[str, str] = {
    "plain": KEY, "in JSON": "".join(f"\\u{ord(letter):04x}" for letter in KEY), "in a URL": KEY.replace("-", "%2D"),
    "in HTML": f"<b>{KEY}</b>", "with its scheme": f"Bearer {KEY}",
}  # fmt: skip


@pytest.mark.parametrize("form", ECHOES)
def test_H4_a_key_that_the_service_echoes_is_nowhere(machine: Bench, form: str) -> None:
    error = '{"code": "KEY", "message": "your key KEY is odd"}'.replace("KEY", ECHOES[form])
    body = f'{{"status": "failed", "error": {error}}}'
    machine.api.script("GET", None, faults.answer(200, body.encode()))
    run = machine.run_unjudged()
    assert run.exit_code == 1
    assert "is odd" in run.output
    oracle.key_is_nowhere(KEY, run.output, machine.folder)


def test_H4_a_key_in_urls_ids_and_words_is_nowhere(machine: Bench) -> None:
    def everywhere(x: Exchange) -> None:
        answer = json.loads(bytes(x.honest().body))
        for item in answer.get("output", [{}])[0].get("content", []):
            item["url"] += f"&token={KEY}"
            item["jobId"] = item["duration"] = KEY
        x.send(json_answer(200, answer | {"metadata": {"key": KEY}, "usage": {"cost": "0.28", "unit_price": KEY}}))

    machine.api.script("GET", everywhere, everywhere)
    code, process = run_process(
        machine, "run", "jobs.yaml", "--json", "--report", "html=out.html", "--report", "markdown=out.md"
    )
    assert code == 0, process.output
    processes.judge(machine, process)
    assert not machine.cdn.truth.saw(KEY)


IDS = (
    "../../x?y=",
    "..%2f..%2fx",
    "/etc/passwd",
    "a b",
    "a#b",
    "a?b=c",
    "ü",
    "%",
    "*",
    "con",
    "-rf",
    "'; DROP TABLE entries; --",
    "a/../../b",
)


@pytest.mark.parametrize("evil", IDS)
def test_H5_a_task_id_is_one_segment_whatever_it_holds(machine: Bench, evil: str) -> None:
    def rename(x: Exchange) -> None:
        answer = json.loads(bytes(x.honest().body))
        task = machine.api.truth.tasks[-1]
        with machine.api.truth.changed:
            task.id = evil
            machine.api.truth._by_name[evil] = task
        x.send(json_answer(200, answer | {"id": evil}))

    machine.api.script("POST", rename)
    machine.file.write_text(machine.file.read_text() + 'output: {name: "{task_id}.{ext}"}\n')
    run = machine.run()
    assert (run.exit_code, run.outcome.task_id, machine.posts) == (0, evil, 1), run.output
    assert {request.target.rpartition("/")[0] for request in machine.api.truth.of("GET")} == {
        "/model/v1/generation/task"
    }
    assert not any(sign in request.target for request in machine.api.truth.of("GET") for sign in "?#")
    assert run.outcome.outputs[0].path.parent == machine.renders
    assert run.outcome.outputs[0].path.read_bytes() == CLIP


@pytest.mark.parametrize("evil", ["..", ".", "", "x" * 300, "a\x00b", "a\nb", "\x1b[2J"])
def test_H5_what_can_be_no_task_id_is_not_taken_for_one(machine: Bench, evil: str) -> None:
    machine.api.script("POST", faults.json_with(id=evil))
    run = machine.run_unjudged()
    assert (run.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1), run.output
    assert run.outcome.task_id == machine.api.truth.tasks[0].id
    assert "\x1b" not in run.output


def test_H5_ids_on_the_command_line_reach_no_other_endpoint(machine: Bench) -> None:
    for evil in ("../../x?y=", "..", "a/b", "x\x1b[2J", "%2e%2e", ""):
        code, _, stderr = kirin(machine, "download", "--", evil)
        assert (code, "\x1b" in stderr) == (2, False), stderr
    assert {request.target.rpartition("/")[0] for request in machine.api.truth.of("GET")} == {
        "/model/v1/generation/task"
    }
