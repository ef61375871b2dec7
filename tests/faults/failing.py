"""Where a run can die or a disk can fail: every commit, both sides of the POST, the sidecar, the final name.

`Steps` counts them and makes one of them go wrong; `wired` puts it into the settings of a run.
"""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kirin_cli.api.download import BeforePublish, DownloadedFile, Downloader
from kirin_cli.api.transport import HttpReply, HttpRequest, Transport
from kirin_cli.atomic_file import OpenFolder
from kirin_cli.errors import LocalError
from kirin_cli.ledger.leases import LeaseOwner

COMMIT, COMMITTED, POST, ANSWERED, NOTE, NOTED, NAMED = (
    "commit", "committed", "POST", "answered", "note", "noted", "named",
)  # fmt: skip
Harm = Callable[[str], None]
MAX_STEPS = 80
at_steps = pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "every step"])
"""Some steps every time; all of them with the slow tests."""


class Dead(BaseException):
    """What `kill -9` is to a process, this is to a run inside a test."""


def death(_: str) -> None:
    raise Dead


def disk_fault(code: int, number: int) -> Harm:
    """An error of the disk with this errno and, where SQLite meets it, this code of its own."""

    def harm(step: str) -> None:
        if step == COMMIT:
            error = sqlite3.OperationalError(os.strerror(code))
            error.sqlite_errorcode = number
            raise error
        if step in {NOTE, NOTED}:
            raise LocalError(f"the note cannot be written: {os.strerror(code)}")

    return harm


NO_SPACE = disk_fault(errno.ENOSPC, sqlite3.SQLITE_FULL)
IO_ERROR = disk_fault(errno.EIO, sqlite3.SQLITE_IOERR)


class Steps:
    """The `at`-th step (from 1) goes wrong, and all after it if `for_ever`; `names` are those that were reached."""

    def __init__(self, at: int = 0, harm: Harm = death, *, for_ever: bool = False) -> None:
        self.at, self.harm, self.for_ever = at, harm, for_ever
        self.names: list[str] = []

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if self.at and (len(self.names) == self.at or (self.for_ever and len(self.names) > self.at)):
            self.harm(name)

    @property
    def reached(self) -> bool:
        """Whether anything went wrong."""
        return len(self.names) >= self.at


def wired(steps: Steps, number: int) -> dict[str, Any]:
    """The settings of the `number`-th process, with these steps: every process but itself is dead to it."""

    def connect(path: Path, busy: float) -> sqlite3.Connection:
        made = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False, factory=_Connection)
        made.steps = steps
        return made

    return {
        "connect": connect,
        "transport": lambda *arguments, **options: _Transport(steps, *arguments, **options),
        "downloader": lambda *arguments, **options: _Downloader(steps, *arguments, **options),
        "me": LeaseOwner(host="here", boot="once", pid=number, started=str(number)),
        "lives": lambda owner, me: owner == me,
    }


class _Connection(sqlite3.Connection):
    steps: Steps

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if sql != "COMMIT" and (self.in_transaction or not sql.startswith(("UPDATE ", "INSERT "))):
            return super().execute(sql, *arguments)
        self.steps(COMMIT)
        done = super().execute(sql, *arguments)
        self.steps(COMMITTED)
        return done


class _Transport(Transport):
    def __init__(self, steps: Steps, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._steps = steps

    def send(self, request: HttpRequest, **options: Any) -> HttpReply:
        if request.method != "POST":
            return super().send(request, **options)
        self._steps(POST)
        reply = super().send(request, **options)
        self._steps(ANSWERED)
        return reply


class _Downloader(Downloader):
    def __init__(self, steps: Steps, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._steps = steps

    def fetch(self, *arguments: Any, before_publish: BeforePublish, **options: Any) -> DownloadedFile:
        def noting(fetched: DownloadedFile, folder: OpenFolder) -> None:
            self._steps(NOTE)
            before_publish(fetched, folder)
            self._steps(NOTED)

        fetched = super().fetch(*arguments, before_publish=noting, **options)
        self._steps(NAMED)
        return fetched
