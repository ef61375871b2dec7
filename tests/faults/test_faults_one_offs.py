"""One-offs that end before their POST, or after it, and the same command again (faults S19 and S24)."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from faults.bench import Bench
from faults.processes import Running, judge, run_process, start_process
from loopback import faults
from loopback.unreachable import refused_url

from kirin_cli.ledger.states import LedgerState

BOAT = ("v1-t2v", "a paper boat")


def leaves_nothing(machine: Bench, said: Running) -> None:
    """Nothing in the ledger, nothing that any command would send, and in words what to do."""
    assert "nothing was sent" in said.err
    assert "kirin resume" not in said.output
    assert machine.entries() == []
    for command in ("resume", "wait", "download"):
        code, nothing = run_process(machine, command)
        assert (code, nothing.out, nothing.err) == (0, "", "there is nothing to do\n")
    assert machine.posts == 0
    assert run_process(machine, "list")[1].err == "the ledger has no such tasks\n"


def test_S19_a_limit_ends_it_before_its_post(machine: Bench) -> None:
    code, kirin = run_process(machine, *BOAT, "--max-cost", "0.10")
    assert code == 5
    leaves_nothing(machine, kirin)


@pytest.mark.parametrize(("status", "code"), [(401, 4), (402, 5)])
def test_S19_the_key_or_the_balance_ends_it(machine: Bench, status: int, code: int) -> None:
    machine.api.script("POST", faults.answer(status, {"message": "no"}))
    ended, kirin = run_process(machine, *BOAT)
    assert ended == code
    machine.api.truth._requests.clear()
    leaves_nothing(machine, kirin)


def test_S19_the_network_ends_it(machine: Bench) -> None:
    code, kirin = run_process(machine, *BOAT, "--timeout", "0.5s", KIRIN_BASE_URL=refused_url())
    assert code in {3, 8}
    leaves_nothing(machine, kirin)


def test_S19_of_several_those_that_were_not_sent_are_left_behind_by_nobody(machine: Bench) -> None:
    machine.api.script("POST", None, then=faults.answer(402, {"message": "no"}))
    code, kirin = run_process(machine, *BOAT, "--count", "3")
    assert code == 5
    assert [entry.state for entry in machine.entries()] == [LedgerState.DONE]
    assert "2 of 3 were not sent" in kirin.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_S19_a_signal_ends_it_before_its_post(machine: Bench, number: int) -> None:
    machine.api.script("POST", then=faults.answer(429, {"message": "too many requests"}))
    with start_process(machine, *BOAT) as kirin:
        kirin.wait_for("again in")
        assert kirin.stop(number) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    machine.api.truth._requests.clear()
    leaves_nothing(machine, kirin)


def test_S19_what_a_killed_one_off_left_unsent_is_listed_nowhere_and_never_sent(machine: Bench) -> None:
    machine.api.script("POST", faults.answer(429, {"message": "too many requests"}, {"Retry-After": "100"}))
    with start_process(machine, *BOAT) as kirin:
        kirin.wait_for("again in")
        kirin.kill()
    assert machine.entries() == []
    code, resumed = run_process(machine, "resume")
    assert (code, resumed.err, machine.api.truth.created()) == (0, "there is nothing to do\n", 0)
    assert (run_process(machine, *BOAT)[0], machine.api.truth.created()) == (0, 1)


def test_S19_an_id_of_ones_own_is_free_again_when_nothing_was_sent(machine: Bench) -> None:
    own = ("--external-task-id", "order-7")
    run_process(machine, *BOAT, *own, "--max-cost", "0.10")
    machine.api.script("POST", faults.answer(429, {"message": "too many requests"}, {"Retry-After": "100"}))
    with start_process(machine, "v1-t2v", "a mistake", *own) as kirin:
        kirin.wait_for("again in")
        kirin.kill()
    assert (run_process(machine, *BOAT, *own)[0], machine.api.truth.created()) == (0, 1)
    assert machine.api.truth.tasks[0].params["prompt"] == "a paper boat"


@contextmanager
def killed_while_it_runs(machine: Bench, *more: str) -> Iterator[str]:
    """A one-off that is killed when its task runs; the id of that."""
    machine.api.api.statuses = ("in_progress",)
    with start_process(machine, *BOAT, *more) as kirin:
        kirin.wait_for("in_progress")
        kirin.kill()
    machine.api.api.statuses = ("completed",)
    yield machine.api.truth.tasks[-1].id


def test_S24_a_killed_one_off_that_is_typed_again_is_taken_up(machine: Bench) -> None:
    with killed_while_it_runs(machine) as task:
        code, again = run_process(machine, *BOAT, "-o", "renders/boat.mp4")
    assert (code, again.out, machine.posts) == (0, "renders/boat.mp4\n", 1), again.err
    assert f"taken up: task {task} of the same command" in again.err
    assert "--again makes a new one" in again.err
    judge(machine, again)
    assert (run_process(machine, *BOAT)[0], machine.posts) == (0, 2)


def test_S24_again_makes_a_new_one_and_says_what_is_unfinished(machine: Bench) -> None:
    with killed_while_it_runs(machine):
        code, again = run_process(machine, *BOAT, "--again")
    assert (code, machine.posts) == (0, 2)
    assert again.err.endswith("1 earlier task is not finished: kirin resume\n")
    other, quiet = run_process(machine, "v1-t2v", "another", "-q")
    assert (other, quiet.err) == (0, "")
    assert run_process(machine, "resume")[0] == 0
    assert "not finished" not in run_process(machine, "v1-t2v", "a third")[1].err


def test_S24_another_request_takes_nothing_up(machine: Bench) -> None:
    with killed_while_it_runs(machine):
        code, other = run_process(machine, *BOAT, "--duration", "10")
    assert (code, machine.posts, "taken up" in other.err) == (0, 2, False)


def test_S24_a_lost_answer_is_taken_up_too(machine: Bench) -> None:
    released = threading.Event()
    machine.api.script("POST", faults.stall(released, create=True))
    with start_process(machine, *BOAT) as first:
        machine.api.truth.until(lambda truth: bool(truth.created()))
        first.kill()
    released.set()
    code, again = run_process(machine, *BOAT)
    assert (code, machine.posts, machine.api.truth.created()) == (0, 1, 1), again.err
    assert "taken up: submission krn1-" in again.err


def test_S24_count_takes_up_as_many_as_there_are(machine: Bench) -> None:
    with killed_while_it_runs(machine, "--count", "2"):
        machine.api.truth.wait("POST", 2)
        code, again = run_process(machine, *BOAT, "--count", "3")
    assert (code, machine.api.truth.created(), len(again.out.splitlines())) == (0, 3, 3), again.err
    assert again.err.count("taken up: ") == 2


def test_S24_what_a_living_process_is_at_is_left_to_it(machine: Bench) -> None:
    machine.api.api.statuses = ("in_progress",)
    with start_process(machine, *BOAT) as first:
        first.wait_for("in_progress")
        machine.api.api.statuses = ("completed",)
        machine.api.script("GET /model/*", then=None)
        code, second = run_process(machine, *BOAT)
        assert (code, machine.posts) == (0, 2), second.err
        assert "taken up" not in second.err
        assert first.end() == 0


@pytest.mark.parametrize("command", ["list", "usage"])
def test_S24_what_is_unfinished_is_named_by_commands_that_meet_it(machine: Bench, command: str) -> None:
    with killed_while_it_runs(machine):
        assert run_process(machine, command)[1].err.endswith("1 task is not finished: kirin resume\n")
        assert run_process(machine, command, "--json")[1].err == ""
    run_process(machine, "resume")
    assert "not finished" not in run_process(machine, command)[1].err
