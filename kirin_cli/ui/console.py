"""The console: what standard output and standard error can show, and streams that never bring the program down."""

import codecs
import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import Final, Literal, TextIO

from kirin_cli.errors import LocalError
from kirin_cli.modelspec.record import Record
from kirin_cli.redaction import mask_hidden, redact_urls
from kirin_cli.ui.terminal_text import MAX_SHOWN, escape_untrusted

_READER_GONE = {errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN}  # EINVAL: how Windows says EPIPE


STAND_INS: Final = {
    "…": "...", "–": "-", "—": "-", "‑": "-", "×": "x", "·": "-", "→": "->", "✓": "+", "✗": "x", "❌": "x", "✅": "+",
    "‘": "'", "’": "'", "“": '"', "”": '"', "─": "-", "━": "=", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+",
}  # fmt: skip
"""Signs that an old terminal may lack, and what reads as well in their place."""


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    r"""What is written for characters that an encoding lacks: stand-ins, and for any other its escape (`\u6e2f`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(STAND_INS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in lost), error.end


codecs.register_error("stand-in", _stand_in)


def encodable(text: str, encoding: str) -> str:
    r"""`text` with what `encoding` lacks by its stand-in (`...` for an ellipsis) or as an escape (`\u6e2f`)."""
    return text if text.isascii() else text.encode(encoding, "stand-in").decode(encoding)


def never_fail_to_encode(stream: TextIO | None) -> None:
    """Have whatever is printed to `stream` written by stand-ins and escapes where its encoding lacks a character."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="stand-in")


class SafeStream:
    """A text stream for `data` (a full disk is an error) or for talk (losing it loses nothing).

    Has as much of a file's interface as Rich needs. `stream` None is a stream that the process was started without.
    """

    def __init__(self, stream: TextIO | None, *, data: bool) -> None:
        self._stream = stream
        self._data = data
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write and flush; a reader that went away makes this and all later writes do nothing (fault row G3).

        What is hidden is masked, in talk the secrets of URLs too (fault X4). Raises LocalError where data cannot be
        written for another reason.
        """
        text = mask_hidden(text if self._data else redact_urls(text))
        if self._stream is None:
            return len(text)
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(encodable(text, self.encoding))
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: closed
            _silence(self._stream)
            self._stream = None
            if self._data and isinstance(error, OSError) and error.errno not in _READER_GONE:
                message = f"standard output cannot be written: {error.strerror}"
                raise LocalError(message, hint="the videos and the ledger are not touched by this") from error
        return len(text)

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


def _silence(stream: TextIO) -> None:
    """Let what is still buffered flow into nothing, or the interpreter would complain when it flushes at exit."""
    try:
        descriptor = stream.fileno()
        nothing = os.open(os.devnull, os.O_WRONLY)
    except (OSError, ValueError):
        return
    os.dup2(nothing, descriptor)
    os.close(nothing)


Colour = Literal["auto", "always", "never"]
Mode = Literal["tty", "plain", "json", "quiet"]
Style = Literal["error", "warning", "good", "strong", "faint", "none"]

_SGR: dict[Style, str] = {"error": "1;31", "warning": "33", "good": "32", "strong": "1", "faint": "2"}
_CONSOLES_WITH_COLOUR = ("WT_SESSION", "TERM", "ANSICON", "ConEmuANSI")


class TerminalInfo(Record, kw_only=True):
    """What one stream can show. `can_draw`: the cursor can move; `animated`: and may, unasked. Sizes in cells."""

    is_tty: bool = False
    can_draw: bool = False
    animated: bool = False
    colour: bool = False
    encoding: str = "utf-8"
    width: int = 80
    height: int = 24

    @property
    def unicode(self) -> bool:
        """Whether every character can be written."""
        return self.encoding.lower().startswith("utf")

    @property
    def ellipsis(self) -> str:
        """What stands for text left out."""
        return "…" if self.unicode else "..."

    def paint(self, text: str, style: Style) -> str:
        """`text` in a style, where colours are wanted."""
        return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if self.colour and text and style != "none" else text

    def escape(self, text: str, limit: int = MAX_SHOWN) -> str:
        """`text` harmless and encodable, so that its width is the width it will have on the screen."""
        return encodable(escape_untrusted(text, limit=limit), self.encoding)


class OutputStreams:
    """Standard output and standard error of this process, safe to write to from several threads."""

    def __init__(
        self, stdout: TextIO | None, stderr: TextIO | None, environ: Mapping[str, str], colour: Colour = "auto"
    ) -> None:
        self.out = terminal_info(stdout, environ, colour)
        self.err = terminal_info(stderr, environ, colour)
        self.stdout = SafeStream(stdout, data=True)
        self.stderr = SafeStream(stderr, data=False)
        self._lock = RLock()  # a signal handler may talk while its own thread is writing
        self._make_room: Callable[[], AbstractContextManager[None]] = nullcontext

    def data(self, *lines: str) -> None:
        """Write lines of data to standard output. Quiet when nobody reads it (fault G3); LocalError on a full disk."""
        make_room = self._make_room if self.out.is_tty else nullcontext
        self._write(self.stdout, lines, make_room)

    def info(self, *lines: str) -> None:
        """Write lines for people to standard error; never fails."""
        self._write(self.stderr, lines, self._make_room)

    def _write(
        self, stream: SafeStream, lines: tuple[str, ...], make_room: Callable[[], AbstractContextManager[None]]
    ) -> None:
        if lines:
            with self._lock, make_room():
                stream.write("\n".join((*lines, "")))

    @contextmanager
    def exclusive(self, make_room: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """While inside, something is drawn on the terminal: each write happens inside `make_room()`."""
        self._make_room = make_room
        try:
            yield
        finally:
            self._make_room = nullcontext


def terminal_info(stream: TextIO | None, environ: Mapping[str, str], colour: Colour = "auto") -> TerminalInfo:
    """What `stream` can show, given the environment and `--color`."""
    tty = is_tty(stream)
    can_draw = tty and environ.get("TERM") != "dumb"
    width, height = _terminal_size(stream, environ)
    # `--color` > NO_COLOR > FORCE_COLOR > the terminal; a variable that is empty is not set (no-color.org).
    # Old Windows consoles print escape sequences as they are.
    knows_colour = can_draw and (os.name != "nt" or any(name in environ for name in _CONSOLES_WITH_COLOUR))
    allowed = not environ.get("NO_COLOR") and (bool(environ.get("FORCE_COLOR")) or knows_colour)
    return TerminalInfo(
        is_tty=tty,
        can_draw=can_draw,
        animated=can_draw and environ.get("CI", "").lower() in ("", "0", "false"),
        colour=allowed if colour == "auto" else colour == "always",
        encoding=getattr(stream, "encoding", None) or "utf-8",
        width=width,
        height=height,
    )


def progress_mode(requested: Literal["auto"] | Mode, terminal: TerminalInfo, *, quiet: bool = False) -> Mode:
    """How to show progress on standard error: `--progress`, else `-q`, else what the terminal allows."""
    if requested == "tty":
        return "tty" if terminal.can_draw else "plain"
    if requested != "auto":
        return requested
    if quiet:
        return "quiet"
    return "tty" if terminal.animated else "plain"


def _terminal_size(stream: TextIO | None, environ: Mapping[str, str]) -> tuple[int, int]:
    columns = environ.get("COLUMNS", "")
    try:
        width, height = os.get_terminal_size(stream.fileno() if stream else -1)
    except (OSError, ValueError):
        width, height = 0, 0
    if columns.isascii() and columns.isdigit():
        width = int(columns[:4])
    return width or 80, height or 24
