"""Questions to the ledger: pieces of ids, filters, sums and durations."""

from decimal import Decimal

import pytest

from kirin_cli.errors import UsageError
from kirin_cli.ledger import queries
from kirin_cli.ledger.queries import SpendingTotal
from kirin_cli.ledger.states import LedgerEvent, LedgerState


@pytest.fixture
def make(ledger, clock, intent):
    """Brings a job to its end after `seconds`, at `cost`."""

    def run(number, seconds=60.0, cost="0.28", **given):
        entry = ledger.move(ledger.intend(intent(number, **given)), LedgerEvent.SEND)
        entry = ledger.move(entry, LedgerEvent.ACCEPTED, task_id=f"task-{number}")
        clock.now += seconds
        return ledger.move(entry, LedgerEvent.COMPLETED, cost=Decimal(cost))

    return run


def test_an_entry_is_found_by_either_id_whole_or_begun(ledger, make):
    entry = make(7)
    make(21)
    for given in (entry.external_id, entry.external_id[:-1] + "7", "task-7"):
        assert queries.find_entry(ledger.store, given) == entry


def test_a_whole_id_wins_over_longer_ones(ledger, make):
    entry = make(1)
    make(12)
    assert queries.find_entry(ledger.store, "task-1") == entry


def test_an_ambiguous_beginning_names_the_candidates(ledger, make):
    for number in range(8):
        make(number)
    with pytest.raises(UsageError, match=r"task-0.*task-4.*…") as caught:
        queries.find_entry(ledger.store, "task-")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("given", ["", "nothing", "%", "_", "task-1'", "\udcff", "task_1"])
def test_what_is_not_there_is_not_found(ledger, make, given):
    make(1)
    with pytest.raises(UsageError):
        queries.find_entry(ledger.store, given)


def test_one_id_under_two_keys_is_told_apart_by_the_account(ledger, make, intent):
    first = make(1)
    second = ledger.intend(intent(1, account="ffff", job_file="a.yaml"))
    with pytest.raises(UsageError, match="could be any of"):
        queries.find_entry(ledger.store, first.external_id)
    assert queries.find_entry(ledger.store, first.external_id, account="ffff", origin=first.origin) == second
    assert queries.entries_with_id(ledger.store, first.origin, first.external_id) == [first, second]


def test_filters_hold_together_and_the_newest_comes_first(ledger, make, intent, clock):
    old = make(1, job_file="a.yaml")
    clock.now += 1000
    new = make(2, job_file="a.yaml")
    other = ledger.intend(intent(3, model="kirin_video_o1", origin="sandbox:1", job_file="b.yaml"))
    found = queries.select_entries
    assert found(ledger.store) == [other, new, old]
    assert found(ledger.store, job_file="a.yaml", since=new.created) == [new]
    assert found(ledger.store, states=[LedgerState.INTENT, LedgerState.DONE]) == [other]
    assert found(ledger.store, states=[LedgerState.SUCCEEDED], model="kirin_v1_t2v", limit=1) == [new]
    assert found(ledger.store, origin="sandbox:1", account="0011223344556677") == [other]
    assert found(ledger.store, model="kirin_video_o1", job_file="a.yaml") == []


def test_S19_a_one_off_that_was_never_sent_is_listed_nowhere(ledger, intent):
    entry = ledger.intend(intent(1))
    assert queries.select_entries(ledger.store) == []
    with pytest.raises(queries.NoSuchTask):
        queries.find_entry(ledger.store, entry.external_id)
    sent = ledger.move(entry, LedgerEvent.SEND)
    assert queries.select_entries(ledger.store) == [sent]
    assert queries.find_entry(ledger.store, entry.external_id) == sent


def test_promise_11_open_one_offs_are_those_that_may_still_become_a_video(ledger, make, intent):
    request = '{"prompt": "rain"}'
    ledger.intend(intent(1))
    sent = ledger.move(ledger.intend(intent(2)), LedgerEvent.SEND)
    make(3, job_file="a.yaml")
    ledger.move(ledger.intend(intent(4, request="{}")), LedgerEvent.SEND)
    ledger.move(ledger.move(ledger.intend(intent(5)), LedgerEvent.SEND), LedgerEvent.AMBIGUOUS)
    refused = ledger.move(ledger.move(ledger.intend(intent(6)), LedgerEvent.SEND), LedgerEvent.REFUSED)
    ledger.move(ledger.move(refused, LedgerEvent.NOT_FOUND), LedgerEvent.DISMISSED)
    found = queries.open_one_offs(ledger.store, sent.origin, sent.account, request)
    assert [entry.job for entry in found] == ["job 2", "job 5"]
    assert queries.open_one_offs(ledger.store, sent.origin, "ffff", request) == []


def test_costs_are_added_as_decimals(ledger, make):
    for number in range(10):
        make(number, cost="0.1")
    assert queries.spending(ledger.store, "model") == {"kirin_v1_t2v": SpendingTotal(paid=10, cost=Decimal("1.0"))}


def test_costs_by_day_and_file(ledger, make, clock):
    make(1, job_file="a.yaml")
    clock.now += 86_400
    make(2, job_file="b.yaml", cost="1.05")
    make(3, job_file="b.yaml", cost="2.05")
    assert queries.spending(ledger.store, "day") == {
        "2025-06-15": SpendingTotal(paid=1, cost=Decimal("0.28")),
        "2025-06-16": SpendingTotal(paid=2, cost=Decimal("3.10")),
    }
    assert {name: spent.cost for name, spent in queries.spending(ledger.store, "job_file").items()} == {
        "a.yaml": Decimal("0.28"), "b.yaml": Decimal("3.10"),
    }  # fmt: skip
    assert list(queries.spending(ledger.store, "day", since=clock.now - 3600)) == ["2025-06-16"]
    assert not queries.spending(ledger.store, "day", origin="sandbox:1")


def test_promise_4_what_may_have_been_charged_is_counted(ledger, intent):
    for number, event in enumerate(
        [LedgerEvent.AMBIGUOUS, LedgerEvent.DUPLICATE, LedgerEvent.NOT_SENT, LedgerEvent.REFUSED, LedgerEvent.BLOCKED]
    ):
        ledger.move(ledger.move(ledger.intend(intent(number)), LedgerEvent.SEND), event)
    ledger.intend(intent(9))
    assert queries.spending(ledger.store, "model")["kirin_v1_t2v"] == SpendingTotal(maybe_paid=3)


def test_durations_of_one_class_newest_first_to_be_kept(ledger, make):
    for number, seconds in enumerate([90, 30, 60]):
        make(number, seconds=seconds, mode="pro", duration="5")
    make(10, seconds=5, mode="std", duration="5")
    asked = {"mode": "pro", "duration": "5"}
    assert queries.durations(ledger.store, "kirin_v1_t2v", **asked) == [30, 60, 90]
    assert queries.durations(ledger.store, "kirin_v1_t2v", **asked, limit=2) == [30, 60]
    assert queries.durations(ledger.store, "kirin_video_o1", **asked) == []


@pytest.mark.parametrize("seconds", [-3600, 0, 10 * 365 * 86400])
def test_l6_a_clock_that_jumped_teaches_no_duration(ledger, make, seconds):
    make(1, seconds=seconds)
    assert queries.durations(ledger.store, "kirin_v1_t2v") == []


def test_an_id_of_another_service_is_told_as_such(ledger, intent):
    entry = ledger.intend(intent(7, origin="https://a.example"))
    with pytest.raises(UsageError) as told:
        queries.find_entry(ledger.store, entry.external_id, origin="https://b.example")
    assert f"{entry.external_id} is a task of https://a.example" in told.value.message
    assert told.value.hint.startswith("--base-url https://a.example ")
    with pytest.raises(queries.NoSuchTask):
        queries.find_entry(ledger.store, entry.external_id[:-1], origin="https://b.example")
