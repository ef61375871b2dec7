"""What the streams can show is decided by flags, environment and terminal, in this order."""

import io
import os

import pytest

from kirin_cli.ui.console import OutputStreams, TerminalInfo, progress_mode, terminal_info


@pytest.fixture
def screen():
    leader, follower = pytest.importorskip("pty").openpty()
    with os.fdopen(leader, "rb"), os.fdopen(follower, "w", encoding="utf-8") as stream:
        yield stream


@pytest.mark.parametrize(
    ("environ", "colour", "coloured"),
    [
        ({}, "auto", True),
        ({"TERM": "dumb"}, "auto", False),
        ({"NO_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": ""}, "auto", True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": "1"}, "always", True),
        ({"FORCE_COLOR": "1"}, "never", False),
        ({"CI": "true"}, "auto", True),
    ],
)
def test_colour_on_a_terminal(screen, environ, colour, coloured):
    assert terminal_info(screen, environ, colour).colour is coloured


@pytest.mark.parametrize(
    ("environ", "colour", "coloured"),
    [
        ({}, "auto", False),
        ({"FORCE_COLOR": "1"}, "auto", True),
        ({"FORCE_COLOR": ""}, "auto", False),
        ({}, "always", True),
    ],
)
def test_colour_in_a_pipe(environ, colour, coloured):
    assert terminal_info(io.StringIO(), environ, colour).colour is coloured


def test_ci_means_no_animation_and_nothing_else(screen):
    here = terminal_info(screen, {"CI": "1"})
    assert (here.is_tty, here.can_draw, here.animated, here.colour) == (True, True, False, True)
    assert terminal_info(screen, {"CI": "false"}).animated


def test_the_width_is_the_one_told_or_the_terminals_or_80(screen):
    assert terminal_info(screen, {"COLUMNS": "132"}).width == 132
    assert terminal_info(screen, {"COLUMNS": "wide"}).width == 80
    assert (terminal_info(io.StringIO(), {}).width, terminal_info(None, {}).height) == (80, 24)


@pytest.mark.parametrize(
    ("requested", "facts", "quiet", "mode"),
    [
        ("auto", {"can_draw": True, "animated": True}, False, "tty"),
        ("auto", {"can_draw": True, "animated": True}, True, "quiet"),
        ("auto", {"can_draw": True}, False, "plain"),
        ("auto", {}, False, "plain"),
        ("tty", {"can_draw": True}, True, "tty"),
        ("tty", {}, False, "plain"),
        ("json", {"can_draw": True, "animated": True}, True, "json"),
        ("plain", {"can_draw": True, "animated": True}, False, "plain"),
        ("quiet", {}, False, "quiet"),
    ],
)
def test_the_way_of_showing_progress(requested, facts, quiet, mode):
    assert progress_mode(requested, TerminalInfo(**facts), quiet=quiet) == mode


def test_paint_leaves_text_alone_without_colour():
    assert TerminalInfo().paint("x", "error") == "x"
    assert TerminalInfo(colour=True).paint("x", "error") == "\x1b[1;31mx\x1b[0m"
    assert TerminalInfo(colour=True).paint("", "error") == ""


def test_shown_text_is_harmless_and_encodable():
    assert TerminalInfo(encoding="cp1252").escape("港\x1b é") == r"\u6e2f\x1b é"
    assert TerminalInfo(encoding="ascii").ellipsis == "..."


def test_what_others_write_while_something_is_drawn_is_written_in_the_room_made_for_it():
    err = io.StringIO()
    streams = OutputStreams(io.StringIO(), err, {})

    class Room:
        def __enter__(self):
            err.write("<")

        def __exit__(self, *_):
            err.write(">")

    with streams.exclusive(Room):
        streams.info("in")
        streams.data("a pipe needs no room")
    streams.info("out")
    assert err.getvalue() == "<in\n>out\n"
