"""When to ask again, how many at once, and how often in all."""

import random

import pytest

from kirin_cli.api.retry import BACKOFF_SECONDS, JITTER, MIN_SAMPLES, PollSchedule
from kirin_cli.errors import BalanceInsufficient, Interrupted
from kirin_cli.run.limits import MIN_RETRIES, RunLimits

KIND = ("kirin_v1_t2v", "std", "5")


def pace(*durations: float, **more: float) -> PollSchedule:
    return PollSchedule(rng=random.Random(3), durations=lambda *kind: durations if kind == KIND else (), **more)


def near(seconds: float, expected: float) -> bool:
    return expected * (1 - JITTER) - 1e-9 <= seconds <= expected * (1 + JITTER) + 1e-9


def test_where_nothing_is_known_the_interval_holds_with_jitter():
    usual = pace(*[60.0] * (MIN_SAMPLES - 1), interval=7.0)
    polls = {usual.first_poll(KIND) for _ in range(300)} | {usual.next_poll(KIND) for _ in range(300)}
    assert all(near(poll, 7) for poll in polls)
    assert max(polls) - min(polls) > 7 * JITTER  # it does vary


def test_the_first_poll_comes_just_before_the_quickest_of_twenty():
    times = [float(number) for number in range(100, 200)]
    random.Random(1).shuffle(times)
    assert pace(*times).first_poll(KIND) == pytest.approx(0.9 * 105)
    assert pace(*times).first_poll(("other", "", "")) < 10


def test_the_first_poll_never_comes_before_the_interval():
    assert pace(*[2.0] * 50, interval=5.0).first_poll(KIND) == 5


@pytest.mark.parametrize(("usual", "expected"), [(100.0, 4.0), (10.0, 1.0), (3600.0, 15.0)])
def test_later_polls_come_often_enough_to_notice_the_end_in_time(usual, expected):
    assert all(near(pace(*[usual] * 9).next_poll(KIND), expected) for _ in range(50))


def test_a_short_interval_is_never_made_longer_than_it_was_asked_for():
    assert near(pace(*[1.0] * 9, interval=0.05).next_poll(KIND), 0.05)


def test_delays_grow_to_a_bound_with_jitter_and_scale():
    slow, quick = pace(), pace(scale=0.1)
    for failures, seconds in enumerate([*BACKOFF_SECONDS, 30, 30], start=1):
        assert all(near(slow.backoff(failures), seconds) for _ in range(50))
        assert near(quick.backoff(failures), seconds / 10)
    assert near(slow.backoff(10**9), 30)


def test_the_limit_is_halved_by_429_and_recovers_by_one_for_a_round_of_acceptances():
    brakes = RunLimits(in_flight=16, jobs=100)
    assert brakes.has_capacity(15)
    assert not brakes.has_capacity(16)
    brakes.on_rate_limited()
    assert brakes.has_capacity(7)
    assert not brakes.has_capacity(8)
    for _ in range(9):
        brakes.on_accepted()
    assert brakes.has_capacity(8)
    assert not brakes.has_capacity(9)
    for _ in range(1000):
        brakes.on_accepted()
    assert brakes.has_capacity(15)
    assert not brakes.has_capacity(16)


def test_one_may_always_be_in_flight():
    brakes = RunLimits(in_flight=8, jobs=1)
    for _ in range(50):
        brakes.on_rate_limited()
    assert brakes.has_capacity(0)
    assert not brakes.has_capacity(1)


def test_retries_are_counted_over_the_whole_run():
    brakes = RunLimits(in_flight=1, jobs=50)
    assert [brakes.take_retry() for _ in range(MIN_RETRIES + 5)] == [True] * (MIN_RETRIES + 5)
    assert not brakes.take_retry()
    assert not brakes.take_retry()


def test_the_first_reason_to_stop_stays():
    brakes = RunLimits(in_flight=1, jobs=1)
    assert brakes.stop_reason() is None
    first = BalanceInsufficient("no money")
    brakes.stop(first)
    brakes.stop(Interrupted("interrupted"))
    assert brakes.stop_reason() is first
