"""Attachments of JUnit reports under names that GitLab reads, which finds none with brackets or a bar in its path.

Jobs of a matrix have brackets in their names. Their files get a second name, a link, in a folder beside the report.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from kirin_cli.atomic_file import link_or_copy
from kirin_cli.errors import LocalError
from kirin_cli.regular_file import obstacle_at, open_regular_file
from kirin_cli.report.report import Report, ReportFile

_READABLE: Final = str.maketrans("[]|", "()_")


def attachment_folder(report_path: Path) -> Path:
    """The folder of the links of a report: `junit-files` beside `junit.xml`."""
    return report_path.with_name(f"{report_path.stem}-files")


def link_attachments(report: Report, report_path: Path) -> Report:
    """The report with files that GitLab finds, all others linked into the folder beside it. Raises LocalError.

    A result may have come from anywhere and name any file of this machine: only what has the size and the SHA-256 that
    the result states gets a link.
    """
    folder = attachment_folder(report_path)
    if not _is_readable(folder):
        return report
    names: set[str] = set()

    def with_links(files: Iterable[ReportFile]) -> tuple[ReportFile, ...]:
        return tuple(
            file if _is_readable(file.path) or not _is_as_made(file) else replace(file, path=_link(file, folder, names))
            for file in files
        )

    return replace(report, jobs=tuple([replace(job, files=with_links(job.files)) for job in report.jobs]))


def _is_readable(path: Path) -> bool:
    text = str(path)
    return text.translate(_READABLE) == text


def _is_as_made(file: ReportFile) -> bool:
    try:
        if file.path.stat().st_size != file.bytes:
            return False
        with open_regular_file(file.path) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
    except (OSError, ValueError):
        return False


def _link(file: ReportFile, folder: Path, names: set[str]) -> Path:
    """The second name of the file, no other file of this report has it."""
    stem, suffix = file.path.stem.translate(_READABLE), file.path.suffix.translate(_READABLE)
    number = 1
    while (name := f"{stem}{f'-{number}' if number > 1 else ''}{suffix}").casefold() in names:
        number += 1
    names.add(name.casefold())
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.samefile(file.path):
            return path
        if obstacle := obstacle_at(path):
            raise LocalError(f"{path} is {obstacle}; no attachment was put there", hint="choose another report name")
        link_or_copy(file.path, path)
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
