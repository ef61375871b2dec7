"""Headers and evidence of a whole file (rules I2, I6), on bytes in memory."""

import struct
from contextlib import suppress
from io import BytesIO
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pictures import chunk, jpeg, png, segment

from kirin_cli.media.formats import detect_format
from kirin_cli.media.image_header import ImageHeader, read_image_header
from kirin_cli.modelspec.types import MediaError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
THUMBNAIL = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0" + jpeg(
    160, 120
)  # and: turn by 90 degrees
FRAME = segment(0xC0, pack(">BHHB3B", 8, 480, 640, 1, 1, 0x11, 0))
SCAN = segment(0xDA, b"\1\1\0\0\x3f\0")
SMALL = {"png": png(3, 2), "jpeg": jpeg(17, 9)}


def header_of(data: bytes) -> ImageHeader:
    return read_image_header(BytesIO(data), len(data), "cup")


def refusal(data: bytes) -> MediaError:
    with pytest.raises(MediaError, match=r"^cup ") as caught:
        header_of(data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (png(300, 751), ImageHeader("png", 300, 751)),
        (jpeg(), ImageHeader("jpeg", 640, 480)),
        (jpeg(4032, 3024, app_padding=200_000), ImageHeader("jpeg", 4032, 3024)),
        (png(640, 480, pad_to=1_000_000), ImageHeader("png", 640, 480)),
        (jpeg().replace(b"\xff\xc0", b"\xff\xc2"), ImageHeader("jpeg", 640, 480)),
        (png(65536, 1), ImageHeader("png", 65536, 1)),
        (png(1, 65536), ImageHeader("png", 1, 65536)),
        (jpeg(65535, 8), ImageHeader("jpeg", 65535, 8)),
    ],
)
def test_I4_the_sides_are_read_from_the_header(data: bytes, header: ImageHeader):
    assert header_of(data) == header


class CountingFile(BytesIO):
    """Bytes in memory that count how often they are read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


@pytest.mark.parametrize(
    ("data", "reads"),
    [(png(300, 300), 1), (png(300, 300, pad_to=1_000_000), 2), (jpeg(), 2), (jpeg(app_padding=200_000), 6)],
)
def test_a_picture_is_read_a_few_times_however_many_parts_of_it_are_looked_at(data: bytes, reads: int):
    file = CountingFile(data)
    read_image_header(file, len(data), "cup")
    assert file.reads <= reads


@pytest.mark.parametrize("padding", [0, 200_000])
@pytest.mark.parametrize("frame", [b"\xff\xc0", b"\xff\xc2"])
def test_I4_neither_the_thumbnail_nor_the_orientation_of_a_camera_counts(frame: bytes, padding: int):
    data = jpeg(app_padding=padding).replace(b"\xff\xc0", frame)
    assert header_of(data[:2] + segment(0xE1, THUMBNAIL) + data[2:]) == ImageHeader("jpeg", 640, 480, turned=True)


def with_orientation(value: int, data: bytes) -> bytes:
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0" + bytes([value]) + bytes(6)
    return data[:2] + segment(0xE1, b"Exif\0\0" + exif) + data[2:]


@pytest.mark.parametrize(
    ("value", "turned"), [(1, False), (2, False), (3, False), (4, False), (5, True), (6, True), (8, True), (9, False)]
)
def test_F9_an_orientation_that_exchanges_the_sides_is_told(value: int, turned: bool):
    header = header_of(with_orientation(value, jpeg()))
    assert (header.width, header.height, header.turned) == (640, 480, turned)


@pytest.mark.parametrize(
    "stray", [b"\0", b"junk", b"\xff\0", b"\xff\xff\xff", b"\0" * 5000, b"\xff\0\xff\0zz\xff", b"a" * 262_143]
)
@pytest.mark.parametrize("place", [b"\xff\xc0", b"\xff\xc4\0\x14\x10", b"\xff\xda"])
def test_I6_stray_bytes_between_segments_are_skipped_as_decoders_do(stray: bytes, place: bytes):
    data = jpeg()
    at = data.index(place)
    assert header_of(data[:at] + stray + data[at:]) == ImageHeader("jpeg", 640, 480)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 20, 90])
def test_I6_an_application_segment_may_be_longer_than_it_says(length: int):
    data = jpeg(app_padding=100)
    assert header_of(data[:4] + struct.pack(">H", length) + data[6:]) == ImageHeader("jpeg", 640, 480)


@pytest.mark.parametrize("found", SMALL)
def test_I6_every_cut_of_a_picture_is_noticed(found: str):
    for end in range(len(SMALL[found])):
        assert refusal(SMALL[found][:end]).rule == "I6"


@pytest.mark.parametrize("found", SMALL)
@pytest.mark.parametrize("padding", [1, 5000, 600_000])
def test_I6_bytes_behind_the_picture_are_allowed(found: str, padding: int):
    assert header_of(SMALL[found] + bytes(padding)) == header_of(SMALL[found])


@pytest.mark.parametrize("appended", [4094, 4095, 4096, 1_000_000])
def test_I6_the_end_of_a_jpeg_is_found_where_a_phone_appended_a_video(appended: int):
    assert header_of(jpeg() + b"v" * appended) == ImageHeader("jpeg", 640, 480)


def test_I6_the_end_of_a_jpeg_may_stand_across_two_reads():
    data = b"\xff\xd8" + FRAME + SCAN + bytes(256 * 1024 - 1) + b"\xff\xd9" + b"v" * 10_000
    assert header_of(data) == ImageHeader("jpeg", 640, 480)


def test_I6_the_end_of_a_thumbnail_is_not_the_end_of_the_picture():
    data = jpeg()
    cut = data[:2] + segment(0xE1, jpeg(16, 16)) + data[2:-2]
    assert "truncated" in refusal(cut).message


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (SIGNATURE + chunk(b"CgBI", bytes(4)) + png(3, 2)[8:], "IHDR chunk is missing"),
        (png(3, 2)[:20] + b"\7" + png(3, 2)[21:], "IHDR chunk is missing or damaged"),
        (SIGNATURE + chunk(b"IDAR", bytes(13)) + png(3, 2)[33:], "states no size"),
        (png(3, 2)[:33] + chunk(b"IEND", b""), "no IDAT"),
        (png(3, 2)[:33] + chunk(b"\0\0\0\0", b"") + png(3, 2)[33:], "has no name"),
        (png(3, 2)[:33] + chunk(b"juNK", b"") * 100_001 + png(3, 2)[33:], "more than 100,000 chunks"),
        (SIGNATURE + chunk(b"IHDR", bytes(13)) + png(3, 2)[33:], "states no size"),
        (jpeg(640, 0), "states no size"),
        (b"\xff\xd8" + SCAN + b"\xff\xd9", "states no size"),
        (b"\xff\xd8\xff\xe0\0\2" + bytes(5_000_000), "marker is missing"),
        *((b"\xff\xd8" + segment(marker, THUMBNAIL) + jpeg()[2:], "marker is missing") for marker in (0xD8, 0xD9)),
        (b"\xff\xd8" + segment(0xC0, b"\x08\1") + SCAN + b"\xff\xd9", "states no size"),
        (b"\xff\xd8" + segment(0xFE, b"") * 100_001 + jpeg()[2:], "more than 100,000 segments"),
        (b"\xff\xd8" + b"\xff" * 2_000_000 + jpeg()[2:], "marker is missing"),
    ],
)
def test_I6_a_broken_structure_is_refused_with_its_place(data: bytes, why: str):
    fault = refusal(data)
    assert (fault.rule, why in fault.message) == ("I6", True)


def test_I6_fill_bytes_and_lone_markers_are_stepped_over():
    assert header_of(b"\xff\xd8\xff\xff\xff\xd0\xff\x01" + FRAME + SCAN + b"\xff\xd9") == ImageHeader("jpeg", 640, 480)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"GIF89a" + bytes(9), "GIF"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "WEBP"),
        (b"BM\x9a\2\0\0\0\0\0\0\x36\0", "BMP"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "an MP4 video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "a MOV video"),
        (b"\xff\x0a\x7f", "JXL"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='x'>", "SVG"),
        (b"\n<?xml version='1.0'?>", "SVG"),
        (b"this is not a picture\n", "text"),
        ("prix : 5 €\n".encode(), "text"),
        (bytes(40), "an unknown format"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "a Git LFS pointer, not the file itself",
        ),
        (b"/annex/objects/SHA256E-s9--00.png\n", "git annex get"),
    ],
)
def test_I2_another_format_is_named(data: bytes, named: str):
    fault = refusal(data)
    assert (fault.rule, named in fault.message) == ("I2", True)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_I6_any_bytes_have_a_format_or_none(head: bytes):
    assert isinstance(detect_format(head), str)


@settings(deadline=None)
@given(st.sampled_from(sorted(SMALL)), st.data())
def test_I6_a_changed_byte_never_crashes_the_reader(found: str, data: st.DataObject):
    changed = bytearray(SMALL[found])
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    header = None
    with suppress(MediaError):
        header = header_of(bytes(changed))
    assert header is None or (header.width > 0 and header.height > 0)
