"""The frames of the live view at several sizes."""

from decimal import Decimal

import pytest
from support.clocks import FakeClock
from ui.ten_jobs import begin

from kirin_cli.run.events import Downloading, JobEnded, Progressed
from kirin_cli.ui.console import TerminalInfo
from kirin_cli.ui.live_progress import render_rows
from kirin_cli.ui.progress_state import ProgressState
from kirin_cli.ui.terminal_text import cell_width


def ten_running():
    clock = FakeClock(0.0)
    board = ProgressState(12, clock)
    begin(board.apply)
    board.apply(JobEnded(job="first", at=0, state="done", cost=Decimal("0.28")))
    board.apply(Progressed(job="harbour", at=0, status="in_progress", progress=0.2))
    clock.now = 84
    board.apply(Progressed(job="harbour", at=0, status="in_progress", progress=0.6))
    return board


def texts(board, width, height=24, longest=62, encoding="utf-8"):
    lines = render_rows(board, TerminalInfo(encoding=encoding), width, height, longest)
    return ["".join(text for text, _ in line) for line in lines]


@pytest.mark.parametrize("width", [20, 39, 40, 59, 60, 80, 99, 100, 120, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_rows_fit_every_width_and_their_columns_are_straight(width, encoding):
    lines = texts(ten_running(), width, encoding=encoding)
    assert len(lines) == 11
    assert max(map(cell_width, lines)) <= width
    assert len({cell_width(line) for line in lines[:-1]}) == 1
    assert "60 %" in lines[0]


def test_ten_running_jobs_at_80_columns():
    lines = texts(ten_running(), 80)
    assert lines[0].split() == ["harbour", "in_progress", "━━━━━━────", "60", "%", "1:24", "1:24", "left"]
    assert lines[1].startswith("a name so long that")
    assert "…" in lines[1]
    assert lines[2].startswith("港の夜明け")
    assert lines[-1] == "1 of 12 done, 10 running, 1 waiting  1:24  $0.28  about 1:24 left"


def test_ten_running_jobs_at_60_columns_have_the_time_left_and_no_bar():
    lines = texts(ten_running(), 60)
    assert lines[0].split() == ["harbour", "in_progress", "60", "%", "1:24", "1:24", "left"]
    assert lines[-1] == "1 of 12 done, 10 running  1:24  $0.28  about 1:24 left"


def test_an_hour_left_is_told_without_the_word_where_there_is_no_room():
    board = ten_running()
    board.clock.now = 8400
    board.apply(Progressed(job="harbour", at=0, status="in_progress", progress=0.61))
    assert texts(board, 80)[0].endswith("2:13:10 left")
    assert texts(board, 60)[0].split()[-1] == "2:13:10"


def test_the_total_does_without_its_lesser_parts_on_a_narrow_screen():
    board = ten_running()
    board.apply(JobEnded(job="second", at=0, state="failed"))
    totals = [texts(board, width)[-1] for width in (80, 70, 56, 50, 40, 20)]
    assert totals == [
        "1 of 12 done, 1 failed, 10 running  1:24  $0.28  about 1:24 left",
        "1 of 12 done, 1 failed, 10 running  1:24  $0.28  about 1:24 left",
        "1 of 12 done, 1 failed  1:24  $0.28  about 1:24 left",
        "1 of 12 done, 1 failed  $0.28  about 1:24 left",
        "1 of 12 done, 1 failed  $0.28",
        "1 of 12 done",
    ]


def test_ten_running_jobs_at_120_columns_with_model_and_time_left():
    lines = texts(ten_running(), 120)
    assert "kirin_v1_6_multi_i2v" in lines[0]
    assert "1:24  1:24 left" in lines[0]


def test_a_job_without_progress_has_a_bar_that_wanders():
    board = ten_running()
    bars = set()
    for _ in range(40):
        board.clock.now += 0.2
        bars.add(texts(board, 80)[3])
    assert len(bars) > 8
    assert all("━━" in bar and "%" not in bar for bar in bars)


def test_progress_may_go_backwards():
    board = ten_running()
    board.apply(Progressed(job="harbour", at=0, status="queueing", progress=0.1))
    assert "10 %" in texts(board, 120)[0]
    assert "left" not in texts(board, 120)[0]


def test_the_most_advanced_jobs_are_shown_where_there_is_no_room_for_all():
    board = ten_running()
    board.apply(Downloading(job="take-06", at=0, received=1, total=100))
    lines = texts(board, 80, height=6)
    assert [line.split()[0] for line in lines] == ["harbour", "a", "take-06", "…", "1"]
    assert lines[3] == "… and 7 more running"


@pytest.mark.parametrize("height", [1, 2, 3, 4])
def test_a_very_low_screen_is_never_overrun(height):
    lines = texts(ten_running(), 80, height=height)
    assert len(lines) <= max(1, height - 1)
    assert lines[-1].startswith("1 of 12 done")


def test_where_the_screen_is_not_unicode_the_bar_is_ascii():
    lines = texts(ten_running(), 80, encoding="ascii")
    assert all(map(str.isascii, lines))
    assert "######...." in lines[0]
