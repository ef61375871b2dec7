"""Videos on this disk: found and measured, where there is a place to upload them to. Uploads nothing itself.

The service takes videos by URL alone (V1); everything that is no local video is left to `media.look`.
"""

import os
import re
from pathlib import Path
from typing import Final

from kirin_cli.media.addresses import shortened
from kirin_cli.media.files import odd_kind, open_at_once, stamp_of
from kirin_cli.media.formats import VIDEO_SUFFIXES
from kirin_cli.media.recognise import look
from kirin_cli.media.video import FORMATS, read_video_header
from kirin_cli.spec.medium import Kind, Medium, UnreadableMedium

LONGEST_PATH: Final = 4096  # characters
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # one letter alone is a Windows drive
HOW: Final = "set KIRIN_UPLOAD_URL to a place that takes uploads, or upload it yourself and give its URL"


def look_with_videos(given: str, kind: Kind, base: Path, *, uploads: bool) -> Medium:
    """What `media.look` finds out, and local videos besides; paths are relative to the folder `base`.

    `uploads` says whether there is a place to upload them to. Raises UnreadableMedium as `media.look` does: V1 for a
    video that cannot be read, is no MP4 or MOV, or could not be uploaded. Sides are in px as shown.
    """
    if kind != "video" or URI.match(given) or len(given) > LONGEST_PATH or not given.strip():
        return look(given, kind, base)
    path = _resolved(given, base)
    if path is None and not uploads:
        return look(given, kind, base)
    if path is None:
        where = "" if Path(given).is_absolute() else f" (in {base})"
        raise UnreadableMedium("V1", f"no such file: {shortened(given)}{where}")
    if not uploads:
        raise UnreadableMedium("V1", f"{given} is a local file, and the service takes videos by URL only; {HOW}")
    return _video(given, path)


def is_local_video(medium: Medium) -> bool:
    """Whether the service can have this medium only after an upload."""
    return medium.form == "file" and medium.format in FORMATS


def _resolved(given: str, base: Path) -> Path | None:
    """The path of whatever is there, None for nothing."""
    try:
        return Path(os.path.realpath(base / Path(given).expanduser(), strict=True))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: NUL is in no file's name
        return None
    except (OSError, RuntimeError) as fault:  # RuntimeError: a home folder that nobody knows
        words = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise UnreadableMedium("V1", f"{shortened(given)} cannot be read: {words}") from None


def _video(given: str, path: Path) -> Medium:
    suffix = Path(given).suffix.lower()
    try:
        if odd := odd_kind(path.stat().st_mode):
            raise UnreadableMedium("V1", f"{given} is {odd}, not a video")
        if suffix and suffix not in VIDEO_SUFFIXES:
            raise UnreadableMedium("V1", f"{given} ends in {suffix}; give an .mp4 or .mov video")
        with open_at_once(path) as file:
            stamp = stamp_of(file)
            header = read_video_header(file, stamp[0], given)
    except OSError as fault:
        raise UnreadableMedium("V1", f"{given} cannot be read: {fault.strerror}") from None
    if header.seconds is None or header.width is None:
        raise UnreadableMedium("V1", f"{given} does not say how long it lasts or what size it has")
    return Medium(
        given, "file", header.format, suffix, stamp[0], header.width, header.height, header.seconds, header.fps,
        path=path, stamp=stamp,
    )  # fmt: skip
