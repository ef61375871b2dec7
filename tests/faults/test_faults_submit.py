"""What becomes of a submission when the connection breaks or the answer is lost (faults S1–S9)."""

import json
import socket

import pytest
from faults.bench import CLIP, Bench
from loopback import faults
from loopback.exchange import Fault
from loopback.service import Service
from loopback.unreachable import deaf_url, refused_url

from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.events import Accepted, Retrying


def nowhere(host: str, port: int) -> list[object]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_S1_a_refused_connection_is_tried_again_with_the_same_id_and_then_is_3(machine: Bench) -> None:
    result = machine.run(base_url=refused_url())
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (3, "pending", "no")
    assert len(result.of(Retrying)) == 4
    assert [(entry.state, entry.counters.exposed) for entry in machine.entries()] == [(LedgerState.INTENT, 0)]
    assert machine.run().exit_code == 0
    assert machine.posts == 1


def test_S1_connect_timeouts_are_certainly_not_sent(machine: Bench) -> None:
    with deaf_url() as url:
        result = machine.run(base_url=url, connecting=0.05)
    assert (result.exit_code, result.outcome.error.charged) == (3, "no")


def test_S1_the_end_of_the_wait_for_a_service_that_is_not_reached_is_3_in_the_middle_of_connecting_too(
    machine: Bench,
) -> None:
    machine.write_jobs("rain", "snow")
    with deaf_url() as url:
        result = machine.run(base_url=url, timeout=0.2, connecting=60.0, in_flight=1)
    assert (result.exit_code, [one.exit_code for one in result.summary.outcomes]) == (3, [3, 8])
    rain, snow = (one.error for one in result.summary.outcomes)
    assert "the service could not be reached: 127.0.0.1:" in rain.message
    assert rain.message.endswith("did not answer in time: not sent")
    assert (snow.message, rain.charged, snow.charged) == ("the wait is over: not sent", "no", "no")


def test_S1_a_task_that_nobody_can_be_asked_about_is_3_where_the_service_was_never_reached(machine: Bench) -> None:
    machine.run(waits=False)
    result = machine.run(base_url=refused_url(), timeout=30.0, resume=True)
    task_id = machine.entries()[0].task_id
    assert (result.exit_code, result.outcome.state) == (3, "pending")
    assert result.outcome.error.message.endswith(f"Connection refused: task {task_id} goes on")
    assert result.outcome.error.charged == "maybe"


def test_S1_a_service_that_is_gone_after_it_was_reached_leaves_a_task_that_still_runs(machine: Bench) -> None:
    machine.api.script("GET", faults.answer(404, {"message": "task not found"}), then=faults.answer(503))
    result = machine.run(timeout=60.0)
    assert (result.exit_code, result.outcome.state, machine.posts) == (8, "pending", 1)
    assert "the wait is over, and the service no longer answers (HTTP 503): task " in result.output


def test_S1_a_name_without_an_address_is_certainly_not_sent(machine: Bench) -> None:
    result = machine.run(base_url="https://cloud.invalid", resolver=nowhere)
    assert (result.exit_code, result.outcome.error.charged) == (3, "no")
    assert "cloud.invalid" in result.output


def test_S1_a_service_that_comes_back_gets_the_same_id(machine: Bench) -> None:
    result = machine.run(base_url=refused_url(), timeout=3.0)
    assert (result.exit_code, result.outcome.error.charged) == (3, "no")
    (before,) = machine.entries()
    assert machine.run().exit_code == 0
    assert machine.api.truth.tasks[0].external_id == before.external_id


@pytest.mark.parametrize("certificate", ["stranger", "expired"])
def test_S2_a_bad_certificate_is_said_in_words_and_not_retried(machine: Bench, certificate: str) -> None:
    with Service(tls=certificate, patience=2) as api:
        result = machine.run(base_url=api.url("", host="localhost"))
        api.truth.until(lambda truth: truth.failed_handshakes == 1)
        assert (result.exit_code, api.truth.requests) == (3, ())
    assert "certificate" in result.output
    assert result.of(Retrying) == []


@pytest.mark.parametrize("fault", [faults.reset_before_reading(), faults.close_before_reading()])
def test_S3_a_reset_before_the_request_is_read_makes_one_task_in_the_end(machine: Bench, fault: Fault) -> None:
    machine.api.script("POST", fault)
    assert machine.run().exit_code == 0
    assert machine.api.truth.created() == 1


@pytest.mark.parametrize("fault", [faults.reset_after_reading(create=True), faults.close_after_reading(create=True)])
def test_S4_a_lost_answer_is_found_by_query_with_one_post(machine: Bench, fault: Fault) -> None:
    machine.api.script("POST", fault)
    result = machine.run()
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)
    assert [event.adopted for event in result.of(Accepted)] == [True]


@pytest.mark.parametrize("fault", [faults.reset_after_reading(create=False), faults.close_after_reading(create=False)])
def test_S5_an_absence_is_settled_before_the_same_id_is_sent_again(machine: Bench, fault: Fault) -> None:
    machine.api.script("POST", fault)
    result = machine.run()
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 2, 1)
    assert result.seconds > 120
    assert machine.queries > 5
    assert len({json.loads(post.body)["input"][0]["params"]["external_task_id"] for post in posts(machine)}) == 1


def test_S5_without_any_settling_time_five_absences_are_needed_all_the_same(machine: Bench) -> None:
    machine.api.script("POST", faults.close_after_reading(create=False))
    result = machine.run(settle=0.0)
    assert (result.exit_code, machine.posts) == (0, 2)
    first, second = posts(machine)
    between = [request for request in machine.api.truth.of("GET") if first.number < request.number < second.number]
    assert len(between) == 5


def test_S5_after_three_posts_nobody_sends_again_by_himself(machine: Bench) -> None:
    machine.api.script("POST", then=faults.close_after_reading(create=False))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged, machine.posts) == (
        6,
        "unknown",
        "maybe",
        3,
    )
    assert machine.run().exit_code == 6
    assert machine.posts == 3
    machine.api.api.create(machine.api.truth.of("POST")[0])
    assert (machine.run(resume=True).exit_code, machine.posts) == (0, 3)


@pytest.mark.parametrize("queries", [0, 1, 4])
def test_S6_a_task_that_is_created_after_the_read_timeout_is_adopted(machine: Bench, queries: int) -> None:
    machine.api.script("POST", faults.create_late(queries=queries))
    result = machine.run(idle=0.5)
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_S7_gateway_trouble_after_creation_leads_to_a_query(machine: Bench, status: int) -> None:
    machine.api.script("POST", faults.answer(status, "<h1>Bad gateway</h1>", create=True))
    result = machine.run()
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)


CUT = {
    "cut in the middle": faults.cut(20),
    "reset in the middle": faults.cut(20, reset=True),
    "without id": faults.json_without("id"),
    "id null": faults.json_with(id=None),
    "id a number": faults.json_with(id=12345),
    "id empty": faults.json_with(id=""),
    "id of 1 MB": faults.json_with(id="x" * (1 << 20)),
    "id a path": faults.json_with(id=".."),
    "HTML": faults.html(200, create=True),
    "empty": faults.answer(200, b"", create=True),
    "204": faults.answer(204, b"", create=True),
    "a list": faults.answer(200, [], create=True),
    "NaN": faults.answer(200, '{"id": "a", "progress": NaN}', create=True),
}


@pytest.mark.parametrize("name", CUT)
def test_S8_an_answer_that_cannot_be_used_leads_to_a_query(machine: Bench, name: str) -> None:
    machine.api.script("POST", CUT[name])
    result = machine.run()
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)
    assert machine.entries()[0].task_id == machine.api.truth.tasks[0].id


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_S9_a_redirect_is_never_followed_and_the_key_never_arrives_there(machine: Bench, status: int) -> None:
    with Service(patience=2) as stranger:
        machine.api.script("POST", faults.redirect(stranger.url("/steal", host="localhost"), status, create=True))
        machine.api.script("GET", faults.redirect(stranger.url("/steal"), status))
        result = machine.run()
        assert stranger.truth.requests == ()
    assert (result.exit_code, machine.posts) == (0, 1)


def test_the_file_is_what_was_served(machine: Bench) -> None:
    result = machine.run()
    assert result.outcome.outputs[0].path.read_bytes() == CLIP
    assert (machine.posts, machine.run().outcome.state, machine.posts) == (1, "skipped", 1)


def posts(machine: Bench) -> tuple[object, ...]:
    return machine.api.truth.of("POST")
