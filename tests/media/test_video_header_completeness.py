"""The box walk: whole files are known as whole, cut ones as cut, hostile ones end at once."""

import io
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback.files import clip

from kirin_cli.media.video_header import VideoHeader, is_video, read_video


def box(kind: bytes, *parts: bytes, size: int | None = None) -> bytes:
    content = b"".join(parts)
    return pack(">I4s", len(content) + 8 if size is None else size, kind) + content


def long_box(kind: bytes, content: bytes, size: int | None = None) -> bytes:
    return pack(">I4sQ", 1, kind, len(content) + 16 if size is None else size) + content


def header(scale: int = 1000, ticks: int = 5000, version: int = 0) -> bytes:
    times = pack(">QQIQ", 0, 0, scale, ticks) if version else pack(">IIII", 0, 0, scale, ticks)
    return bytes([version, 0, 0, 0]) + times


def track(
    handler: bytes = b"vide", *, side: tuple[int, int] = (640, 360), version: int = 0, ticks: int = 5000
) -> bytes:
    shape = box(b"tkhd", bytes(20), pack(">I", 5000), bytes(52), pack(">II", side[0] << 16, side[1] << 16))
    timing = box(b"stts", bytes(4), pack(">I", 2), pack(">IIII", 100, 512, 20, 512))
    media = box(b"mdhd", header(12800, 61440, version)) + box(b"hdlr", bytes(8), handler, bytes(13))
    return box(b"trak", shape, box(b"mdia", media, box(b"minf", box(b"stbl", timing))))


FTYP = box(b"ftyp", b"isom", bytes(4))
MDAT = box(b"mdat", b"x" * 50)
GOOD = FTYP + box(b"moov", box(b"mvhd", header()), track(b"soun", side=(0, 0)), track()) + MDAT


def facts(data: bytes) -> VideoHeader:
    return read_video(io.BytesIO(data))


def test_a_whole_file_gives_its_facts():
    assert facts(GOOD) == VideoHeader("mp4", 5.0, 640, 360, 25.0, complete=True)


@pytest.mark.parametrize("data", [GOOD, clip(2000), FTYP + MDAT + GOOD[len(FTYP) : -len(MDAT)]])
def test_D5_a_file_cut_anywhere_is_not_complete(data):
    assert facts(data).complete
    assert not [cut for cut in range(len(data)) if facts(data[:cut]).complete]


def test_what_was_read_before_a_cut_is_kept():
    assert facts(GOOD[:-1]) == VideoHeader("mp4", 5.0, 640, 360, 25.0, complete=False)


def test_sixty_four_bit_sizes_and_times():
    movie = box(b"moov", box(b"mvhd", header(version=1)), track(version=1))
    assert facts(FTYP + long_box(b"mdat", b"x" * 9) + movie) == VideoHeader("mp4", 5.0, 640, 360, 25.0, complete=True)


def test_a_size_of_zero_reaches_to_the_end():
    assert facts(FTYP + box(b"moov", track()) + box(b"mdat", b"x" * 9, size=0)).complete


def test_without_a_movie_header_the_track_tells_the_length():
    assert facts(FTYP + box(b"moov", track()) + MDAT).seconds == pytest.approx(4.8)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        bytes(100),
        b"<html></html>",
        FTYP,
        FTYP + MDAT,
        FTYP + box(b"moov", track()),
        box(b"moov", size=7),
        box(b"moov", size=2**32 - 1),
        long_box(b"moov", b"", size=2**64 - 1),
        long_box(b"moov", b"", size=3),
        pack(">I4s", 1, b"moov"),
        FTYP + MDAT + box(b"moov", box(b"trak", size=99)),
        GOOD + b"\0\0\0",
    ],
)
def test_what_is_no_whole_video_is_not_complete(data):
    assert not facts(data).complete


@pytest.mark.parametrize(
    "movie",
    [
        box(b"moov"),
        box(b"moov", box(b"mvhd", b"\0")),
        box(b"moov", box(b"mvhd", header(0, 0))),
        box(b"moov", box(b"trak")),
        box(b"moov", box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"vide")))),
    ],
)
def test_missing_facts_are_none(movie):
    assert facts(FTYP + movie + MDAT) == VideoHeader("mp4", complete=True)


def test_a_frame_table_that_lies_about_its_length_is_read_as_far_as_it_goes():
    timing = box(b"stts", bytes(4), pack(">I", 2**32 - 1), pack(">II", 10, 512))
    media = box(b"mdhd", header(12800, 5120)) + box(b"hdlr", bytes(8), b"vide") + box(b"minf", box(b"stbl", timing))
    assert facts(FTYP + box(b"moov", box(b"trak", box(b"mdia", media))) + MDAT).fps == 25.0


def test_a_flood_of_boxes_ends():
    assert not facts(FTYP + box(b"moov", track()) + MDAT + box(b"free") * 100_001).complete


def test_boxes_are_told_from_text():
    assert is_video(GOOD[:8])
    assert not is_video(b"<html>..")


@given(st.binary(max_size=300), st.integers(0, len(GOOD)), st.integers(0, len(GOOD)))
def test_no_bytes_crash_the_walk(noise, start, end):
    facts(GOOD[:start] + noise + GOOD[end:])
