"""The live view as it is drawn: what scrolls away above, what stays, what a real terminal shows."""

import io
import os
import subprocess
import sys
import threading
from decimal import Decimal

import pytest
from support.clocks import FakeClock
from support.terminal_screen import seen
from ui.ten_jobs import begin

from kirin_cli.run.events import Accepted, Generated, JobEnded, Notice, Progressed, Queued, Retrying
from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.live_progress import LiveProgress

HOSTILE = "::error::\x1b]0;x\x07\u202e\r\n##vso[x][red]"


def live(total=12, **environ):
    err = io.StringIO()
    streams = OutputStreams(io.StringIO(), err, {"COLUMNS": "80", **environ})
    return LiveProgress(streams, FakeClock(0.0), total), streams, err


def test_finished_jobs_scroll_away_above_and_the_last_frame_stays():
    progress, _, err = live()
    with progress:
        begin(progress)
        progress.tick()
        progress(JobEnded(job="harbour", at=0, state="done", paths=("renders/harbour.mp4",), cost=Decimal("0.28")))
        progress(JobEnded(job="take-00", at=0, state="failed", reason="out of memory"))
        progress(JobEnded(job="old", at=0, state="skipped", paths=("old.mp4",)))
        progress(Notice(job="", at=0, text="the ledger moved"))
        progress(Retrying(job="take-01", at=0, what="poll", reason="refused", delay=5))
        progress(Retrying(job="take-01", at=0, what="poll", reason="refused", delay=5))
    screen = seen(err.getvalue())
    assert screen[:5] == [
        "✓ harbour  renders/harbour.mp4 ($0.28)",
        "✗ take-00  failed: out of memory",
        "· old  skipped old.mp4",
        "! the ledger moved",
        "! take-01: a query failed, again in 5 s: refused",
    ]
    assert screen[5].startswith("a name so long")
    assert screen[-2:] == ["1 of 12 done, 1 skipped, 1 failed, 8 running, 1 waiting  0:00  $0.28", ""]
    assert len(screen) == 5 + 8 + 2


def test_the_marks_are_ascii_where_the_screen_is_not_unicode():
    raw = io.BytesIO()
    streams = OutputStreams(None, io.TextIOWrapper(raw, encoding="ascii", write_through=True), {"COLUMNS": "80"})
    with LiveProgress(streams, FakeClock(0.0), 2) as progress:
        begin(progress, ["港", "x"])
        progress(JobEnded(job="港", at=0, state="done", paths=("港.mp4",)))
        progress(JobEnded(job="x", at=0, state="expired", reason="gone"))
    assert seen(raw.getvalue().decode())[:2] == [
        r"+ \u6e2f  \u6e2f.mp4",
        "x x  paid, but the file could not be had: gone",
    ]


def test_talk_of_others_goes_above_the_rows():
    progress, streams, err = live()
    with progress:
        begin(progress)
        progress.tick()
        streams.info("hello", "again")
        progress.tick()
    screen = seen(err.getvalue())
    assert screen[:2] == ["hello", "again"]
    assert len(screen) == 2 + 11 + 1
    streams.info("after")
    assert seen(err.getvalue())[-2:] == ["after", ""]


@pytest.mark.parametrize(("environ", "coloured"), [({}, False), ({"FORCE_COLOR": "1"}, True)])
def test_colours_only_where_wanted(environ, coloured):
    progress, _, err = live(**environ)
    with progress:
        begin(progress)
    assert ("\x1b[1m" in err.getvalue()) == coloured


def test_H1_H2_hostile_text_in_every_event():
    progress, _, err = live()
    job = {"job": HOSTILE, "at": 0.0}
    with progress:
        progress(Queued(**job, model=HOSTILE))
        progress(Accepted(**job, task_id=HOSTILE))
        progress(Progressed(**job, status=HOSTILE, progress=0.5))
        progress.tick()
        progress(Notice(job="", at=0, text=HOSTILE))
        progress(Generated(**job))
        progress(JobEnded(**job, state="failed", paths=(HOSTILE,), reason=HOSTILE))
    screen = "".join(seen(err.getvalue()))
    assert not {"\x1b", "\x07", "\u202e"} & set(screen)
    assert r"\x1b]0;x\x07\u202e\r\n# #vso[x][red]" in screen


@pytest.fixture
def hasty_threads():
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_events_of_many_threads_garble_nothing(hasty_threads):
    progress, streams, err = live(total=200)

    def jobs(letter):
        for number in range(25):
            name = f"{letter}{number}"
            begin(progress, [name])
            progress(Progressed(job=name, at=0, status="in_progress", progress=number / 25))
            progress(JobEnded(job=name, at=0, state="done", paths=(f"{name}.mp4",)))
            streams.info(f"talk {name}")

    threads = [threading.Thread(target=jobs, args=(letter,)) for letter in "abcdefgh"]
    with progress:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    names = [f"{letter}{number}" for letter in "abcdefgh" for number in range(25)]
    expected = sorted([f"✓ {name}  {name}.mp4" for name in names] + [f"talk {name}" for name in names])
    *lines, total, end = seen(err.getvalue())
    assert sorted(lines) == expected
    assert (total, end) == ("200 of 200 done  0:00", "")


SCRIPT = """
import os, sys, time
from kirin_cli.run.events import *
from kirin_cli.ui.console import OutputStreams, progress_mode
from kirin_cli.cli.console import make_progress
os.set_blocking(1, True)
streams = OutputStreams(sys.stdout, sys.stderr, {"TERM": "xterm"})
with make_progress(progress_mode("auto", streams.err), streams, time.monotonic, 3) as progress:
    for name in ("a", "b"):
        progress(Queued(job=name, at=0, model="m"))
        progress(Accepted(job=name, at=0, task_id="t"))
    progress.tick()
    progress(JobEnded(job="a", at=0, state="done", paths=("a.mp4",)))
    streams.data("a.mp4")
    progress.tick()
    if sys.argv[1] == "interrupt":
        raise KeyboardInterrupt
streams.info("to go on: kirin resume")
"""


@pytest.mark.parametrize("how", ["end", "interrupt"])
def test_on_a_real_terminal_data_and_rows_share_the_screen_and_the_cursor_is_never_hidden(how):
    leader, follower = pytest.importorskip("pty").openpty()
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, how], stdout=follower, stderr=follower, stdin=follower, env=environ
    )
    os.close(follower)
    written = drained(leader)
    process.wait(60)
    screen = seen(written.replace("\r\n", "\n"))
    assert "\x1b[?25l" not in written
    assert screen[:2] == ["✓ a  a.mp4", "a.mp4"]
    assert screen[2].startswith("b  ")
    assert screen[3].startswith("1 of 3 done, 1 running, 1 waiting")
    assert ("KeyboardInterrupt" if how == "interrupt" else "to go on: kirin resume") in screen[-2]


def drained(leader):
    written = b""
    with os.fdopen(leader, "rb", buffering=0) as terminal:
        while True:
            try:
                piece = terminal.read(65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not piece:
                break
            written += piece
    return written.decode()
