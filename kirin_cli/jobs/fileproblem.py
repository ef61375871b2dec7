"""What is wrong with a job file itself, and where. Knows neither YAML nor jobs."""

from dataclasses import dataclass
from typing import Final

MOST_PROBLEMS: Final = 1000
"""More of one file are not told; nobody reads them."""


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """One error of a file; line and column count from 1 and are 0 where the file could not be read at all.

    `file` is the path of a file that the job file names, "" for the job file itself. `via` says how an expansion led
    here ("shots.csv:17").
    """

    line: int
    column: int
    message: str
    file: str = ""
    via: str = ""


class Unreadable(Exception):
    """The file, or the rest of it, cannot be made sense of; `problem` says why."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.problem = FileProblem(line, column, message)
