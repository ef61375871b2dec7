"""Images and videos: found, measured, hashed, and turned into a request body. Knows no model and no network.

Importing the package loads nothing: what reads files is loaded when the first value is inspected.
"""

from collections.abc import Callable
from functools import partial
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
    inspect_any: MediaInspector | None = None

    def inspect(value: str, kind: MediaKind, base: Path) -> MediaFile:
        nonlocal inspect_any
        if inspect_any is None:  # thousands of imports of what is loaded already would take longer than their files
            from kirin_cli.media.detect import inspect_with_videos  # noqa: PLC0415  (a request may have no media)

            inspect_any = partial(inspect_with_videos, uploads=uploads)
        media_file = inspect_any(value, kind, base)
        if media_file.format == "png" and (max_decoded is None or next(numbers) < max_decoded):
            from kirin_cli.media.png_data import check_pixels  # noqa: PLC0415  (the same)

            check_pixels(media_file)
        return media_file

    return inspect
