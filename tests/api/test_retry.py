"""When to ask again: polls by what is known of earlier tasks, delays that grow, and what a service says."""

import random
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from kirin_cli.api.retry import BACKOFF_SECONDS, JITTER, MIN_SAMPLES, PollSchedule, retry_after

NOW = 1_800_000_000.0
KIND = ("kirin_v1_t2v", "std", "5")


def pace(*durations: float, **more: float) -> PollSchedule:
    return PollSchedule(rng=random.Random(3), durations=lambda *kind: durations if kind == KIND else (), **more)


def near(seconds: float, expected: float) -> bool:
    return expected * (1 - JITTER) - 1e-9 <= seconds <= expected * (1 + JITTER) + 1e-9


def test_where_nothing_is_known_the_interval_holds_with_jitter():
    schedule = pace(*[60.0] * (MIN_SAMPLES - 1), interval=7.0)
    polls = {schedule.first_poll(KIND) for _ in range(300)} | {schedule.next_poll(KIND) for _ in range(300)}
    assert all(near(poll, 7) for poll in polls)
    assert max(polls) - min(polls) > 7 * JITTER  # it does vary


def test_the_first_poll_comes_just_before_the_quickest_of_twenty():
    times = [float(number) for number in range(100, 200)]
    random.Random(1).shuffle(times)
    assert pace(*times).first_poll(KIND) == pytest.approx(0.9 * 105)
    assert pace(*times).first_poll(("other", "", "")) < 10


def test_the_first_poll_never_comes_before_the_interval():
    assert pace(*[2.0] * 50, interval=5.0).first_poll(KIND) == 5


@pytest.mark.parametrize(("duration", "expected"), [(100.0, 4.0), (10.0, 1.0), (3600.0, 15.0)])
def test_later_polls_come_often_enough_to_notice_the_end_in_time(duration, expected):
    assert all(near(pace(*[duration] * 9).next_poll(KIND), expected) for _ in range(50))


def test_a_short_interval_is_never_made_longer_than_it_was_asked_for():
    assert near(pace(*[1.0] * 9, interval=0.05).next_poll(KIND), 0.05)


def test_delays_grow_to_a_bound_with_jitter_and_scale():
    slow, quick = pace(), pace(scale=0.1)
    for failures, seconds in enumerate([*BACKOFF_SECONDS, 30, 30], start=1):
        assert all(near(slow.backoff(failures), seconds) for _ in range(50))
        assert near(quick.backoff(failures), seconds / 10)
    assert near(slow.backoff(10**9), 30)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("2", 2.0),
        (" 2 ", 2.0),
        ("0", 0.0),
        ("-1", 0.0),
        ("1.5", 1.5),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("9" * 5000, 3600.0),
        ("1e999", 3600.0),
        ("-1e999", 0.0),
        ("7200", 3600.0),
        ("x" * 100_000, None),
        ("Mon, 99 Foo 20 99:99:99 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 -0000", 3600.0),
    ],
)
def test_S15_every_retry_after_is_survived(value, expected):
    assert retry_after(value, NOW) == expected


def test_S15_a_date_means_the_seconds_until_then():
    later = datetime.fromtimestamp(NOW + 30, UTC)
    assert retry_after(format_datetime(later, usegmt=True), NOW) == 30.0
    assert retry_after(later.strftime("%a, %d %b %Y %H:%M:%S"), NOW) == 30.0
