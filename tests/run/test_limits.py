"""How many jobs at once, how many retries in all, and why a run stops."""

import pytest

from kirin_cli.api.retry import MIN_RETRY_BUDGET
from kirin_cli.errors import BalanceInsufficient, Interrupted
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.rate_limits import LOOK_SECONDS, SharedLimit
from kirin_cli.run.limits import RunLimits

KEY = ("https://service.example", "me")


def test_the_limit_is_halved_by_429_and_recovers_by_one_for_a_round_of_acceptances():
    brakes = RunLimits(in_flight=16, jobs=100)
    assert brakes.has_capacity(15)
    assert not brakes.has_capacity(16)
    assert brakes.on_rate_limited(0.0, float) == 1.0
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
        brakes.on_rate_limited(0.0, float)
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


@pytest.fixture
def shared(desk):
    """The limits of a run whose ledger another process can lock."""
    with Ledger.open(desk.folder / "state", lambda: desk.now, busy=0.01) as ledger:
        leases = Leases(ledger.store, lambda: desk.now)
        yield RunLimits(in_flight=8, jobs=1, shared=SharedLimit(ledger.store, leases, *KEY, lambda: desk.now))


def test_what_one_run_is_told_holds_for_another_one_and_leaves_its_own_limit_as_it_is(shared, desk):
    leases = Leases(desk.ledger.store, lambda: desk.now)
    other = RunLimits(in_flight=8, jobs=1, shared=SharedLimit(desk.ledger.store, leases, *KEY, lambda: desk.now))
    assert shared.on_rate_limited(desk.now, lambda _: 9.0) == 9.0
    assert (other.send_delay("rain"), other.has_capacity(7)) == (9.0, True)
    desk.now += 9
    assert other.send_delay("rain") == 0.0


def test_a_refused_query_holds_the_other_run_and_leaves_the_limits_as_they_are(shared, desk):
    shared.pause(9.0)
    assert (shared.send_delay("rain"), shared.has_capacity(7)) == (9.0, True)
    desk.now += 9
    assert [shared.send_delay(name) for name in ("rain", "snow", "hail")] == [0.0] * 3
    alone = RunLimits(in_flight=8, jobs=1)
    alone.pause(9.0)
    assert alone.has_capacity(7)


def test_a_task_takes_room_from_the_moment_it_may_be_sent_until_it_is_released(shared, desk):
    shared.on_rate_limited(desk.now, lambda _: 1.0)
    desk.now += 1
    assert [shared.send_delay(name) for name in ("rain", "rain", "snow")] == [0.0, 0.0, LOOK_SECONDS]
    shared.release("rain")
    assert shared.send_delay("snow") == 0.0


def test_L4_a_ledger_that_is_locked_leaves_each_run_to_its_own_limit(shared, desk):
    with desk.ledger.store.write(durable=False):
        assert shared.on_rate_limited(desk.now, lambda failures: 2.0 * failures) == 2.0
    assert (shared.has_capacity(3), shared.has_capacity(4)) == (True, False)
    assert shared.send_delay("rain") == 0.0
    shared.leave()
