"""One output stream that never brings the program down: what it cannot encode is escaped, a reader gone is quiet.

Knows nothing of colours or of what is written; the text must be harmless already.
"""

import errno
import os
from typing import TextIO

from kirin_cli.errors import LocalFault

_READER_GONE = {errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN}  # EINVAL: how Windows says EPIPE


def encodable(text: str, encoding: str) -> str:
    r"""`text` with every character that `encoding` lacks written as an escape (`\u6e2f`)."""
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


class Outlet:
    """A text stream for `data` (a full disk is an error) or for talk (losing it loses nothing).

    Has as much of a file's interface as Rich needs. `stream` None is a stream that the process was started without.
    """

    def __init__(self, stream: TextIO | None, *, data: bool) -> None:
        self._stream = stream
        self._data = data
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write and flush; a reader that went away makes this and all later writes do nothing (fault row G3).

        Raises LocalFault where data cannot be written for another reason.
        """
        if self._stream is None:
            return len(text)
        try:
            self._put(self._stream, text)
        except (OSError, ValueError) as problem:  # ValueError: closed
            self._lost(problem)
        return len(text)

    def _put(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(encodable(text, self.encoding))
        stream.flush()

    def _lost(self, problem: OSError | ValueError) -> None:
        stream, self._stream = self._stream, None
        _silence(stream)
        if self._data and isinstance(problem, OSError) and problem.errno not in _READER_GONE:
            message = f"standard output cannot be written: {problem.strerror}"
            raise LocalFault(message, hint="the videos and the ledger are not touched by this") from problem

    def flush(self) -> None:
        """Nothing: every write is flushed."""

    def isatty(self) -> bool:
        """Whether it leads to a terminal."""
        return is_tty(self._stream)

    def fileno(self) -> int:
        """The file descriptor; raises OSError where there is none."""
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._stream.fileno()


def is_tty(stream: TextIO | None) -> bool:
    """Whether `stream` leads to a terminal; one that is missing or closed does not."""
    return stream is not None and not stream.closed and stream.isatty()


def _silence(stream: TextIO | None) -> None:
    """Let what is still buffered flow into nothing, or the interpreter would complain when it flushes at exit."""
    try:
        descriptor = stream.fileno() if stream else -1
        nothing = os.open(os.devnull, os.O_WRONLY)
    except (OSError, ValueError):
        return
    os.dup2(nothing, descriptor)
    os.close(nothing)
