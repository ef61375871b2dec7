"""Where files go: names of several outputs, suffixes, folders of no use, sidecars that are somebody else's."""

import os
from pathlib import Path

import pytest

from kirin_cli.errors import LocalError, UsageError
from kirin_cli.models import MODELS
from kirin_cli.run import outputs
from kirin_cli.run.job import Job, OutputTarget
from kirin_cli.wire.responses import OutputContent


def job(folder: Path, template: str = "{job}{-n}.{ext}", *, replace: bool = False) -> Job:
    return Job(
        name="rain", label="rain", model=MODELS["kirin_v1_t2v"], values={}, request="{}", external_id="krn1-A",
        target=OutputTarget(folder, template, replace),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("template", "first", "second"),
    [
        ("{job}{-n}.{ext}", "rain.mp4", "rain.2.mp4"),
        ("{job}.{ext}", "rain.mp4", "rain.2.mp4"),
        ("{job}{-n}{-take}.{ext}", "rain.mp4", "rain.2.mp4"),
        ("{job}-{n}.{ext}", "rain-1.mp4", "rain-2.mp4"),
        ("{n}/{job}.{ext}", "1/rain.mp4", "1/rain.2.mp4"),
        ("{job}", "rain", "rain.2"),
        ("film.mov", "film.mov", "film.2.mov"),
        ("{date}.{ext}", "2025-06-15.mp4", "2025-06-15.2.mp4"),
    ],
)
def test_further_outputs_never_meet_the_first(template, first, second):
    paths = [outputs.output_path(job(Path("r"), template), n=n, now=1_750_000_000.0) for n in (1, 2)]
    assert paths == [Path("r") / first, Path("r") / second]


@pytest.mark.parametrize("template", ["../{job}.{ext}", "/tmp/{job}.{ext}", "~/{job}.{ext}"])
def test_I8_no_output_leaves_its_folder(tmp_path, template):
    with pytest.raises(UsageError, match="output"):
        outputs.output_path(job(tmp_path, template))


@pytest.mark.parametrize(
    ("kind", "url", "suffix"),
    [
        ("video", "https://cdn.example/x.mov?sign=1", "mov"),
        ("video", "https://cdn.example/x.exe", "mp4"),
        ("video", "https://cdn.example/", "mp4"),
        ("image", "https://cdn.example/x.JPEG", "jpeg"),
        ("image", "https://cdn.example/x.mp4", "png"),
        ("sound", "https://cdn.example/x", "mp3"),
        ("thing", "https://cdn.example/x", "mp4"),
    ],
)
def test_the_suffix_is_the_urls_only_where_it_fits_the_type(kind, url, suffix):
    assert outputs.extension(OutputContent(kind, url)) == suffix


def test_a_folder_that_is_not_there_yet_is_fine(tmp_path):
    outputs.ensure_writable(tmp_path / "a/b/c")
    assert not (tmp_path / "a").exists()


def test_a_file_in_place_of_a_folder_is_found_before_anything_is_paid(tmp_path):
    (tmp_path / "renders").write_text("a file")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for folder in (tmp_path / "renders", tmp_path / "renders/deeper", tmp_path / "dangling"):
        with pytest.raises(LocalError, match="is no folder") as fault:
            outputs.ensure_writable(folder)
        assert "-o" in fault.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_L1_a_folder_without_permission_is_found_before_anything_is_paid(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(LocalError, match="cannot be written to"):
        outputs.ensure_writable(tmp_path / "renders")


def test_a_folder_whose_name_cannot_be_is_found_before_anything_is_paid(tmp_path):
    with pytest.raises(LocalError, match="the name is too long"):
        outputs.ensure_writable(tmp_path / ("x" * 5000))


def test_D14_a_sidecar_replaces_nothing_but_a_sidecar(tmp_path):
    (tmp_path / "rain.json").write_text('{"mine": true}')
    with pytest.raises(UsageError, match=r"rain\.json is there already and was not made by kirin"):
        outputs.ensure_sidecar_free(job(tmp_path), tmp_path / "rain.mp4")
    outputs.ensure_sidecar_free(job(tmp_path, replace=True), tmp_path / "rain.mp4")
    outputs.ensure_sidecar_free(job(tmp_path), tmp_path / "snow.mp4")


def test_a_video_is_not_called_like_a_sidecar(tmp_path):
    with pytest.raises(UsageError, match="has the name of a sidecar"):
        outputs.ensure_sidecar_free(job(tmp_path), tmp_path / "rain.json")
