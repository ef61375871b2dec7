"""Several processes at one job file, and what a process that was killed leaves behind (faults G4, G5 and S18)."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from faults import oracle
from faults.bench import CLIP, Bench, RunResult, bench
from faults.failing import COMMITTED, POST, Dead, Steps, wired
from faults.processes import judge, run_process, start_process
from loopback import faults

from kirin_cli.api.part_file import PartFile
from kirin_cli.ledger.leases import LeaseOwner, Leases
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import select_entries
from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.events import Notice

JOBS = [f"j{number}" for number in range(6)]


def at_once(machine: Bench, *settings: dict[str, Any]) -> list[RunResult]:
    """So many runs of the job file at the same time."""
    done: dict[int, RunResult] = {}

    def go(number: int) -> None:
        done[number] = machine.run_unjudged(**settings[number])

    threads = [threading.Thread(target=go, args=(number,)) for number in range(len(settings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [done[number] for number in range(len(settings))]


def all_made(machine: Bench, runs: list[RunResult]) -> None:
    assert [run.exit_code for run in runs] == [0] * len(runs), [run.output[-2000:] for run in runs]
    assert machine.api.truth.created() == len(list(machine.renders.glob("*.mp4"))) == len(JOBS)
    oracle.tasks_are_paid_once(machine.api)
    oracle.files_are_whole(machine.renders, machine.cdn)


def test_G4_two_runs_of_one_job_file_on_one_ledger_make_one_task_each(machine: Bench) -> None:
    machine.write_jobs(*JOBS)
    all_made(machine, at_once(machine, {}, {}, {}))
    assert machine.posts == len(JOBS)


def test_G4_runs_that_wait_for_jobs_of_each_other_do_not_wait_for_ever(machine: Bench) -> None:
    machine.write_jobs(*JOBS)
    runs = at_once(machine, {"in_flight": 1}, {"in_flight": 1})
    all_made(machine, runs)
    assert max(run.seconds for run in runs) < 600


def test_G4_two_runs_without_a_shared_ledger_share_the_tasks_all_the_same(folder: Path) -> None:
    with bench(folder, unique=True) as machine:
        machine.write_jobs(*JOBS)
        runs = at_once(machine, {"state": "here"}, {"state": "there"})
        all_made(machine, runs)
        for run, state in zip(runs, ("here", "there"), strict=True):
            oracle.ids_are_kept(run.returned_ids, folder / state)


def test_G4_another_machine_without_the_ledger_adopts_what_is_there(folder: Path) -> None:
    with bench(folder, unique=True) as machine:
        machine.api.api.statuses = ("in_progress",) * 4 + ("completed",)
        assert machine.run(state="here", timeout=8.0).exit_code == 8
        other = machine.run(state="there")
        assert (other.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)
        assert machine.run(state="here").outcome.state == "skipped"


def test_G4_a_live_lease_is_waited_for(machine: Bench) -> None:
    machine.run(timeout=0.5, waits=False)
    owner = LeaseOwner(host="here", boot="once", pid=1, started="1")
    with Ledger.open(machine.folder / "state", machine.clock.time) as ledger:
        other = Leases(ledger.store, machine.clock.time, me=owner, lives=lambda *_: True)
        assert other.acquire(select_entries(ledger.store)[0]).granted

        def after_a_while(_: object) -> None:
            if machine.clock.now() > 90:
                other.close()

        result = machine.run(after_a_while, lives=lambda holder, _: holder == owner, timeout=200.0)
    assert (result.exit_code, result.seconds > 80, machine.posts) == (0, True, 1)
    assert sum("another kirin" in event.text for event in result.of(Notice)) == 1


def test_G4_a_lease_that_never_ends_is_8_at_the_deadline(machine: Bench) -> None:
    machine.run(timeout=0.5, waits=False)
    with Ledger.open(machine.folder / "state", machine.clock.time) as ledger:
        other = Leases(ledger.store, machine.clock.time, me=LeaseOwner(host="h", boot="b", pid=1, started="1"))
        other.acquire(select_entries(ledger.store)[0])
        result = machine.run(lives=lambda *_: True, timeout=100.0)
    assert (result.exit_code, result.outcome.state, machine.posts) == (8, "pending", 1)


def test_G4_a_file_that_another_process_is_fetching_is_waited_for(machine: Bench) -> None:
    with ExitStack() as other:
        other.enter_context(PartFile(machine.renders / "rain.mp4"))

        def after_a_while(_: object) -> None:
            if machine.clock.now() > 50:
                other.close()

        result = machine.run(after_a_while, timeout=200.0)
    assert (result.exit_code, machine.posts, result.outcome.outputs[0].path.read_bytes()) == (0, 1, CLIP)


def test_G4_a_file_that_another_machine_has_fetched_meanwhile_is_taken(fresh: Callable[[], Bench]) -> None:
    for at in range(1, 60):
        machine = fresh()
        machine.api.api.unique = True
        with pytest.raises(Dead):
            machine.run_unjudged(**wired(Steps(at, for_ever=True), 1))
        if [entry.state for entry in machine.entries()] == [LedgerState.FETCHING]:
            break
    assert machine.run(state="elsewhere").exit_code == 0
    gets = len(machine.cdn.truth.of("GET"))
    again = machine.run(resume=True, **wired(Steps(), 2))
    assert (again.exit_code, again.outcome.state, len(machine.cdn.truth.of("GET"))) == (0, "done", gets)


def test_G5_whoever_takes_over_asks_before_it_sends(fresh: Callable[[], Bench]) -> None:
    for at in range(1, 60):
        machine, steps = fresh(), Steps(at, for_ever=True)
        with pytest.raises(Dead):
            machine.run_unjudged(**wired(steps, 1))
        if steps.names[-1] == POST:
            break
        before = machine.entries()
        machine.run(**wired(Steps(), 2))
        if before and before[0].owner is not None:
            assert machine.api.truth.requests[0].method == "GET", (steps.names, before)
    else:
        raise AssertionError("no run got to its POST")
    assert steps.names.count(COMMITTED) >= 4
    again = machine.run(**wired(Steps(), 3))
    assert (again.exit_code, machine.api.truth.requests[0].method, machine.api.truth.created()) == (0, "GET", 1)


def test_G5_S18_a_process_killed_during_its_post_is_followed_by_one_that_asks(machine: Bench) -> None:
    released = threading.Event()
    machine.api.script("POST", faults.stall(released, create=True))
    with start_process(machine, "run", "jobs.yaml") as first:
        machine.api.truth.until(lambda truth: bool(truth.of("POST")) and truth.of("POST")[0].complete)
        first.kill()
    released.set()
    code, second = run_process(machine, "resume")
    methods = [request.method for request in machine.api.truth.requests[:3]]
    assert (code, machine.posts, methods) == (0, 1, ["GET", "POST", "GET"]), second.output
    judge(machine, first, second)


def test_G4_two_processes_at_one_job_file_end_well_with_one_task_each(machine: Bench) -> None:
    machine.write_jobs(*JOBS)
    with start_process(machine, "run", "jobs.yaml") as one, start_process(machine, "run", "jobs.yaml", "--json") as two:
        assert (one.end(), two.end()) == (0, 0), one.output + two.output
    judge(machine, one, two)
    assert (machine.posts, machine.api.truth.created()) == (len(JOBS), len(JOBS))
    assert {entry.state for entry in machine.entries()} == {LedgerState.DONE}
    assert all(film.read_bytes() == CLIP for film in machine.renders.glob("*.mp4"))
