"""The state of a run, told by events; and the eta that the time left is judged by."""

from decimal import Decimal

import pytest
from support.clocks import FakeClock

from kirin_cli.run.events import Accepted, Downloading, Generated, JobEnded, Progressed, Queued, Retrying, Submitting
from kirin_cli.ui.progress_state import EtaEstimator, ProgressState


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
    assert board.summary() == "1 done, 2 waiting of 3 in 0:00, $0.28"


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


def test_a_complaint_is_made_once(board):
    row = accepted(board)
    complain = Retrying(job="harbour", at=0, what="poll", reason="refused", delay=5.0)
    assert board.apply(complain)
    assert (row.status, row.is_retrying) == ("again in 5 s", True)
    board.apply(Progressed(job="harbour", at=0, status="in_progress"))
    assert not row.is_retrying
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


def test_the_time_left_follows_the_rate_and_runs_down_between_polls():
    eta = EtaEstimator()
    eta.add(0, 0.2)
    eta.add(10, 0.3)
    assert eta.seconds_left(10) == pytest.approx(70)
    assert eta.seconds_left(40) == pytest.approx(40)


def test_time_spent_waiting_at_the_beginning_does_not_count():
    eta = EtaEstimator()
    for now in range(0, 600, 10):
        eta.add(now, 0.0)
    eta.add(600, 0.5)
    assert eta.seconds_left(600) == pytest.approx(10)


@pytest.mark.parametrize(
    ("notes", "now"),
    [
        ([], 50),
        ([(0, 0.5)], 50),
        ([(0, 0.1), (2, 0.9)], 2),
        ([(0, 0.1), (60, 0.12)], 60),
        ([(0, 0.1), (50, 1.0)], 50),
        ([(0, 0.1), (50, 0.9)], 500),
        ([(0, 0.1), (50, 0.5), (51, 0.3)], 51),
        ([(0, 0.1), (5e6, 0.2)], 5e6),
    ],
    ids=["nothing", "one note", "too early", "too slow to tell", "done", "overdue", "backwards", "over a day"],
)
def test_nothing_is_said_of_the_time_left_where_nothing_sensible_can_be(notes, now):
    eta = EtaEstimator()
    for note in notes:
        eta.add(*note)
    assert eta.seconds_left(now) is None
