"""Streams that break, cannot encode or are not there."""

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kirin_cli.errors import LocalError
from kirin_cli.ui.console import OutputStreams, SafeStream


def encoded(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


def written(stream):
    return stream.buffer.getvalue()


def test_data_goes_to_stdout_and_talk_to_stderr():
    out, err = io.StringIO(), io.StringIO()
    streams = OutputStreams(out, err, {})
    streams.data("renders/a.mp4", "renders/b.mp4")
    streams.info("done")
    streams.info()
    assert out.getvalue() == "renders/a.mp4\nrenders/b.mp4\n"
    assert err.getvalue() == "done\n"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_character_that_the_stream_lacks_is_escaped(encoding):
    stream = encoded(encoding)
    SafeStream(stream, data=True).write("港 x\n")
    assert written(stream) == b"\\u6e2f x\n"


def test_a_lone_surrogate_does_not_stop_utf_8():
    stream = encoded("utf-8")
    SafeStream(stream, data=True).write("a\udc80é\n")
    assert written(stream) == "a\\udc80é\n".encode()


def test_G3_a_reader_that_went_away_is_quiet_up_to_the_end_of_the_process():
    script = (
        "import sys; from kirin_cli.ui.console import OutputStreams\n"
        "streams = OutputStreams(sys.stdout, sys.stderr, {})\n"
        "for number in range(200000): streams.data(str(number))\n"
        "streams.info('the end')"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"0\n"
    process.stdout.close()
    assert process.stderr.read() == b"the end\n"
    assert process.wait(60) == 0
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_L5_data_on_a_full_disk_is_an_error_and_talk_is_not():
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        SafeStream(full, data=False).write("talk\n")
    with Path("/dev/full").open("w", encoding="utf-8") as full, pytest.raises(LocalError, match="No space"):
        SafeStream(full, data=True).write("data\n")


def test_streams_that_are_missing_or_closed_take_everything_in_silence():
    closed = encoded("utf-8")
    closed.close()
    for stream in (None, closed):
        streams = OutputStreams(stream, stream, {})
        streams.data("x")
        streams.info("y")
        assert not streams.err.is_tty
        with pytest.raises((OSError, ValueError)):
            SafeStream(stream, data=True).fileno()


def test_lines_of_several_threads_do_not_mix():
    read, write = os.pipe()
    os.set_blocking(write, True)
    with os.fdopen(write, "w", encoding="utf-8") as pipe, os.fdopen(read, encoding="utf-8") as reader:
        streams = OutputStreams(pipe, None, {})
        threads = [threading.Thread(target=lambda c=c: [streams.data(c * 50) for _ in range(20)]) for c in "abcd"]
        for thread in threads:
            thread.start()
        lines = [reader.readline() for _ in range(80)]
        for thread in threads:
            thread.join()
    assert sorted(set(lines)) == [c * 50 + "\n" for c in "abcd"]
