"""The time left, of a job and of a run."""

import pytest

from kirin_cli.ui.eta import EtaEstimator, JobDurations, batch_seconds_left


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
        ([(0, 0.1), (0.5, 0.9)], 0.5),
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


def test_a_job_takes_as_long_as_those_of_its_model_took_else_as_any():
    durations = JobDurations()
    assert durations.typical("kirin_v1_t2v") is None
    for seconds in (60, 62, 300):
        durations.add("kirin_v1_t2v", seconds)
    durations.add("kirin_video_o1", 600)
    assert durations.typical("kirin_v1_t2v") == 62
    assert durations.typical("kirin_video_o1") == 600
    assert durations.typical("kirin_v1_5_i2v") == 181


def test_where_a_run_is_slower_than_earlier_ones_all_its_jobs_are():
    durations = JobDurations()
    durations.add("kirin_v1_t2v", 90, likely=60)
    durations.add("kirin_v1_t2v", 120, likely=60)
    assert durations.typical("kirin_video_o1", likely=100) == 100
    durations.add("kirin_v1_t2v", 500, likely=250)
    assert durations.typical("kirin_video_o1", likely=100) == 200


@pytest.mark.parametrize(
    ("running", "waiting", "in_flight", "seconds"),
    [
        ([], [], 1, 0),
        ([30], [], 1, 30),
        ([30, 90], [], 2, 90),
        ([30, 90], [60], 2, 90),
        ([80, 90], [60], 2, 140),
        ([30] * 10, [60] * 190, 10, 1170),
    ],
)
def test_a_run_lasts_as_long_as_its_work_shared_by_those_in_flight(running, waiting, in_flight, seconds):
    assert batch_seconds_left(running, waiting, in_flight) == seconds
