"""The state of a run, told by events."""

from decimal import Decimal

import pytest
from support.clocks import FakeClock

from kirin_cli.run.events import (
    Accepted,
    Downloading,
    Generated,
    JobEnded,
    Pause,
    Progressed,
    Queued,
    Retrying,
    Submitting,
)
from kirin_cli.ui.progress_state import ProgressState


@pytest.fixture
def clock():
    return FakeClock(100.0)


@pytest.fixture
def board(clock):
    return ProgressState(3, clock)


def accepted(board, job="harbour"):
    board.apply(Queued(job=job, at=0, model="kirin_v1_t2v"))
    board.apply(Submitting(job=job, at=0, external_task_id="e"))
    board.apply(Accepted(job=job, at=0, task_id="d758"))
    return board.rows[job]


def test_a_job_goes_from_waiting_to_running_to_done(board):
    assert board.counts == [("done", 0), ("waiting", 3)]
    assert accepted(board).model == "kirin_v1_t2v"
    assert board.counts == [("done", 0), ("running", 1), ("waiting", 2)]
    board.apply(JobEnded(job="harbour", at=0, state="done", cost=Decimal("0.28")))
    assert board.counts == [("done", 1), ("waiting", 2)]
    assert board.summary() == "1 of 3 done, 2 waiting in 0:00, $0.28"


def test_the_ends_are_counted_in_words_for_people(board):
    for number, state in enumerate(["failed", "rejected", "expired", "unknown", "pending", "skipped"]):
        board.apply(JobEnded(job=str(number), at=0, state=state))
    assert board.counts == [("done", 0), ("skipped", 1), ("failed", 3), ("unknown", 1), ("pending", 1)]


def test_a_cost_counts_once_and_a_skipped_jobs_cost_not_at_all(board):
    accepted(board)
    board.apply(Generated(job="harbour", at=0, cost=Decimal("0.28")))
    assert board.spent == Decimal("0.28")
    board.apply(JobEnded(job="harbour", at=0, state="done", cost=Decimal("0.30")))
    board.apply(JobEnded(job="old", at=0, state="skipped", cost=Decimal(9)))
    assert board.spent == Decimal("0.30")


@pytest.mark.parametrize(
    ("progress", "fraction"),
    [(0.4, 0.4), (None, None), (float("nan"), None), (float("inf"), None), (-1, 0.0), (55.0, 1.0)],
)
def test_progress_is_between_none_and_all(board, progress, fraction):
    row = accepted(board)
    board.apply(Progressed(job="harbour", at=0, status="in_progress", progress=progress))
    assert (row.status, row.fraction) == ("in_progress", fraction)


def test_a_late_event_brings_no_job_back(board):
    accepted(board)
    board.apply(JobEnded(job="harbour", at=0, state="done"))
    board.apply(Progressed(job="harbour", at=0, status="in_progress", progress=0.5))
    assert board.rows == {}


def test_a_complaint_is_made_once(board, clock):
    row = accepted(board)
    complain = Retrying(job="harbour", at=0, what="poll", reason="refused", delay=5.0)
    assert board.apply(complain)
    assert (row.status_text(clock.now), row.is_retrying) == ("again in 5 s", True)
    clock.now += 3
    assert row.status_text(clock.now) == "again in 2 s"
    clock.now += 3
    assert row.status_text(clock.now) == "again in 0 s"
    board.apply(Progressed(job="harbour", at=0, status="in_progress"))
    assert (row.status_text(clock.now), row.is_retrying) == ("in_progress", False)
    assert not board.apply(complain)
    assert board.apply(Retrying(job="harbour", at=0, what="poll", reason="reset", delay=5.0))


def test_a_download_is_measured_by_itself(board, clock):
    row = accepted(board)
    board.apply(Generated(job="harbour", at=0))
    board.apply(Downloading(job="harbour", at=0, received=0, total=1000))
    clock.now += 10
    board.apply(Downloading(job="harbour", at=0, received=250, total=1000))
    assert (row.status, row.fraction, row.eta.seconds_left(clock.now)) == ("downloading", 0.25, 30)
    board.apply(Downloading(job="harbour", at=0, received=500))
    assert row.fraction is None


def queue(board, *names, **facts):
    for name in names:
        board.apply(Queued(job=name, at=0, model="kirin_v1_t2v", **facts))


def test_the_time_left_of_all_is_not_told_before_anything_is_known(board):
    queue(board, "a", "b", "c")
    board.apply(Accepted(job="a", at=0, task_id="t"))
    assert (board.seconds_left, board.time_left) == (None, "")


def test_the_time_left_of_all_comes_from_earlier_tasks_like_them(board, clock):
    queue(board, "a", "b", "c", likely_seconds=60.0)
    board.apply(Accepted(job="a", at=0, task_id="t"))
    assert board.seconds_left == 180
    clock.now += 20
    assert board.rows["a"].seconds_left(clock.now) == 40
    assert board.time_left == "about 2:40 left"
    clock.now += 45
    assert board.rows["a"].seconds_left(clock.now) is None
    assert board.seconds_left == 120


def test_the_time_left_of_all_comes_from_the_jobs_that_are_done_already(board, clock):
    queue(board, "a", "b", "c")
    board.apply(Accepted(job="a", at=0, task_id="t"))
    clock.now += 50
    board.apply(JobEnded(job="a", at=0, state="done"))
    board.apply(Accepted(job="b", at=0, task_id="t"))
    assert board.seconds_left == 100
    board.apply(JobEnded(job="b", at=0, state="failed"))
    board.apply(JobEnded(job="c", at=0, state="failed"))
    assert board.seconds_left is None


def test_the_time_left_of_all_comes_from_the_pace_of_those_that_run(board, clock):
    queue(board, "a", "b", "c")
    board.apply(Accepted(job="a", at=0, task_id="t"))
    board.apply(Progressed(job="a", at=0, status="in_progress", progress=0.0))
    clock.now += 10
    board.apply(Progressed(job="a", at=0, status="in_progress", progress=0.25))
    assert board.rows["a"].seconds_left(clock.now) == 30
    assert board.seconds_left == 30 + 2 * 40


def refuse(board, *names, delay=300.0):
    """The service takes none of these now."""
    for name in names:
        board.apply(Submitting(job=name, at=0, external_task_id="e"))
    for name in names:
        board.apply(Retrying(job=name, at=0, what="submit", reason="HTTP 429", delay=delay))
    board.apply(Pause(job="", at=0, delay=delay))


def test_the_time_left_counts_a_pause_that_the_service_asks_for(board, clock):
    queue(board, "a", "b", "c", likely_seconds=60.0)
    refuse(board, "a")
    assert board.seconds_left == 300 + 3 * 60
    assert board.rows["a"].seconds_left(clock.now) is None
    clock.now += 100
    assert board.summary() == "0 of 3 done, 1 running, 2 waiting in 1:40, about 6:20 left, nothing is sent for 3:20"
    clock.now += 200
    board.apply(Accepted(job="a", at=0, task_id="t"))
    clock.now += 20
    assert (board.seconds_left, board.rows["a"].seconds_left(clock.now)) == (40 + 2 * 60, 40)


def test_after_a_pause_half_as_many_run_at_once_as_before(clock):
    board = ProgressState(20, clock)
    queue(board, *map(str, range(20)), likely_seconds=60.0)
    for name in map(str, range(6)):
        board.apply(Accepted(job=name, at=0, task_id="t"))
    refuse(board, "6", "7")
    assert board.seconds_left == 300 + (14 * 60) / 6  # six run, which is more than half of eight
    clock.now += 60
    for name in map(str, range(6)):
        board.apply(JobEnded(job=name, at=0, state="done"))
    assert board.seconds_left == 240 + (14 * 60) / 4


def test_a_pause_matters_only_while_something_is_left_to_be_sent(board, clock):
    queue(board, "a", "b", likely_seconds=60.0)
    board.apply(Accepted(job="a", at=0, task_id="t"))
    refuse(board, "b")
    board.apply(JobEnded(job="b", at=0, state="pending"))
    assert (board.pause_left, board.time_left) == (0.0, "about 1:00 left")


def test_a_pause_before_a_job_was_sent_is_no_part_of_how_long_such_jobs_take(board, clock):
    queue(board, "a", "b", "c")
    refuse(board, "a")
    assert board.time_left == "nothing is sent for 5:00"  # how long such a job takes nobody knows yet
    clock.now += 300
    board.apply(Accepted(job="a", at=0, task_id="t"))
    clock.now += 50
    board.apply(JobEnded(job="a", at=0, state="done"))
    assert board.seconds_left == 2 * 50


def test_rows_of_one_title_are_numbered(board):
    queue(board, "v1-t2v-1", "v1-t2v-2", title="Neon rain")
    queue(board, "harbour")
    for name in ("v1-t2v-1", "v1-t2v-2", "harbour"):
        board.apply(Accepted(job=name, at=0, task_id="t"))
    assert [row.title for row in board.rows.values()] == ["Neon rain", "2: Neon rain", "harbour"]
