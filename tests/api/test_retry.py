"""What is tried again, and when: the one table, polls by what is known of earlier tasks, what a service asks for."""

import ast
import random
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

import kirin_cli
from kirin_cli.api.client import NOTHING, CreateStatus, classify_create
from kirin_cli.api.retry import (
    BACKOFF_SECONDS,
    JITTER,
    MIN_SAMPLES,
    RETRIES,
    PollSchedule,
    RetryPolicy,
    parse_retry_after,
    retry_budget,
)

NOW = 1_800_000_000.0
KIND = ("kirin_v1_t2v", "std", "5")
PACKAGE = Path(kirin_cli.__file__).parent
HOMES = {"api/retry.py", "ledger/states.py"}
RETRY_NAME = re.compile(r"RETR(?:Y|IES|IED)|BACKOFF|PAUSE|TRIES|ATTEMPT|RESEND|MISSES|UNREACHABLE|FRESH|FINAL_")
PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses that pass by themselves: whoever compares with one decides about trying again."""


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
    assert parse_retry_after(value, NOW) == expected


def test_S15_a_date_means_the_seconds_until_then():
    later = datetime.fromtimestamp(NOW + 30, UTC)
    assert parse_retry_after(format_datetime(later, usegmt=True), NOW) == 30.0
    assert parse_retry_after(later.strftime("%a, %d %b %Y %H:%M:%S"), NOW) == 30.0


def modules() -> list[tuple[str, ast.Module]]:
    paths = [path for room in ("api", "run", "ledger") for path in sorted((PACKAGE / room).glob("*.py"))]
    parsed = [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]
    return [(name, tree) for name, tree in parsed if name not in HOMES]


def constants(tree: ast.Module) -> list[tuple[str, int]]:
    """The names that a module or a class of it gives a value."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]
    targets = [target for node in assigned for target in getattr(node, "targets", [getattr(node, "target", None)])]
    return [(target.id, target.lineno) for target in targets if isinstance(target, ast.Name) and target.id.isupper()]


def test_no_other_module_has_a_constant_about_trying_again():
    strays = [
        f"{name}:{line} {constant}"
        for name, tree in modules()
        for constant, line in constants(tree)
        if RETRY_NAME.search(constant)
    ]
    assert strays == []


def test_no_other_module_compares_with_a_status_that_passes():
    strays = [
        f"{name}:{node.lineno} {node.value}"
        for name, tree in modules()
        for compare in ast.walk(tree)
        if isinstance(compare, ast.Compare)
        for node in ast.walk(compare)
        if isinstance(node, ast.Constant) and node.value in PASSING
    ]
    assert strays == []


@pytest.mark.parametrize("situation", RETRIES)
def test_S2_no_certificate_and_no_forbidden_address_is_tried_again(situation):
    assert RETRIES[situation].errors.isdisjoint({"tls", "forbidden_address"})


@pytest.mark.parametrize("status", [*range(100, 600), 999])
def test_a_create_is_sent_again_after_the_statuses_of_the_table_alone(status):
    result = classify_create(status, NOTHING, has_task=False, error=None, sent_before=False)
    assert (result is CreateStatus.RATE_LIMITED) is (status in RETRIES["create"].statuses)


def test_delays_grow_and_the_last_one_stays_and_the_server_may_ask_for_another():
    policy = RetryPolicy(statuses=frozenset(), delays=(1.0, 3.0), max_delay=10.0)
    assert [policy.delay(failures) for failures in (1, 2, 3, 99)] == [1, 3, 3, 3]
    assert [policy.delay(1, asked) for asked in (0.0, 7.0, 3600.0)] == [0, 7, 10]


def test_failures_in_a_row_end_it_where_the_table_says_so():
    assert [RETRIES["upload"].gives_up(failures) for failures in (1, 2, 3)] == [False, False, True]
    assert not RETRIES["query"].gives_up(10**9)


def test_a_larger_run_may_try_again_more_often():
    assert [retry_budget(jobs) for jobs in (1, 100, 10_000)] == [20, 30, 1020]
