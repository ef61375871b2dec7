"""What is tried again, and when: the one table, polls by what is known of earlier tasks, what a service asks for."""

import ast
import random
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from support.syntax_trees import find_nodes, syntax_tree

import kirin_cli
from kirin_cli.api.client import NOTHING, CreateStatus, classify_create
from kirin_cli.api.retry import (
    BACKOFF_SECONDS,
    JITTER,
    MAX_EARLY_POLL_SECONDS,
    MAX_SAMPLES,
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
RETRY_NAME = re.compile(
    r"RETR(?:Y_|IES|IED)|BACKOFF|PAUSE|(?<!EN)TRIES|ATTEMPT(?!S_ASKED)|RESEND|MISSES|UNREACHABLE|FRESH|FINAL_"
)  # of requests: not of attempts of a take, of entries, nor of --retry-failed
PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses that pass by themselves: whoever compares with one decides about trying again."""


def pace(*durations: float, **more: float) -> PollSchedule:
    return PollSchedule(rng=random.Random(3), durations=lambda *kind: durations if kind == KIND else (), **more)


def near(seconds: float, expected: float) -> bool:
    return expected * (1 - JITTER) - 1e-9 <= seconds <= expected * (1 + JITTER) + 1e-9


def notice(schedule: PollSchedule, seconds: float) -> tuple[float, int]:
    """How late the end of a task that takes so long is noticed, and after how many polls; the schedule learns of it."""
    seen, age, polls = 0.0, schedule.first_poll(KIND), 1
    while age < seconds:
        seen, age, polls = age, age + schedule.next_poll(KIND, age), polls + 1
    schedule.observe(KIND, age - schedule.seconds_since_end(KIND, age, age - seen))
    return age - seconds, polls


def means(schedule: PollSchedule, tasks: Iterable[float]) -> tuple[float, float]:
    """Mean lateness and mean number of polls of tasks that take so long, one after the other."""
    noticed = [notice(schedule, seconds) for seconds in tasks]
    return sum(late for late, _ in noticed) / len(noticed), sum(polls for _, polls in noticed) / len(noticed)


def test_where_nothing_is_known_the_interval_holds_with_jitter():
    schedule = pace(interval=7.0)
    polls = {schedule.first_poll(KIND) for _ in range(300)} | {schedule.next_poll(KIND, 30.0) for _ in range(300)}
    assert all(near(poll, 7) for poll in polls)
    assert max(polls) - min(polls) > 7 * JITTER  # it does vary


def test_a_task_usually_takes_the_median_of_what_is_known_of_its_class():
    schedule = pace(50.0, 90.0, 60.0)
    assert (schedule.typical(KIND), schedule.typical(("another", "std", "5"))) == (60.0, None)


SPREADS = {
    "alike": lambda rng, _: 60 * rng.lognormvariate(0, 0.02),
    "narrow": lambda rng, _: 60 * rng.lognormvariate(0, 0.1),
    "wide": lambda rng, _: rng.uniform(45, 75),
    "two humps": lambda rng, _: rng.choice((40, 80)) * rng.lognormvariate(0, 0.05),
    "a few take long": lambda rng, _: (150 if rng.random() < 0.1 else 55) * rng.lognormvariate(0, 0.05),
    "ever slower": lambda rng, number: 60 * (1 + number / 2000) * rng.lognormvariate(0, 0.05),
    "another service": lambda rng, number: (60 if number < 300 else 90) * rng.lognormvariate(0, 0.05),
}


@pytest.mark.parametrize("spread", SPREADS.values(), ids=SPREADS)
def test_with_history_a_minute_long_task_is_noticed_soon_after_few_polls(spread):
    rng = random.Random(5)
    before = [spread(rng, number) for number in range(250)]
    lateness, polls = means(pace(*before[-MAX_SAMPLES:]), [spread(rng, number) for number in range(250, 1000)])
    assert lateness <= 1.2
    assert polls <= 8.5 if spread is SPREADS["ever slower"] else polls <= 8.0


@pytest.mark.parametrize("known", [1, 5, 100])
@pytest.mark.parametrize("spread", [0.05, 0.2])
def test_with_history_of_even_one_a_short_task_is_noticed_at_once(known, spread):
    rng = random.Random(5)
    schedule = pace(*(2 * rng.lognormvariate(0, spread) for _ in range(known)))
    noticed = [notice(schedule, 2 * rng.lognormvariate(0, spread)) for _ in range(100)]
    assert sorted(late for late, _ in noticed)[95] <= 0.5
    assert sum(polls for _, polls in noticed) / 100 <= 4


def test_one_task_of_before_is_history_enough_for_the_next():
    lateness, polls = means(pace(60.0), [60.5, 59.0, 61.0, 58.0, 63.0])
    assert (lateness <= 2, polls <= 8) == (True, True)


def test_no_poll_stands_between_two_humps():
    schedule, ages = (
        pace(*(39 + number / 50 for number in range(100)), *(79 + number / 50 for number in range(100))),
        [],
    )
    age = schedule.first_poll(KIND)
    while age < 82:
        ages.append(age)
        age += schedule.next_poll(KIND, age)
    assert len([age for age in ages if 42 < age < 79]) <= 3  # no more than the longest pause makes them
    assert [any(low < age < low + 3 for age in ages) for low in (39, 79)] == [True, True]


def test_a_task_that_takes_longer_than_all_before_it_is_asked_for_more_and_more_seldom():
    schedule = pace(*[2.0] * 50)
    assert notice(schedule, 600.0)[1] < 120
    assert schedule.next_poll(KIND, 1e6) <= 15 * (1 + JITTER)


def test_a_task_that_is_taken_up_later_is_asked_for_by_its_own_age():
    schedule = pace(*[100.0] * 50)
    assert schedule.next_poll(KIND, 90.0) < 15
    assert schedule.next_poll(KIND, 40.0) > 30


def test_the_run_itself_is_history():
    schedule = pace()
    first = notice(schedule, 2.0)
    later = [notice(schedule, 2.0) for _ in range(20)][10:]
    assert first[0] > 2
    assert max(late for late, _ in later) <= 0.5


def test_a_service_that_has_become_faster_is_soon_asked_earlier():
    schedule = pace(*[60.0] * MAX_SAMPLES)
    lateness = [notice(schedule, 20.0)[0] for _ in range(60)]
    assert (lateness[0] > 30, max(lateness[40:]) < 3) == (True, True)


def test_a_class_is_looked_up_once_and_no_more_of_it_is_held_than_helps():
    lookups = []

    def durations(*kind: str) -> list[float]:
        lookups.append(kind)
        return [60.0] * 10

    schedule = PollSchedule(rng=random.Random(3), durations=durations)
    for number in range(1000):
        schedule.observe(KIND, 90.0 + number / 1000)
        schedule.next_poll(KIND, 30.0)
    assert (lookups, schedule.typical(KIND) > 90) == ([KIND], True)


def test_durations_of_nothing_are_survived():
    schedule = pace(0.0, 0.0)
    assert 0 < schedule.next_poll(KIND, 0.0) < 1
    assert 0 < schedule.next_poll(KIND, 50.0) < 15


@pytest.mark.parametrize("known", [[86_399.0], [1e9] * MAX_SAMPLES, [-1e9, 1e9], [0.0, 1e9], [3600.0, 7200.0, 1e9]])
def test_L6_wrong_durations_of_before_keep_no_task_unseen_and_ask_for_none_all_the_time(known):
    """As of tasks that were fetched long after they had ended, or while a clock was set."""
    schedule, age, polls = pace(*known), 0.0, 0
    while age < 3600:
        seconds = schedule.next_poll(KIND, age)
        assert 0.2 < seconds <= MAX_EARLY_POLL_SECONDS
        age, polls = age + seconds, polls + 1
    assert polls < 1000


def test_a_short_interval_is_never_made_longer_than_it_was_asked_for():
    assert near(pace(*[1.0] * 9, interval=0.05).next_poll(KIND, 0.99), 0.05)


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
    parsed = [(path.relative_to(PACKAGE).as_posix(), syntax_tree(path)) for path in paths]
    return [(name, tree) for name, tree in parsed if name not in HOMES]


def constants(tree: ast.Module) -> list[tuple[str, int]]:
    """The names that a module or a class of it gives a value."""
    assigned = [node for node in find_nodes(tree, ast.Assign, ast.AnnAssign) if node.value]
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
        for compare in find_nodes(tree, ast.Compare)
        for node in find_nodes(compare, ast.Constant)
        if node.value in PASSING
    ]
    assert strays == []


@pytest.mark.parametrize("situation", RETRIES)
def test_S2_no_certificate_and_no_forbidden_address_is_tried_again(situation):
    assert RETRIES[situation].errors.isdisjoint({"tls", "forbidden_address"})


def test_a_create_is_sent_again_after_the_statuses_of_the_table_alone():
    statuses = (*range(100, 600), 999)
    results = {status: classify_create(status, NOTHING, has_task=False, error=None) for status in statuses}
    again = {status for status, result in results.items() if result is CreateStatus.RATE_LIMITED}
    assert again == set(RETRIES["create"].statuses)


def test_delays_grow_and_the_last_one_stays_and_the_server_may_ask_for_another():
    policy = RetryPolicy(statuses=frozenset(), delays=(1.0, 3.0), max_delay=10.0)
    assert [policy.delay(failures) for failures in (1, 2, 3, 99)] == [1, 3, 3, 3]
    assert [policy.delay(1, asked) for asked in (0.0, 7.0, 3600.0)] == [0, 7, 10]


def test_failures_in_a_row_end_it_where_the_table_says_so():
    assert [RETRIES["upload"].gives_up(failures) for failures in (1, 2, 3)] == [False, False, True]
    assert not RETRIES["query"].gives_up(10**9)


def test_a_larger_run_may_try_again_more_often():
    assert [retry_budget(jobs) for jobs in (1, 100, 10_000)] == [20, 30, 1020]
