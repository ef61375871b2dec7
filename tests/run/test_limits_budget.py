"""`--max-cost` fails closed: in whatever order jobs come and end, and whatever is not known (fault S20)."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.run.limits import Admission, CostBudget

PRICE = Decimal("0.28")
GO, WAIT, STOP = Admission.GO, Admission.WAIT, Admission.STOP


def budget(limit: str) -> CostBudget:
    return CostBudget(Decimal(limit))


def test_without_a_limit_everything_goes_and_nothing_is_counted():
    free = CostBudget(None)
    assert all(free.admit(str(number), None) is GO for number in range(100))
    free.resume("old", PRICE)
    free.record_end("1", Decimal(5), charged=True)
    assert (free.spent, free.remaining) == (0, None)
    assert free.admit_resend("1", None)


def test_jobs_of_a_known_price_go_side_by_side_up_to_the_limit():
    purse = budget("1.00")
    assert [purse.admit(name, PRICE) for name in "abcd"] == [GO, GO, GO, WAIT]
    for name in "abc":
        purse.record_end(name, PRICE, charged=True)
    assert purse.admit("d", PRICE) is STOP
    assert (purse.spent, purse.remaining) == (Decimal("0.84"), Decimal("0.16"))
    assert purse.admit("e", Decimal("0.16")) is GO


def test_the_limit_itself_may_be_spent():
    purse = budget("0.56")
    assert [purse.admit(name, PRICE) for name in "ab"] == [GO, GO]


def test_a_job_that_was_cheaper_than_thought_leaves_room():
    purse = budget("0.50")
    assert [purse.admit(name, PRICE) for name in "ab"] == [GO, WAIT]
    purse.record_end("a", Decimal("0.10"), charged=True)
    assert purse.admit("b", PRICE) is GO


def test_S20_a_job_of_unknown_price_is_never_admitted_under_a_limit():
    purse = budget("1000")
    assert purse.admit("a", None) is STOP
    assert purse.admit("b", PRICE) is GO
    assert purse.admit("a", None) is STOP


def test_nothing_goes_beside_a_task_of_unknown_price_that_an_earlier_run_sent():
    purse = budget("10")
    purse.resume("old", None)
    assert (purse.remaining, purse.admit("a", PRICE)) == (None, WAIT)
    purse.record_end("old", Decimal("9.90"), charged=True)
    assert purse.admit("a", PRICE) is STOP


def test_an_unknown_outcome_keeps_what_was_set_aside():
    purse = budget("0.56")
    assert [purse.admit(name, PRICE) for name in "ab"] == [GO, GO]
    purse.record_end("a", None, charged=True)
    purse.record_end("b", PRICE, charged=True)
    assert purse.admit("c", PRICE) is STOP


def test_an_unknown_outcome_of_an_unknown_price_ends_the_spending():
    purse = budget("5")
    purse.resume("old", None)
    purse.record_end("old", None, charged=True)
    assert purse.admit("b", Decimal("0.01")) is STOP


def test_a_refused_job_gives_its_share_back():
    purse = budget("0.28")
    assert purse.admit("a", PRICE) is GO
    purse.record_end("a", None, charged=False)
    assert purse.admit("b", PRICE) is GO


def test_what_an_earlier_run_sent_counts_and_is_never_held_up():
    purse = budget("0.50")
    purse.resume("old", PRICE)
    assert purse.admit("a", PRICE) is WAIT
    purse.record_end("old", PRICE, charged=True)
    assert purse.admit("a", PRICE) is STOP


def test_a_resend_that_may_be_charged_twice_counts_twice():
    purse = budget("0.84")
    assert purse.admit("a", PRICE) is GO
    assert purse.admit_resend("a", PRICE)
    assert purse.admit_resend("a", PRICE)
    assert not purse.admit_resend("a", PRICE)
    assert purse.admit("b", Decimal("0.01")) is WAIT
    purse.record_end("a", PRICE, charged=True)
    assert purse.spent == Decimal("0.84")


def test_a_resend_of_unknown_price_is_not_made_under_a_limit():
    purse = budget("100")
    purse.resume("old", None)
    assert not purse.admit_resend("old", None)


def test_an_end_that_was_never_a_beginning_changes_nothing():
    purse = budget("1")
    purse.record_end("stranger", Decimal("0.90"), charged=True)
    assert purse.spent == 0


@given(
    limit=st.decimals("0.01", "20", places=2),
    jobs=st.lists(st.sampled_from([Decimal("0.28"), Decimal("1.76"), None]), max_size=30),
    seed=st.integers(0, 2**32),
)
def test_known_prices_are_never_passed_in_any_order(limit, jobs, seed):
    rng, purse = random.Random(seed), CostBudget(limit)
    flying: dict[str, Decimal] = {}
    bill = Decimal(0)
    everything = [(str(number), price) for number, price in enumerate(jobs)]
    waiting = list(everything)
    while waiting or flying:
        answer = purse.admit(*waiting[0]) if waiting else WAIT
        if answer is not WAIT:
            name, price = waiting.pop(0)
            assert price is not None or answer is STOP
            if answer is GO:
                flying[name] = price
        if flying and rng.random() < 0.2 and purse.admit_resend(name := rng.choice(sorted(flying)), None):
            flying[name] += dict(everything)[name] or 0
        assert bill + sum(flying.values(), Decimal(0)) <= limit
        if flying and (answer is WAIT or rng.random() < 0.5):
            name = rng.choice(sorted(flying))
            price = flying.pop(name)
            purse.record_end(name, None, charged=True)
            bill += price
    assert bill <= limit
