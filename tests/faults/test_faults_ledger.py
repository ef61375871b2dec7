"""A ledger that cannot be written, read or trusted, and a clock that lies (faults L1–L4 and L6)."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults.bench import Bench, bench
from faults.failing import COMMIT, IO_ERROR, NO_SPACE, POST, Harm, Steps, wired
from loopback import faults
from loopback.calls import CREATE, body_of
from loopback.exchange import Exchange
from loopback.messages import Request

from kirin_cli.errors import NotPermitted
from kirin_cli.ledger import store
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import durations, select_entries
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.modelspec.model import Model
from kirin_cli.run.scheduler import Scheduler
from kirin_cli.wire import DIALECTS

HOUR = 3600.0


def ledger_of(machine: Bench) -> Path:
    return machine.folder / "state" / "ledger.sqlite3"


def at_commit_after_the_post(machine: Bench) -> int:
    """Which step commits what the POST was answered."""
    steps = Steps()
    machine.run(**wired(steps, 1))
    return steps.names.index(COMMIT, steps.names.index(POST)) + 1


@pytest.mark.parametrize("harm", [NO_SPACE, IO_ERROR])
def test_L1_a_ledger_that_cannot_be_written_means_no_post_and_9(machine: Bench, harm: Harm) -> None:
    result = machine.run(**wired(Steps(1, harm, for_ever=True), 1))
    assert (result.exit_code, machine.posts) == (9, 0)
    assert "ledger" in result.output


def test_L1_a_state_folder_that_is_a_file_means_no_post_and_9(machine: Bench) -> None:
    (machine.folder / "state").write_text("not a folder")
    result = machine.run()
    assert (result.exit_code, machine.posts) == (9, 0)
    assert (machine.folder / "state").read_text() == "not a folder"


@pytest.mark.parametrize("harm", [NO_SPACE, IO_ERROR])
def test_L2_after_a_200_the_task_id_is_shown_and_in_the_recovery_file(fresh: Callable[[], Bench], harm: Harm) -> None:
    at = at_commit_after_the_post(fresh())
    machine = fresh()
    result = machine.run(**wired(Steps(at, harm, for_ever=True), 1))
    (task,) = machine.api.truth.tasks
    assert (result.exit_code, machine.posts) == (9, 1)
    assert task.id in result.output
    assert task.id in (machine.folder / "state" / "recovery.jsonl").read_text()
    assert (result.outcome.task_id, result.outcome.error.charged) == (task.id, "maybe")
    again = machine.run(**wired(Steps(), 2))
    assert (again.exit_code, again.outcome.task_id, machine.posts) == (0, task.id, 1)


def test_L2_of_a_batch_nothing_more_is_sent_once_the_ledger_is_gone(fresh: Callable[[], Bench]) -> None:
    at = at_commit_after_the_post(fresh())
    machine = fresh()
    machine.write_jobs(*"abcdefgh")
    result = machine.run(in_flight=1, **wired(Steps(at, NO_SPACE, for_ever=True), 1))
    assert (result.exit_code, machine.posts) == (9, 1)
    assert (machine.run(**wired(Steps(), 2)).exit_code, machine.api.truth.created()) == (0, 8)


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    path.write_bytes(data)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(store.MIGRATIONS) + 1}")


SPOILT = {
    "corrupt": corrupt,
    "no database": lambda path: path.write_bytes(b"not a database at all " * 500),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "empty": lambda path: path.write_bytes(b""),
    "newer": newer,
}


@pytest.mark.parametrize("name", SPOILT)
def test_L3_a_ledger_that_cannot_be_trusted_is_kept_and_nothing_is_sent(machine: Bench, name: str) -> None:
    assert machine.run().exit_code == 0
    machine.write_jobs("snow")
    with closing(sqlite3.connect(ledger_of(machine))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    SPOILT[name](ledger_of(machine))
    before = ledger_of(machine).read_bytes()
    result = machine.run_unjudged()
    assert (result.exit_code, machine.posts) == (9, 1)
    assert ledger_of(machine).read_bytes() == before
    assert "KIRIN_STATE_DIR" in result.output
    shutil.rmtree(machine.folder / "state")
    assert (machine.run().exit_code, machine.posts) == (0, 2)


def test_L4_a_locked_ledger_is_waited_for_and_then_9_without_a_post(machine: Bench) -> None:
    machine.run()
    machine.write_jobs("snow")
    with closing(sqlite3.connect(ledger_of(machine), isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = machine.run(busy=0.05)
        assert (result.exit_code, machine.posts) == (9, 1)
        assert "locked" in result.output
        release = threading.Timer(0.1, other.rollback)
        release.start()
        assert (machine.run().exit_code, machine.posts) == (0, 2)
        release.join()


@pytest.mark.parametrize("by", [-HOUR, -10 * 365 * 24 * HOUR, 10 * 365 * 24 * HOUR])
def test_L6_a_clock_that_is_set_changes_no_wait(machine: Bench, by: float) -> None:
    def set_the_clock(x: Exchange) -> None:
        machine.clock.epoch += by
        faults.close_after_reading(create=False)(x)

    machine.api.script("POST", set_the_clock)
    result = machine.run()
    assert (result.exit_code, machine.posts) == (0, 2)
    first, second = machine.api.truth.of("POST")
    assert 120 < result.seconds < 240
    assert sum(first.number < query.number < second.number for query in machine.api.truth.of("GET")) >= 5


@pytest.mark.parametrize("by", [-HOUR, 10 * 365 * 24 * HOUR])
def test_L6_polls_and_the_grace_of_a_lost_task_do_not_depend_on_the_wall_clock(machine: Bench, by: float) -> None:
    def set_the_clock(x: Exchange) -> None:
        machine.clock.epoch += by
        faults.answer(404, {"message": "task not found"})(x)

    machine.api.script("GET", set_the_clock, faults.answer(404), None)
    result = machine.run()
    assert (result.exit_code, machine.posts, result.seconds < 60) == (0, 1, True)


@pytest.mark.parametrize(("hours", "known"), [(20, 0), (0, 1)])
def test_L6_a_task_that_ended_long_before_it_was_asked_for_tells_no_duration(
    tmp_path: Path, hours: int, known: int
) -> None:
    """Else the next one of its class would first be asked for hours after it was sent."""
    with bench(tmp_path, polls=0) as machine:
        if hours:
            assert machine.run(waits=False).exit_code == 0
            machine.clock.epoch += hours * HOUR
        assert machine.run().exit_code == 0
        with Ledger.open(tmp_path / "state", machine.clock.time) as ledger:
            (entry,) = select_entries(ledger.store)
            kind = {"mode": entry.mode, "duration": entry.duration}
            assert len(durations(ledger.store, entry.model, **kind)) == known


@dataclass(frozen=True)
class Interrupted:
    """A dialect at whose work something happens meanwhile: it wraps the request just before the commit to send it."""

    meanwhile: Callable[[], None]

    def build_body(self, model: Model, values: Mapping[str, object]) -> dict[str, object]:
        self.meanwhile()
        return DIALECTS["gateway"].build_body(model, values)


def created_by_another(machine: Bench) -> None:
    """A task for the only entry, as if another process had sent it."""
    body = body_of(machine.entries()[0].external_id).encode()
    machine.api.api.create(Request(0, 0, 0.0, "POST", CREATE, (), body=body, complete=True))


def test_G4_who_loses_the_race_for_an_entry_does_not_send(machine: Bench) -> None:
    def stolen() -> None:
        if not machine.api.truth.created():
            with Ledger.open(machine.folder / "state", machine.clock.time) as ledger:
                ledger.move(select_entries(ledger.store)[0], LedgerEvent.SEND)
            created_by_another(machine)

    result = machine.run(dialect=Interrupted(stolen))
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 0, 1)
    assert machine.entries()[0].state is LedgerState.DONE


def test_S14_a_denial_that_comes_while_a_request_is_made_ready_stops_it(machine: Bench) -> None:
    batches: list[Scheduler] = []
    denied = Interrupted(lambda: batches[0]._limits.stop(NotPermitted("the service refuses the key")))
    result = machine.run(batches.append, dialect=denied)
    assert (result.exit_code, machine.posts, machine.entries()[0].state) == (4, 0, LedgerState.INTENT)


def test_the_bench_itself_finds_a_task_that_was_made_twice(machine: Bench) -> None:
    machine.run()
    created_by_another(machine)
    with pytest.raises(AssertionError):
        machine.run()
