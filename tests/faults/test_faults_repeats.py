"""One task, on a service that takes a repeated id, and refusals in words that nobody knows (faults S21, S22, S23)."""

import json
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from faults import oracle
from faults.bench import CLIP, KEY, Bench, bench
from faults.processes import run_process, start_process
from loopback import faults
from loopback.exchange import Fault
from loopback.messages import Request
from loopback.service import CERTIFICATES, Service

from kirin_cli.api.transport import HttpReply, HttpRequest, Transport
from kirin_cli.errors import LocalError
from kirin_cli.ledger.leases import LeaseOwner, Leases
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import select_entries
from kirin_cli.ledger.states import LedgerEvent as E
from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.events import Notice

ELSEWHERE = LeaseOwner(host="elsewhere", boot="b", pid=1, started="1")


def notices(result: Any) -> str:
    return " ".join(event.text for event in result.of(Notice))


def test_S21_three_fresh_machines_one_after_the_other_pay_once(machine: Bench) -> None:
    for state in ("one", "two", "three"):
        result = machine.run(state=state)
        assert (result.exit_code, result.outcome.state, result.outcome.outputs[0].bytes) == (0, "done", len(CLIP))
        shutil.rmtree(machine.renders)
    assert (machine.posts, machine.api.truth.created()) == (1, 1)
    assert "already made elsewhere, taken up" in notices(result)
    assert json.loads(result.output[result.output.index("{\n") :])["jobs"][0]["reason"].startswith("already made")


def test_S21_a_machine_that_comes_while_another_waits_takes_its_task_up(machine: Bench) -> None:
    machine.api.api.statuses = ("in_progress",) * 5 + ("completed",)
    assert machine.run(state="one", timeout=4.0).exit_code == 8
    assert (machine.run(state="two").exit_code, machine.posts) == (0, 1)


NO_ANSWERS = {
    "503": (faults.answer(503), 3),
    "a page": (faults.html(404), 3),
    "400": (faults.answer(400, {"message": "bad id"}), 3),
    "a list": (faults.answer(200, []), 3),
    "cut": (faults.close_before_reading(), 3),
    "401": (faults.answer(401), 4),
    "402": (faults.answer(402), 5),
}


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_S21_without_an_answer_to_the_first_query_nothing_is_sent(machine: Bench, name: str) -> None:
    fault, code = NO_ANSWERS[name]
    machine.api.script("GET", then=fault)
    result = machine.run()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (code, "pending", "no")
    assert machine.posts == 0
    assert machine.queries <= 8
    assert result.seconds < 200
    machine.api.forget_scripts()
    assert (machine.run().exit_code, machine.posts) == (0, 1)


def test_S21_a_limit_for_queries_is_waited_for(machine: Bench) -> None:
    machine.api.script("GET", *[faults.answer(429, {"message": "slow down"}, {"Retry-After": "60"})] * 20)
    assert (machine.run().exit_code, machine.posts) == (0, 1)


def test_S21_what_was_asked_long_ago_is_asked_again_before_it_is_sent(machine: Bench) -> None:
    limit = faults.answer(429, {"message": "too many requests"}, {"Retry-After": "100"}, create=True)
    machine.api.script("POST", limit)
    assert (machine.run().exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)


def test_S21_what_is_sent_again_after_an_absence_is_said_to_be_sent_twice(machine: Bench) -> None:
    machine.api.script("POST", faults.create_late(queries=7, hold=False))
    machine.api.api.statuses = ("in_progress",) * 3 + ("completed",)
    result = machine.run_unjudged(settle=0.0)
    assert (result.exit_code, machine.posts) == (0, 2)
    assert "sent twice, may have been charged twice" in notices(result)
    (job,) = json.loads(result.output[result.output.index("{\n") :])["jobs"]
    assert (job["state"], job["charged"]) == ("done", "maybe")
    assert "may have been charged twice" in job["reason"]
    oracle.files_are_whole(machine.renders, machine.cdn)


def test_S21_a_service_that_refuses_the_repeat_is_not_suspected(folder: Path) -> None:
    with bench(folder, unique=True, hidden_for=14) as machine:
        machine.api.script("POST", faults.close_after_reading(create=True))
        result = machine.run()
        assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 2, 1)
        assert "twice" not in result.output


class Sleeper(Transport):
    """A transport that falls asleep when its first POST is connected, until `meanwhile` is over."""

    def send(self, request: HttpRequest, **options: Any) -> HttpReply:
        check, meanwhile = options.get("before_send"), self.meanwhile
        if request.method == "POST" and check and meanwhile:
            self.meanwhile = None

            def wakes() -> None:
                meanwhile()
                check()

            options["before_send"] = wakes
        return super().send(request, **options)


def sleeper(meanwhile: Any) -> Any:
    def make(*arguments: Any, **options: Any) -> Transport:
        transport = Sleeper(*arguments, **options)
        transport.meanwhile = meanwhile  # type: ignore[attr-defined]
        return transport

    return make


def test_S21_an_owner_that_slept_until_another_took_over_does_not_send(machine: Bench) -> None:
    def take_over() -> None:
        with Ledger.open(machine.folder / "state", machine.clock.time) as ledger:
            leases = Leases(ledger.store, machine.clock.time, me=ELSEWHERE, lives=lambda *_: False)
            entry = leases.acquire(select_entries(ledger.store)[0]).entry
            assert entry.state is LedgerState.SENDING
            entry = ledger.move(entry, E.OWNER_DIED)
            leases.close()

    result = machine.run(transport=sleeper(take_over))
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)
    assert machine.entries()[0].counters.posts == 2


def test_S21_a_ledger_that_cannot_be_read_any_more_keeps_the_first_byte_back(machine: Bench) -> None:
    def breaks() -> None:
        raise LocalError("the ledger is gone")

    result = machine.run(transport=sleeper(breaks))
    assert (result.exit_code, result.outcome.error.charged, machine.posts) == (9, "no", 0)


def test_S21_a_process_that_was_stopped_between_its_intent_and_its_first_byte_does_not_send(folder: Path) -> None:
    """A real process, stopped by SIGSTOP while it connects; a kirin on another host with the same folder takes over."""
    let_go = threading.Event()
    with bench(folder) as machine, Service(tls="localhost", patience=20) as api:
        api.api, machine.api.truth = machine.api.api, api.truth
        api.api.truth = api.truth
        api.hold_handshake(2, let_go)
        certificate = str(CERTIFICATES / "localhost.pem")
        base_url = api.url("", host="localhost")
        with start_process(
            machine, "run", "jobs.yaml", "--json", KIRIN_BASE_URL=base_url, SSL_CERT_FILE=certificate
        ) as owner:
            api.truth.until(lambda truth: truth.connections == 2)
            owner.process.send_signal(signal.SIGSTOP)
            take_over_and_send(folder, api)
            assert api.truth.created() == 1
            owner.process.send_signal(signal.SIGCONT)
            let_go.set()
            assert (owner.end(), api.truth.created(), len(api.truth.of("POST"))) == (0, 1, 0), owner.output
        assert json.loads(owner.out)["jobs"][0]["state"] == "done"
        oracle.key_is_nowhere(KEY, owner.output, machine.folder)


def take_over_and_send(folder: Path, api: Service) -> None:
    """What a kirin elsewhere does when a lease has run out: it asks until the absence has settled, and sends."""
    with Ledger.open(folder / "state", time.time) as ledger:
        leases = Leases(ledger.store, time.time, me=ELSEWHERE, lives=lambda *_: False)
        entry = leases.acquire(select_entries(ledger.store)[0]).entry
        assert entry.state is LedgerState.SENDING
        for event in (E.OWNER_DIED, *[E.NOT_FOUND] * 5, E.SETTLED, E.RESEND):
            entry = ledger.move(entry, event)
        assert api.api is not None
        body = {"model": entry.model, "prompt": "a paper boat rain", "external_task_id": entry.external_id}
        task = json.loads(api.api.create(Request(99, 99, 0.0, "POST", "/", (), body=json.dumps(body).encode())).body)
        ledger.move(entry, E.ACCEPTED, task_id=task["id"])
        leases.close()


def refuse(message: str, *, create: bool = False, status: int = 400) -> Fault:
    """A refusal in these words; with `create` the task is another machine's, made just before."""
    return faults.answer(status, {"message": message}, create=create)


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422])
@pytest.mark.parametrize(
    "words", ["invalid external_task_id", "parameter not available", "code 30017", "", "duplicate image"]
)
def test_S22_whatever_a_refusal_says_what_the_service_has_is_taken_up(machine: Bench, words: str, status: int) -> None:
    machine.api.script("POST", refuse(words, create=True, status=status))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, machine.posts) == (0, "done", 1)
    assert machine.entries()[0].error == ""


@pytest.mark.parametrize(
    "words", ["invalid external_task_id", "duplicate image in image_list", "the picture already exists"]
)
def test_S22_what_the_service_does_not_have_is_refused_after_one_query(machine: Bench, words: str) -> None:
    machine.api.script("POST", refuse(words))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (1, "rejected", "no")
    assert words in result.outcome.error.message
    assert (machine.posts, machine.queries) == (1, 2)
    again = machine.run()
    assert (again.exit_code, machine.posts, words in again.outcome.error.message) == (1, 1, True)


def test_S22_a_refusal_that_cannot_be_checked_stays_unknown_and_keeps_its_words(machine: Bench) -> None:
    machine.api.script("POST", refuse("no boats today"))
    machine.api.script("GET", None, then=faults.answer(503))
    result = machine.run(timeout=30.0)
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (6, "unknown", "maybe")
    assert "no boats today" in result.outcome.error.message
    assert machine.entries()[0].state is LedgerState.REFUSED
    machine.api.forget_scripts()
    again = machine.run(resume=True)
    assert (again.exit_code, again.outcome.state, machine.posts) == (1, "rejected", 1)
    assert "no boats today" in again.outcome.error.message


def test_S22_on_a_resend_a_refusal_counts_when_the_absence_has_settled(machine: Bench) -> None:
    machine.api.script("POST", faults.close_after_reading(create=False), refuse("no boats today"))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, machine.posts) == (1, "rejected", 2)
    assert result.outcome.error.charged == "maybe"
    assert result.seconds > 240


def test_S22_on_a_resend_a_late_task_is_taken_up(machine: Bench) -> None:
    machine.api.script("POST", faults.create_late(queries=12, hold=False), refuse("not available"))
    result = machine.run_unjudged()
    assert (result.exit_code, result.outcome.state, machine.posts, machine.api.truth.created()) == (0, "done", 2, 1)


OWN = "--external-task-id"


def test_S23_an_id_of_a_person_that_the_service_has_is_a_conflict_and_nothing_is_sent(machine: Bench) -> None:
    assert run_process(machine, "v1-t2v", "an old clip", OWN, "order-7", "-o", "old.mp4")[0] == 0
    task = machine.api.truth.tasks[0].id
    for again in range(2):
        command = ("v1-t2v", "a new prompt", OWN, "order-7", "-o", "new.mp4", "--json")
        code, kirin = run_process(machine, *command, KIRIN_STATE_DIR=str(machine.folder / "other"))
        assert (code, machine.posts, (machine.folder / "new.mp4").exists()) == (6, 1, False), (again, kirin.output)
        (job,) = json.loads(kirin.out)["jobs"]
        assert (job["state"], job["error"]["charged"]) == ("unknown", "no")
        assert "external_task_id order-7 is taken" in kirin.err
        assert task in kirin.err
        assert f"kirin resolve order-7 --adopt {task}" in kirin.err
        assert f"to go on: kirin resolve order-7 --adopt {task}" in kirin.err
        assert "the same command again" not in kirin.err
    command = ("v1-t2v", "a new prompt", "-o", "new.mp4")
    code, kirin = run_process(machine, *command, KIRIN_STATE_DIR=str(machine.folder / "other"))
    assert (code, machine.posts, (machine.folder / "new.mp4").exists()) == (0, 2, True), kirin.output


@pytest.mark.parametrize("words", ["external_task_id already exists", "not available"])
def test_S23_a_duplicate_on_the_first_send_is_never_adopted(machine: Bench, words: str) -> None:
    machine.write_jobs("rain", external_task_id="order-7")
    machine.api.script("POST", refuse(words, create=True))
    result = machine.run_unjudged()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (6, "unknown", "no")
    assert machine.api.truth.tasks[0].id in result.outcome.error.message
    assert not list(machine.renders.glob("*.mp4"))
    assert machine.entries()[0].state is LedgerState.CONFLICT
    assert (machine.run_unjudged().exit_code, machine.posts) == (6, 1)


def test_S23_an_id_that_this_ledger_sent_with_the_same_request_is_taken_up(machine: Bench) -> None:
    machine.write_jobs("rain", external_task_id="order-7")
    machine.api.script("POST", faults.close_after_reading(create=True))
    machine.api.script("GET", None, then=faults.answer(503))
    assert machine.run(timeout=20.0).exit_code == 6
    machine.api.forget_scripts()
    assert (machine.run().exit_code, machine.posts) == (0, 1)


def test_S23_another_request_under_an_id_of_this_ledger_is_a_conflict(machine: Bench) -> None:
    assert run_process(machine, "v1-t2v", "an old clip", OWN, "order-7", "-o", "old.mp4")[0] == 0
    for command in (("v1-t2v", "a new prompt"), ("video-o1", "an old clip", "--aspect-ratio", "1:1")):
        code, kirin = run_process(machine, *command, OWN, "order-7", "-o", "new.mp4")
        assert (code, machine.posts) == (6, 1), kirin.output
        assert "order-7 was used for another request" in kirin.err
        assert machine.api.truth.tasks[0].id in kirin.err
