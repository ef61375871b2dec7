"""What `-o` means where it may name a file or a folder."""

from pathlib import Path
from typing import Final

from kirin_cli.jobs.naming import DEFAULT_TEMPLATE
from kirin_cli.run.job import Target

VIDEO_SUFFIXES: Final = (".mp4", ".mov")


def target_of(output: Path | None, *, replace: bool) -> Target:
    """Folder and name of `-o`: a name that ends like a video is a file, anything else a folder; none is here."""
    if output is None:
        return Target(Path(), DEFAULT_TEMPLATE, replace)
    if output.suffix.lower() in VIDEO_SUFFIXES and not output.is_dir():
        stem = output.stem.replace("{", "_").replace("}", "_")
        return Target(output.parent, f"{stem}{{-n}}.{{ext}}", replace)
    return Target(output, DEFAULT_TEMPLATE, replace)
