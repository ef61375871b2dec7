"""The first frame of a video as a picture on a terminal that shows pictures. Knows nothing of tasks and runs."""

import logging
import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from kirin_cli.ui.console import OutputStreams

HINT: Final = "--preview draws pictures with: pip install 'kirin-cli[preview]'"
REQUIRED_MODULES: Final = ("av", "textual_image")
MAX_PREVIEW_WIDTH: Final = 60
"""Cells of a picture from left to right."""

Draw = Callable[[Any], None]
"""Puts a decoded picture on the terminal."""


def show_previews(paths: Iterable[Path], streams: OutputStreams, *, modules: Iterable[str] = REQUIRED_MODULES) -> None:
    """Draw the first frame of each video that can be read. Nothing happens where standard output shows no pictures.

    A missing extra is said on standard error, to whom sits at a terminal.
    """
    if not (streams.out.can_draw and sys.stdin and sys.stdin.isatty()):  # terminals answer on standard input
        return
    if not all(map(find_spec, modules)):
        streams.info(HINT)
        return
    draw = find_drawer()
    frames = (first_frame(path) for path in paths) if draw else ()
    for frame in frames:
        if draw and frame is not None:
            draw(frame)


def first_frame(path: Path) -> Any:  # noqa: ANN401  (a Pillow image; Pillow comes with the extra)
    """The first frame of a video as a Pillow image; None where it cannot be read."""
    av = import_module("av")
    try:
        with path.open("rb") as file, av.open(file, mode="r") as video:
            return next((frame.to_image() for frame in video.decode(video=0)), None)
    except (OSError, ValueError, IndexError, av.error.FFmpegError):  # IndexError: it has no video stream
        return None


def find_drawer() -> Draw | None:
    """What draws on this terminal; None where it says that it shows no pictures, or says nothing."""
    if not os.get_terminal_size(sys.stdout.fileno()).columns:  # textual-image divides by it
        return None
    logging.getLogger("textual_image").addHandler(logging.NullHandler())  # it warns of terminals that do not answer
    library = import_module("textual_image.renderable")
    if library.Image not in {library.SixelImage, library.TGPImage}:
        return None
    console = import_module("rich.console").Console(file=sys.stdout, width=MAX_PREVIEW_WIDTH)

    def draw(frame: Any) -> None:  # noqa: ANN401  (the same)
        console.print(library.Image(frame, width=min(MAX_PREVIEW_WIDTH, console.width), height="auto"))

    return draw
