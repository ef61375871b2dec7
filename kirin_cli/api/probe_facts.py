"""The facts of one image or video behind a URL, from as few of its bytes as they take. Judges no limits.

Knows nothing of connections and caches.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from kirin_cli.api.probe_parts import Parts
from kirin_cli.api.rangefile import RangeFile
from kirin_cli.media.formats import HEAD, format_of
from kirin_cli.media.headers import read_header
from kirin_cli.media.video import read_video_header
from kirin_cli.media.video_boxes import OutOfReach
from kirin_cli.spec.medium import UnreadableMedium

MB: Final = 1 << 20
LARGEST_PICTURE: Final = 10 * MB  # any model's bound; a picture of unknown length is counted so far
PREFIXES: Final = (1 << 16, 1 << 18, MB)  # how much of a picture is tried, in turn


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a medium, None where it is not; `remark` says what is missing and why. Sides are in px."""

    format: str
    size: int | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    remark: str = ""


def video_facts(parts: Parts, name: str) -> Facts:
    """The facts of a video, sides as shown. Raises UnreadableMedium (V1), and what the parts raise."""
    file = RangeFile(parts)
    file.read(HEAD)  # so that the size is known, where it can be
    header = read_video_header(file, file.size, name)
    facts = {"its size": file.size, "pixels": header.width, "length": header.seconds, "frame rate": header.fps}
    remark = _remark(name, [fact for fact, value in facts.items() if value is None], file.limit)
    return Facts(header.format, file.size, header.width, header.height, header.seconds, header.fps, remark)


def picture_facts(parts: Parts, name: str) -> Facts:
    """The facts of a picture, sides as stored.

    Raises UnreadableMedium (I2 for another format, I3 for more than 10 MB, I6 for what is empty or broken), and what
    the parts raise.
    """
    file = RangeFile(parts)
    head = file.read(PREFIXES[0])
    found = format_of(head[:HEAD])
    if file.size == len(head) or found not in {"jpeg", "png"}:
        header = read_header(BytesIO(head), len(head), name)
        return Facts(header.format, len(head), header.width, header.height)
    size = parts.length(LARGEST_PICTURE) if file.size is None else file.size
    if size is None:
        raise UnreadableMedium("I3", f"{name} has more than {LARGEST_PICTURE} bytes, the most that an image may have")
    width, height = _sides(file)
    missing = [] if width else ["its pixels"]
    return Facts(found, size, width, height, remark=_remark(name, missing, file.limit))


def _sides(file: RangeFile) -> tuple[int | None, int | None]:
    """Width and height as far as the first megabyte tells them."""
    from imagesize import get  # noqa: PLC0415 - brings urllib.request and XML, which only a picture should cost

    for count in PREFIXES:
        file.seek(0)
        try:
            width, height = get(BytesIO(file.read(count)), exif_rotation=False)
        except OutOfReach:
            break
        if width > 0 and height > 0:
            return width, height
    return None, None


def _remark(name: str, missing: list[str], why: str) -> str:
    if not missing:
        return ""
    return f"{name}: {', '.join(missing)} could not be learned" + (f": {why}" if why else "")
