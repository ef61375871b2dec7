"""Images and videos: found, measured, hashed, and turned into a request body. Knows no model and no network.

Importing the package loads nothing: what reads files is loaded when the first value is inspected.
"""

from collections.abc import Callable
from pathlib import Path

from kirin_cli.modelspec.types import MediaFile, MediaKind

MediaInspector = Callable[[str, MediaKind, Path], MediaFile]


def make_inspector(*, uploads: bool) -> MediaInspector:
    """What inspects one value; `uploads` says whether local videos have a place to go to."""

    def inspect(value: str, kind: MediaKind, base: Path) -> MediaFile:
        from kirin_cli.media.detect import inspect_with_videos  # noqa: PLC0415  (a request may have no media)

        return inspect_with_videos(value, kind, base, uploads=uploads)

    return inspect
