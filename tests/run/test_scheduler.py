"""A run as a whole: what a mistake in one step means for all."""

import gc
import json
import threading
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from faults.bench import CLIP, bench
from loopback import faults
from loopback.service import Service
from support.command_line import Home

from kirin_cli.api.transport import HttpReply, Transport
from kirin_cli.errors import Interrupted
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.run.events import Queued
from kirin_cli.run.job_run import JobRun
from kirin_cli.run.scheduler import DOWNLOAD_WORKERS, Scheduler


@pytest.fixture
def machine(tmp_path):
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder, bench(Path(folder)) as made:
        yield made


class Broken(Transport):
    """A transport with a bug."""

    def send(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise ZeroDivisionError("a bug")


def test_a_mistake_in_one_step_ends_the_run_with_its_exception(machine):
    machine.write_jobs("rain", "snow", "hail")
    with pytest.raises(ZeroDivisionError, match="a bug"):
        machine.run_unjudged(transport=Broken)
    assert machine.posts == 0


def test_after_a_mistake_the_next_run_asks_before_it_sends(machine):
    with pytest.raises(ZeroDivisionError):
        machine.run_unjudged(transport=Broken)
    assert machine.run(lives=lambda *_: False).outcome.state == "done"
    assert machine.posts == 1
    assert machine.queries > 1


def test_a_job_that_waits_says_what_people_see_of_it(machine):
    machine.write_jobs("job-1", "rain")
    queued = machine.run().of(Queued)
    assert [(event.job, event.title) for event in queued] == [("job-1", "job-1 a paper boat job-1"), ("rain", "")]


def test_polls_that_bring_nothing_new_move_no_entry_and_the_last_answer_is_kept_at_the_end(machine):
    """The run ends while the task runs: its last answer, of which only the progress is new, stands in the ledger."""
    machine.api.serve_api(polls=1000)
    result = machine.run_unjudged(timeout=300.0)
    assert result.outcome.state == "pending"
    (entry,) = machine.entries()
    queries = machine.queries
    assert queries > 20
    with Ledger.open(machine.folder / "state", machine.clock.time) as ledger:
        events = [row.event for row in ledger.history(entry)]
        answer = json.loads(ledger.answer(entry))["answer"]
    assert events == ["intend", "send", "accepted", "progressed"]
    assert entry.version <= len(events) + 2  # the lease, taken and let go
    assert (answer["status"], answer["progress"]) == ("in_progress", 0.95)


def test_what_the_service_says_anew_is_written_at_once(machine):
    words = ["in_queue", "in_queue", "processing", "processing", "completed"]
    machine.api.serve_api(lambda task: machine.cdn.url("/result.mp4"), statuses=words)
    kept, rows = [], "SELECT record FROM answers"

    def look(scheduler: Scheduler) -> None:
        kept.extend(json.loads(row[0])["answer"]["status"] for row in scheduler._context.ledger.store.read(rows))

    assert machine.run(look).outcome.state == "done"
    assert {"in_queue", "processing"} <= set(kept)


def test_the_ends_of_all_tasks_are_noticed_while_every_download_hangs(machine):
    """Lateness is that of the polls alone, however long downloads take."""
    home, count, noticed, go = Home(machine.folder), 3 * DOWNLOAD_WORKERS, [], threading.Event()
    listed = [{"name": f"j{number}", "params": {"prompt": f"p{number}"}} for number in range(count)]
    (home.work / "jobs.yaml").write_text(
        json.dumps({"version": 1, "defaults": {"model": "kirin_v1_t2v"}, "jobs": listed})
    )
    with Service(patience=60) as cdn, Service(patience=60) as api:
        url = cdn.serve_file("/result.mp4", CLIP)
        cdn.script("GET /result.mp4", *[faults.stall(go, create=True)] * DOWNLOAD_WORKERS)
        api.serve_api(lambda task: f"{url}?{task.id}")

        def release() -> None:
            try:
                api.truth.until(lambda truth: sum(task.noticed is not None for task in truth.tasks) == count, 60)
                noticed.append(len(cdn.truth.of("GET")))
            finally:
                go.set()

        watcher = threading.Thread(target=release)
        watcher.start()
        environ = {"KIRIN_BASE_URL": api.origin, "KIRIN_API_KEY": "k", "KIRIN_POLL_SECONDS": "0.02"}
        result = home.kirin("run", "jobs.yaml", "-q", env=environ)
        watcher.join()
    assert result.exit_code == 0, result.stderr
    assert [fetched <= DOWNLOAD_WORKERS for fetched in noticed] == [True]


def test_an_answer_that_came_before_the_last_one_never_takes_its_place_in_the_ledger(machine):
    """Those of thousands of jobs take a while to be made ready; meanwhile a step moves one of them."""
    machine.write_jobs("rain", "snow")
    machine.api.serve_api(polls=1000)
    kept: list[str] = []

    def move_meanwhile(scheduler: Scheduler) -> None:
        runs = list(scheduler._job_runs.values())
        if kept or any(run.entry.state is not LedgerState.RUNNING for run in runs):
            return
        first, second = runs
        ended = replace(second.last_answer, reply=HttpReply(200, {}, b'{"status": "failed"}'), answer=None)
        second.stored_answer = None

        class Answer:
            @property
            def record(self) -> str:
                second.last_answer = ended
                assert second.transition(LedgerEvent.FAILED)
                return "{}"

        first.last_answer = Answer()  # type: ignore[assignment]
        scheduler._keep_answers(runs)
        kept.append(scheduler._context.ledger.answer(second.entry))

    machine.run_unjudged(move_meanwhile, timeout=60.0)
    assert [json.loads(text)["answer"]["status"] for text in kept] == ["failed"]


def test_a_step_that_ends_its_job_when_the_run_is_over_is_in_nobodys_way(machine, monkeypatch):
    monkeypatch.setattr("kirin_cli.run.scheduler.SHUTDOWN_SECONDS", 0.1)
    machine.write_jobs("rain", "snow", "hail")
    go, ended, withdrawn = threading.Event(), threading.Event(), []
    machine.api.script("POST", faults.stall(go, create=True))

    def interrupt(scheduler: Scheduler) -> None:
        machine.api.truth.until(lambda truth: len(truth.of("POST")) == 1, 20)
        scheduler.interrupt(Interrupted("Ctrl-C"))
        with scheduler._changed:
            scheduler._changed.notify_all()  # the clock of the bench stands still during a request

    def prepare(scheduler: Scheduler) -> None:
        if withdrawn or scheduler._stop or scheduler._api._threads[0].is_alive():
            return
        for run in scheduler._job_runs.values():
            run.job = run.job.replace(file="")  # as of a command for each
        finish = scheduler._queue.finish

        def finish_and_tell(*facts: object) -> None:
            finish(*facts)
            ended.set()

        def end_meanwhile(entry: LedgerEntry) -> None:
            go.set()
            assert ended.wait(60)
            withdrawn.append(entry.job)

        scheduler._queue.finish = finish_and_tell  # type: ignore[method-assign]
        scheduler._context.ledger.withdraw = end_meanwhile  # type: ignore[method-assign]
        threading.Thread(target=interrupt, args=(scheduler,)).start()

    summary = machine.run_unjudged(prepare, in_flight=1, waits=False).summary
    assert [outcome.state for outcome in summary.outcomes] == ["unknown", "pending", "pending"]
    assert withdrawn == ["snow", "hail"]


def test_of_an_ended_job_its_outcome_alone_is_kept_in_memory(machine):
    seen: list[Scheduler] = []
    assert machine.run(seen.append).outcome.state == "done"
    gc.collect()
    assert not [value for value in gc.get_objects() if isinstance(value, JobRun) and value.context is seen[0]._context]
