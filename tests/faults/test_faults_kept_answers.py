"""What the service said is kept, and can be shown (promise 12), and a paid task's id is never missing (fault L2)."""

import json
from typing import Any

import pytest
from faults.bench import KEY, Bench
from faults.in_process import kirin
from faults.processes import environment
from loopback import faults
from loopback.messages import Answer, Request
from support.command_line import run_in_process

EXTRA = {"queue": "fast", "metadata": {"region": "eu"}}


def with_request_id(machine: Bench, **fields: Any) -> None:
    """Every answer of the service has a request id, and these fields."""

    def change(request: Request, honest: Answer) -> Answer:
        payload = json.loads(bytes(honest.body)) | fields
        return faults.given_answer(honest.status, payload, {"X-Request-ID": f"req-{request.method.lower()}"})

    machine.api.script("*", then=faults.altered(change))


def shown(machine: Bench, *arguments: str) -> Any:
    result = kirin(machine, "show", *arguments)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_promise_12_the_last_answer_stands_in_ledger_note_json_and_report(machine: Bench) -> None:
    with_request_id(machine, **EXTRA)
    machine.write_jobs("rain")
    ran = kirin(machine, "run", "jobs.yaml", "--json", "--report", "html=r.html", "--report", "json=r.json")
    assert ran.exit_code == 0, ran.stderr
    task = machine.api.truth.tasks[0]
    facts = {"jobId": task.id, "discount": 1, "queue": "fast", "metadata": {"region": "eu"}, "request_id": "req-get"}
    (job,) = ran.data["jobs"]
    assert job["service"].items() >= facts.items()
    raw = shown(machine, task.id, "--raw")
    assert (raw["id"], raw["queue"], raw["output"][0]["content"][0]["jobId"]) == (task.id, "fast", task.id)
    assert raw["output"][0]["content"][0]["url"].endswith(f"?{task.id}")
    assert shown(machine, task.id, "--json")["service"] == job["service"]
    assert "req-get" in kirin(machine, "show", task.id).stdout
    note = json.loads((machine.renders / "rain.json").read_text())
    assert (note["service"], note["answer"]["queue"]) == (job["service"], "fast")
    assert note["answer"]["output"][0]["content"][0]["url"] == machine.cdn.url("/result.mp4")
    assert "req-get" in (machine.folder / "r.html").read_text()
    assert json.loads((machine.folder / "r.json").read_text())["jobs"][0]["service"] == job["service"]
    again = kirin(machine, "run", "jobs.yaml", "--json").data["jobs"][0]
    assert (again["state"], again["service"]) == ("skipped", job["service"])


def test_promise_12_an_error_is_shown_with_its_request_id(machine: Bench) -> None:
    with_request_id(machine, status="failed", error={"code": "7", "message": "no"})
    first = kirin(machine, "run", "jobs.yaml", "--json")
    error = first.data["jobs"][0]["error"]
    assert (first.exit_code, "request id req-get" in error["message"]) == (1, True)
    assert kirin(machine, "run", "jobs.yaml", "--json").data["jobs"][0]["error"]["message"] == error["message"]
    task = machine.api.truth.tasks[0].id
    assert shown(machine, task, "--raw")["error"]["message"] == "no"
    assert shown(machine, task, "--json")["service"]["request_id"] == "req-get"


@pytest.mark.parametrize("status", [400, 500])
def test_promise_12_so_is_a_refusal_and_one_that_nobody_understands(machine: Bench, status: int) -> None:
    machine.api.script("POST", then=faults.answer(status, {"message": "no"}, {"x-request-id": f"req-{KEY}"}))
    result = kirin(machine, "run", "jobs.yaml", "--json", "--timeout", "1s")
    assert "request id req-***" in result.stderr + result.data["jobs"][0]["error"]["message"]
    external_id = result.data["jobs"][0]["external_task_id"]
    assert shown(machine, external_id, "--raw") == {"message": "no"}


def test_promise_12_what_is_kept_holds_neither_key_nor_base64_and_is_bounded(machine: Bench) -> None:
    with_request_id(machine, echo=f"Bearer {KEY}", picture="iVBORw0KGgo" * 20_000, words=["word " * 100] * 5000)
    result = machine.run()
    assert result.exit_code == 0
    raw = shown(machine, machine.api.truth.tasks[0].id, "--raw")
    assert raw["echo"] == "Bearer ***"
    assert "characters of Base64" in raw["picture"]
    assert len(json.dumps(raw)) < 64 * 1024


def test_promise_12_where_nothing_was_said_that_is_said(machine: Bench) -> None:
    machine.api.script("POST", then=faults.reset_after_reading(create=False))
    result = kirin(machine, "run", "jobs.yaml", "--json", "--timeout", "1s")
    shown = kirin(machine, "show", result.data["jobs"][0]["external_task_id"], "--raw")
    assert (shown.exit_code, "no answer of the service" in shown.stderr) == (2, True)


def test_promise_12_a_task_that_only_the_service_knows_is_shown_raw(machine: Bench) -> None:
    machine.run()
    task = machine.api.truth.tasks[0].id
    elsewhere = environment(machine) | {"KIRIN_STATE_DIR": str(machine.folder / "other")}
    raw = run_in_process(machine.folder, elsewhere, "show", task, "--raw")
    assert json.loads(raw.stdout)["id"] == task
