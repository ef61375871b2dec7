"""What `-o` says: a folder of videos, or the name of one. Refuses what could not be written, and writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.settings_schema import parse_path
from kirin_cli.errors import UsageError
from kirin_cli.jobs.filenames import (
    DEFAULT_TEMPLATE,
    MAX_FILE_NAME,
    MAX_VIDEO_NAME,
    path_problem,
    prompt_words,
    template_errors,
)
from kirin_cli.modelspec.text import join_or
from kirin_cli.modelspec.types import result_suffixes

if TYPE_CHECKING:
    from kirin_cli.modelspec.types import ResultKind
    from kirin_cli.run.job import OutputTarget

OPEN_SUFFIX: Final = ".{ext}"
NOT_NAMED: Final = ".mov"
"""No service promises one: -o gives the name of an .mp4, and what came tells the suffix that it gets."""
SEPARATORS: Final = tuple({"/", os.sep})


def parse_output(
    output: str | None, *, replace: bool, prompt: str | None = None, results: Iterable[ResultKind] = ("video",)
) -> OutputTarget:
    """Folder and name of `-o`: a name that ends in .mp4 or .{ext} is a file, in which fields may stand; none is here.

    `results` are what may come: pictures and sound have other suffixes. A folder is what is one, ends in / or has no
    suffix. Raises UsageError for anything else, before anything is sent. The `prompt`, if there is one, fills {prompt}.
    """
    from kirin_cli.run.job import OutputTarget

    if output is None:
        return OutputTarget(Path(), DEFAULT_TEMPLATE, replace)
    path = parse_path(output, "-o")
    suffix = path.suffix.lower()
    suffixes = tuple(suffix for result in results for suffix in result_suffixes(result) if suffix != NOT_NAMED)
    is_file = suffix in (*suffixes, OPEN_SUFFIX) and not output.endswith(SEPARATORS)
    if error := path_problem(path, max_name=MAX_VIDEO_NAME if is_file else MAX_FILE_NAME):
        raise UsageError(f"-o: {error}")
    if output == "-":
        raise UsageError("-o - would write a video to standard output", hint="-o takes a folder, or a name like x.mp4")
    # Whether one that cannot be reached is a folder is found out when it is to be written to; a Path raises there.
    if output.endswith(SEPARATORS) or not suffix or os.path.isdir(path):  # noqa: PTH112
        return OutputTarget(path, DEFAULT_TEMPLATE, replace)
    if not is_file:
        hint = f"write {path.with_suffix(suffixes[0])}; a folder of that name ends in /: {output}/"
        what = "videos come" if suffixes[0] == ".mp4" else "the result comes"
        raise UsageError(f"-o {output} ends in {suffix}, and {what} as {join_or(suffixes)}", hint=hint)
    stem = path.stem if prompt is None else path.stem.replace("{prompt}", prompt_words(prompt))
    template = f"{stem}.{{ext}}" if "{n}" in stem or "{-n}" in stem else f"{stem}{{-n}}.{{ext}}"
    if errors := template_errors(template):
        raise UsageError(f"-o: {errors[0]}")
    return OutputTarget(path.parent, template, replace)


def check_output_folder(folder: Path | None) -> None:
    """Raise UsageError where `-o` of a run of job files is no folder that could be written to; None is no `-o`."""
    if folder and (error := path_problem(folder)):
        raise UsageError(f"-o: {error}")
    if str(folder) == "-":
        raise UsageError("-o - would write videos to standard output", hint="-o takes a folder")
    if folder and folder.suffix.lower() == ".mp4" and not folder.is_dir():
        hint = f"-o takes a folder: {folder.with_suffix('')}"
        raise UsageError(f"-o {folder} is the name of one video, and job files name theirs themselves", hint=hint)
