"""Attempts of one take: commands killed and typed again, machines without the ledger, videos that were there before."""

import json
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from faults import oracle
from faults.bench import CLIP, Bench, bench
from faults.failing import MAX_STEPS, Dead, Steps, at_steps, wired
from faults.processes import judge, run_process, start_process
from loopback import faults


def notes(machine: Bench) -> dict[str, int]:
    """The attempt of each sidecar, by its name."""
    return {path.stem: json.loads(path.read_text())["attempt"] for path in machine.renders.glob("*.json")}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_S24_again_that_was_ended_and_is_typed_again_pays_for_what_the_first_would_have(
    machine: Bench, number: int
) -> None:
    machine.write_jobs("a", "b", "c")
    released = threading.Event()
    machine.api.script("POST", None, faults.close_at(released, create=True))
    with start_process(machine, "run", "jobs.yaml", "--again", "-j", "1") as first:
        machine.api.truth.until(lambda truth: len(truth.of("POST")) == 2 and truth.of("POST")[1].complete)
        if number == signal.SIGKILL:
            first.kill()
        else:
            first.process.send_signal(number)
            first.wait_for("interrupted: ")
            released.set()
            first.end()
    released.set()
    code, second = run_process(machine, "run", "jobs.yaml", "--again")
    assert (code, machine.api.truth.created()) == (0, 3), second.output
    judge(machine, first, second)
    assert notes(machine) == {"a": 1, "b": 1, "c": 1}
    code, third = run_process(machine, "run", "jobs.yaml", "--again")
    assert (code, machine.api.truth.created()) == (0, 6), third.output
    assert {name: attempt for name, attempt in notes(machine).items() if "old" not in name} == {"a": 2, "b": 2, "c": 2}
    judge(machine, third)


def test_S24_a_process_that_died_behind_its_last_file_does_not_hold_up_the_next_again(machine: Bench) -> None:
    machine.write_jobs("a", "b")
    assert run_process(machine, "run", "jobs.yaml", "--again")[0] == 0
    with closing(sqlite3.connect(machine.folder / "state" / "ledger.sqlite3")) as ledger, ledger:
        ledger.execute("UPDATE entries SET state = 'fetching', outputs = '' WHERE job = 'a'")
    code, second = run_process(machine, "run", "jobs.yaml", "--again")
    assert (code, machine.posts) == (0, 4), second.output
    code, resumed = run_process(machine, "resume")
    assert (code, machine.posts) == (0, 4), resumed.output
    videos = sorted(path.name for path in machine.renders.glob("*.mp4"))
    assert videos == ["a.mp4", "a.old-1.mp4", "b.mp4", "b.old-1.mp4"]
    assert run_process(machine, "resume")[1].err == "there is nothing to do\n"
    judge(machine, second, resumed)


def test_S24_what_resume_finished_of_again_is_the_second_attempt_and_its_round_is_over(machine: Bench) -> None:
    assert run_process(machine, "run", "jobs.yaml")[0] == 0
    code, begun = run_process(machine, "run", "jobs.yaml", "--again", "--no-wait")
    assert (code, machine.posts) == (0, 2), begun.output
    code, resumed = run_process(machine, "resume")
    assert (code, machine.posts, notes(machine)) == (0, 2, {"rain": 2, "rain.old-1": 1}), resumed.output
    code, again = run_process(machine, "run", "jobs.yaml", "--again")
    assert (code, machine.posts, notes(machine)["rain"]) == (0, 3, 3), again.output
    judge(machine, begun, resumed, again)


def test_S24_a_first_attempt_that_is_fetched_after_the_second_goes_beside_it(machine: Bench) -> None:
    assert run_process(machine, "run", "jobs.yaml", "--no-wait")[0] == 0
    code, again = run_process(machine, "run", "jobs.yaml", "--again")
    assert (code, machine.posts, notes(machine)) == (0, 2, {"rain": 2}), again.output
    code, resumed = run_process(machine, "resume")
    assert (code, machine.posts, notes(machine)) == (0, 2, {"rain": 2, "rain.old-1": 1}), resumed.output
    code, plain = run_process(machine, "run", "jobs.yaml")
    assert (code, "its file is there" in plain.err, plain.out) == (0, True, "renders/rain.mp4\n"), plain.output
    code, downloaded = run_process(machine, "download", machine.api.truth.tasks[0].id)
    assert (code, downloaded.out.strip().endswith("renders/rain.old-1.mp4")) == (0, True), downloaded.output
    judge(machine, again, resumed, downloaded)


def test_S24_a_first_attempt_that_never_arrived_is_not_sent_again_once_the_second_is_made(machine: Bench) -> None:
    machine.api.script("POST", faults.close_after_reading(create=False))
    first = machine.run_unjudged(timeout=5.0)
    assert (first.exit_code, machine.posts, machine.api.truth.created()) == (6, 1, 0)
    machine.api.forget_scripts()
    again = machine.run(again=True, settle=0.0)
    assert (again.exit_code, again.outcome.job.attempt, machine.api.truth.created()) == (0, 2, 1)
    plain = machine.run(settle=0.0)
    assert (plain.exit_code, plain.outcome.state, machine.api.truth.created()) == (0, "skipped", 1)
    resumed = machine.run(resume=True, settle=0.0)
    assert (resumed.exit_code, resumed.outcome.state, machine.api.truth.created()) == (6, "unknown", 1)


@at_steps
def test_S24_at_whatever_step_again_dies_the_same_command_makes_one_more_of_each(
    fresh: Callable[[], Bench], stride: int
) -> None:
    for at in range(1, 3 * MAX_STEPS, 2 * stride):
        machine, steps = fresh(), Steps(at, for_ever=True)
        machine.write_jobs("a", "b")
        assert machine.run(**wired(Steps(), 1)).exit_code == 0
        with suppress(Dead):
            machine.run_unjudged(again=True, settle=0.0, **wired(steps, 2))
        result = machine.run(again=True, settle=0.0, **wired(Steps(), 3))
        began = result.summary is not None and [outcome.job.attempt for outcome in result.summary.outcomes]
        if not steps.reached:
            assert (began, machine.api.truth.created()) == ([3, 3], 6)
            return
        assert (result.exit_code, began, machine.api.truth.created()) in [(0, [2, 2], 4), (0, [3, 3], 6)], steps.names
        assert (began == [2, 2]) or steps.names.count("named") == 2
        kept = {path.name for path in machine.renders.glob("*.mp4")}
        assert {"a.mp4", "b.mp4", "a.old-1.mp4", "b.old-1.mp4"} <= kept
    raise AssertionError("a run never ended")


@at_steps
def test_S24_a_changed_job_that_dies_at_any_step_loses_neither_video(fresh: Callable[[], Bench], stride: int) -> None:
    for at in range(1, MAX_STEPS, stride):
        machine, steps = fresh(), Steps(at, for_ever=True)
        assert machine.run(**wired(Steps(), 1)).exit_code == 0
        machine.write_jobs("rain", prompt="another boat")
        try:
            machine.run_unjudged(settle=0.0, **wired(steps, 2))
        except Dead:
            told = {json.loads(path.read_text())["task_id"] for path in machine.renders.glob("*.json")}
            assert machine.api.truth.tasks[0].id in told
            assert any(path.read_bytes() == CLIP for path in machine.renders.glob("*.mp4"))
        result = machine.run(settle=0.0, **wired(Steps(), 3))
        assert (result.exit_code, machine.api.truth.created()) == (0, 2), result.output
        assert sorted(path.name for path in machine.renders.iterdir()) == [
            "rain.json", "rain.mp4", "rain.old-1.json", "rain.old-1.mp4",
        ]  # fmt: skip
        ids = [json.loads((machine.renders / f"{name}.json").read_text())["task_id"] for name in ("rain.old-1", "rain")]
        assert ids == [task.id for task in machine.api.truth.tasks]
        if not steps.reached:
            return
    raise AssertionError("a run never ended")


def test_S24_a_changed_job_killed_during_its_download_leaves_the_earlier_video_at_its_place(machine: Bench) -> None:
    machine.write_jobs("rain", "snow")
    assert run_process(machine, "run", "jobs.yaml")[0] == 0
    before = (machine.renders / "rain.json").read_text()
    jobs = machine.file.read_text()
    machine.file.write_text(jobs.replace("a paper boat rain", "another boat"))
    released = threading.Event()
    machine.cdn.script("GET", faults.stall_after(5_000, released))
    fetched = len(machine.cdn.truth.of("GET"))
    with start_process(machine, "run", "jobs.yaml") as first:
        machine.cdn.truth.until(lambda truth: len(truth.of("GET")) > fetched)
        first.wait_for("snow: skipped, its file is there")
        first.kill()
    released.set()
    assert (machine.renders / "rain.mp4").read_bytes() == CLIP
    assert (machine.renders / "rain.json").read_text() == before
    code, second = run_process(machine, "run", "jobs.yaml")
    assert (code, machine.posts) == (0, 3), second.output
    kept = json.loads((machine.renders / "rain.old-1.json").read_text())
    assert kept["task_id"] == json.loads(before)["task_id"]
    assert (machine.renders / "rain.old-1.mp4").read_bytes() == (machine.renders / "rain.mp4").read_bytes() == CLIP
    judge(machine, first, second)


def test_S21_a_sidecar_whose_video_is_gone_is_asked_about_by_its_task_id_on_a_machine_without_the_ledger(
    machine: Bench,
) -> None:
    assert run_process(machine, "run", "jobs.yaml")[0] == 0
    task = machine.api.truth.tasks[0].id
    (machine.renders / "rain.mp4").unlink()
    shutil.rmtree(machine.folder / "state")
    asked = len(machine.api.truth.requests)
    code, plan = run_process(machine, "plan", "jobs.yaml", "--json")
    assert (code, json.loads(plan.out)["totals"]["fetch"]) == (0, 1)
    code, again = run_process(machine, "run", "jobs.yaml", "--max-cost", "0.01")
    assert (code, machine.posts) == (0, 1), again.output
    assert machine.api.truth.requests[asked].target.endswith(f"/task/{task}")
    assert (machine.renders / "rain.mp4").read_bytes() == CLIP
    judge(machine, again)


def test_S21_a_sidecar_that_names_a_task_which_the_service_does_not_have_costs_nothing(machine: Bench) -> None:
    assert run_process(machine, "run", "jobs.yaml")[0] == 0
    note = machine.renders / "rain.json"
    (machine.renders / "rain.mp4").unlink()
    shutil.rmtree(machine.folder / "state")
    machine.api.decide("GET", lambda *_: faults.answer(404, {"message": "no such task"}))
    code, lost = run_process(machine, "run", "jobs.yaml")
    assert (code, machine.posts) == (7, 1), lost.output
    assert "--again makes a new video, at new cost" in lost.err
    assert note.exists()


def test_S21_a_sidecar_that_names_the_task_of_another_job_does_not_get_its_video(machine: Bench) -> None:
    machine.write_jobs("rain", "snow")
    assert run_process(machine, "run", "jobs.yaml")[0] == 0
    rain, snow = (json.loads((machine.renders / f"{name}.json").read_text()) for name in ("rain", "snow"))
    shutil.rmtree(machine.folder / "state")
    (machine.renders / "rain.mp4").unlink()
    (machine.renders / "rain.json").write_text(json.dumps(rain | {"task_id": snow["task_id"]}))
    code, again = run_process(machine, "run", "jobs.yaml", "--only", "rain")
    assert (code, machine.posts) == (0, 2), again.output
    assert json.loads((machine.renders / "rain.json").read_text())["task_id"] == rain["task_id"]


def test_S24_on_a_machine_without_the_ledger_again_makes_a_new_one_and_retry_failed_works(folder: Path) -> None:
    with bench(folder, unique=True) as machine:
        machine.api.api.statuses = ({"status": "failed", "error": "no"},)
        assert run_process(machine, "run", "jobs.yaml")[0] == 1
        elsewhere = {"KIRIN_STATE_DIR": str(machine.folder / "elsewhere")}
        code, retried = run_process(machine, "run", "jobs.yaml", "--retry-failed", **elsewhere)
        assert (code, machine.api.truth.created()) == (1, 2), retried.output
        machine.api.api.statuses = ("completed",)
        third = {"KIRIN_STATE_DIR": str(machine.folder / "third")}
        code, again = run_process(machine, "run", "jobs.yaml", "--again", **third)
        assert (code, machine.api.truth.created(), notes(machine)) == (0, 3, {"rain": 3}), again.output
        shutil.rmtree(machine.folder / "third")
        code, skipped = run_process(machine, "run", "jobs.yaml", **third)
        assert (code, machine.api.truth.created()) == (0, 3), skipped.output
        assert "its file is there" in skipped.err
    oracle.tasks_are_paid_once(machine.api)


def test_D16_a_second_file_a_second_take_and_a_job_with_such_a_name_never_meet(machine: Bench) -> None:
    machine.api.api.results = lambda task: [machine.cdn.url(f"/result.mp4?{task.id}-{n}") for n in (1, 2)]
    machine.file.write_text(
        "defaults: {model: kirin_v1_t2v}\njobs:\n"
        "  - {name: rain, take: 2, params: {prompt: rain}}\n  - {name: snow, params: {prompt: snow}}\n"
    )
    code, ran = run_process(machine, "run", "jobs.yaml")
    assert code == 0, ran.output
    assert sorted(path.name for path in machine.renders.glob("*.mp4")) == [
        "rain-2.2.mp4", "rain-2.mp4", "rain.2.mp4", "rain.mp4", "snow.2.mp4", "snow.mp4",
    ]  # fmt: skip
    assert all(len(json.loads(path.read_text())["outputs"]) == 2 for path in machine.renders.glob("*.json"))
    code, again = run_process(machine, "run", "jobs.yaml")
    assert (code, machine.posts) == (0, 3), again.output
    # A job of another file whose video was there first: the second file takes the next number.
    machine.write_jobs("hail.2")
    machine.api.api.results = lambda task: machine.cdn.url(f"/result.mp4?{task.id}")
    assert run_process(machine, "run", "jobs.yaml")[0] == 0
    machine.write_jobs("hail")
    machine.api.api.results = lambda task: [machine.cdn.url(f"/result.mp4?{task.id}-{n}") for n in (1, 2)]
    code, hail = run_process(machine, "run", "jobs.yaml")
    assert code == 0, hail.output
    assert {path.name for path in machine.renders.glob("hail*.mp4")} == {"hail.mp4", "hail.2.mp4", "hail.3.mp4"}
    assert list(json.loads((machine.renders / "hail.json").read_text())["outputs"]) == ["hail.mp4", "hail.3.mp4"]
    assert run_process(machine, "run", "jobs.yaml")[0] == 0
    assert machine.posts == 5
