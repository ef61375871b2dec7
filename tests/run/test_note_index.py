"""What changed between a sidecar and a job, in words; and how much of a folder is read."""

from pathlib import Path

import pytest
from support.pictures import png

from kirin_cli.run import note_index
from kirin_cli.run.outputs import read_sidecar

ORIGIN = "https://cloud.example"


def change(desk, before, after):
    """What `kirin plan` says when the parameters of a job become others."""
    for params in (before, after):
        desk.write("jobs:", f"  - {{name: rain, params: {{{params}}}}}")
        (job,) = desk.prepared().jobs
        if params == before:
            desk.result(job, desk.folder / "renders/rain.mp4")
    (text,) = desk.prepared().changes.values()
    return text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("prompt: a", "prompt: b", "its prompt changed"),
        ("prompt: a, duration: 5", "prompt: a, duration: 10", "its duration changed from 5 to 10"),
        ("prompt: a, mode: std", "prompt: b, mode: pro", "its mode changed from std to pro, its prompt changed"),
        ("prompt: a", "prompt: a, mode: pro", "its mode is new"),
        ("prompt: a, mode: pro", "prompt: a", "its mode was left out"),
    ],
)
def test_a_plan_says_what_changed(desk, before, after, text):
    assert sorted(change(desk, before, after).split(", ")) == sorted(text.split(", "))


def test_media_that_changed_are_named_by_their_file(desk):
    desk.write("jobs:", "  - {name: rain, model: kirin_v1_5_i2v, params: {prompt: p, image: cup.png}}")
    (desk.folder / "cup.png").write_bytes(png(300, 300))
    desk.result(desk.prepared().jobs[0], desk.folder / "renders/rain.mp4")
    (desk.folder / "cup.png").write_bytes(png(300, 301))
    (text,) = desk.prepared().changes.values()
    assert text.startswith("its image changed (")
    assert "cup.png" in text


def test_another_model_is_said(desk):
    desk.jobs("rain")
    (job,) = desk.prepared().jobs
    desk.result(job, desk.folder / "renders/rain.mp4")
    sidecar = read_sidecar(desk.folder / "renders/rain.json")
    other = job.replace(request=job.request.replace("kirin_v1_t2v", "kirin_v9"))
    assert note_index.describe_change(sidecar, other) == "its model changed from kirin_v1_t2v to kirin_v9"


def test_no_more_of_a_folder_is_read_than_the_limits_say(desk, monkeypatch):
    desk.jobs("rain")
    (job,) = desk.prepared().jobs
    desk.result(job, desk.folder / "renders/films/film.mp4")
    assert note_index.NoteIndex().of_job(job, ORIGIN)
    for limit in ("MAX_ENTRIES_SCANNED", "MAX_BYTES_READ", "MAX_FOLDER_DEPTH"):
        with monkeypatch.context() as patch:
            patch.setattr(note_index, limit, 0)
            assert not note_index.NoteIndex().of_job(job, ORIGIN)


def test_hidden_folders_pipes_and_other_json_are_passed_over(desk):
    desk.jobs("rain")
    (job,) = desk.prepared().jobs
    desk.result(job, desk.folder / "renders/.git/film.mp4")
    (desk.folder / "renders/package.json").write_text("{")
    (desk.folder / "renders/folder.json").mkdir()
    Path(desk.folder / "renders/link.json").symlink_to(desk.folder / "renders/.git/film.json")
    assert not note_index.NoteIndex().of_job(job, ORIGIN)
