"""What the streams can show is decided by flags, environment and terminal, in this order."""

import io
import os

import pytest

from kirin_cli.ui.console import Streams, Terminal, progress_mode, terminal


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
    assert terminal(screen, environ, colour).colour is coloured


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
    assert terminal(io.StringIO(), environ, colour).colour is coloured


def test_ci_means_no_animation_and_nothing_else(screen):
    here = terminal(screen, {"CI": "1"})
    assert (here.is_tty, here.draws, here.animated, here.colour) == (True, True, False, True)
    assert terminal(screen, {"CI": "false"}).animated


def test_the_width_is_the_one_told_or_the_terminals_or_80(screen):
    assert terminal(screen, {"COLUMNS": "132"}).width == 132
    assert terminal(screen, {"COLUMNS": "wide"}).width == 80
    assert (terminal(io.StringIO(), {}).width, terminal(None, {}).height) == (80, 24)


@pytest.mark.parametrize(
    ("requested", "facts", "quiet", "mode"),
    [
        ("auto", {"draws": True, "animated": True}, False, "tty"),
        ("auto", {"draws": True, "animated": True}, True, "quiet"),
        ("auto", {"draws": True}, False, "plain"),
        ("auto", {}, False, "plain"),
        ("tty", {"draws": True}, True, "tty"),
        ("tty", {}, False, "plain"),
        ("json", {"draws": True, "animated": True}, True, "json"),
        ("plain", {"draws": True, "animated": True}, False, "plain"),
        ("quiet", {}, False, "quiet"),
    ],
)
def test_the_way_of_showing_progress(requested, facts, quiet, mode):
    assert progress_mode(requested, Terminal(**facts), quiet=quiet) == mode


def test_paint_leaves_text_alone_without_colour():
    assert Terminal().paint("x", "error") == "x"
    assert Terminal(colour=True).paint("x", "error") == "\x1b[1;31mx\x1b[0m"
    assert Terminal(colour=True).paint("", "error") == ""


def test_shown_text_is_harmless_and_encodable():
    assert Terminal(encoding="cp1252").shown("港\x1b é") == r"\u6e2f\x1b é"
    assert Terminal(encoding="ascii").ellipsis == "..."


def test_what_others_write_while_something_is_drawn_is_written_in_the_room_made_for_it():
    err = io.StringIO()
    streams = Streams(io.StringIO(), err, {})

    class Room:
        def __enter__(self):
            err.write("<")

        def __exit__(self, *_):
            err.write(">")

    with streams.drawing(Room):
        streams.talk("in")
        streams.data("a pipe needs no room")
    streams.talk("out")
    assert err.getvalue() == "<in\n>out\n"
