"""The files of a result as reports refer to them: what they are, whether they are as they were made, their addresses.

And their second names: GitLab finds no attachment of a JUnit report with brackets or a bar in its path, and jobs of a
matrix have brackets in their names. Their files get a link in a folder beside the report.
"""

import hashlib
import os
from dataclasses import replace
from itertools import count
from pathlib import Path, PureWindowsPath
from typing import Final
from urllib.parse import quote

from kirin_cli.atomic_file import OpenFolder, link_or_copy
from kirin_cli.errors import LocalError
from kirin_cli.modelspec.types import RESULT_TYPES
from kirin_cli.regular_file import is_network_path, open_regular_file, special_file_kind
from kirin_cli.report.report import Report, ReportFile

_READABLE: Final = str.maketrans("[]|", "()_")


def media_type(file: ReportFile) -> str:
    """What a file is by its suffix, such as "video/mp4"; "" for what is no video, picture or sound."""
    return RESULT_TYPES.get(file.path.suffix.lower(), "")


def size_on_disk(file: ReportFile) -> int | None:
    """Bytes of the file that is there now; None where there is none that can be asked for."""
    try:
        return None if is_network_path(file.path) else file.path.stat().st_size
    except (OSError, ValueError):
        return None


def file_link(path: Path, folder: Path) -> str:
    """The address of a file, from `folder`: relative with slashes, or absolute where no relative path leads there.

    Of one on another machine it is the name alone: a page that names the machine makes the reader's computer ask it.
    """
    try:
        relative = (
            PureWindowsPath(path).name if is_network_path(path) else os.path.relpath(path, folder).replace(os.sep, "/")
        )
    except ValueError:  # another drive of Windows
        return path.absolute().as_uri()
    address = quote(os.fsencode(relative), safe="/")
    return address if address.startswith("../") else f"./{address}"


def link_attachments(report: Report, report_path: Path) -> Report:
    """The report with files that GitLab finds: others are linked into `junit-files` beside `junit.xml`. LocalError.

    A result may have come from anywhere and name any file of this machine: only a video, picture or sound that has the
    size and the SHA-256 that the result states gets a link, in a folder that is no link; what is there is kept.
    """
    path = report_path.with_name(f"{report_path.stem}-files")
    if not _is_readable(path):
        return report
    files = dict.fromkeys(file for job in report.jobs for file in job.files if not _is_readable(file.path))
    wanted = [file for file in files if media_type(file) and _is_as_made(file)]
    if not wanted:
        return report
    names: set[str] = set()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with OpenFolder(path, follow_links=False) as folder:
            links = {file: replace(file, path=path / _link(file, folder, names)) for file in wanted}
    except OSError as error:
        raise LocalError(
            f"{path} cannot be written: {error.strerror or error}; no attachment was put there",
            hint="choose another report name",
        ) from error
    jobs = [replace(job, files=tuple(links.get(file, file) for file in job.files)) for job in report.jobs]
    return replace(report, jobs=tuple(jobs))


def _is_readable(path: Path) -> bool:
    text = str(path)
    return text.translate(_READABLE) == text


def _is_as_made(file: ReportFile) -> bool:
    try:
        if size_on_disk(file) != file.bytes:
            return False
        with open_regular_file(file.path) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
    except (OSError, ValueError):
        return False


def _link(file: ReportFile, folder: OpenFolder, names: set[str]) -> str:
    """The second name of the file; no other file of this report has it, and none that was there before."""
    stem, suffix = file.path.stem.translate(_READABLE), file.path.suffix
    for number in count(1):
        name = f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        if name.casefold() in names:
            continue
        names.add(name.casefold())
        try:
            link_or_copy(file.path, folder, name)
        except FileExistsError:
            if not _is_the_same(file, folder, name):
                continue
        return name
    raise AssertionError  # numbers have no end


def _is_the_same(file: ReportFile, folder: OpenFolder, name: str) -> bool:
    """Whether the name is of this very file or of a copy of it, as an earlier report of it left them."""
    status = folder.status(name)
    if status is None or status.st_size != file.bytes or special_file_kind(status.st_mode):
        return False
    if os.path.samestat(status, file.path.stat()):
        return True
    with folder.open_to_read(name) as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
