"""What standard output and standard error can show, and the way to write to them: data to one, talk to the other.

Everything is computed from arguments; knows nothing of what is said. Text must be harmless (escape.py) already.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import Literal, TextIO

from kirin_cli.spec.record import Record
from kirin_cli.ui.escape import CUT_AT, harmless
from kirin_cli.ui.outlet import Outlet, encodable, is_tty

Colour = Literal["auto", "always", "never"]
Mode = Literal["tty", "plain", "json", "quiet"]
Style = Literal["error", "warning", "good", "strong", "faint", "none"]

_SGR: dict[Style, str] = {"error": "1;31", "warning": "33", "good": "32", "strong": "1", "faint": "2"}
_CONSOLES_WITH_COLOUR = ("WT_SESSION", "TERM", "ANSICON", "ConEmuANSI")


class Terminal(Record, kw_only=True):
    """What one stream can show. `draws`: the cursor can be moved; `animated`: and may be, unasked. Sizes in cells."""

    is_tty: bool = False
    draws: bool = False
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

    def shown(self, text: str, limit: int = CUT_AT) -> str:
        """`text` harmless and encodable, so that its width is the width it will have on the screen."""
        return encodable(harmless(text, limit=limit), self.encoding)


class Streams:
    """Standard output and standard error of this process, safe to write to from several threads."""

    def __init__(
        self, stdout: TextIO | None, stderr: TextIO | None, environ: Mapping[str, str], colour: Colour = "auto"
    ) -> None:
        self.out = terminal(stdout, environ, colour)
        self.err = terminal(stderr, environ, colour)
        self.stdout = Outlet(stdout, data=True)
        self.stderr = Outlet(stderr, data=False)
        self._lock = RLock()  # a signal handler may talk while its own thread is writing
        self._aside: Callable[[], AbstractContextManager[None]] = nullcontext

    def data(self, *lines: str) -> None:
        """Write lines of data to standard output. Quiet when nobody reads any more (G3); LocalFault on a full disk."""
        aside = self._aside if self.out.is_tty else nullcontext
        self._write(self.stdout, lines, aside)

    def talk(self, *lines: str) -> None:
        """Write lines for people to standard error; never fails."""
        self._write(self.stderr, lines, self._aside)

    def _write(self, outlet: Outlet, lines: tuple[str, ...], aside: Callable[[], AbstractContextManager[None]]) -> None:
        if lines:
            with self._lock, aside():
                outlet.write("\n".join((*lines, "")))

    @contextmanager
    def drawing(self, aside: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """While inside, something is drawn on the terminal: each write happens inside `aside()`, which makes room."""
        self._aside = aside
        try:
            yield
        finally:
            self._aside = nullcontext


def terminal(stream: TextIO | None, environ: Mapping[str, str], colour: Colour = "auto") -> Terminal:
    """What `stream` can show, given the environment and `--color`."""
    tty = is_tty(stream)
    draws = tty and environ.get("TERM") != "dumb"
    width, height = _size(stream, environ)
    return Terminal(
        is_tty=tty,
        draws=draws,
        animated=draws and environ.get("CI", "").lower() in ("", "0", "false"),
        colour=_coloured(environ, colour, unasked=draws and _understands_colour(environ, os.name)),
        encoding=getattr(stream, "encoding", None) or "utf-8",
        width=width,
        height=height,
    )


def progress_mode(requested: Literal["auto"] | Mode, terminal: Terminal, *, quiet: bool = False) -> Mode:
    """How to show progress on standard error: `--progress`, else `-q`, else what the terminal allows."""
    if requested == "tty":
        return "tty" if terminal.draws else "plain"
    if requested != "auto":
        return requested
    if quiet:
        return "quiet"
    return "tty" if terminal.animated else "plain"


def _coloured(environ: Mapping[str, str], colour: Colour, *, unasked: bool) -> bool:
    """`--color` > NO_COLOR > FORCE_COLOR > the terminal; a variable that is empty is not set (no-color.org)."""
    if colour != "auto":
        return colour == "always"
    return not environ.get("NO_COLOR") and (bool(environ.get("FORCE_COLOR")) or unasked)


def _understands_colour(environ: Mapping[str, str], system: str) -> bool:
    """Old Windows consoles print escape sequences as they are."""
    return system != "nt" or any(name in environ for name in _CONSOLES_WITH_COLOUR)


def _size(stream: TextIO | None, environ: Mapping[str, str]) -> tuple[int, int]:
    columns = environ.get("COLUMNS", "")
    try:
        width, height = os.get_terminal_size(stream.fileno() if stream else -1)
    except (OSError, ValueError):
        width, height = 0, 0
    if columns.isascii() and columns.isdigit():
        width = int(columns[:4])
    return width or 80, height or 24
