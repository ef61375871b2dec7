"""What the service says about a submission, and what it means for the money (faults S10–S16)."""

import json
import re
from email.utils import formatdate
from itertools import accumulate
from pathlib import Path

import pytest
from faults.bench import KEY, Bench, bench
from loopback import faults
from loopback.exchange import Exchange, Fault
from loopback.messages import json_answer
from support.pictures import png

from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.events import Accepted, Generated, Pause, Retrying, RunEvent, Submitting

HOSTILE = "no \x1b]0;owned\x07 [red]such[/red] \u202e prompt\r\n::error::boo"


def refuse_again(x: Exchange) -> None:
    """A service that enforces unique ids, in whatever words."""
    x.read()
    x.send(json_answer(400, {"error": {"code": "1002", "message": "external_task_id already exists"}}))


def test_S10_a_refusal_on_the_first_send_is_1_and_says_why_harmlessly(machine: Bench) -> None:
    machine.api.script("POST", faults.answer(400, {"error": {"code": "1001", "message": HOSTILE}}))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (1, "rejected", "no")
    assert "such[/red]" in result.output
    assert not any(sign in result.output for sign in ("\x1b", "\x07", "\u202e", "\r", "\n::error::"))
    again = machine.run()
    assert (again.exit_code, again.outcome.state, machine.posts) == (1, "rejected", 1)
    assert "such[/red]" in again.outcome.error.message


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422])
def test_S10_every_refusal_is_sticky_until_it_is_asked_for(machine: Bench, status: int) -> None:
    machine.api.script("POST", faults.answer(status, {"message": "the model is unknown"}))
    assert [machine.run().exit_code for _ in range(2)] == [1, 1]
    assert machine.posts == 1


@pytest.mark.parametrize(
    "refusal",
    [
        refuse_again,
        faults.answer(409, b""),
        faults.answer(400, {"message": "some other words"}),
        faults.answer(422, {"status": {"code": 7, "message": "duplicate"}}),
    ],
)
def test_S11_a_refusal_of_an_id_that_was_sent_before_leads_to_a_query(machine: Bench, refusal: Fault) -> None:
    machine.api.script("POST", faults.create_late(queries=9, hold=False), refusal)
    result = machine.run()
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 2, 1)


@pytest.mark.parametrize("refusal", [refuse_again, faults.answer(409, {"message": "conflict"})])
def test_S12_a_duplicate_that_nobody_finds_is_a_conflict_for_a_person(machine: Bench, refusal: Fault) -> None:
    machine.api.script("POST", then=refusal)
    result = machine.run()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (6, "unknown", "maybe")
    assert f"kirin resolve {result.outcome.job.external_id}" in result.outcome.error.hint
    assert (machine.run().exit_code, machine.posts) == (6, 1)
    assert machine.entries()[0].state is LedgerState.CONFLICT


@pytest.mark.parametrize("times", range(1, 11))
def test_S13_a_task_that_shows_late_is_adopted_with_one_post(machine: Bench, times: int) -> None:
    machine.api.api.hidden_for = times
    machine.api.script("POST", faults.close_after_reading(create=True))
    result = machine.run(settle=400.0)
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)


def test_S13_a_task_that_shows_after_the_settling_time_is_one_task_all_the_same(folder: Path) -> None:
    with bench(folder, unique=True, hidden_for=14) as machine:
        machine.api.script("POST", faults.close_after_reading(create=True))
        result = machine.run()
        assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 2, 1)


DENIALS = {
    "401": (faults.answer(401, {"message": "invalid API key"}), 4),
    "403": (faults.answer(403, {"message": "permission denied"}), 4),
    "402": (faults.answer(402, {"message": "payment required"}), 5),
    "403 about money": (faults.answer(403, {"message": "balance insufficient"}), 5),
    "429 about money": (faults.answer(429, {"message": "quota exceeded, recharge"}), 5),
}


@pytest.mark.parametrize("name", DENIALS)
def test_S14_a_denial_stops_the_batch_before_its_next_post(machine: Bench, name: str) -> None:
    denial, code = DENIALS[name]
    machine.write_jobs(*"abcdefgh")
    machine.api.script("POST", None, None, denial)
    result = machine.run(in_flight=1)
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (code, 3, 2)
    assert [outcome.state for outcome in result.summary.outcomes] == ["done"] * 2 + ["pending"] * 6
    assert {outcome.error.charged for outcome in result.summary.outcomes[2:]} == {"no"}
    assert [entry.state for entry in machine.entries()] == [LedgerState.DONE] * 2 + [LedgerState.INTENT] * 6
    assert (machine.run().exit_code, machine.api.truth.created()) == (0, 8)


def test_S14_of_many_at_once_none_begins_after_the_denial_was_read(machine: Bench) -> None:
    machine.write_jobs(*(f"j{number}" for number in range(40)))
    machine.api.script("POST", None, None, None, None, then=faults.answer(401, {"message": "invalid API key"}))
    result = machine.run(in_flight=40)
    assert result.exit_code == 4
    assert machine.posts <= 4 + 4
    assert {entry.state for entry in machine.entries()} <= {
        LedgerState.INTENT,
        LedgerState.ACCEPTED,
        LedgerState.RUNNING,
        LedgerState.DONE,
    }


LONG = 3600.0
WAITS = {
    "2": 2.0,
    "0": None,
    "-1": None,
    "soon": None,
    "": None,
    "9" * 5000: LONG,
    "1e999": LONG,
    "nan": None,
    formatdate(0): None,
    formatdate(1_750_000_000 + 90, usegmt=True): 90.0,
}


@pytest.mark.parametrize("value", WAITS, ids=lambda value: value[:12] or "empty")
def test_S15_retry_after_is_honoured_or_capped_and_never_crashes(machine: Bench, value: str) -> None:
    machine.api.script("POST", faults.answer(429, {"message": "too many requests"}, {"Retry-After": value}))
    result = machine.run(timeout=9000.0)
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 2, 1)
    (retry,) = result.of(Retrying)
    expected = WAITS[value]
    assert retry.delay == pytest.approx(expected, abs=0.1) if expected else 0.5 < retry.delay < 2
    assert machine.entries()[0].counters.exposed == 1


def test_S15_a_service_that_says_0_for_ever_is_not_hammered(machine: Bench) -> None:
    machine.api.script("POST", then=faults.answer(429, {"message": "slow down"}, {"Retry-After": "0"}))
    result = machine.run(timeout=600.0)
    assert (result.exit_code, result.outcome.error.charged) == (8, "no")
    assert machine.posts < 40


def test_S15_the_deadline_ends_the_longest_wait(machine: Bench) -> None:
    machine.api.script("POST", then=faults.answer(429, {"message": "rate"}, {"Retry-After": "3000"}))
    assert machine.run(timeout=60.0).exit_code == 8


def test_S15_a_limit_halves_what_is_in_flight(machine: Bench) -> None:
    machine.write_jobs(*(f"j{number}" for number in range(24)))
    machine.api.api.seconds = None
    machine.api.api.statuses = ("in_progress",) * 6 + ("completed",)
    machine.api.script("POST", *[None] * 8, faults.answer(429, {"message": "too many tasks"}))
    result = machine.run(in_flight=8, timeout=36_000.0)
    assert (result.exit_code, machine.api.truth.created()) == (0, 24)
    going = running(result.events)
    limited = result.events.index(result.of(Retrying)[0])
    drained = next(number for number in range(limited, len(going)) if going[number] <= 4)
    assert (max(going[:limited]), max(going[drained:]) < 8) == (8, True)


def test_S15_a_refused_query_holds_all_and_leaves_as_many_tasks_in_flight_as_before(machine: Bench) -> None:
    machine.write_jobs(*(f"j{number}" for number in range(24)))
    machine.api.api.statuses = ("in_progress",) * 6 + ("completed",)
    machine.api.script("GET", faults.answer(429, {"message": "slow down"}, {"Retry-After": "60"}))
    result = machine.run(in_flight=8, timeout=36_000.0)
    assert (result.exit_code, machine.posts) == (0, 24)
    refused = result.of(Retrying)[0].at
    sent = sorted(event.at for event in result.of(Submitting))
    assert not [at for at in sent if refused + 1 < at < refused + 59]
    assert max(running(result.events)) == 8


def test_S15_no_question_is_asked_in_the_pause_that_a_refused_query_asks_for_though_tasks_end(machine: Bench) -> None:
    machine.write_jobs(*(f"j{number}" for number in range(24)))
    machine.api.api.statuses = ("in_progress",) * 6 + ("completed",)
    refusal = faults.answer(429, {"message": "slow down"}, {"Retry-After": "60"})
    machine.api.script("GET /model/v1/generation/task/krn1-*", *[None] * 8, *[refusal] * 3)
    result = machine.run(in_flight=8, timeout=36_000.0)
    assert (result.exit_code, machine.posts) == (0, 24)
    refused = sorted(event.at for event in result.of(Retrying))
    ended = [event.at for event in result.of(Generated)]
    assert len(refused) == 3
    assert len([at for at in ended if refused[0] < at < refused[0] + 59]) > 3
    assert not [at for at in refused if refused[0] < at < refused[0] + 59]


def test_S15_a_service_with_room_for_few_refuses_few_and_runs_all(machine: Bench) -> None:
    machine.write_jobs(*(f"j{number}" for number in range(24)))
    machine.api.api.room = 3
    machine.api.api.statuses = ("in_progress",) * 6 + ("completed",)
    result = machine.run(in_flight=12, timeout=36_000.0)
    assert (result.exit_code, machine.api.truth.created()) == (0, 24)
    assert machine.posts - 24 <= 12
    assert result.seconds < 1.6 * 24 / 3 * 7 * 5  # eight rounds of seven polls, one every 5 s


def test_S15_the_next_run_keeps_the_pause_that_the_service_asked_an_interrupted_one_for(machine: Bench) -> None:
    machine.api.script("POST", faults.answer(429, {"message": "rate"}, {"Retry-After": "300"}))
    assert (machine.run(timeout=60.0).exit_code, machine.posts) == (8, 1)
    result = machine.run(timeout=9000.0)
    assert (result.exit_code, machine.posts) == (0, 2)
    assert 235 < result.seconds < 260
    assert [round(pause.delay) for pause in result.of(Pause)] == [240]
    assert "takes no more just now (HTTP 429): waits for 240 s; Ctrl-C ends the wait" in result.output


def test_S15_after_a_pause_in_which_all_tasks_ended_as_many_run_at_once_as_before(machine: Bench) -> None:
    machine.write_jobs(*(f"j{number}" for number in range(32)))
    machine.api.api.statuses = ("in_progress",) * 6 + ("completed",)
    refusal = faults.answer(429, {"message": "rate"}, {"Retry-After": "3000"})
    machine.api.script("POST", *[None] * 16, refusal)
    result = machine.run(in_flight=16, timeout=36_000.0)
    assert (result.exit_code, machine.api.truth.created()) == (0, 32)
    going = running(result.events)
    drained = next(number for number in range(going.index(16), len(going)) if going[number] == 0)
    first_end = next(
        number for number in range(drained + 1, len(going)) if isinstance(result.events[number], Generated)
    )
    assert max(going[drained:first_end]) >= 8  # half of what ran when the service refused one


def running(events: list[RunEvent]) -> list[int]:
    """How many tasks were accepted and not yet completed, after each of the events."""
    return list(accumulate(isinstance(event, Accepted) - isinstance(event, Generated) for event in events))


def test_S16_an_upload_that_is_not_read_is_ambiguous(folder: Path) -> None:
    with bench(folder, receive_buffer=4096) as machine:
        (folder / "cup.png").write_bytes(png(320, 320, pad_to=7 << 20))
        machine.file.write_text("model: kirin_v1_5_i2v\nparams: {image: cup.png}\n")
        machine.api.script("POST", faults.stop_reading(after=10))
        result = machine.run(idle=0.5)
        assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 2, 1)
        assert not machine.api.truth.of("POST")[0].complete
        assert result.seconds > 120


def test_S16_an_early_413_is_a_refusal(machine: Bench) -> None:
    machine.api.script("POST", faults.early(413, {"message": "too large"}))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, machine.posts) == (1, "rejected", 1)


def test_H4_a_service_that_echoes_the_key_does_not_spread_it(machine: Bench) -> None:
    echo = {"error": {"code": KEY, "message": f"no such key: Bearer {KEY}"}}
    spelled = json.dumps(echo).replace("sk-secret", r"\u0073\u006b-secret")
    assert KEY not in spelled
    machine.write_jobs("a", "b", "c", "d")
    machine.api.script("POST", faults.answer(400, echo), faults.answer(400, spelled), faults.answer(503, f"<p>{KEY}"))
    failed = {"status": "failed", "error": {"code": KEY, "message": f"failed for {KEY}"}}
    machine.api.api.statuses = ({"status": f"thinking about {KEY}"}, failed)
    result = machine.run(in_flight=1)
    assert (result.exit_code, result.output.count("no such key: Bearer ***") >= 2) == (1, True)
    assert {"thinking about ***", "failed for ***"} <= set(
        re.findall(r"(?:thinking about|failed for) \*{3}", result.output)
    )
