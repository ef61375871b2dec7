"""The clips that the sandbox delivers: which one fits, and bytes that no two tasks share. Knows no task, no HTTP."""

import struct
from pathlib import Path
from typing import Final

CLIPS: Final = Path(__file__).with_name("clips")
RATIOS: Final = ("16:9", "9:16", "1:1")
SHORTEST: Final = 3
LONGEST: Final = 10


def clip(ratio: str, seconds: int, mark: str) -> bytes:
    """An H.264 MP4 of this aspect ratio (one of RATIOS) and length (3-10 s), marked so that its bytes are unique."""
    return (CLIPS / f"{ratio.replace(':', 'x')}-{seconds}s.mp4").read_bytes() + free_box(mark)


def free_box(mark: str) -> bytes:
    """An ISO 14496-12 box that every player skips, holding `mark`."""
    content = mark.encode()
    return struct.pack(">I4s", 8 + len(content), b"free") + content


def nearest_ratio(width: int, height: int) -> str:
    """The one of RATIOS that a picture of `width` by `height` px comes closest to."""

    def distance(ratio: str) -> float:
        across, down = map(int, ratio.split(":"))
        shape, wanted = width / height, across / down
        return max(shape, wanted) / min(shape, wanted)

    return min(RATIOS, key=distance)


def nearest_length(seconds: float) -> int:
    """The whole number of seconds, 3-10, that is nearest."""
    return min(LONGEST, max(SHORTEST, round(seconds)))
