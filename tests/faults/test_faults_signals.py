"""Ctrl-C, SIGTERM and SIGHUP (faults G1 and G2), on real processes."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import threading
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest
from faults import processes
from faults.bench import CLIP, Bench
from faults.processes import KIRIN, run_process, start_process
from loopback import faults
from support.terminal_screen import seen
from support.videos import video

from kirin_cli.cli.runner import handle_signals
from kirin_cli.errors import Interrupted, KirinError, Terminated
from kirin_cli.ledger.states import LedgerState

CONFTEST = Path(__file__).parents[1] / "conftest.py"
GO_ON = "to go on: kirin run jobs.yaml"


def fetched(machine: Bench, *before: processes.Running, by: tuple[str, ...] = ("resume",)) -> None:
    """The next command ends it: one task, one good file."""
    machine.api.forget_scripts()
    machine.cdn.forget_scripts()
    if machine.api.api.statuses == ("in_progress",):
        machine.api.api.statuses = ("completed",)
    code, again = run_process(machine, *by)
    assert code == 0, again.output
    assert machine.api.truth.created() == len(list(machine.renders.glob("*.mp4"))) == len(again.out.splitlines())
    assert not list(machine.renders.glob("*.part"))
    processes.judge(machine, *before, again)


@pytest.fixture
def endless(machine: Bench) -> Bench:
    """Its tasks never end."""
    machine.api.api.statuses = ("in_progress",)
    return machine


@pytest.mark.parametrize("by", [("resume",), ("run", "jobs.yaml")], ids=["resume", "run again"])
def test_G1_ctrl_c_while_waiting_leaves_the_task_running_and_says_how_to_go_on(
    endless: Bench, by: tuple[str, ...]
) -> None:
    with start_process(endless, "run", "jobs.yaml") as running:
        running.wait_for("in_progress")
        assert running.stop() == 130
    task = endless.api.truth.tasks[0].id
    assert f"rain: not finished: interrupted: task {task} goes on" in running.lines
    assert (running.out.strip(), running.lines[-1]) == ("", GO_ON)
    fetched(endless, running, by=by)
    assert endless.posts == 1


def test_G1_ctrl_c_at_a_terminal_leaves_it_clean(endless: Bench) -> None:
    endless.write_jobs("rain", "snow", "a name with spaces")
    with start_process(endless, "run", "jobs.yaml", "-j", "2", terminal=True) as running:
        running.wait_for("2 running")
        assert running.ends_after(lambda: running.press(b"\x03")) == 130
    assert "\x1b[?" not in running.output  # no mode of the terminal was changed, so none has to be changed back
    assert running.output.endswith(f"\r\n{GO_ON} -j 2\r\n")
    lines = seen(running.output.replace("^C", ""))
    assert lines[-2:] == [f"{GO_ON} -j 2", ""]
    assert "0 of 3 done, 3 pending" in lines[-3]
    assert sum("not finished: interrupted" in line for line in lines) == 3
    assert any("not sent" in line for line in lines)
    fetched(endless, running, by=("run", "jobs.yaml"))
    assert endless.posts == 3


def test_G1_a_task_that_is_taken_up_is_seen_at_a_terminal(endless: Bench) -> None:
    with start_process(endless, "run", "jobs.yaml") as before:
        before.wait_for("in_progress")
        before.stop()
    with start_process(endless, "resume", terminal=True) as running:
        running.wait_for("in_progress")
        running.wait_for("1 running")
        assert running.ends_after(lambda: running.press(b"\x03")) == 130


def test_G1_json_tells_what_was_interrupted(endless: Bench) -> None:
    with start_process(endless, "run", "jobs.yaml", "--json", "--report", "json=report.json") as running:
        endless.api.truth.wait("GET", 2)
        assert running.stop() == 130
    told = json.loads(running.out)
    assert (told["exit_code"], told["totals"]["pending"], told["jobs"][0]["state"]) == (130, 1, "pending")
    assert told["jobs"][0]["task_id"] == endless.api.truth.tasks[0].id
    assert told["jobs"][0]["error"]["hint"] == "to go on: kirin run jobs.yaml --json --report json=report.json"
    assert json.loads((endless.folder / "report.json").read_text())["exit_code"] == 130


def test_G1_ctrl_c_with_quiet_still_says_how_to_go_on(endless: Bench) -> None:
    with start_process(endless, "run", "jobs.yaml", "-q") as running:
        endless.api.truth.wait("GET", 2)
        assert running.stop() == 130
    assert running.lines == [f"rain: interrupted: task {endless.api.truth.tasks[0].id} goes on", f"{GO_ON} -q"]


def test_G1_ctrl_c_during_a_post_may_have_been_charged(machine: Bench) -> None:
    over = threading.Event()
    machine.api.script("POST", faults.close_at(over, create=True))
    with start_process(machine, "run", "jobs.yaml") as running:
        machine.api.truth.until(lambda truth: any(post.complete for post in truth.of("POST")))
        running.process.send_signal(signal.SIGINT)
        running.wait_for("interrupted: ")
        assert running.ends_after(over.set) == 130
    assert "it may have been charged" in running.err
    assert f"kirin resolve {machine.entries()[0].external_id}" in running.err
    assert running.lines[-1] == GO_ON
    fetched(machine, running)
    assert machine.posts == 1


def test_G1_ctrl_c_during_a_post_that_is_answered_in_time_loses_nothing(machine: Bench) -> None:
    asked = threading.Event()
    machine.api.script("POST", faults.stall(asked, create=True))
    with start_process(machine, "run", "jobs.yaml") as running:
        machine.api.truth.wait("POST")
        running.process.send_signal(signal.SIGINT)
        running.wait_for("interrupted: what is under way is brought to an end; once more ends at once")
        asked.set()
        assert running.end() == 130
    task = machine.api.truth.tasks[0].id
    assert f"rain: accepted as {task}" in running.err
    assert f"task {task} goes on" in running.err
    fetched(machine, running)
    assert machine.posts == 1


def test_G1_the_second_ctrl_c_ends_at_once(machine: Bench) -> None:
    machine.api.script("POST", faults.stall(create=True))
    with start_process(machine, "run", "jobs.yaml") as running:
        machine.api.truth.wait("POST")
        running.process.send_signal(signal.SIGINT)
        running.wait_for(GO_ON)
        assert running.stop() == 130
    assert "outcome" not in running.err  # it did not wait for the first to be heard
    fetched(machine, running, by=("run", "jobs.yaml"))


def test_G1_ctrl_c_during_a_download_leaves_no_half_file_under_its_name(machine: Bench) -> None:
    machine.cdn.script("GET", faults.stall_after(len(CLIP) // 2))
    with start_process(machine, "run", "jobs.yaml") as running:
        running.wait_for("downloading")
        assert running.stop() == 130
    assert "generated, not fetched yet" in running.err
    assert not (machine.renders / "rain.mp4").exists()
    assert running.lines[-1] == GO_ON
    fetched(machine, running)
    assert machine.posts == 1


def test_G1_ctrl_c_during_an_upload_sends_nothing(machine: Bench) -> None:
    (machine.folder / "dance.mp4").write_bytes(video(data=3_000_000))
    params = "{image_url: https://x.example/a.png, video_url: dance.mp4, character_orientation: video, mode: std}"
    machine.file.write_text(f"jobs: [{{name: rain, model: kirin_motion_control, params: {params}}}]")
    machine.cdn.script("POST", faults.stop_reading(1000), faults.answer(200, {"url": "https://x.example/b.mp4"}))
    with start_process(machine, "run", "jobs.yaml", KIRIN_UPLOAD_URL=machine.cdn.url("/upload")) as running:
        machine.cdn.truth.wait("POST")
        assert running.stop() == 130
    assert "rain: not finished: interrupted: not sent" in running.lines
    assert (machine.posts, machine.entries()[0].state) == (0, LedgerState.INTENT)
    code, again = run_process(machine, "run", "jobs.yaml", KIRIN_UPLOAD_URL=machine.cdn.url("/upload"))
    assert (code, machine.posts) == (0, 1), again.output
    processes.judge(machine, running, again)


@pytest.mark.slow
def test_G1_ctrl_c_while_the_ledger_is_locked_ends_soon(endless: Bench) -> None:
    with start_process(endless, "run", "jobs.yaml") as running:
        running.wait_for("in_progress")
        with closing(connect(endless.folder / "state" / "ledger.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            endless.api.truth.wait("GET", endless.queries + 1)
            assert running.stop() == 130
    assert running.lines[-1].endswith(GO_ON)
    fetched(endless, running)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_G2_sigterm_and_sighup_do_the_same_and_are_143(endless: Bench, number: int) -> None:
    with start_process(endless, "run", "jobs.yaml") as running:
        running.wait_for("in_progress")
        assert running.stop(number) == 143
    assert "not finished: terminated: task" in running.err
    assert running.lines[-1] == GO_ON
    fetched(endless, running)


def test_G2_the_window_of_the_terminal_is_closed(endless: Bench) -> None:
    with start_process(endless, "run", "jobs.yaml", "--report", "json=report.json", terminal=True) as running:
        running.wait_for("running")
        assert running.ends_after(running.hang_up) == 143
    assert json.loads((endless.folder / "report.json").read_text())["exit_code"] == 143
    fetched(endless, running)


def test_G2_what_is_ignored_from_the_start_stays_ignored(endless: Bench) -> None:
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with start_process(endless, "run", "jobs.yaml", command=(sys.executable, "-ISc", ignoring, *KIRIN)) as running:
        running.wait_for("in_progress")
        running.process.send_signal(signal.SIGHUP)
        endless.api.api.statuses = ("completed",)
        assert running.end() == 0
    processes.judge(endless, running)


def test_G1_G2_a_test_run_that_ignores_signals_starts_processes_that_heed_them() -> None:
    ignoring = (
        "import runpy, signal, subprocess, sys; [signal.signal(number, signal.SIG_IGN) for number in (1, 2, 3, 15)]"
    )
    child = "import signal; print(*(signal.getsignal(number) is signal.SIG_IGN for number in (1, 2, 3, 15)))"
    as_here = f"runpy.run_path({str(CONFTEST)!r}); subprocess.run([sys.executable, '-Sc', {child!r}], check=True)"
    result = subprocess.run(
        [sys.executable, "-c", f"{ignoring}; {as_here}"], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False False False False\n"


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, Interrupted), (signal.SIGTERM, Terminated)])
def test_G1_G2_a_signal_while_files_are_hashed_is_raised_and_says_how_to_go_on(
    number: int, kind: type[KirinError]
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(kind) as caught, handle_signals(hint=GO_ON):
        os.kill(os.getpid(), number)
    assert caught.value.hint == GO_ON
    assert signal.getsignal(number) is before


def test_G1_ctrl_c_while_a_job_file_is_read_ends_at_once(machine: Bench) -> None:
    os.mkfifo(machine.folder / "pipe")
    line = f"exec {sys.executable} -m kirin_cli run - <pipe"
    with start_process(machine, line, command=("bash", "-c")) as running, (machine.folder / "pipe").open("wb") as pipe:
        pipe.write(b"#" * (2 << 16))  # more than a pipe holds: that it is taken says that it is being read
        pipe.flush()
        while int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder):
            pass  # until it waits for more
        assert running.stop() == 130
    assert running.lines == ["error: interrupted"]
    assert machine.posts == 0
