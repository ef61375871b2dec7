"""`--max-cost` fails closed: in whatever order jobs come and end, and whatever is not known."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.run.limits import UNKNOWN_PRICE_FACTOR, Admission, CostBudget

CHEAP, DEAR, OTHER = ("t2v", "std", "5"), ("t2v", "pro", "10"), ("o1", "", "")
GO, WAIT, STOP = Admission.GO, Admission.WAIT, Admission.STOP


def budget(limit: str, **known: str) -> CostBudget:
    prices = {CHEAP: known.get("cheap"), DEAR: known.get("dear")}
    return CostBudget(Decimal(limit), lambda kind: [Decimal(price) for price in (prices.get(kind),) if price])


def ended(
    purse: CostBudget, name: str, cost: str | None, *, charged: bool = True, kind: tuple[str, str, str] = CHEAP
) -> None:
    purse.record_end(name, kind, None if cost is None else Decimal(cost), charged=charged)


def test_without_a_limit_everything_goes_and_nothing_is_counted():
    free = CostBudget(None, lambda _: [])
    assert all(free.admit(str(number), CHEAP) is GO for number in range(100))
    free.resume("old", CHEAP)
    ended(free, "1", "5")
    assert free.spent == 0


def test_jobs_of_a_known_price_go_side_by_side_up_to_the_limit():
    purse = budget("1.00", cheap="0.28")
    assert [purse.admit(name, CHEAP) for name in "abcd"] == [GO, GO, GO, WAIT]
    for name in "abc":
        ended(purse, name, "0.28")
    assert purse.admit("d", CHEAP) is STOP
    assert purse.spent == Decimal("0.84")
    assert purse.reason(CHEAP) == "--max-cost 1.00 would be passed: 0.84 USD are spent, the next job may cost 0.28"


def test_the_limit_itself_may_be_spent():
    purse = budget("0.56", cheap="0.28")
    assert [purse.admit(name, CHEAP) for name in "ab"] == [GO, GO]


def test_a_job_that_was_cheaper_than_thought_leaves_room():
    purse = budget("0.50", cheap="0.28")
    assert [purse.admit(name, CHEAP) for name in "ab"] == [GO, WAIT]
    ended(purse, "a", "0.10")
    assert purse.admit("b", CHEAP) is GO


def test_a_job_of_unknown_price_goes_alone():
    purse = budget("10")
    assert [purse.admit(name, CHEAP) for name in "ab"] == [GO, WAIT]
    ended(purse, "a", "0.28")
    assert [purse.admit(name, CHEAP) for name in "bcd"] == [GO, GO, GO]


def test_nothing_goes_beside_a_job_of_unknown_price():
    purse = budget("10", cheap="0.28")
    purse.resume("old", OTHER)
    assert purse.price(OTHER) is None
    assert purse.admit("a", CHEAP) is WAIT


def test_a_class_without_a_price_counts_several_times_the_dearest_one_seen():
    purse = budget("2.00", cheap="0.28")
    assert purse.admit("a", CHEAP) is GO
    ended(purse, "a", "0.30")
    assert purse.price(OTHER) == UNKNOWN_PRICE_FACTOR * Decimal("0.30")
    assert [purse.admit(name, OTHER) for name in "bc"] == [GO, WAIT]


def test_the_dearest_of_a_class_counts():
    purse = CostBudget(Decimal(9), lambda _: [Decimal("0.10"), Decimal("0.40"), Decimal("0.20")])
    assert purse.price(CHEAP) == Decimal("0.40")
    assert purse.admit("a", CHEAP) is GO
    ended(purse, "a", "0.55")
    assert purse.price(CHEAP) == Decimal("0.55")


def test_an_unknown_outcome_keeps_what_was_set_aside():
    purse = budget("0.56", cheap="0.28")
    assert [purse.admit(name, CHEAP) for name in "ab"] == [GO, GO]
    ended(purse, "a", None)
    ended(purse, "b", "0.28")
    assert purse.admit("c", CHEAP) is STOP


def test_an_unknown_outcome_of_an_unknown_price_ends_the_spending():
    purse = budget("5")
    assert purse.admit("a", CHEAP) is GO
    ended(purse, "a", None)
    assert purse.admit("b", CHEAP) is STOP
    assert "has no known price" in purse.reason(CHEAP)


def test_a_refused_job_gives_its_share_back():
    purse = budget("0.28", cheap="0.28")
    assert purse.admit("a", CHEAP) is GO
    ended(purse, "a", None, charged=False)
    assert purse.admit("b", CHEAP) is GO


def test_what_an_earlier_run_sent_counts_and_is_never_held_up():
    purse = budget("0.50", cheap="0.28")
    purse.resume("old", CHEAP)
    assert purse.admit("a", CHEAP) is WAIT
    ended(purse, "old", "0.28")
    assert purse.admit("a", CHEAP) is STOP


def test_an_end_that_was_never_a_beginning_changes_nothing():
    purse = budget("1", cheap="0.28")
    ended(purse, "stranger", "0.90")
    assert purse.spent == 0


@given(
    limit=st.decimals("0.01", "20", places=2),
    jobs=st.lists(st.sampled_from([CHEAP, DEAR]), max_size=30),
    seed=st.integers(0, 2**32),
)
def test_known_prices_are_never_passed_in_any_order(limit, jobs, seed):
    rng, prices = random.Random(seed), {CHEAP: Decimal("0.28"), DEAR: Decimal("1.76")}
    purse = CostBudget(limit, lambda kind: [prices[kind]])
    flying: dict[str, tuple[str, str, str]] = {}
    bill = Decimal(0)
    waiting = [(str(number), kind) for number, kind in enumerate(jobs)]
    while waiting or flying:
        answer = purse.admit(*waiting[0]) if waiting else WAIT
        if answer is GO:
            name, flying_kind = waiting.pop(0)
            flying[name] = flying_kind
        assert bill + sum((prices[kind] for kind in flying.values()), Decimal(0)) <= limit
        if answer is STOP:
            assert not flying
            break
        if flying and (answer is WAIT or rng.random() < 0.5):
            name = rng.choice(sorted(flying))
            kind = flying.pop(name)
            paid = rng.choice([prices[kind], prices[kind] / 2, None])
            purse.record_end(name, kind, paid, charged=True)
            bill += prices[kind] if paid is None else paid
    assert bill <= limit


@pytest.mark.parametrize("unknown", [OTHER, DEAR])
def test_with_nothing_left_not_even_a_job_of_unknown_price_goes(unknown):
    purse = budget("0.28", cheap="0.28")
    assert purse.admit("a", CHEAP) is GO
    ended(purse, "a", "0.28")
    assert purse.admit("b", unknown) is STOP
