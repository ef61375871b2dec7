"""What is inside the gallery: videos where they are to be, small pictures always, and nothing but what was made."""

import hashlib
import re
from base64 import b64decode

import pytest
from support.pictures import png
from support.report_data import job, output, text

from kirin_cli.report.html_embedding import MAX_SMALL, MAX_SMALL_TOTAL


def given(path, content=b"", **facts):
    """A picture that a job was made from."""
    digest = hashlib.sha256(content).hexdigest()
    return {"param": "image", "path": str(path), "bytes": len(content), "sha256": digest, **facts}


def test_a_video_is_embedded_only_while_it_is_what_the_result_says(tmp_path):
    content = b"\0\0\0 ftyp"
    for name in ("good.mp4", "changed.mp4", "passwd"):
        (tmp_path / name).write_bytes(content)
    facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    made = [output(str(tmp_path / name), **facts) for name in ("good.mp4", "changed.mp4", "passwd", "gone.mp4")]
    (tmp_path / "changed.mp4").write_bytes(content[::-1])
    sources = re.findall(r'<video src="([^"]*)"', text("html-embedded", job(outputs=made), folder=tmp_path))
    kind, _, data = sources[0].partition(",")
    assert (kind, b64decode(data)) == ("data:video/mp4;base64", content)
    assert sources[1:] == ["./changed.mp4", "./passwd", "./gone.mp4"]


def test_pictures_are_linked_from_where_the_page_lies_and_a_video_is_named(tmp_path):
    files = [given(tmp_path / "media" / "fox.png"), given(tmp_path / "media" / "dance.mp4", param="video")]
    page = text("html", job("a", inputs=files), folder=tmp_path / "site")
    inputs = re.search(r'<ul class="inputs".*?</ul>', page, re.DOTALL)[0]
    assert 'aria-label="a: made from"' in inputs
    assert 'href="../media/fox.png"' in inputs
    assert '<img class="thumb" src="../media/fox.png" alt="image: fox.png"' in inputs
    assert '<span class="thumb file">dance.mp4</span>' in inputs
    assert inputs.count("<li>") == 2


@pytest.mark.parametrize("form", ["html", "html-embedded"])
def test_a_picture_is_inside_the_page_once_and_only_as_it_was_when_the_job_was_made(tmp_path, form):
    content = png(4, 4)
    for name in ("fox.png", "changed.png"):
        (tmp_path / name).write_bytes(content)
    changed = given(tmp_path / "changed.png", content[::-1])
    passwd = given(tmp_path / "passwd", b"root")
    (tmp_path / "passwd").write_bytes(b"root")
    jobs = [job(name, outputs=[], inputs=[given(tmp_path / "fox.png", content), changed, passwd]) for name in "ab"]
    page = text(form, *jobs, folder=tmp_path)
    assert page.count("data:image/png;base64,") == page.count("<symbol") == 1
    assert page.count('<use href="#picture-1">') == 2
    assert page.count('src="./changed.png"') == 2
    assert page.count('href="./passwd"') == 2
    assert "cm9vdA" not in page


def test_a_picture_that_has_another_size_now_is_named_and_not_shown(tmp_path):
    (tmp_path / "fox.png").write_bytes(png(9, 9))
    page = text("html", job("a", inputs=[given(tmp_path / "fox.png", png(4, 4))]), folder=tmp_path)
    assert '<span class="thumb file">fox.png</span>' in page
    assert "data:image/png" not in page


def test_large_pictures_are_linked_and_so_is_what_there_is_no_room_for(tmp_path):
    files = []
    for number in range(MAX_SMALL_TOTAL // MAX_SMALL + 1):
        content = png(4, 4, pad_to=MAX_SMALL - number)
        (tmp_path / f"{number}.png").write_bytes(content)
        files.append(given(tmp_path / f"{number}.png", content))
    large = png(4, 4, pad_to=MAX_SMALL + 1)
    (tmp_path / "large.png").write_bytes(large)
    page = text("html", job("a", inputs=[given(tmp_path / "large.png", large), *files]), folder=tmp_path)
    assert page.count("data:image/png;base64,") == len(files) - 1
    assert re.findall(r'<img class="thumb" src="([^"]*)"', page) == ["./large.png", f"./{len(files) - 1}.png"]
