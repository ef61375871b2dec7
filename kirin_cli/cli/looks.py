"""How commands find out what a media value is. What reads files is loaded when the first value is looked at."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from kirin_cli.spec.medium import Kind, Medium

LookIn = Callable[[str, Kind, Path], Medium]


def looker(*, uploads: bool) -> LookIn:
    """What looks at one value; `uploads` says whether local videos have a place to go to."""

    def look(given: str, kind: Kind, base: Path) -> Medium:
        return _reader()(given, kind, base, uploads=uploads)

    return look


@cache
def _reader() -> Callable[..., Medium]:
    from kirin_cli.media.video_files import look_with_videos  # noqa: PLC0415  (a request may have no media)

    return look_with_videos
