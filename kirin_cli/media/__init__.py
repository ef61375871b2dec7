"""Images and videos: found, measured, hashed, and turned into a request body. Knows no model and no network.

Importing the package loads nothing: what reads files is loaded when the first value is inspected.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from kirin_cli.modelspec.types import MediaFile, MediaKind

MediaInspector = Callable[[str, MediaKind, Path], MediaFile]
MAX_DECODED: Final = 64  # pictures of job files; `run` decodes the others too, before it sends them


def make_inspector(*, uploads: bool, max_decoded: int | None = None) -> MediaInspector:
    """What inspects one value; `uploads` says whether local videos have a place to go to.

    PNG pictures are read to their end, `max_decoded` of them where that is given: it takes as long as hashing them does
    ten times.
    """
    numbers = count()

    def inspect(value: str, kind: MediaKind, base: Path) -> MediaFile:
        from kirin_cli.media.detect import inspect_with_videos  # noqa: PLC0415  (a request may have no media)

        media_file = inspect_with_videos(value, kind, base, uploads=uploads)
        if media_file.format == "png" and (max_decoded is None or next(numbers) < max_decoded):
            from kirin_cli.media.png_data import check_pixels  # noqa: PLC0415  (the same)

            check_pixels(media_file)
        return media_file

    return inspect
