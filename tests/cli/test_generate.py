"""What `-o` means: a name that ends like a video is a file, anything else a folder."""

from pathlib import Path

import pytest

from kirin_cli.cli.generate import parse_output
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE, render_name

FACTS = {"job": "rain", "model": "m", "ext": "mp4"}


@pytest.mark.parametrize(
    ("given", "folder", "name"),
    [
        (None, ".", "rain.mp4"),
        ("films", "films", "rain.mp4"),
        ("films/", "films", "rain.mp4"),
        ("clip.mp4", ".", "clip.mp4"),
        ("films/Clip.MOV", "films", "Clip.mp4"),
        ("clip.avi", "clip.avi", "rain.mp4"),
        ("{job}.mp4", ".", "_job_.mp4"),
    ],
)
def test_a_name_that_ends_like_a_video_is_a_file(given, folder, name):
    target = parse_output(Path(given) if given else None, replace=False)
    assert (target.folder, render_name(target.template, **FACTS)) == (Path(folder), name)


def test_further_outputs_of_one_file_get_numbers():
    target = parse_output(Path("clip.mp4"), replace=True)
    assert target.replace
    assert render_name(target.template, **FACTS, n=2) == "clip-2.mp4"


def test_a_folder_that_is_called_like_a_video_stays_a_folder(tmp_path):
    (tmp_path / "films.mp4").mkdir()
    target = parse_output(tmp_path / "films.mp4", replace=False)
    assert (target.folder, target.template) == (tmp_path / "films.mp4", DEFAULT_TEMPLATE)
