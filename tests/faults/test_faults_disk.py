"""Disks that are full, read-only or in the way (rows D14 and L5 of FAULTS.md): nothing is paid for in vain or twice."""

import errno
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import loopback_faults as faults
import pytest
from faults import processes
from faults.processes import ran, shell
from faults.worlds import CLIP, Bench, Ran
from loopback import clip
from loopback_exchange import Exchange

from kirin_cli.ledger.states import State

LONG = clip(3_000_000)
GIB = 1 << 30


@cache
def namespaces() -> bool:
    """Whether a disk of any size can be mounted here that nobody else sees."""
    try:
        done = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


needs_disks = pytest.mark.skipif(not namespaces(), reason="no disk can be mounted without rights here")


def on_disk(machine: Bench, size: str, line: str, options: str = "") -> processes.Running:
    """The line of shell where `renders` is a disk of its own; at the end its files are copied to `kept`."""
    machine.renders.mkdir(exist_ok=True)
    mounted = f"mount -t tmpfs -o size={size} none renders{options} && {line}; cp -r renders kept"
    _, said = shell(machine, f"exec unshare -rm bash -c {processes.quoted(mounted)}")
    return said


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
    assert (machine.posts, machine.entries()[0].state) == (1, State.DONE)
    processes.judge(machine, said)


@needs_disks
def test_L5_a_file_that_will_not_fit_is_not_begun_and_nothing_more_is_sent(machine: Bench) -> None:
    machine.write_jobs("rain", "snow", "hail")
    machine.cdn.serve_file("/result.mp4", LONG)
    line = "kirin run jobs.yaml -j 1; echo code $?; mount -o remount,size=19m renders; kirin run jobs.yaml; echo code $?"
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


def nothing_sent(machine: Bench, run: Ran, words: str) -> None:
    assert (run.exit_code, machine.posts, machine.entries()) == (9, 0, [])
    assert words in run.said


@pytest.mark.parametrize("kind", ["file", "link to nothing", "link to a file"])
def test_D14_a_folder_that_is_none_is_noticed_before_anything_is_sent(machine: Bench, kind: str) -> None:
    (machine.folder / "file").write_text("mine")
    if kind == "file":
        machine.renders.write_text("mine")
    else:
        machine.renders.symlink_to("nothing" if kind == "link to nothing" else "file")
    ran_ = machine.run_unjudged()
    nothing_sent(machine, ran_, "is no folder")
    code, said = ran(machine, "run", "jobs.yaml", "-o", "elsewhere")
    assert (code, said.out) == (0, "elsewhere/rain.mp4\n")


def test_D14_a_folder_that_became_none_before_resume_is_noticed_before_anything_is_sent(machine: Bench) -> None:
    machine.api.script("POST", faults.answer(402, {"message": "balance"}))
    assert machine.run().exit_code == 5
    machine.renders.write_text("mine")
    resumed = machine.run_unjudged(resume=True)
    assert (resumed.exit_code, resumed.outcome.error.charged, machine.posts) == (9, "no", 1)
    machine.renders.unlink()
    assert (machine.run(resume=True).exit_code, machine.posts) == (0, 2)


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
    assert {outcome.error.charged for outcome in run.summary.outcomes} <= {"yes", "maybe", "no"}
    assert list(machine.renders.iterdir()) == []
    assert machine.posts <= 2
    assert machine.run().exit_code == 0
    assert machine.posts == 2


def fails(at: str, harm: Callable[[], None]) -> Callable[..., object]:
    """What stands for a call of the system that fails for the video, and works for everything else."""
    real = {"fsync": os.fsync, "link": Path.hardlink_to, "rename": Path.rename}[at]

    def call(first: object, *more: object) -> object:
        name = str(first) if at != "fsync" else os.readlink(f"/proc/self/fd/{first}")
        if "rain.mp4" in name:
            harm()
        return real(first, *more)  # type: ignore[operator]

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
            patch.setattr(Path, "hardlink_to", fails("link", no_space))
            patch.setattr(Path, "rename", fails("rename", no_space))
        run = machine.run()
    assert (run.exit_code, run.outcome.error.charged) == (9, "yes")
    assert "No space left on device" in run.said
    assert not list(machine.renders.glob("*.mp4*"))
    again = machine.run(resume=True)
    assert (again.exit_code, machine.posts) == (0, 1)


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


def appears(machine: Bench, kind: str) -> Callable[[Exchange], None]:
    """Somebody else makes a file of that name while the download is under way."""

    def play(x: Exchange) -> None:
        target = machine.renders / "rain.mp4"
        if kind == "file":
            target.write_text("mine")
        elif kind == "folder":
            target.mkdir()
        else:
            target.symlink_to(machine.file)
        x.send(x.honest())

    return play


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_D14_a_target_that_appears_during_the_run_is_not_touched_and_the_video_is_not_lost(
    machine: Bench, kind: str
) -> None:
    jobs, target = machine.file.read_text(), machine.renders / "rain.mp4"
    machine.cdn.script("GET", appears(machine, kind))
    run = machine.run_unjudged()
    assert (run.exit_code, run.outcome.state, run.outcome.error.charged) == (9, "pending", "yes"), run.said
    assert kind != "file" or target.read_text() == "mine"
    assert machine.file.read_text() == jobs
    resumed = machine.run_unjudged(resume=True)
    assert (resumed.exit_code, machine.posts) == (9, 1)
    task = machine.api.truth.tasks[0].id
    assert f"kirin download {task} -o FOLDER" in resumed.outcome.error.hint
    assert "paid for" in resumed.outcome.error.hint
    target.rmdir() if kind == "folder" else target.unlink()
    assert (machine.run(resume=True).exit_code, machine.posts) == (0, 1)


def test_D14_what_that_hint_says_works(machine: Bench) -> None:
    machine.cdn.script("GET", appears(machine, "file"))
    code, first = ran(machine, "run", "jobs.yaml")
    assert code == 9
    code, refused = ran(machine, "run", "jobs.yaml")
    assert (code, "rain.mp4 is there already" in refused.err) == (2, True)
    code, elsewhere = ran(machine, "download", machine.api.truth.tasks[0].id, "-o", "elsewhere")
    assert (code, (machine.folder / "elsewhere" / "rain.mp4").read_bytes()) == (0, CLIP), elsewhere.said
    code, forced = ran(machine, "run", "jobs.yaml", "--force")
    assert (code, (machine.renders / "rain.mp4").read_bytes()) == (0, CLIP), forced.said
    assert machine.posts == 1
    processes.judge(machine, first, refused, elsewhere, forced)


def test_D14_with_force_the_old_file_stays_until_the_new_one_is_whole(machine: Bench) -> None:
    machine.renders.mkdir()
    (machine.renders / "rain.mp4").write_text("mine")
    machine.cdn.script("GET", faults.html(), None)
    code, said = ran(machine, "run", "jobs.yaml", "--force")
    assert (code, (machine.renders / "rain.mp4").read_text()) == (7, "mine"), said.said
    code, said = ran(machine, "run", "jobs.yaml", "--force")
    assert (code, (machine.renders / "rain.mp4").read_bytes(), machine.posts) == (0, CLIP, 1), said.said


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_D14_not_even_force_replaces_what_is_no_file(machine: Bench, kind: str) -> None:
    machine.renders.mkdir()
    target = machine.renders / "rain.mp4"
    {"folder": target.mkdir, "link": lambda: target.symlink_to("x"), "pipe": lambda: os.mkfifo(target)}[kind]()
    code, said = ran(machine, "run", "jobs.yaml", "--force")
    assert (code, machine.posts) == (2, 0), said.said
    assert "job rain cannot write there" in said.err
    assert os.path.lexists(target)


@pytest.mark.parametrize("kind", ["mine", "", '{"kirin": 7}', "link"])
def test_D14_a_file_in_the_place_of_the_note_is_not_overwritten(machine: Bench, kind: str) -> None:
    machine.renders.mkdir()
    note = machine.renders / "rain.json"
    note.symlink_to(machine.file) if kind == "link" else note.write_text(kind)
    code, said = ran(machine, "run", "jobs.yaml")
    assert (code, machine.posts) == (2, 0), said.said
    assert "rain.json is there already and was not made by kirin" in said.err
    assert kind == "link" or note.read_text() == kind


def test_D14_one_off_commands_refuse_a_file_that_is_there(machine: Bench) -> None:
    (machine.folder / "rain.mp4").write_text("mine")
    code, said = ran(machine, "v1-t2v", "rain", "-o", "rain.mp4")
    assert (code, machine.posts) == (2, 0), said.said
    assert (machine.folder / "rain.mp4").read_text() == "mine"
    code, said = ran(machine, "v1-t2v", "rain", "-o", "rain.mp4/x.mp4")
    assert (code, machine.posts) == (9, 0), said.said


SAME_PATH = {
    "no field": "{name: a, output: {name: 'x.{ext}'}}, {name: b, output: {name: 'x.{ext}'}}",
    "case": "{name: a, output: {name: 'x.{ext}'}}, {name: b, output: {name: 'X.{ext}'}}",
    "unicode": '{name: a, output: {name: "caf\\u00e9.{ext}"}}, {name: b, output: {name: "cafe\\u0301.{ext}"}}',
    "cleaned names": "{name: 'a:b'}, {name: 'a?b'}",
    "one note": "{name: a, output: {name: x.mp4}}, {name: b, output: {name: x.mov}}",
    "folders": "{name: a, output: {dir: one, name: x.mp4}}, {name: b, output: {dir: ./one/, name: x.mp4}}",
    "a link": "{name: a, output: {dir: one, name: x.mp4}}, {name: b, output: {dir: link, name: x.mp4}}",
    "a note's name": "{name: a, output: {name: x.json}}",
}


@pytest.mark.parametrize("name", SAME_PATH)
def test_D14_two_jobs_one_path_is_an_error_before_anything_is_sent(machine: Bench, name: str) -> None:
    (machine.folder / "link").symlink_to("one")
    (machine.folder / "one").mkdir()
    head = "defaults: {model: kirin_v1_t2v, params: {prompt: x}}"
    machine.file.write_text(f"{head}\njobs: [{SAME_PATH[name]}]\n")
    code, said = ran(machine, "plan", "jobs.yaml")
    assert code == 2, said.said
    assert "jobs.yaml:2:" in said.err
    assert machine.posts == 0
