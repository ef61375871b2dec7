"""Records the quickstart on the sandbox as a picture of a terminal: `python -m tests.recording`, from the top folder.

Runs the command on a pseudo-terminal, feeds what it writes to a terminal emulator, and draws the screen as it was when
every job had gone some way, above the screen at the end. Needs `pip install pyte`, and a system of the POSIX kind.
"""

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / ".github" / "quickstart.svg"
COLUMNS, ROWS = 84, 14
COMMAND = "kirin run sample_jobs/quickstart.yaml --sandbox"
HALFWAY = re.compile(r"\b[5-8]\d %")
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # that a browser would fetch from elsewhere
COLOURS = {"brown": "yellow", "default": ""}


def record():
    """The screen while the jobs run, and at the end."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    during = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "sample_jobs", Path(folder) / "sample_jobs", ignore=shutil.ignore_patterns("renders"))
        for piece in written(folder):
            stream.feed(piece)
            if not during and len(HALFWAY.findall("\n".join(screen.display))) >= 2:
                during = lines(screen)
    return during, lines(screen)


def written(folder):
    """What the command writes to its terminal, piece by piece."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KIRIN_") and name != "CI"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kirin_cli", *COMMAND.split()[1:]], cwd=folder, stdin=theirs, stdout=theirs,
        stderr=theirs,
        env={**kept, "TERM": "xterm-256color", "KIRIN_STATE_DIR": str(Path(folder) / "state"), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(theirs)
    try:
        while piece := os.read(ours, 65536):
            yield piece
            time.sleep(0.02)  # so that a piece is a whole frame
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    if process.wait():
        raise SystemExit(process.returncode)


def lines(screen):
    """The lines of a screen that have something in them, as Rich writes them."""
    shown = [line(screen.buffer[row]) for row in range(ROWS)]
    return [text for text in shown if text.plain]


def line(cells):
    """A line; pyte does not know faint text, so what is faint is left as it is."""
    text = Text()
    for column in range(COLUMNS):
        cell = cells[column]
        text.append(cell.data, f"{'bold ' if cell.bold else ''}{COLOURS.get(cell.fg, cell.fg)}".strip())
    text.rstrip()
    return text


def main():
    """Write the picture."""
    during, after = record()
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for text in (Text(f"$ {COMMAND}", "bold"), *during, Text(), Text("… and at the end:", "dim"), *after, Text()):
        console.print(text)
    drawn = FONTS.sub("", console.export_svg(title=COMMAND, unique_id="kirin"))
    PICTURE.write_text(re.sub(" +$", "", drawn, flags=re.MULTILINE).rstrip() + "\n", encoding="utf-8")
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size} bytes\n")


main()
