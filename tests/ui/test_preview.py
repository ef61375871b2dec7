"""Pictures of videos: on terminals that show them and with the extra only; otherwise nothing changes."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.preview import HINT, REQUIRED_MODULES, first_frame, show_previews

ROOT = Path(__file__).parents[2]
CLIP = next((ROOT / "kirin_cli" / "sandbox").rglob("*.mp4"))
extra = pytest.mark.skipif(not all(map(find_spec, REQUIRED_MODULES)), reason="the extra `preview` is not installed")
posix = pytest.mark.skipif(os.name != "posix", reason="terminals of this kind are of POSIX")
PROBE = """
import sys, os
from pathlib import Path
from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.preview import REQUIRED_MODULES, show_previews
streams = OutputStreams(sys.stdout, sys.stderr, os.environ)
show_previews([Path(sys.argv[1])], streams, modules=sys.argv[2:] or REQUIRED_MODULES)
sys.stdout.write("|END" + ("|loaded" if "av" in sys.modules else ""))
"""


def heard(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def on_a_terminal(answers, *arguments, size=(30, 100), **env):
    """What a terminal is sent that answers questions so, and what is said on standard error."""
    ours, theirs = pytest.importorskip("pty").openpty()
    pytest.importorskip("termios").tcsetwinsize(theirs, size)
    process = subprocess.Popen(
        [sys.executable, "-c", PROBE, str(CLIP), *arguments], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color", **env}, cwd=ROOT,
    )  # fmt: skip
    os.close(theirs)
    sent = b""
    while b"|END" not in sent and (piece := heard(ours)):
        for question, answer in answers.items():
            if question in piece:
                os.write(ours, answer)
        sent += piece
    said = process.communicate(timeout=60)[1].decode()
    os.close(ours)
    assert process.returncode == 0, said
    return sent, said


def test_without_a_terminal_nothing_is_loaded_or_said(tmp_path):
    with (tmp_path / "out").open("w+") as out, (tmp_path / "err").open("w+") as err:
        show_previews([CLIP], OutputStreams(out, err, {}), modules=("no_such_library",))
        assert (out.tell(), err.tell()) == (0, 0)


@posix
def test_a_missing_extra_is_one_line_for_who_sits_at_a_terminal():
    sent, said = on_a_terminal({}, "no_such_library")
    assert (sent, said) == (b"|END", HINT + "\n")


@posix
def test_a_terminal_that_cannot_draw_is_left_alone():
    assert on_a_terminal({}, "no_such_library", TERM="dumb") == (b"|END", "")


@extra
def test_the_first_frame_is_that_of_the_video(tmp_path):
    frame = first_frame(CLIP)
    assert frame.width > frame.height > 100
    assert len(frame.getcolors(1 << 24)) > 1
    (tmp_path / "no.mp4").write_bytes(CLIP.read_bytes()[:2000])
    (tmp_path / "text.mp4").write_text("no video")
    assert [first_frame(tmp_path / name) for name in ("no.mp4", "text.mp4", "missing.mp4")] == [None] * 3


@extra
@posix
def test_a_terminal_with_sixels_gets_a_picture():
    sent, said = on_a_terminal({b"\x1b[c": b"\x1b[?62;4;22c"})
    assert b"\x1bP" in sent
    assert said == ""


@extra
@posix
def test_a_terminal_that_shows_no_pictures_gets_none_and_no_decoder_is_loaded():
    sent, said = on_a_terminal({b"\x1b[c": b"\x1b[?62;22c"})
    assert b"\x1bP" not in sent
    assert sent.endswith(b"|END")
    assert said == ""


@extra
@posix
def test_a_terminal_without_a_size_gets_none():
    assert on_a_terminal({b"\x1b[c": b"\x1b[?62;4;22c"}, size=(0, 0)) == (b"|END", "")
