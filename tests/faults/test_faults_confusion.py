"""Answers that are about something else: never another's video (fault P11, promise 10)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from faults.bench import Bench
from faults.processes import environment
from loopback import faults
from loopback.api import external_id
from loopback.exchange import Exchange, Fault
from loopback.files import clip
from loopback.messages import given_answer
from support.command_line import run_in_process

from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.events import Notice, Retrying

POLLS = "GET /model/*"


@pytest.fixture
def two(machine: Bench) -> Bench:
    """Two jobs, a file for each."""
    machine.write_jobs("a", "b")
    urls = {n: machine.cdn.serve_file(f"/{n}.mp4", clip(20_000 + n, seed=n)) for n in (1, 2)}
    machine.api.api.results = lambda task: urls[task.number]
    return machine


def each_has_its_own(machine: Bench, result: Any) -> None:
    assert (result.exit_code, machine.posts) == (0, 2), result.output
    for outcome in result.summary.outcomes:
        number = machine.api.truth.task(outcome.task_id).number
        assert outcome.outputs[0].path.read_bytes() == clip(20_000 + number, seed=number)
        assert machine.api.truth.task(outcome.job.external_id).id == outcome.task_id


def of_another(x: Exchange) -> None:
    """The document of the other task, completed."""
    x.read()
    name = x.request.path.rpartition("/")[2]
    other = next(task for task in x.api.truth.tasks if name not in {task.id, task.external_id})
    x.send(given_answer(200, x.api._completed(other)))


@pytest.mark.parametrize("seed", [1, 2])
def test_P11_a_query_answered_with_anothers_document_decides_nothing(two: Bench, seed: int) -> None:
    two.api.api.statuses = ("in_progress",) * 4 + ("completed",)
    two.api.decide(POLLS, lambda number, _: of_another if number > 2 and number % 3 == seed else None)
    result = two.run()
    each_has_its_own(two, result)
    said = [notice.text for notice in result.of(Notice) if "another task" in notice.text]
    assert 1 <= len(said) <= 2


def test_P11_fresh_urls_of_another_task_are_not_taken(two: Bench) -> None:
    two.cdn.script("GET", faults.answer(403), faults.answer(403))
    two.api.decide(POLLS, lambda number, _: of_another if number in {5, 6} else None)
    each_has_its_own(two, two.run())


CONTRADICTIONS: dict[str, Fault] = {
    "model": faults.json_with(model="kirin_video_o1", status="completed"),
    "external id": faults.json_with(external_task_id="krn1-OF-ANOTHER", status="failed"),
    "id": faults.json_with(id="t-of-another", status="failed"),
    "id, wrapped": faults.altered(
        lambda _, honest: given_answer(200, {"data": json.loads(bytes(honest.body)) | {"id": "x", "status": "failed"}})
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_P11_an_answer_that_contradicts_the_question_ends_no_task(machine: Bench, name: str) -> None:
    machine.api.api.statuses = ("in_progress",) * 3 + ("completed",)
    machine.api.script(POLLS, None, CONTRADICTIONS[name], CONTRADICTIONS[name])
    result = machine.run_unjudged()  # the ledger does not keep the ids of others
    assert (result.exit_code, result.outcome.state, machine.posts) == (0, "done", 1)
    assert len([retry for retry in result.of(Retrying) if "another task" in retry.reason]) == 2
    assert len([notice for notice in result.of(Notice) if "decides nothing" in notice.text]) == 1
    polls = machine.api.truth.of(POLLS)[1:]
    assert polls[0].connection != polls[1].connection != polls[2].connection == polls[3].connection


def test_P11_for_ever_it_is_still_running(machine: Bench) -> None:
    machine.api.script(POLLS, then=CONTRADICTIONS["model"])
    result = machine.run(timeout=600.0)
    assert (result.exit_code, machine.entries()[0].state) == (8, LedgerState.ACCEPTED)


@pytest.mark.parametrize("statuses", [(100,), (103,), (102, 103, 103)], ids=str)
@pytest.mark.parametrize("early", [False, True])
def test_P11_interim_answers_everywhere_shift_nothing(two: Bench, statuses: tuple[int, ...], early: bool) -> None:
    for service in (two.api, two.cdn):
        service.script("*", then=faults.interim(*statuses, early=early))
    each_has_its_own(two, two.run())
    assert len(two.api.truth.of("GET")) < 8


SECOND: dict[str, Callable[[Bench], Fault]] = {
    "the same": lambda _: faults.answered_twice(),
    "the same, a moment later": lambda _: faults.answered_twice(pause=0.02),
    "a failure": lambda _: faults.answered_twice(json.dumps({"status": "failed", "error": "no"}).encode()),
}


@pytest.mark.parametrize("name", SECOND)
def test_P11_two_answers_for_one_request(two: Bench, name: str) -> None:
    two.api.script("*", then=SECOND[name](two))
    each_has_its_own(two, two.run())


def test_P11_a_late_answer_to_the_query_before_is_not_read(two: Bench) -> None:
    two.api.decide(POLLS, lambda number, _: faults.stall(create=True) if number % 2 else None)
    each_has_its_own(two, two.run(query=0.1))


def test_P11_a_post_that_is_answered_with_anothers_task_is_queried(two: Bench) -> None:
    two.api.script("POST", None, faults.json_with(id="t-of-another", external_task_id="krn1-OF-ANOTHER"))
    result = two.run_unjudged(in_flight=1)  # the ledger does not keep the ids of others
    each_has_its_own(two, result)
    assert any("krn1-OF-ANOTHER" in retry.reason for retry in result.of(Retrying))


@pytest.mark.parametrize("by", ["task id", "external id"])
def test_P11_a_task_that_only_the_service_knows_is_not_taken_for_another(two: Bench, by: str) -> None:
    assert two.run().exit_code == 0
    task = two.api.truth.tasks[0]
    two.api.script(POLLS, of_another)
    elsewhere = environment(two) | {"KIRIN_STATE_DIR": str(two.folder / "other"), "KIRIN_POLL_SECONDS": "0.02"}
    name = task.id if by == "task id" else task.external_id
    for _ in range(2):
        result = run_in_process(two.folder, elsewhere, "download", name, "-o", "got.mp4", "--json")
        if result.exit_code == 0:
            break
    assert result.exit_code == 0, result
    assert (two.folder / "got.mp4").read_bytes() == clip(20_001, seed=1)
    assert result.data["jobs"][0]["task_id"] == task.id


def test_P12_while_the_service_finds_not_even_what_it_accepted_nothing_is_sent_again(two: Bench) -> None:
    two.api.script("POST", None, faults.close_after_reading(create=True))
    began = two.clock.now()
    lost = faults.answer(404, {"message": "task not found"})
    two.api.decide(POLLS, lambda _, __: lost if 1 < two.clock.now() - began < 400 else None)
    two.api.api.statuses = ("in_progress",) * 3 + ("completed",)
    each_has_its_own(two, two.run())


LOST = faults.close_after_reading(create=True)
NAMED_BY_POST = faults.altered(
    lambda request, _: given_answer(200, {"id": external_id(json.loads(request.body)), "status": "in_progress"})
)
ONE_ID_IS_KNOWN: dict[str, tuple[Fault | None, tuple[Fault | None, ...]]] = {
    "the POST named the external id": (NAMED_BY_POST, ()),
    "the first answer named no id": (LOST, (None, faults.json_with(id=None))),
    "the first answer named a number": (faults.json_with(id=5), (None, faults.json_with(id=5))),
}


@pytest.mark.parametrize("name", ONE_ID_IS_KNOWN)
def test_P11_a_task_that_is_known_by_its_external_id_alone_may_have_any_id(machine: Bench, name: str) -> None:
    post, polls = ONE_ID_IS_KNOWN[name]
    machine.api.script("POST", post)
    machine.api.script(POLLS, *polls)
    result = machine.run_unjudged()
    assert (result.exit_code, result.outcome.state, machine.posts) == (0, "done", 1), result.output


@pytest.mark.parametrize("resume", [False, True])
def test_P2_a_task_that_the_service_finds_by_its_external_id_alone_is_fetched(machine: Bench, resume: bool) -> None:
    machine.api.decide(POLLS, lambda _, request: None if "/krn1-" in request.path else faults.answer(404))
    machine.api.api.statuses = ("in_progress",) * 3 + ("completed",)
    if resume:
        assert machine.run(waits=False).exit_code == 0
    result = machine.run(resume=resume)
    assert (result.exit_code, result.outcome.state, machine.posts) == (0, "done", 1), result.output
    assert result.seconds < 120
