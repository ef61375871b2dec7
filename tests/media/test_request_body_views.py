"""Requests as plain data: short for people, in full for `--full` (rule A9)."""

import base64
import hashlib
from pathlib import Path

import pytest
from support.pictures import jpeg, png

from kirin_cli.errors import LocalError
from kirin_cli.media.detect import inspect_media
from kirin_cli.media.request_body import elide, expand
from kirin_cli.modelspec.types import MediaFile

DATA = png(300, 300)
TEXT = base64.b64encode(DATA).decode()
HASH = hashlib.sha256(DATA).hexdigest()[:8]


def tree_of(folder: Path) -> dict[str, object]:
    (folder / "cup.png").write_bytes(DATA)
    images: list[MediaFile] = [
        inspect_media(given, "image", folder) for given in ("cup.png", TEXT, "https://example.com/a.png")
    ]
    return {"prompt": "a", "seed": 7, "image_list": tuple({"image": image} for image in images)}


def test_A9_elided_media_are_short_words(tmp_path: Path):
    assert elide(tree_of(tmp_path)) == {
        "prompt": "a",
        "seed": 7,
        "image_list": [
            {"image": f"<file cup.png, {len(DATA)} bytes, sha256 {HASH}…>"},
            {"image": f"<Base64 of {len(DATA)} bytes, sha256 {HASH}…>"},
            {"image": "https://example.com/a.png"},
        ],
    }


def test_A9_media_in_full_are_the_strings_that_are_sent(tmp_path: Path):
    images = [{"image": TEXT}, {"image": TEXT}, {"image": "https://example.com/a.png"}]
    assert expand(tree_of(tmp_path)) == {"prompt": "a", "seed": 7, "image_list": images}


@pytest.mark.parametrize("show", [elide, expand])
def test_I6_a_file_changed_since_the_check_is_not_shown_as_if_it_were_the_same(show, tmp_path: Path):
    tree = tree_of(tmp_path)
    (tmp_path / "cup.png").write_bytes(jpeg())
    with pytest.raises(LocalError, match="changed"):
        show(tree)
