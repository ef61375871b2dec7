"""The sidecar beside a result: what it says is believed only as far as the files are there and lie beside it."""

import hashlib
import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from kirin_cli.errors import LocalError, UsageError
from kirin_cli.models import MODELS
from kirin_cli.run import outputs as output_files
from kirin_cli.run.job import Job, OutputFile, OutputTarget

CLIP = b"not much of a video"


def job(folder: Path, *, external_id: str = "krn1-A", replace: bool = False) -> Job:
    request = '{"model":"kirin_v1_t2v","params":{"prompt":"rain"}}'
    return Job(
        name="rain", label="rain", model=MODELS["kirin_v1_t2v"], values={"prompt": "rain"}, request=request,
        external_id=external_id, target=OutputTarget(folder, "{job}{-n}.{ext}", replace),
    )  # fmt: skip


def output(path: Path, content: bytes = CLIP) -> OutputFile:
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return OutputFile(type="video", url="https://cdn.example/x.mp4", path=path, bytes=len(content), sha256=digest)


def noted(folder: Path, *, origin: str = "https://a.example", external_id: str = "krn1-A", **changes: object) -> Path:
    """A result `rain.mp4` with its sidecar, and what a test changes in that."""
    path = folder / "rain.mp4"
    facts = {"files": 1, "task_id": "t1", "cost_usd": "0.28", "times": {"intended": "2026-01-01T00:00:00.000+00:00"}}
    output_files.write_sidecar(job(folder, external_id=external_id), origin, facts, (output(path),))
    note = folder / "rain.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), **changes}))
    return path


def test_a_sidecar_says_what_was_written(tmp_path):
    note = output_files.read_sidecar(output_files.sidecar_path(noted(tmp_path)))
    assert note is not None
    assert (note.external_id, note.task_id, note.cost_usd, note.origin) == (
        "krn1-A",
        "t1",
        Decimal("0.28"),
        "https://a.example",
    )
    assert note.times == {"intended": "2026-01-01T00:00:00.000+00:00"}
    assert note.raw["request"] == {"model": "kirin_v1_t2v", "params": {"prompt": "rain"}}
    (found,) = note.outputs() or ()
    assert (found.path, found.bytes, found.type) == (tmp_path / "rain.mp4", len(CLIP), "video")
    assert {path.name for path in tmp_path.iterdir()} == {"rain.mp4", "rain.json"}


def test_a_job_is_finished_only_with_its_own_sidecar_and_whole_files(tmp_path):
    path = noted(tmp_path)
    assert output_files.existing_result(job(tmp_path), path)
    assert not output_files.existing_result(job(tmp_path, external_id="krn1-B"), path)
    path.write_bytes(CLIP[1:])
    assert not output_files.existing_result(job(tmp_path), path)
    path.unlink()
    assert not output_files.existing_result(job(tmp_path), path)


GARBAGE = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a number": b"7",
    "no UTF-8": b"\xff\xfe{",
    "deep": b"[" * 100_000,
    "deep, and ours": b'{"kirin": 1, "outputs": {}, "request": ' + b"[" * 700 + b"]" * 700 + b"}",
    "a long number": b'{"kirin": ' + b"9" * 5000 + b"}",
    "another program's": b'{"outputs": {}}',
    "a newer one": b'{"kirin": 2, "outputs": {}}',
    "outputs of another kind": b'{"kirin": 1, "outputs": ["rain.mp4"]}',
    "far too large": b'{"kirin": 1, "outputs": {}}' + b" " * output_files.MAX_SIDECAR_BYTES,
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_no_sidecar(tmp_path, kind):
    (tmp_path / "rain.json").write_bytes(GARBAGE[kind])
    assert output_files.read_sidecar(tmp_path / "rain.json") is None


def test_what_is_no_plain_file_is_no_sidecar(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    assert all(output_files.read_sidecar(path) is None for path in tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../rain.mp4", "/etc/passwd", "..", ".", "", "sub/rain.mp4", "rain\0.mp4"])
def test_a_sidecar_that_names_a_file_outside_of_its_folder_finishes_nothing(tmp_path, name):
    inside = tmp_path / "renders"
    inside.mkdir()
    (inside / "sub").mkdir()
    (inside / "sub/rain.mp4").write_bytes(CLIP)
    (tmp_path / "rain.mp4").write_bytes(CLIP)
    path = noted(inside, outputs={name: {"bytes": len(CLIP), "type": "video"}})
    note = output_files.read_sidecar(output_files.sidecar_path(path))
    assert note is not None
    assert not note.outputs()
    assert not output_files.existing_result(job(inside), path)


@pytest.mark.parametrize(
    "outputs",
    [{"rain.mp4": "text"}, {"rain.mp4": {}}, {"rain.mp4": {"bytes": "19"}}, {"rain.mp4": {"bytes": None}}, {}],
)
def test_a_sidecar_with_odd_facts_finishes_nothing(tmp_path, outputs):
    assert not output_files.existing_result(job(tmp_path), noted(tmp_path, outputs=outputs))


@pytest.mark.parametrize("files", [0, 2, None, "1"])
def test_a_sidecar_with_fewer_or_more_files_than_it_counts_finishes_nothing(tmp_path, files):
    assert not output_files.existing_result(job(tmp_path), noted(tmp_path, files=files))


@pytest.mark.parametrize("cost", ["", None, "NaN", "sNaN", "-Infinity", "-1", "1e999999", "0E-999999", "free", [1]])
def test_a_cost_that_is_no_amount_is_not_known(tmp_path, cost):
    note = output_files.read_sidecar(output_files.sidecar_path(noted(tmp_path, cost_usd=cost)))
    assert note is not None
    assert note.cost_usd is None


def test_times_that_are_none_are_none(tmp_path):
    note = output_files.read_sidecar(output_files.sidecar_path(noted(tmp_path, times=[1])))
    assert note is not None
    assert note.times == {}


def test_a_sidecar_that_cannot_be_written_is_a_local_fault_and_leaves_nothing(tmp_path):
    made = output(tmp_path / "rain.mp4")
    (tmp_path / "rain.json").mkdir()
    with pytest.raises(LocalError, match=r"rain\.json cannot be written"):
        output_files.write_sidecar(job(tmp_path), "o", {}, (made,))
    assert {path.name for path in tmp_path.iterdir()} == {"rain.mp4", "rain.json"}


def test_D14_a_sandbox_file_may_be_replaced_and_a_persons_file_may_not(tmp_path):
    path = noted(tmp_path, origin="sandbox:1", external_id="krn1-OLD")
    assert output_files.ensure_free(job(tmp_path), path)
    path.write_bytes(b"a video of my own")
    with pytest.raises(UsageError, match="is not the file that was fetched"):
        output_files.ensure_free(job(tmp_path), path)
    assert output_files.ensure_free(job(tmp_path, replace=True), path)


@pytest.mark.parametrize("changes", [{"outputs": {}, "files": 0}, {"outputs": {"other.mp4": {"bytes": 3}}}])
def test_D14_a_sidecar_that_only_claims_to_be_of_the_sandbox_gives_nobodys_file_away(tmp_path, changes):
    path = noted(tmp_path, origin="sandbox:1", external_id="krn1-OLD", **changes)
    (tmp_path / "other.mp4").write_bytes(b"abc")
    with pytest.raises(UsageError, match="is there already"):
        output_files.ensure_free(job(tmp_path), path)


def test_D14_what_is_no_plain_file_is_never_replaced_even_by_force(tmp_path):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "link.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in tmp_path.iterdir():
        with pytest.raises(UsageError, match="cannot write there"):
            output_files.ensure_free(job(tmp_path, replace=True), path)
