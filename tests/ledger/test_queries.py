"""Questions to the ledger: pieces of ids, filters, sums and durations."""

import json
from decimal import Decimal

import pytest

from kirin_cli.errors import UsageError
from kirin_cli.ledger import queries
from kirin_cli.ledger.lookup import NoSuchTask, find_entry
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


def test_one_id_under_two_keys_is_told_apart_by_the_account(ledger, make, intent):
    first = make(1)
    second = ledger.intend(intent(1, account="ffff", job_file="a.yaml"))
    with pytest.raises(UsageError, match="could be any of"):
        find_entry(ledger.store, first.external_id)
    assert find_entry(ledger.store, first.external_id, account="ffff", origin=first.origin) == second
    assert queries.entries_with_id(ledger.store, first.origin, first.external_id) == [first, second]
    assert queries.entries_with_id(ledger.store, first.origin, first.external_id, besides=first.id) == [second]


def test_entries_of_many_ids_are_those_of_the_account_or_else_the_newest(ledger, intent):
    mine, odd = ledger.intend(intent(1)), ledger.intend(intent(3, external_id='own "\ud800" ä'))
    theirs = ledger.intend(intent(1, account="ffff"))
    ledger.intend(intent(2, origin="https://other.example"))
    ids = [mine.external_id, intent(2).external_id, 'own "\ud800" ä', "nobody's"]
    by_id = queries.entries_by_id
    found = by_id(ledger.store, mine.origin, ids, account=mine.account)
    assert {name: entry.id for name, entry in found.items()} == {ids[0]: mine.id, ids[2]: odd.id}
    assert by_id(ledger.store, mine.origin, ids[:2]) == {ids[0]: theirs}
    assert by_id(ledger.store, mine.origin, []) == {}


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
    with pytest.raises(NoSuchTask):
        find_entry(ledger.store, entry.external_id)
    sent = ledger.move(entry, LedgerEvent.SEND)
    assert queries.select_entries(ledger.store) == [sent]
    assert find_entry(ledger.store, entry.external_id) == sent


def test_promise_11_open_one_offs_are_those_that_may_still_become_a_video(ledger, make, intent):
    request = '{"prompt": "rain"}'
    ledger.intend(intent(1))
    sent = ledger.move(ledger.intend(intent(2)), LedgerEvent.SEND)
    make(3, job_file="a.yaml")
    ledger.move(ledger.intend(intent(4, request="{}")), LedgerEvent.SEND)
    ledger.move(ledger.move(ledger.intend(intent(5)), LedgerEvent.SEND), LedgerEvent.AMBIGUOUS)
    refused = ledger.move(ledger.move(ledger.intend(intent(6)), LedgerEvent.SEND), LedgerEvent.REFUSED)
    ledger.move(ledger.move(refused, LedgerEvent.NOT_FOUND), LedgerEvent.DISMISSED)
    taken = ledger.move(ledger.move(ledger.intend(intent(7)), LedgerEvent.SEND), LedgerEvent.TAKEN)
    assert taken.state is LedgerState.CONFLICT
    found = queries.open_one_offs(ledger.store, sent.origin, sent.account, request)
    assert [entry.job for entry in found] == ["job 2", "job 5"]
    assert queries.open_one_offs(ledger.store, sent.origin, "ffff", request) == []


def test_costs_are_added_as_decimals(ledger, make):
    for number in range(10):
        make(number, cost="0.1")
    assert queries.spending(ledger.store, "model") == {"kirin_v1_t2v": SpendingTotal(paid=10, cost=Decimal("1.0"))}


def test_sums_and_numbers_of_services_read_an_index_in_its_order(ledger, make):
    """So they take as long as a walk over the index, with 100,000 tasks too, and sort and read nothing else."""
    (
        make(1),
        make(2, origin="https://a.example"),
        make(3, origin="https://z.example"),
        make(4, origin="https://z.example"),
    )
    statements = []
    ledger.store._connection.set_trace_callback(statements.append)
    assert queries.other_services(ledger.store, make(5).origin) == {"https://a.example": 1, "https://z.example": 2}
    queries.spending(ledger.store, "model", origin=make(6).origin, since=1.0)
    ledger.store._connection.set_trace_callback(None)
    for sql in (one for one in statements if "count(*)" in one):
        steps = " ".join(row[3] for row in ledger.store.read(f"EXPLAIN QUERY PLAN {sql}"))
        assert "SCAN entries" not in steps
        assert "SEARCH entries USING COVERING INDEX entries_by_service" in steps
        assert ("TEMP B-TREE" in steps) == ("UNION ALL" in sql), "the sums sort nothing"


def test_keys_of_what_is_unfinished_are_found_without_reading_what_is_finished(ledger, make, intent):
    origin, statements = make(1).origin, []
    ledger.intend(intent(2, account="ffff"))
    ledger.store._connection.set_trace_callback(statements.append)
    assert queries.unfinished_keys(ledger.store, origin) == ["0011223344556677", "ffff"]
    ledger.store._connection.set_trace_callback(None)
    steps = " ".join(row[3] for row in ledger.store.read(f"EXPLAIN QUERY PLAN {statements[0]}"))
    assert "SEARCH entries USING INDEX entries_by_state" in steps


def test_the_ids_of_other_keys_are_those_of_tasks_that_did_not_fail(ledger, make, intent):
    mine, failed, theirs = make(1), make(2), ledger.intend(intent(3, account="ffff"))
    ids = queries.ids_of_other_keys
    assert mine.external_id in ids(ledger.store, mine.origin, "ffff")
    assert ids(ledger.store, mine.origin, mine.account) == frozenset()  # the intent is no task yet
    with ledger.store.write(durable=False) as transaction:
        transaction("UPDATE entries SET state = 'failed' WHERE id = ?", (failed.id,))
    assert failed.external_id not in ids(ledger.store, mine.origin, theirs.account)


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


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["NEON"], [1]),
        (["neon", "harbour"], [1]),
        (["neon", "snow"], []),
        (["cafÉ"], [2]),
        (["CAFÉ"], [2]),
        (["100%"], [2]),
        (["100_"], []),
        (["job 3"], [3]),
        (["task-2"], [2]),
        (["shots"], [3]),
        (["clips/three"], [3]),
        (['quoted "word"'], [3]),
        (["prompt"], []),  # names and values of other parameters are not searched
        (["std"], []),
        (["video"], []),
    ],
)
def test_words_are_found_in_prompt_job_file_and_id(ledger, make, words, numbers):
    def request(prompt):
        return json.dumps({"model": "m", "params": {"mode": "std", "prompt": prompt}})

    make(1, request=request("Neon rain over a harbour"))
    make(2, request=request("A Café, 100% closed"))
    entry = make(3, request=request('a "quoted "word" sign'), job_file="/a/shots.yaml")
    outputs = json.dumps([{"type": "video", "path": "/clips/three.mp4"}])
    ledger.move(ledger.move(entry, LedgerEvent.FETCH), LedgerEvent.SAVED, outputs=outputs)
    found = queries.select_entries(ledger.store, words=words)
    assert [entry.task_id for entry in found] == [f"task-{number}" for number in numbers]
