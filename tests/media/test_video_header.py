"""What an MP4 or MOV says of itself (rules V1–V3), wherever it says it; hostile files end at once."""

import io
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pictures import jpeg, png
from support.videos import EMPTY, FTYP, QUICKTIME, box, clock, extends, fragment, movie, track, video

from kirin_cli.media.mp4 import MAX_BOX_BYTES, OutOfReach
from kirin_cli.media.video_header import VideoHeader, read_video_header
from kirin_cli.modelspec.types import MediaError

CLIPS = Path(__file__).parents[2] / "kirin_cli" / "sandbox" / "clips"
PLAIN = VideoHeader("mp4", 5.0, 1280, 720, 30.0)


class Counting(io.BytesIO):
    """A file that knows how many bytes were read, and from where on nothing may be read."""

    def __init__(self, data: bytes, reach: int | None = None) -> None:
        super().__init__(data)
        self.taken, self.reach = 0, reach

    def read(self, count: int | None = -1, /) -> bytes:
        if self.reach is not None and self.tell() + (count or 0) > self.reach:
            raise OutOfReach
        data = super().read(count)
        self.taken += len(data)
        return data


def header(data: bytes) -> VideoHeader:
    return read_video_header(io.BytesIO(data), len(data), "clip")


def try_header(file: Counting, size: int | None) -> VideoHeader:
    """The header, or an empty one where the file is refused by rule V1."""
    try:
        return read_video_header(file, size, "clip")
    except MediaError as unreadable:
        if unreadable.rule != "V1":
            raise
        return VideoHeader("mp4")


def refusal(data: bytes) -> MediaError:
    with pytest.raises(MediaError) as caught:
        header(data)
    return caught.value


@pytest.mark.parametrize("moov_last", [False, True])
def test_V2_V3_length_sides_and_frame_rate_wherever_the_header_is(moov_last: bool):
    assert header(video(moov_last=moov_last)) == PLAIN


def test_a_quicktime_file_is_known_by_its_brand_or_by_having_none():
    assert header(video(head=QUICKTIME)).format == "mov"
    assert header(video(head=b"")).format == "mov"
    assert header(video(head=box(b"wide"))).format == "mov"
    assert header(video(head=b"", moov_last=True)).format == "mov"


@pytest.mark.parametrize("clip", sorted(CLIPS.glob("*.mp4")), ids=lambda path: path.name)
def test_real_clips_are_what_their_names_say(clip: Path):
    shape, _, seconds = clip.stem.partition("-")
    sides = {"16x9": (1280, 720), "9x16": (720, 1280), "1x1": (960, 960)}[shape]
    assert header(clip.read_bytes()) == VideoHeader("mp4", float(seconds.removesuffix("s")), *sides, 30.0)


@pytest.mark.parametrize(
    ("turn", "shown"), [(0, (1920, 1080)), (90, (1080, 1920)), (180, (1920, 1080)), (270, (1080, 1920))]
)
@pytest.mark.parametrize("version", [0, 1])
def test_what_a_phone_recorded_on_its_side_has_the_sides_as_shown(turn: int, shown: tuple[int, int], version: int):
    found = header(video(track(side=(1920, 1080), turn=turn, version=version)))
    assert (found.width, found.height) == shown


def test_sides_that_the_track_leaves_out_are_those_of_the_picture():
    found = header(video(track(side=(0, 0), coded=(1440, 1080))))
    assert (found.width, found.height) == (1440, 1080)


def test_a_matrix_of_zeros_turns_nothing():
    data = video().replace(struct.pack(">i", 1 << 16), bytes(4))
    assert (header(data).width, header(data).height) == (1280, 720)


def test_sixty_four_bit_sizes_and_times():
    mdat = struct.pack(">I4sQ", 1, b"mdat", 5016) + bytes(5000)
    assert header(FTYP + mdat + movie(track(version=1), version=1)) == PLAIN


def test_sound_comes_first_and_lasts_longer_but_the_pictures_count():
    sound = track(handler=b"soun", side=(0, 0), frames=((300, 1024),), number=1)
    assert header(FTYP + movie(sound, track(number=2), ticks=5090) + box(b"mdat", b"x")) == PLAIN


def test_a_length_that_one_box_leaves_out_is_found_in_another():
    assert header(video(track(ticks=0))).seconds == 5.0
    assert header(video(track(ticks=0xFFFFFFFF))).seconds == 5.0
    assert header(FTYP + movie(track(frames=(), ticks=0), ticks=7000) + box(b"mdat", b"x")).seconds == 7.0


@pytest.mark.parametrize(
    ("frames", "scale", "fps"),
    [
        (((100, 1001),), 24000, 24000 / 1001),
        (((100, 1001),), 30000, 30000 / 1001),
        (((179, 10), (1, 0)), 600, 60.0),  # recorders that leave out the length of the last frame
        (((60, 10), (1, 11), (60, 10), (1, 9), (58, 10)), 600, 60.0),
        (((100, 1499), (100, 1501), (50, 1500)), 90000, 60.0),
        (((90, 1500), (90, 3000)), 90000, 40.0),
        (((100, 4000),), 90000, 22.5),
        (((119, 1), (1, 4)), 24, 24.0),  # the last frame is shown for longer
        (((1, 9000), (100, 1500)), 90000, 60.0),  # so is the first
        (((30, 500), (1, 30000), (70, 500)), 15000, 30.0),  # and one at a pause
        (((100, 33), (100, 33), (100, 34)), 1000, 30.0),  # a clock of milliseconds
        (((60, 2), (60, 3)), 60, 24.0),  # one of sixtieths
    ],
)
def test_V3_frames_a_second_are_those_of_the_usual_frame(frames, scale, fps):
    assert header(video(track(frames=frames, scale=scale))).fps == pytest.approx(fps)


def test_a_fragment_that_leaves_out_how_long_its_last_frame_is_ends_where_the_next_one_starts():
    parts = b"".join(fragment(0, each=[512] * 29 + [0], at=number * 30 * 512) for number in range(5))
    found = header(FTYP + movie(EMPTY, ticks=0, more=extends(512)) + parts)
    assert (found.seconds, found.fps) == (pytest.approx(5.0, abs=1 / 30), 30.0)


def test_a_fragmented_file_that_was_cut_out_of_a_longer_one_is_as_long_as_itself():
    parts = b"".join(fragment(30, at=(100 + number) * 30 * 512) for number in range(5))
    assert header(FTYP + movie(EMPTY, ticks=0, more=extends(512)) + parts) == PLAIN


def test_a_fragmented_file_is_as_long_as_its_fragments_together():
    parts = fragment(60) + fragment(60, own=512) + fragment(30, each=[512] * 30)
    found = header(FTYP + movie(EMPTY, ticks=0, more=extends(512)) + parts)
    assert found == PLAIN


def test_fragments_of_other_tracks_do_not_count():
    sound = fragment(99, number=2, own=1024)
    found = header(FTYP + movie(EMPTY, ticks=0, more=extends(512)) + fragment(150) + sound)
    assert found == PLAIN


def test_a_fragmented_file_that_announces_its_length_is_not_walked_to_its_end():
    data = FTYP + movie(EMPTY, ticks=0, more=extends(512, announced=9000)) + fragment(60) * 100
    file = Counting(data)
    assert read_video_header(file, len(data), "clip") == VideoHeader("mp4", 9.0, 1280, 720, 30.0)
    assert file.taken < 2000


def test_a_file_of_which_not_everything_may_be_read_says_what_it_can():
    whole = FTYP + movie(EMPTY, ticks=0, more=extends(512)) + fragment(60) * 3
    found = read_video_header(Counting(whole, reach=len(whole) - 3500), None, "clip")
    assert found == VideoHeader("mp4", None, 1280, 720, None)
    last = video(moov_last=True)
    assert read_video_header(Counting(last, reach=1000), len(last), "clip") == VideoHeader("mp4")


def test_a_file_of_unknown_length_is_read_too():
    assert read_video_header(io.BytesIO(video(moov_last=True)), None, "clip") == PLAIN


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "text"),
        (png(300, 300), "PNG"),
        (jpeg(), "JPEG"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "unknown format"),
        (struct.pack(">I4s4s", 24, b"ftyp", b"heic") + bytes(60), "HEIC"),
        (struct.pack(">I4s4s", 24, b"ftyp", b"avif") + bytes(60), "AVIF"),
        (FTYP, "moov"),
        (FTYP + box(b"mdat", bytes(99)), "moov"),
        (FTYP + movie(track(handler=b"soun")) + box(b"mdat", b"x"), "no video track"),
        (FTYP + box(b"moov", clock(b"mvhd", 1000, 9)) + box(b"mdat", b"x"), "no video track"),
        (FTYP + box(b"moov", size=7), "moov"),
    ],
)
def test_V1_what_is_no_video_is_refused_in_words(data: bytes, words: str):
    assert words in refusal(data).message
    assert refusal(data).rule == "V1"


@pytest.mark.parametrize("moov_last", [False, True])
def test_V1_a_file_cut_anywhere_behind_its_head_is_refused(moov_last: bool):
    data = video(moov_last=moov_last, data=300)
    for cut in range(30, len(data)):
        assert "cut short" in refusal(data[:cut]).message


def test_only_a_few_kilobytes_of_a_large_video_are_read():
    file = Counting(video(moov_last=True, data=3_000_000))
    read_video_header(file, len(file.getvalue()), "clip")
    assert file.taken < 1000


@pytest.mark.parametrize(
    "data",
    [
        FTYP + box(b"free") * 200_000,
        FTYP + movie(*[box(b"trak")] * 100_000),
        FTYP + movie(EMPTY, more=extends(512)) + box(b"moof", box(b"traf", *[box(b"trun")] * 200_000)),
        FTYP + movie(EMPTY, more=extends(512)) + box(b"moof", box(b"traf", box(b"tfhd", bytes(9)))) * 100_000,
    ],
    ids=["boxes", "tracks", "runs", "fragments"],
)
def test_a_flood_of_boxes_ends_soon_and_tells_nothing(data: bytes):
    file = Counting(data)
    assert try_header(file, len(data)).seconds is None
    assert file.taken < 2_000_000


def test_tables_that_lie_about_their_length_are_read_as_far_as_they_go():
    lie = video().replace(struct.pack(">III", 1, 150, 512), struct.pack(">III", 2**32 - 1, 150, 512))
    assert header(lie).fps == 30.0


SEEDS = (
    video(data=64),
    video(track(turn=90, version=1), moov_last=True, data=64, head=QUICKTIME),
    FTYP + movie(EMPTY, ticks=0, more=extends(512)) + fragment(60, data=9) + fragment(30, each=[512] * 30, data=9),
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_no_bytes_crash_or_hold_up_the_walk(seed: bytes, data: st.DataObject):
    mutated = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mutated)))
        patch = data.draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 4, bytes(4), b"\0\0\0\1", b"moov"]))
        )
        mutated[at : at + data.draw(st.sampled_from([0, len(patch), 40]))] = patch
    file = Counting(bytes(mutated))
    for size in (len(mutated), None):
        found = try_header(file, size)
        assert found.seconds is None or found.seconds > 0
        assert found.width is None or found.width > 0
        assert found.fps is None or found.fps > 0
    assert file.taken < MAX_BOX_BYTES


@given(st.binary(max_size=400))
def test_no_noise_crashes_the_walk(noise: bytes):
    for data in (noise, FTYP + noise, FTYP + box(b"moov", noise), FTYP + movie(box(b"trak", noise))):
        assert try_header(Counting(data), len(data)).seconds != 0


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg makes the files")
@pytest.mark.parametrize(
    ("flags", "seconds", "fps"),
    [
        (["-movflags", "+faststart"], 4.0, 30.0),
        (["-metadata:s:v:0", "rotate=90"], 4.0, 30.0),
        (["-movflags", "frag_keyframe+empty_moov", "-g", "15"], 4.0, 30.0),
        (["-movflags", "dash", "-frag_duration", "500000"], 4.0, 30.0),
    ],
)
def test_what_ffmpeg_writes_is_read(flags: list[str], seconds: float, fps: float, tmp_path: Path):
    source = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30", "-f", "lavfi", "-i", "sine", "-t", "4"]
    target = tmp_path / "clip.mp4"
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    subprocess.run(["ffmpeg", "-v", "error", *source, *coded, *flags, str(target)], check=True, timeout=60)
    found = header(target.read_bytes())
    assert found.seconds == pytest.approx(seconds, abs=0.05)
    assert found.fps == pytest.approx(fps, abs=0.3)
    assert {found.width, found.height} == {1280, 720}
