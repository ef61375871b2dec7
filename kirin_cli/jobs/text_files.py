"""Text files that a job file names, `${file:PATH}` and `include`: inside of its project, never hidden. Knows no job."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kirin_cli.jobs.problems import JobFileError
from kirin_cli.jobs.source_text import decode, read_bytes
from kirin_cli.modelspec.text import control_problem, quote

MAX_TEXT_BYTES: Final = 64 << 10
"""Of a file whose text becomes part of a value; a prompt has at most 2500 characters."""

_PROJECT_MARKS: Final = (".git", "kirin.toml")


class TextFileError(ValueError):
    """A file cannot be taken in; the text says why."""


class NoSuchFile(TextFileError):
    """There is no such file."""


def project_folder(folder: Path) -> Path:
    """The nearest folder from here upwards that is a repository or has a kirin.toml, else the folder itself."""
    real = Path(os.path.realpath(folder))
    for above in (real, *real.parents):
        if any((above / mark).exists() for mark in _PROJECT_MARKS):
            return above
    return real


def confine(base: Path, name: str) -> Path:
    """The path of a file that a job file in `base` names by a relative path. Raises TextFileError.

    What a job file takes in becomes part of a request: so nothing outside of its project, and nothing hidden.
    """
    if control := control_problem(name):
        raise TextFileError(control)
    if name.startswith("~") or Path(name).is_absolute() or not name.strip():
        raise TextFileError(f"{quote(name)} must be a path relative to the job file")
    root = project_folder(base)
    try:
        real = Path(os.path.realpath(base / name))
    except (OSError, ValueError) as error:
        raise TextFileError(f"{quote(name)} can be no file: {error}") from None
    if not real.is_relative_to(root):
        raise TextFileError(
            f"{quote(name)} leads out of {quote(str(root))}; what a job file takes in lies inside of it"
        )
    if any(part.startswith(".") for part in real.relative_to(root).parts):
        raise TextFileError(f"{quote(name)} is hidden or lies in a hidden folder, and such files are never taken in")
    return base / name


@dataclass(slots=True)
class TextFiles:
    """The text files of a job file in the folder `base`, each read once."""

    base: Path
    _texts: dict[str, str] = field(default_factory=dict)

    def read(self, name: str) -> str:
        r"""The text of a file without blanks around it, its lines ended by \\n. Raises TextFileError, NoSuchFile."""
        if name not in self._texts:
            path = confine(self.base, name)
            if not os.path.lexists(path):
                raise NoSuchFile(name)
            try:
                text = decode(read_bytes(path, MAX_TEXT_BYTES))
            except JobFileError as error:
                line = f" (line {error.problem.line})" if error.problem.line > 1 else ""
                message = error.problem.message.removesuffix(" for a job file")
                raise TextFileError(f"{name} {message}{line}") from None
            self._texts[name] = text.strip().replace("\r\n", "\n")
        return self._texts[name]
