"""The one tree of errors: what went wrong, what it means for the exit code, and what to do next.

Raise from here; `main()` alone catches, prints and exits. Knows nothing of consoles, HTTP or files.
Exit codes: the table in README ("Exit codes").
"""

from collections.abc import Iterable
from typing import ClassVar


class KirinError(Exception):
    """Something the person should read: one sentence, and a hint that says what to do about it.

    `code` is a word by which programs tell the kinds apart.
    """

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "bug"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class GenerationFailed(KirinError):
    """The service refused the request or failed to generate."""

    exit_code = 1
    code = "failed"


class UsageError(KirinError):
    """A flag, a job file or a value is wrong; nothing was sent."""

    exit_code = 2
    code = "usage"


class ServiceUnreachable(KirinError):
    """The service could not be reached; nothing was accepted."""

    exit_code = 3
    code = "unreachable"


class NotPermitted(KirinError):
    """The API key is missing, invalid, or lacks a permission."""

    exit_code = 4
    code = "not_permitted"


class BalanceInsufficient(KirinError):
    """The account's balance, or the limit that the person set, does not cover another job."""

    exit_code = 5
    code = "balance"


class OutcomeUnknown(KirinError):
    """A submission may or may not have been accepted; it may have been charged."""

    exit_code = 6
    code = "unknown"


class ResultUnavailable(KirinError):
    """The video was generated and paid for, but its file could not be had."""

    exit_code = 7
    code = "unavailable"


class StillRunning(KirinError):
    """The wait ended before the task did; nothing is lost."""

    exit_code = 8
    code = "running"


class LocalError(KirinError):
    """The disk, a folder or the ledger does not work as it must."""

    exit_code = 9
    code = "local"


class Interrupted(KirinError):
    """Ctrl-C."""

    exit_code = 130
    code = "interrupted"


class Terminated(KirinError):
    """SIGTERM or SIGHUP."""

    exit_code = 143
    code = "terminated"


BATCH_ORDER = (70, 9, 6, 4, 5, 3, 7, 1, 8, 0)


def batch_exit_code(codes: Iterable[int]) -> int:
    """The exit code of a batch whose jobs ended with `codes`: the gravest by BATCH_ORDER, 0 for none."""
    return min(codes, key=BATCH_ORDER.index, default=0)
