"""Header boxes that are cut short say nothing; a file that cannot be read is said so (rule V1)."""

from pathlib import Path

import pytest

from kirin_cli.media.detect import inspect_with_videos
from kirin_cli.media.mp4 import Frames, displayed_size, frames_of_run, number_and_ticks, scale_and_ticks
from kirin_cli.modelspec.types import MediaError

UNREADABLE = Path("/proc/self/mem")


@pytest.mark.parametrize("version", [b"\0", b"\1"])
def test_a_header_that_is_cut_short_says_nothing(version):
    cut = version + b"\0" * 15
    assert scale_and_ticks(cut) == (0, 0)
    assert number_and_ticks(cut) == (0, 0)
    assert displayed_size(cut) is None


def test_a_run_that_is_cut_short_has_no_frames():
    assert frames_of_run(b"\0" * 7, 512) == Frames()


@pytest.mark.skipif(not UNREADABLE.is_file(), reason="needs a file that opens and cannot be read")
def test_V1_a_file_that_cannot_be_read_is_named():
    with pytest.raises(MediaError, match="mem cannot be read"):
        inspect_with_videos(str(UNREADABLE), "video", Path(), uploads=True)
