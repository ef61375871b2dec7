"""What is in the way of a video, or comes into it (fault D14): never overwritten, never paid in vain."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import processes
from faults.bench import CLIP, KEY, ORIGIN, Bench
from faults.in_process import kirin
from loopback import faults
from loopback.exchange import Exchange


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
    assert (run.exit_code, run.outcome.state, run.outcome.error.charged) == (9, "pending", "yes"), run.output
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
    code, _, first = kirin(machine, "run", "jobs.yaml")
    assert code == 9
    code, _, refused = kirin(machine, "run", "jobs.yaml")
    assert (code, "rain.mp4 is there already" in refused) == (2, True)
    code, _, elsewhere = kirin(machine, "download", machine.api.truth.tasks[0].id, "-o", "elsewhere")
    assert (code, (machine.folder / "elsewhere" / "rain.mp4").read_bytes()) == (0, CLIP), elsewhere
    code, _, forced = kirin(machine, "run", "jobs.yaml", "--force")
    assert (code, (machine.renders / "rain.mp4").read_bytes()) == (0, CLIP), forced
    assert machine.posts == 1
    processes.judge(machine)
    assert KEY not in first + refused + elsewhere + forced


def test_D14_with_force_the_old_file_stays_until_the_new_one_is_whole(machine: Bench) -> None:
    machine.renders.mkdir()
    (machine.renders / "rain.mp4").write_text("mine")
    machine.cdn.script("GET", faults.html(), None)
    code, _, stderr = kirin(machine, "run", "jobs.yaml", "--force")
    assert (code, (machine.renders / "rain.mp4").read_text()) == (7, "mine"), stderr
    code, _, stderr = kirin(machine, "run", "jobs.yaml", "--force")
    assert (code, (machine.renders / "rain.mp4").read_bytes(), machine.posts) == (0, CLIP, 1), stderr


def lay(target: Path, kind: str) -> None:
    """Something in the place of the video."""
    target.parent.mkdir()
    made: dict[str, Callable[[], object]] = {
        "file": lambda: target.write_text("mine"),
        "folder": target.mkdir,
        "link": lambda: target.symlink_to("x"),
        "pipe": lambda: os.mkfifo(target),
    }
    made[kind]()


def test_D14_a_file_that_is_there_is_said_before_anything_is_sent(machine: Bench) -> None:
    target = machine.renders / "rain.mp4"
    lay(target, "file")
    code, _, stderr = kirin(machine, "run", "jobs.yaml")
    assert (code, machine.posts, target.read_text()) == (2, 0, "mine"), stderr
    assert "rain.mp4 is there already and was not made by kirin" in stderr


def test_D14_a_video_that_somebody_changed_is_not_fetched_over_it(machine: Bench) -> None:
    assert machine.run().exit_code == 0
    target = machine.renders / "rain.mp4"
    target.write_bytes(CLIP[:-100])
    code, _, stderr = kirin(machine, "plan", "jobs.yaml", "--base-url", ORIGIN)
    assert (code, target.read_bytes()) == (2, CLIP[:-100]), stderr
    assert "is not the file that was fetched" in stderr
    target.unlink()
    assert (machine.run().exit_code, machine.posts, target.read_bytes()) == (0, 1, CLIP)


def test_D14_of_two_files_the_missing_one_is_fetched_but_not_over_one_that_was_changed(machine: Bench) -> None:
    machine.api.api.results = [machine.cdn.url("/result.mp4?1"), machine.cdn.url("/result.mp4?2")]
    assert machine.run_unjudged().exit_code == 0
    first, second = machine.renders / "rain.mp4", machine.renders / "rain.2.mp4"
    second.unlink()
    assert (machine.run_unjudged().exit_code, second.read_bytes()) == (0, CLIP)
    second.unlink()
    first.write_bytes(CLIP[::-1])
    code, _, stderr = kirin(machine, "plan", "jobs.yaml", "--base-url", ORIGIN)
    assert (code, first.read_bytes(), machine.posts) == (2, CLIP[::-1], 1), stderr


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_D14_not_even_force_replaces_what_is_no_file(machine: Bench, kind: str) -> None:
    target = machine.renders / "rain.mp4"
    lay(target, kind)
    code, _, stderr = kirin(machine, "run", "jobs.yaml", "--force")
    assert (code, machine.posts) == (2, 0), stderr
    assert "job rain cannot write there" in stderr
    assert os.path.lexists(target)


@pytest.mark.parametrize("kind", ["mine", "", '{"kirin": 7}', "link"])
def test_D14_a_file_in_the_place_of_the_sidecar_is_not_overwritten(machine: Bench, kind: str) -> None:
    machine.renders.mkdir()
    note = machine.renders / "rain.json"
    note.symlink_to(machine.file) if kind == "link" else note.write_text(kind)
    code, _, stderr = kirin(machine, "run", "jobs.yaml")
    assert (code, machine.posts) == (2, 0), stderr
    assert "rain.json is there already and was not made by kirin" in stderr
    assert kind == "link" or note.read_text() == kind


def test_D14_one_off_commands_refuse_a_file_that_is_there(machine: Bench) -> None:
    (machine.folder / "rain.mp4").write_text("mine")
    code, _, stderr = kirin(machine, "v1-t2v", "rain", "-o", "rain.mp4")
    assert (code, machine.posts) == (2, 0), stderr
    assert (machine.folder / "rain.mp4").read_text() == "mine"
    code, _, stderr = kirin(machine, "v1-t2v", "rain", "-o", "rain.mp4/x.mp4")
    assert (code, machine.posts) == (9, 0), stderr


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
    code, _, stderr = kirin(machine, "plan", "jobs.yaml")
    assert code == 2, stderr
    assert "jobs.yaml:2:" in stderr
    assert machine.posts == 0
