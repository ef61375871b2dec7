"""How many jobs at once, how many retries in all, and why a run stops."""

from kirin_cli.api.retry import MIN_RETRY_BUDGET
from kirin_cli.errors import BalanceInsufficient, Interrupted
from kirin_cli.run.limits import RunLimits


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
    assert [brakes.take_retry() for _ in range(MIN_RETRY_BUDGET + 5)] == [True] * (MIN_RETRY_BUDGET + 5)
    assert not brakes.take_retry()
    assert not brakes.take_retry()


def test_the_first_reason_to_stop_stays():
    brakes = RunLimits(in_flight=1, jobs=1)
    assert brakes.stop_reason() is None
    first = BalanceInsufficient("no money")
    brakes.stop(first)
    brakes.stop(Interrupted("interrupted"))
    assert brakes.stop_reason() is first
