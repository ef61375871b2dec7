"""A multipart body as it may arrive: in any pieces, cut, with something behind its end."""

import io
from pathlib import Path

import pytest

from kirin_cli.sandbox.files_handler import BadUpload, UploadStorage

CONTENT = b"--edge\r\n\r\n--edg\r\n-- the end is not here \r\n--"
BODY = (
    b'ignored before\r\n--edge\r\nContent-Disposition: form-data; name="file"; filename="cup.png"\r\n\r\n'
    + CONTENT
    + b"\r\n--edge--\r\nignored behind"
)


@pytest.fixture
def storage():
    kept = UploadStorage()
    yield kept
    kept.clear()


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 11, 64, 1000])
def test_the_content_is_the_same_in_whatever_pieces_it_arrives(storage, piece):
    stream = io.BytesIO(BODY + b"the next request")
    path = storage.save(lambda most: stream.read(min(most, piece)), len(BODY), "edge")
    assert storage.find(path).read_bytes() == CONTENT
    assert stream.read() == b"the next request"


def test_a_body_that_is_cut_leaves_no_file(storage):
    for length in range(0, BODY.index(b"--edge--"), 10):
        with pytest.raises(BadUpload):
            storage.save(io.BytesIO(BODY[:length]).read, len(BODY), "edge")
    assert not any(Path(storage._folder.name).iterdir())


def test_a_part_header_without_end_is_refused_before_it_fills_the_memory(storage):
    endless = io.BytesIO(b"--edge\r\nX: " + b"x" * 10_000_000)
    with pytest.raises(BadUpload):
        storage.save(endless.read, 10_000_011, "edge")
    assert endless.tell() < 1_000_000
