"""The video that was at a job's place before: kept beside with its sidecar, whatever stops the move in the middle."""

import json

import pytest

from kirin_cli.atomic_file import OpenFolder
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.models import MODELS
from kirin_cli.run import earlier_results as earlier
from kirin_cli.run.job import Job, OutputFile, OutputTarget
from kirin_cli.run.outputs import read_sidecar, sidecar_path, write_sidecar

CLIP = b"not much of a video"


def job(folder, name="rain", external_id="krn1-NEW", **changes):
    return Job(
        name=name, label=name, model=MODELS["kirin_v1_t2v"], values={}, request='{"model": "m", "params": {}}',
        external_id=external_id, target=OutputTarget(folder, "{job}{-take}.{ext}"), **changes,
    )  # fmt: skip


def made(owner, *names, intended="2025-06-15T10:00:00Z", origin="https://a.example"):
    """The job's files and their sidecar."""
    files = []
    for name in names:
        path = owner.target.folder / name
        path.write_bytes(CLIP + name.encode())
        files.append(OutputFile(type="video", url="", path=path, bytes=path.stat().st_size, sha256=""))
    facts = {"files": len(files), "task_id": f"task-of-{owner.external_id}", "times": {"intended": intended}}
    write_sidecar(owner, origin, facts, tuple(files))
    return files[0].path


def tree(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_files_of_the_earlier_result_move_with_their_sidecar(tmp_path):
    path = made(job(tmp_path, external_id="krn1-OLD"), "rain.mp4", "rain.2.mp4")
    moved = earlier.move_aside(job(tmp_path), path)
    assert moved.external_id == "krn1-OLD"
    assert [after.name for after in moved.files.values()] == ["rain.old-1.mp4", "rain.old-1.2.mp4"]
    assert tree(tmp_path) == ["rain.json", "rain.old-1.2.mp4", "rain.old-1.json", "rain.old-1.mp4"]
    note = read_sidecar(tmp_path / "rain.old-1.json")
    assert [output.path.name for output in note.outputs()] == ["rain.old-1.mp4", "rain.old-1.2.mp4"]
    assert earlier.move_aside(job(tmp_path), path) is None


def test_each_earlier_result_has_a_number_of_its_own(tmp_path):
    for number in (1, 2, 3):
        path = made(job(tmp_path, external_id=f"krn1-{number}"), "rain.mp4")
        earlier.move_aside(job(tmp_path, external_id=f"krn1-{number + 1}"), path)
    ids = [read_sidecar(tmp_path / f"rain.old-{number}.json").external_id for number in (1, 2, 3)]
    assert ids == ["krn1-1", "krn1-2", "krn1-3"]


def test_a_name_that_a_person_has_taken_is_passed_over(tmp_path):
    path = made(job(tmp_path, external_id="krn1-OLD"), "rain.mp4")
    (tmp_path / "rain.old-1.mp4").write_bytes(b"mine")
    (tmp_path / "rain.old-2.json").write_text("mine")
    earlier.move_aside(job(tmp_path), path)
    assert (tmp_path / "rain.old-1.mp4").read_bytes() == b"mine"
    assert (tmp_path / "rain.old-3.mp4").exists()


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_move_that_was_cut_short_is_gone_on_with(tmp_path, steps, monkeypatch):
    path = made(job(tmp_path, external_id="krn1-OLD"), "rain.mp4", "rain.2.mp4")
    move, count = OpenFolder.move, iter(range(steps))

    def cut(self, name, target, *, replace):
        if not replace and next(count, None) is None:  # a video, not its sidecar
            raise OSError("killed")
        return move(self, name, target, replace=replace)

    with monkeypatch.context() as patch:
        patch.setattr(OpenFolder, "move", cut)
        if steps < 2:
            with pytest.raises(earlier.LocalError):
                earlier.move_aside(job(tmp_path), path)
    earlier.move_aside(job(tmp_path), path)
    assert tree(tmp_path) == ["rain.json", "rain.old-1.2.mp4", "rain.old-1.json", "rain.old-1.mp4"]
    assert read_sidecar(tmp_path / "rain.old-1.json").outputs()


@pytest.mark.parametrize(
    ("owner", "mine"),
    [
        ({"external_id": "krn1-NEW"}, {}),
        ({"name": "snow"}, {}),
        ({"take": 2}, {}),
        ({"scope": "spring"}, {}),
        ({}, {"replace": True}),
    ],
)
def test_only_what_was_made_for_the_same_take_is_moved_and_nothing_with_force(tmp_path, owner, mine):
    path = made(job(tmp_path, **{"external_id": "krn1-OLD", **owner}), "rain.mp4")
    new = job(tmp_path)
    if mine:
        new = new.replace(target=new.target._replace(**mine))
    assert earlier.move_aside(new, path) is None
    assert tree(tmp_path) == ["rain.json", "rain.mp4"]


def test_what_a_sandbox_made_is_kept_by_nobody(tmp_path):
    path = made(job(tmp_path, external_id="krn1-OLD"), "rain.mp4", origin="sandbox:1")
    assert earlier.move_aside(job(tmp_path), path) is None


def entry(created):
    return LedgerEntry(
        origin="o", account="a", external_id="krn1-OLD", model="m", request="{}", created=created, updated=created
    )


def test_a_result_that_comes_late_goes_beside_the_later_one(tmp_path):
    path = made(job(tmp_path, external_id="krn1-NEW", attempt=2), "rain.mp4", intended="2025-06-15T10:00:00Z")
    sidecar = read_sidecar(sidecar_path(path))
    late = earlier.beside_later_result(job(tmp_path, external_id="krn1-OLD"), entry(1_000_000_000.0), path, sidecar)
    assert late.target == OutputTarget(tmp_path, "rain.old-1.{ext}")
    made(late, "rain.old-1.mp4")
    assert earlier.find_result(job(tmp_path, external_id="krn1-OLD"), path)[1][0].path.name == "rain.old-1.mp4"
    same = job(tmp_path, external_id="krn1-OLD")
    assert earlier.beside_later_result(same, entry(2_000_000_000.0), path, sidecar) is same


def test_the_sidecar_says_where_it_was(tmp_path):
    path = made(job(tmp_path, external_id="krn1-OLD"), "rain.mp4")
    earlier.move_aside(job(tmp_path), path)
    assert json.loads((tmp_path / "rain.old-1.json").read_text())["moved_from"] == "rain.mp4"


def test_a_sidecar_that_names_the_video_of_another_job_does_not_move_it(tmp_path):
    made(job(tmp_path, name="snow", external_id="krn1-SNOW"), "snow.mp4")
    path = made(job(tmp_path, external_id="krn1-OLD"), "rain.mp4")
    note = json.loads((tmp_path / "rain.json").read_text())
    note["outputs"]["snow.mp4"] = {"bytes": 1}
    (tmp_path / "rain.json").write_text(json.dumps(note))
    earlier.move_aside(job(tmp_path), path)
    assert tree(tmp_path) == ["rain.json", "rain.old-1.json", "rain.old-1.mp4", "snow.json", "snow.mp4"]


@pytest.mark.parametrize("folder", [".", "sub"])
@pytest.mark.parametrize("name", ["rain.old-1.json", "film.json", "snow.old-1.json"])
def test_only_what_was_moved_from_a_place_belongs_there_again(tmp_path, folder, name):
    (tmp_path / "sub").mkdir()
    note = {"kirin": 1, "moved_from": "rain.mp4", "outputs": {f"{name[:-5]}.mp4": {}}}
    (tmp_path / folder / name).write_text(json.dumps(note))
    sidecar = read_sidecar(tmp_path / folder / name)
    expected = (folder, name) == (".", "rain.old-1.json")
    assert earlier.was_moved_from(sidecar, tmp_path / "rain.mp4") is expected
    (tmp_path / folder / name).write_text(json.dumps(note | {"outputs": {"precious.mp4": {}}}))
    assert not earlier.was_moved_from(read_sidecar(tmp_path / folder / name), tmp_path / "rain.mp4")


@pytest.mark.parametrize("steps", [0, 1])
def test_a_putting_back_that_was_cut_short_is_gone_on_with(tmp_path, steps):
    old, new = job(tmp_path, external_id="krn1-OLD"), job(tmp_path)
    path = made(old, "rain.mp4")
    earlier.move_aside(new, path)
    made(new, "rain.mp4")
    sidecar = read_sidecar(tmp_path / "rain.old-1.json")
    whole = (tmp_path / "rain.old-1.mp4").read_bytes()
    if steps:  # what a crash after the sidecar was written leaves
        earlier.move_aside(old, path)
        made(old, "rain.mp4")
        path.unlink()
    moved = earlier.put_back(old, sidecar, path)
    assert path.read_bytes() == whole
    assert tree(tmp_path) == ["rain.json", "rain.mp4", "rain.old-2.json", "rain.old-2.mp4"]
    assert moved[-1].external_id == "krn1-OLD"


def test_a_result_is_found_beside_its_place_although_earlier_ones_are_gone(tmp_path):
    path, owner = tmp_path / "rain.mp4", job(tmp_path, external_id="krn1-OLD")
    assert earlier.find_result(owner, path) is None
    made(owner, f"rain.old-{earlier.MAX_GAP}.mp4")
    assert [file.path.name for file in earlier.find_result(owner, path)[1]] == [f"rain.old-{earlier.MAX_GAP}.mp4"]


def test_a_folder_is_not_listed_for_each_video_that_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("glob.escape", lambda _: pytest.fail("the folder is listed"))
    assert earlier.find_result(job(tmp_path), tmp_path / "rain.mp4") is None
