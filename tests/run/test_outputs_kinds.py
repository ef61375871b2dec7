"""Results that are pictures or sound: fetched by what they are, named so, shown in the gallery."""

import re
import struct
from io import BytesIO
from pathlib import Path

import pytest
from support.pictures import jpeg, png
from support.workspace import Workspace, open_workspace

from kirin_cli.api.ranges import verify_file
from kirin_cli.errors import ResultUnavailable
from kirin_cli.run.outputs import content_kind, extension
from kirin_cli.sandbox.samples import result_content
from kirin_cli.wire.responses import OutputContent

MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 300
WEBP = b"RIFF" + struct.pack("<I", 60) + b"WEBPVP8 " + b"\0" * 60
WAV = result_content("audio", "16:9", 3, "x")
PNG = result_content("image", "1:1", 3, "x")
SAMPLES = {"png": PNG, "jpg": jpeg(64, 64), "webp": WEBP, "mp3": MP3, "wav": WAV}


def text_of(result: str) -> str:
    return f"model: my_{result}\nresult: {result}\nfields: [{{name: prompt}}]\n"


@pytest.fixture
def workspace(tmp_path: Path):
    with open_workspace(tmp_path) as workspace:
        folder = workspace.home.work / "kirin-models"
        folder.mkdir()
        for result in ("image", "audio"):
            (folder / f"my_{result}.yaml").write_text(text_of(result))
        workspace.environ["KIRIN_POLL_SECONDS"] = "0.02"
        yield workspace


@pytest.mark.parametrize("suffix", SAMPLES)
def test_D16_a_result_is_known_by_its_bytes(suffix):
    kind = "audio" if suffix in {"mp3", "wav"} else "image"
    file = verify_file(BytesIO(SAMPLES[suffix]), kind, framed=True)
    assert file is not None
    assert (file.problem, file.suffix) == ("", suffix)


@pytest.mark.parametrize("suffix", [name for name in SAMPLES if name != "mp3"])
def test_what_nobody_says_the_length_of_is_whole_where_it_says_so_itself(suffix):
    kind = "audio" if suffix == "wav" else "image"
    file = verify_file(BytesIO(SAMPLES[suffix]), kind, framed=False)
    assert file is not None
    assert file.suffix == suffix
    assert verify_file(BytesIO(SAMPLES[suffix][:-20]), kind, framed=False) is None


def test_what_is_neither_is_none(tmp_path):
    assert verify_file(BytesIO(MP3), "image", framed=True).problem
    assert verify_file(BytesIO(PNG), "audio", framed=True).problem
    assert verify_file(BytesIO(b"PK\x03\x04" + b"\0" * 99), "audio", framed=True).problem == "a ZIP archive"
    with pytest.raises(ResultUnavailable):
        verify_file(BytesIO(b"<html>no</html>"), "image", framed=True)


def test_the_kind_that_is_expected_is_that_of_the_label_of_the_url_or_of_the_model():
    assert content_kind(OutputContent("audio", "https://x/a")) == "audio"
    assert content_kind(OutputContent("", "https://x/a.wav")) == "audio"
    assert content_kind(OutputContent("", "https://x/a"), "image") == "image"
    assert content_kind(OutputContent("video", "https://x/a.png"), "image") == "video"
    assert extension(OutputContent("", "https://x/a"), "audio") == "mp3"
    assert extension(OutputContent("music", "https://x/a.wav")) == "wav"


@pytest.mark.parametrize(("result", "suffix"), [("image", "png"), ("audio", "wav")])
def test_a_result_gets_the_suffix_of_what_it_is_and_is_there_the_next_time(workspace: Workspace, result, suffix):
    workspace.write("jobs:", "  - {name: a, params: {prompt: x}}", model=f"my_{result}")
    made = workspace.kirin("run", "jobs.yaml", "--json", "--report", "html=gallery.html").data
    (output,) = made["jobs"][0]["outputs"]
    assert (Path(output["path"]).name, output["type"]) == (f"a.{suffix}", result)
    folder = (workspace.home.work / output["path"]).parent
    assert sorted(path.name for path in folder.glob("a.*")) == ["a.json", f"a.{suffix}"]
    page = (workspace.home.work / "gallery.html").read_text()
    (element,) = re.findall("<(img|audio|video) [^>]*renders/a[.]", page)
    assert element == {"image": "img", "audio": "audio"}[result]
    assert workspace.kirin("run", "jobs.yaml", "--json").states == {"a": "skipped"}
    (folder / f"a.{suffix}").unlink()
    assert workspace.kirin("run", "jobs.yaml", "--json").states == {"a": "done"}
    assert len(workspace.sandbox.tasks) == 1


def test_o_takes_the_suffixes_of_what_comes_and_what_came_decides(workspace: Workspace):
    assert workspace.kirin("my-audio", "x", "-o", "song.mp3").stdout == "song.wav\n"
    assert workspace.kirin("my-image", "x", "-o", "pic.png").stdout == "pic.png\n"
    refused = workspace.kirin("my-image", "x", "-o", "pic.mp4", expect=2)
    assert "the result comes as .png, .jpg, .jpeg or .webp" in refused.stderr


def test_a_file_of_somebody_else_is_never_replaced_for_a_suffix(workspace: Workspace):
    (workspace.home.work / "song.wav").write_text("mine")
    assert workspace.kirin("my-audio", "x", "-o", "song.mp3").stdout == "song.mp3\n"
    assert (workspace.home.work / "song.wav").read_text() == "mine"


def test_a_picture_for_a_video_is_still_odd():
    assert verify_file(BytesIO(png(64, 64)), "video", framed=True).problem == "in PNG format"


def test_a_picture_of_one_job_is_taken_by_another_and_a_video_where_one_is_asked_for_is_not(workspace: Workspace):
    folder = workspace.home.work / "kirin-models"
    (folder / "film.yaml").write_text("model: film\nfields: [{name: image, kind: image}, {name: clip, kind: video}]\n")
    workspace.write(
        "jobs:",
        "  - {name: still, model: my_image, params: {prompt: x}}",
        '  - {name: moving, model: film, params: {image: "${jobs.still.url}"}}',
        '  - {name: again, model: film, params: {clip: "${jobs.moving.url}"}}',
    )
    workspace.kirin("validate", "jobs.yaml")
    assert set(workspace.kirin("run", "jobs.yaml", "--json").states.values()) == {"done"}
    workspace.write(
        "jobs:",
        "  - {name: still, model: my_image, params: {prompt: x}}",
        "  - {name: song, model: my_audio, params: {prompt: x}}",
        '  - {name: a, model: film, params: {clip: "${jobs.still.url}"}}',
        '  - {name: b, model: film, params: {image: "${jobs.song.url}"}}',
    )
    found = workspace.kirin("validate", "jobs.yaml", expect=2).stderr
    assert "${jobs.still.url} is a picture; it takes a video" in found
    assert "${jobs.song.url} is sound; it takes a picture" in found
