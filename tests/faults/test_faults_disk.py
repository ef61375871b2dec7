"""Disks that are full, read-only or gone (fault L5 and the folders of fault D14): nothing is paid in vain or twice."""

import errno
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from faults import processes
from faults.bench import Bench, RunResult
from faults.processes import run_process, shell
from loopback import faults
from loopback.exchange import Exchange
from loopback.files import clip

from kirin_cli.ledger.states import LedgerState

LONG = clip(3_000_000)


@cache
def namespaces() -> bool:
    """Whether a disk of any size can be mounted here that nobody else sees."""
    try:
        done = subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


needs_disks = pytest.mark.skipif(not namespaces(), reason="no disk can be mounted without rights here")


def on_disk(machine: Bench, size: str, line: str, options: str = "") -> processes.Running:
    """The line of shell where `renders` is a disk of its own; at the end its files are copied to `kept`."""
    machine.renders.mkdir(exist_ok=True)
    mounted = f"mount -t tmpfs -o size={size} none renders{options} && {line}; cp -r renders kept"
    _, stderr = shell(machine, f"exec unshare -rm bash -c {processes.quoted(mounted)}", fresh=True)
    return stderr


def codes(said: processes.Running) -> list[str]:
    return [line for line in said.out.splitlines() if line.startswith("code ")]


@needs_disks
def test_L5_a_disk_that_fills_during_a_download_is_9_and_resume_fetches_free_of_charge(machine: Bench) -> None:
    machine.cdn.serve_file("/result.mp4", LONG)
    machine.cdn.script("GET", faults.no_length())
    line = "kirin run jobs.yaml; echo code $?; ls renders; mount -o remount,size=9m renders; kirin resume; echo code $?"
    said = on_disk(machine, "1800k", line)
    assert said.out.splitlines() == ["code 9", f"{machine.renders}/rain.mp4", "code 0"]
    assert "No space left on device" in said.err
    assert "hint: make room, then `kirin resume` fetches it free of charge" in said.lines
    assert "to go on: kirin run jobs.yaml" in said.lines
    assert (machine.folder / "kept" / "rain.mp4").read_bytes() == LONG
    assert (machine.posts, machine.entries()[0].state) == (1, LedgerState.DONE)
    processes.judge(machine, said)


@needs_disks
def test_L5_a_file_that_will_not_fit_is_not_begun_and_nothing_more_is_sent(machine: Bench) -> None:
    machine.write_jobs("rain", "snow", "hail")
    machine.cdn.serve_file("/result.mp4", LONG)
    line = (
        "kirin run jobs.yaml -j 1; echo code $?; mount -o remount,size=19m renders; kirin run jobs.yaml; echo code $?"
    )
    said = on_disk(machine, "1800k", line)
    assert codes(said) == ["code 9", "code 0"]
    assert "renders/rain.mp4: 3000000 bytes are to come" in said.err
    assert "hail: sending" not in said.err.partition("to go on")[0]
    assert any(line.startswith("hail: not finished") and line.endswith(": not sent") for line in said.lines)
    assert machine.posts == 3
    processes.judge(machine, said)


@needs_disks
@pytest.mark.parametrize(
    ("size", "options", "words"),
    [("700k", "", "is full"), ("9m", " && mount -o remount,ro renders", "cannot be written to")],
    ids=["full", "read-only"],
)
def test_D14_L5_a_disk_of_no_use_is_noticed_before_anything_is_sent(
    machine: Bench, size: str, options: str, words: str
) -> None:
    said = on_disk(machine, size, "kirin run jobs.yaml; echo code $?; kirin plan jobs.yaml; echo code $?", options)
    assert codes(said) == ["code 9", "code 9"]
    assert (machine.posts, machine.queries, machine.entries()) == (0, 0, [])
    assert f"renders {words}" in said.err or words in said.err
    assert "-o writes elsewhere" in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_D14_a_folder_without_permission_is_noticed_before_anything_is_sent(machine: Bench) -> None:
    machine.renders.mkdir(mode=0o555)
    nothing_sent(machine, machine.run(), "cannot be written to")


def nothing_sent(machine: Bench, run: RunResult, words: str) -> None:
    assert (run.exit_code, machine.posts, machine.entries()) == (9, 0, [])
    assert words in run.output


@pytest.mark.parametrize("kind", ["file", "link to nothing", "link to a file"])
def test_D14_a_folder_that_is_none_is_noticed_before_anything_is_sent(machine: Bench, kind: str) -> None:
    (machine.folder / "file").write_text("mine")
    if kind == "file":
        machine.renders.write_text("mine")
    else:
        machine.renders.symlink_to("nothing" if kind == "link to nothing" else "file")
    ran_ = machine.run_unjudged()
    nothing_sent(machine, ran_, "is no folder")
    code, process = run_process(machine, "run", "jobs.yaml", "-o", "elsewhere")
    assert (code, process.out) == (0, "elsewhere/rain.mp4\n")


def test_D14_a_folder_that_became_none_before_the_next_run_is_noticed_before_anything_is_sent(machine: Bench) -> None:
    machine.api.script("POST", faults.answer(402, {"message": "balance"}))
    assert machine.run().exit_code == 5
    machine.renders.write_text("mine")
    assert (machine.run_unjudged().exit_code, machine.posts) == (9, 1)
    machine.renders.unlink()
    assert (machine.run().exit_code, machine.posts) == (0, 2)


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """No file of this process may become longer than `size` bytes: a write fails in the middle, as on a full disk."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_L5_a_write_that_fails_in_the_middle_leaves_nothing_under_the_name(machine: Bench) -> None:
    machine.write_jobs("rain", "snow")
    machine.cdn.serve_file("/result.mp4", LONG)
    with longest_file(2_000_000):
        run = machine.run(in_flight=1)
    assert run.exit_code == 9
    assert list(machine.renders.iterdir()) == []
    assert machine.posts <= 2
    assert machine.run().exit_code == 0
    assert machine.posts == 2


def fails(at: str, harm: Callable[[], None]) -> Callable[..., object]:
    """What stands for a call of the system that fails for the video, and works for everything else."""
    real = {"fsync": os.fsync, "link": os.link, "rename": os.rename}[at]

    def call(first: object, *more: object, **options: object) -> object:
        name = str(first) if at != "fsync" else str(Path(f"/proc/self/fd/{first}").readlink())
        if "rain.mp4" in name:
            harm()
        return real(first, *more, **options)  # type: ignore[operator]

    return call


def no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the name of an open file is asked of Linux")
@pytest.mark.parametrize("at", ["fsync", "rename"])
def test_L5_no_space_at_fsync_or_rename_leaves_nothing_under_the_name(
    machine: Bench, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    with monkeypatch.context() as patch:
        if at == "fsync":
            patch.setattr("os.fsync", fails("fsync", no_space))
        else:
            patch.setattr("os.link", fails("link", no_space))
            patch.setattr("os.rename", fails("rename", no_space))
        run = machine.run()
    assert (run.exit_code, run.outcome.error.charged) == (9, "yes")
    assert "No space left on device" in run.output
    assert not list(machine.renders.glob("*.mp4*"))
    again = machine.run(resume=True)
    assert (again.exit_code, machine.posts) == (0, 1)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the name of an open file is asked of Linux")
def test_L5_the_note_is_on_the_disk_before_the_video_and_then_the_folder_once(
    machine: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    real = os.fsync

    def sync(number: int) -> None:
        name = Path(f"/proc/self/fd/{number}").readlink().name
        if name == "renders":
            assert {path.name for path in machine.renders.iterdir()} == {"rain.mp4", "rain.json"}
        names.append("a draft" if name.startswith(".kirin-") else name)
        real(number)

    monkeypatch.setattr("os.fsync", sync)
    assert machine.run().exit_code == 0
    assert names[-3:] == ["a draft", "rain.mp4.part", "renders"]


def test_L5_a_folder_that_vanishes_during_the_download_is_9(machine: Bench) -> None:
    def vanish(x: Exchange) -> None:
        for path in machine.renders.iterdir():
            path.unlink()
        machine.renders.rmdir()
        x.send(x.honest())

    machine.cdn.script("GET", vanish)
    run = machine.run()
    assert (run.exit_code, run.outcome.error.charged) == (9, "yes")
    assert (machine.run(resume=True).exit_code, machine.posts) == (0, 1)
