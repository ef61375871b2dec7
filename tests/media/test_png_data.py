"""Pixels of a PNG (rule I6): every kind of picture passes whole, and no damage does, on bytes and by the commands."""

import io
from base64 import b64encode
from pathlib import Path

import pytest
from support.pictures import ADAM7, chunk, half_png, join_png, jpeg, noise_png, png, png_chunks

from kirin_cli.media import make_inspector
from kirin_cli.media.png_data import MAX_INFLATED_BYTES, check_png_data, inflated_size
from kirin_cli.modelspec.types import MediaError

KINDS = [
    (0, 1),
    (0, 2),
    (0, 4),
    (0, 8),
    (0, 16),
    (2, 8),
    (2, 16),
    (3, 1),
    (3, 2),
    (3, 4),
    (3, 8),
    (4, 8),
    (4, 16),
    (6, 8),
    (6, 16),
]
WHOLE = noise_png(40, 30, step=500)


def check(data: bytes) -> None:
    check_png_data(io.BytesIO(data))


def why(data: bytes) -> str:
    with pytest.raises(ValueError, match=r"\w") as caught:
        check(data)
    return str(caught.value)


@pytest.mark.parametrize(("colour", "depth"), KINDS)
@pytest.mark.parametrize("interlace", [0, 1])
def test_I6_every_kind_of_picture_is_whole_and_one_row_less_is_not(colour, depth, interlace):
    for sides in [(1, 1), (3, 2), (5, 9), (33, 17)]:
        data = noise_png(*sides, depth=depth, colour=colour, interlace=interlace)
        check(data)
        (tag, header), *others = png_chunks(data)
        taller = header[:4] + (sides[1] + 8).to_bytes(4) + header[8:]
        assert "are missing" in why(join_png([(tag, taller), *others])), sides


def test_the_passes_of_an_interlaced_picture_have_all_its_pixels():
    for width, height in [(1, 1), (2, 3), (8, 8), (9, 7), (31, 15)]:
        rows = sum(-(-(height - y) // dy) for x, y, _, dy in ADAM7 if width > x and height > y)
        assert inflated_size(width, height, 8, interlaced=True) == width * height + rows
        assert inflated_size(width, height, 8, interlaced=False) == width * height + height


def test_I6_every_flipped_byte_is_noticed():
    for at in range(8, len(WHOLE)):
        changed = bytearray(WHOLE)
        changed[at] ^= 0x55
        with pytest.raises(ValueError, match=r"\w"):
            check(bytes(changed))


@pytest.mark.parametrize("lost", range(6))
def test_I6_a_lost_chunk_of_pixels_is_noticed(lost: int):
    chunks = png_chunks(WHOLE)
    pixels = [at for at, (tag, _) in enumerate(chunks) if tag == b"IDAT"]
    assert len(pixels) > 6
    rest = [part for at, part in enumerate(chunks) if at != pixels[lost]]
    assert "% of its pixels are there" in why(join_png(rest))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda stream: stream[: len(stream) // 2], "the others are missing"),
        (lambda stream: stream[:-40], "the others are missing"),
        (lambda stream: bytes(len(stream)), "only 0 % of its pixels are there"),
        (lambda stream: b"", "only 0 %"),
    ],
)
def test_I6_a_stream_that_ends_too_early_or_breaks_is_noticed_though_its_checksums_are_right(change, reason):
    chunks = png_chunks(noise_png(60, 50, step=1 << 20))
    damaged = [(tag, change(content) if tag == b"IDAT" else content) for tag, content in chunks]
    assert reason in why(join_png(damaged))


def test_I6_zeroed_sectors_are_found_at_their_chunk():
    assert "checksum of its IDAT chunk at byte" in why(WHOLE[:600] + bytes(512) + WHOLE[1112:])


def test_I6_a_stream_that_breaks_is_told_from_one_that_ends():
    header, (tag, stream), end = png_chunks(png(900, 900))
    assert "cannot be decompressed" in why(join_png([header, (tag, stream[:30] + b"\x55" * (len(stream) - 30)), end]))


@pytest.mark.parametrize("field", [24, 25, 26, 27, 28])
def test_I6_a_kind_of_picture_that_png_does_not_have(field: int):
    (tag, header), *others = png_chunks(WHOLE)
    broken = header[: field - 16] + b"\7" + header[field - 15 :]
    assert "does not have" in why(join_png([(tag, broken), *others]))


def test_I6_more_pixels_than_rows_and_a_wrong_checksum_of_the_stream_are_what_decoders_take():
    chunks = png_chunks(noise_png(20, 20, step=1 << 20))
    check(join_png([(tag, content[:-4] + b"\0\0\0\0" if tag == b"IDAT" else content) for tag, content in chunks]))
    check(join_png([(tag, content + b"more" if tag == b"IDAT" else content) for tag, content in chunks]))


@pytest.mark.parametrize(("place", "is_fine"), [(33, False), (-12, True)])
def test_I6_a_wrong_checksum_of_a_chunk_that_is_not_needed_matters_before_the_pixels_only(place: int, is_fine: bool):
    wrong = chunk(b"tEXt", b"Title\0cup")[:-4] + bytes(4)
    data = WHOLE[:place] + wrong + WHOLE[place:]
    if is_fine:
        check(data)
    else:
        assert "checksum of its tEXt chunk at byte 33" in why(data)


def test_a_picture_that_would_fill_the_memory_is_held_to_its_checksums_alone():
    (tag, header), *others = png_chunks(WHOLE)
    huge = (1 << 30).to_bytes(4) + (1 << 30).to_bytes(4) + header[8:]
    assert inflated_size(1 << 30, 1 << 30, 24, interlaced=False) > MAX_INFLATED_BYTES
    check(join_png([(tag, huge), *others]))


@pytest.fixture
def damaged(tmp_path: Path) -> str:
    (tmp_path / "cup.png").write_bytes(half_png(400, 300))
    return "cup.png"


def test_I6_a_number_of_pictures_of_job_files_is_decoded_and_headers_are_always_read(damaged: str, tmp_path: Path):
    (tmp_path / "fine.png").write_bytes(png(400, 300))
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    inspect = make_inspector(uploads=False, max_decoded=1)
    assert inspect("photo.jpg", "image", tmp_path).format == "jpeg"
    assert inspect("fine.png", "image", tmp_path).width == 400
    assert inspect(damaged, "image", tmp_path).width == 400
    with pytest.raises(MediaError, match=r"cup\.png is damaged: only .* copy or export it again") as caught:
        make_inspector(uploads=False)(damaged, "image", tmp_path)
    assert caught.value.rule == "I6"


def test_I6_base64_is_decoded_too(damaged: str, tmp_path: Path):
    text = b64encode((tmp_path / damaged).read_bytes()).decode()
    with pytest.raises(MediaError, match=r"^Base64 of \d+ bytes is damaged"):
        make_inspector(uploads=False)(f"data:image/png;base64,{text}", "image", tmp_path)
