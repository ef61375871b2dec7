"""Waiting for a task, and what the service may say meanwhile (faults P1–P9)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from faults.bench import CLIP, Bench
from loopback import faults
from loopback.scripts import every
from loopback.truth import Task

from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.events import Notice, Retrying

TROUBLE = (
    faults.answer(500), faults.reset_after_reading(create=False), faults.html(503), faults.raw(b"\x00garbage\r\n\r\n"),
    faults.stall(), faults.html(200), faults.cut(10), faults.answer(429, b"", {"Retry-After": "7"}),
    faults.answer(200, "3"),
)  # fmt: skip
POLLS = "GET /model/*"


def test_P1_one_poll_in_three_goes_wrong_and_no_task_fails_by_it(machine: Bench) -> None:
    machine.write_jobs(*(f"j{number}" for number in range(6)))
    machine.api.api.statuses = (*["in_progress"] * 6, "completed")
    machine.api.decide(POLLS, every(3, *TROUBLE))
    result = machine.run(query=0.1)
    assert (result.exit_code, machine.posts, len(result.of(Retrying)) > 10) == (0, 6, True)


@pytest.mark.parametrize("times", [1, 3, 6])
def test_P2_404_right_after_acceptance_is_forgiven(machine: Bench, times: int) -> None:
    machine.api.api.hidden_for = times
    assert (machine.run().exit_code, machine.posts) == (0, 1)


MISSING = {
    "JSON": faults.answer(404, {"message": "task not found"}),
    "empty": faults.answer(404),
}


@pytest.mark.parametrize("name", MISSING)
def test_P2_404_for_ten_minutes_is_lost_and_asked_again_by_every_command(machine: Bench, name: str) -> None:
    machine.api.script("GET", then=MISSING[name])
    result = machine.run()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (6, "unknown", "maybe")
    assert 600 < result.seconds < 700
    assert f"kirin resolve {result.outcome.job.external_id}" in result.outcome.error.hint
    assert machine.entries()[0].state is LedgerState.LOST
    for resume in (False, True):
        again = machine.run(resume=resume)
        assert (again.exit_code, again.seconds < 60, machine.posts) == (6, True, 1)
        assert result.outcome.task_id in again.outcome.error.message
    machine.api.forget_scripts()
    found = machine.run(resume=True)
    assert (found.exit_code, found.outcome.state, machine.posts) == (0, "done", 1)


def test_P2_a_lost_task_that_still_runs_is_waited_for_again(machine: Bench) -> None:
    machine.api.script("GET", then=MISSING["JSON"])
    assert machine.run().exit_code == 6
    machine.api.forget_scripts()
    machine.api.api.statuses = ("in_progress",) * 5 + ("completed",)
    result = machine.run()
    assert (result.exit_code, result.outcome.state, machine.posts) == (0, "done", 1)


@pytest.mark.parametrize("trouble", [faults.answer(500), faults.close_after_reading(create=False)])
def test_P2_a_lost_task_holds_no_command_up_while_the_service_is_down(machine: Bench, trouble: Any) -> None:
    machine.api.script("GET", then=MISSING["JSON"])
    assert machine.run().exit_code == 6
    machine.api.forget_scripts()
    machine.api.script("GET", then=trouble)
    result = machine.run()
    assert (result.exit_code, result.seconds < 120) == (6, True)


def during(machine: Bench, seconds: float, answer: Any, fits: Callable[[str], bool] = lambda _: True) -> None:
    """From the second query on, every query that fits gets this answer for so long."""
    began = machine.clock.now()

    def choose(number: int, request: Any) -> Any:
        return answer if number > 1 and fits(request.path) and machine.clock.now() - began < seconds else None

    machine.api.decide(POLLS, choose)


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize("seconds", [75.0, 1500.0])
def test_P12_404_for_every_task_is_an_outage_and_nobody_is_lost(machine: Bench, name: str, seconds: float) -> None:
    machine.write_jobs("a", "b", "c")
    machine.api.api.statuses = ("in_progress",) * 3 + ("completed",)
    during(machine, seconds, MISSING[name])
    result = machine.run()
    assert (result.exit_code, machine.posts) == (0, 3)
    assert result.seconds > seconds
    said = [notice.text for notice in result.of(Notice) if "outage" in notice.text]
    assert len(said) == (3 if seconds > 600 else 0)


def test_P12_404_of_75_seconds_for_a_task_alone_is_no_loss(machine: Bench) -> None:
    during(machine, 75.0, MISSING["empty"])
    result = machine.run()
    assert (result.exit_code, machine.posts) == (0, 1)


def test_P12_one_of_several_that_is_not_found_is_lost_and_the_others_go_on(machine: Bench) -> None:
    machine.write_jobs("a", "b", "c")
    machine.api.api.statuses = ("in_progress",) * 60 + ("completed",)

    def is_of_first(path: str) -> bool:
        task = machine.api.truth.task(path.rpartition("/")[2])
        return task is not None and task.number == 1

    during(machine, 1e9, MISSING["JSON"], is_of_first)
    machine.api.api.statuses = ("in_progress",) * 200 + ("completed",)
    result = machine.run(timeout=7200.0)
    assert sorted(outcome.state for outcome in result.summary.outcomes) == ["done", "done", "unknown"]
    assert result.exit_code == 6
    machine.api.forget_scripts()
    assert (machine.run().exit_code, machine.posts) == (0, 3)


@pytest.mark.parametrize("word", ["dreaming", "COMPLETED?", "", None, 7, ["completed"], "x" * 5000, "\x1b[2J"])
def test_P3_an_unknown_status_means_still_running_and_is_said_once(machine: Bench, word: Any) -> None:
    machine.api.api.statuses = ({"status": word},) * 5 + ("completed",)
    result = machine.run()
    assert (result.exit_code, machine.queries) == (0, 7)
    assert len(result.of(Notice)) <= 1
    assert "\x1b" not in result.output


@pytest.mark.parametrize("word", ["Completed", "COMPLETED", " completed "])
def test_P3_the_case_of_a_status_does_not_matter(machine: Bench, word: str) -> None:
    url = machine.cdn.url("/result.mp4")
    machine.api.api.statuses = ({"status": word, "output": [{"content": [{"type": "video", "url": url}]}]},)
    assert machine.run().exit_code == 0


def test_P3_completed_is_sticky_whatever_is_said_afterwards(machine: Bench) -> None:
    machine.cdn.script("GET", faults.answer(403))
    machine.api.api.statuses = ("completed", "in_progress", "queued", "completed")
    result = machine.run()
    assert (result.exit_code, machine.posts, machine.queries) == (0, 1, 5)
    assert LedgerState.SUCCEEDED not in {entry.state for entry in machine.entries()}


def contents(*urls: object) -> dict[str, Any]:
    return {"status": "completed", "output": [{"content": [{"type": "video", "url": url} for url in urls]}]}


NO_RESULT = {
    "no output": {"status": "completed"},
    "null": {"status": "completed", "output": None},
    "empty": contents(),
    "empty URL": contents(""),
    "no text": contents(7),
    "relative": contents("/x.mp4"),
    "ftp": contents("ftp://127.0.0.1/x.mp4"),
    "file": contents("file:///etc/passwd"),
    "no host": contents("http://"),
}


@pytest.mark.parametrize("name", NO_RESULT)
def test_P4_completed_without_a_usable_url_is_paid_for_and_7(machine: Bench, name: str) -> None:
    machine.api.api.statuses = ({"output": None, **NO_RESULT[name]},)
    result = machine.run()
    task = machine.api.truth.tasks[0].id
    assert (result.exit_code, result.outcome.task_id, result.outcome.error.charged, machine.posts) == (
        7,
        task,
        "yes",
        1,
    )
    assert f"task {task} was generated and paid for" in result.output


def test_P4_a_url_that_is_said_twice_is_fetched_once(machine: Bench) -> None:
    url = machine.cdn.url("/result.mp4")
    machine.api.api.results = lambda task: [url, url]
    result = machine.run()
    assert (result.exit_code, len(result.outcome.outputs), len(machine.cdn.truth.of("GET"))) == (0, 1, 1)


FAILURES = {
    "null": None,
    "text": "out of memory",
    "object": {"code": "002001095", "error_message": "Internal generation error"},
    "1 MB": {"message": "x" * (1 << 20)},
    "controls": {"code": "\x1b[31m", "message": "a\x07b\x9bc\u2028d\ud800e\r\n::error::"},
    "a list": ["a"],
}


@pytest.mark.parametrize("name", FAILURES)
def test_P5_a_failure_is_1_and_shown_harmlessly_and_cut(machine: Bench, name: str) -> None:
    machine.api.api.statuses = ({"status": "failed", "error": FAILURES[name]},)
    result = machine.run()
    assert (result.exit_code, result.outcome.state, machine.posts) == (1, "failed", 1)
    assert len(result.outcome.error.message) < 500
    assert not any(sign in result.output for sign in ("\x1b", "\x07", "\x9b", "\u2028", "\ud800", "\n::error"))
    again = machine.run()
    assert (again.exit_code, machine.posts) == (1, 1)
    assert again.outcome.error.message == result.outcome.error.message


def test_P6_an_answer_of_one_byte_a_second_is_given_up(machine: Bench) -> None:
    machine.api.script("POST", faults.trickle(0.05))
    machine.api.script(POLLS, faults.trickle(0.05))
    result = machine.run(create=0.2, query=0.2)
    assert (result.exit_code, machine.posts) == (0, 1)


def test_P7_a_key_that_dies_in_the_middle_is_4_and_a_new_one_goes_on(machine: Bench) -> None:
    machine.write_jobs("a", "b", "c", "d")
    machine.api.api.statuses = ("in_progress",) * 3 + ("completed",)
    machine.api.decide(POLLS, lambda number, _: revoke(machine) if number == 5 else None)
    result = machine.run(in_flight=2)
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (4, 2, 2)
    assert "key" in result.output
    again = machine.run(key="sk-the-new-key-of-the-same-account")
    assert (again.exit_code, machine.api.truth.created(), len(machine.api.truth.of("POST"))) == (0, 4, 4)


def test_P7_a_new_key_asks_before_it_sends_what_the_old_one_may_have_sent(machine: Bench) -> None:
    machine.api.script("POST", faults.create_late(queries=3, hold=False))
    machine.api.script(POLLS, None, faults.answer(401))
    assert machine.run().exit_code == 6
    machine.api.api.key = "sk-the-new-key-of-the-same-account"
    assert (machine.run(key=machine.api.api.key).exit_code, machine.posts) == (0, 1)


def test_P7_a_key_of_another_account_pays_for_nothing_a_second_time(machine: Bench) -> None:
    assert machine.run(waits=False).exit_code == 0
    first = machine.api.truth.tasks[0]
    ids, machine.api.api.key = {first.id, first.external_id}, "sk-of-another-account"
    theirs = faults.answer(404, {"message": "task not found"})
    machine.api.decide(POLLS, lambda _, request: theirs if request.path.rpartition("/")[2] in ids else None)
    for _ in range(2):
        result = machine.run(key=machine.api.api.key)
        assert (result.exit_code, result.outcome.state, machine.posts) == (4, "pending", 1), result.output
        assert f"with another key, as task {first.id}" in result.output
    assert (machine.run_unjudged(key=machine.api.api.key, again=True).exit_code, machine.posts) == (0, 2)


def revoke(machine: Bench) -> None:
    machine.api.api.key = "sk-the-new-key-of-the-same-account"


def test_P8_a_task_that_never_completes_is_8_and_nothing_is_lost(machine: Bench) -> None:
    machine.api.api.statuses = ("in_progress",)
    result = machine.run(timeout=1800.0)
    assert (result.exit_code, result.outcome.state, machine.posts) == (8, "pending", 1)
    assert result.outcome.task_id in result.outcome.error.message
    assert result.seconds == pytest.approx(1800.0, abs=0.01)
    machine.api.api.statuses = ("completed",)
    assert (machine.run().exit_code, machine.posts) == (0, 1)


HUGE = {
    "100 MB": lambda: b"[" + b" " * 100_000_000 + b"]",
    "deep": lambda: b'{"a": ' * 200_000 + b"1" + b"}" * 200_000,
    "deep list": lambda: b"[" * 200_000,
    "5,000 digits": lambda: b'{"status": "completed", "progress": ' + b"9" * 5000 + b"}",
    "NaN": lambda: b'{"status": "completed", "progress": NaN}',
    "1e999": lambda: b'{"status": "completed", "usage": {"cost": 1e999}}',
    "key twice": lambda: b'{"status": "failed", "status": "completed"}',
    "not UTF-8": lambda: b'{"status": "\xff\xfe"}',
}


@pytest.mark.parametrize("name", HUGE)
def test_P9_a_monstrous_answer_is_a_failed_poll_and_no_more(machine: Bench, name: str) -> None:
    machine.api.script(POLLS, faults.answer(200, HUGE[name](), {"Content-Type": "application/json"}))
    result = machine.run()
    assert (result.exit_code, machine.posts, len(result.of(Retrying))) == (0, 1, 1)
    assert result.outcome.outputs[0].path.read_bytes() == CLIP


def test_the_sidecar_beside_the_file_tells_the_task(machine: Bench) -> None:
    result = machine.run()
    note = json.loads(result.outcome.outputs[0].path.with_suffix(".json").read_text())
    task: Task = machine.api.truth.tasks[0]
    assert (note["task_id"], note["external_task_id"]) == (task.id, task.external_id)
