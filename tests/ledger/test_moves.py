"""What a move writes, all of it or nothing: beside another process, beside another task, and again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kirin_cli.errors import LocalError
from kirin_cli.ledger.ledger import ConcurrentUpdate, Ledger, TaskOwnedElsewhere
from kirin_cli.ledger.moves import HistoryLine, MoveWriter
from kirin_cli.ledger.states import LedgerEvent


def test_a_move_that_somebody_else_made_first_writes_nothing_of_its_own(ledger, folder, clock, intent):
    entry = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    with Ledger.open(folder, clock) as second:
        moved = second.move(entry, LedgerEvent.AMBIGUOUS, "it was cut", answer="theirs")
        history = second.history(entry)
        with pytest.raises(ConcurrentUpdate):
            ledger.move(entry, LedgerEvent.AMBIGUOUS, "mine", answer="mine")
        assert (second.get(entry), second.history(entry), second.answer(entry)) == (moved, history, "theirs")


def test_two_moves_in_one_are_written_both_or_not_at_all(ledger, intent):
    entry = ledger.move(ledger.move(ledger.intend(intent()), LedgerEvent.SEND), LedgerEvent.ACCEPTED, task_id="t")
    after = ledger.move(entry, LedgerEvent.COMPLETED, "as found", then=LedgerEvent.FETCH)
    with pytest.raises(ConcurrentUpdate):
        ledger.move(entry, LedgerEvent.COMPLETED, then=LedgerEvent.FETCH)
    last = [(row.event, row.before, row.after, row.why) for row in ledger.history(entry)[-2:]]
    assert last == [("completed", "accepted", "succeeded", "as found"), ("fetch", "succeeded", "fetching", "")]
    assert (after.version, ledger.get(entry)) == (entry.version + 2, after)


def test_a_task_of_another_entry_is_taken_from_nobody(ledger, intent):
    first, second = (ledger.move(ledger.intend(intent(n)), LedgerEvent.SEND) for n in (1, 2))
    holder = ledger.move(first, LedgerEvent.ACCEPTED, task_id="t1")
    with pytest.raises(TaskOwnedElsewhere) as caught:
        ledger.move(second, LedgerEvent.ACCEPTED, task_id="t1", answer="{}")
    assert (caught.value.holder, ledger.get(second), ledger.answer(second)) == (holder, second, "")
    assert [row.event for row in ledger.history(second)] == ["intend", "send"]


def test_values_that_no_text_can_hold_are_escaped(ledger, intent):
    entry = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    moved = ledger.move(entry, LedgerEvent.AMBIGUOUS, "bad \udcff name", error="\udcff")
    assert (ledger.history(moved)[-1].why, ledger.get(moved).error) == ("bad \\udcff name", "\\udcff")


def test_threads_that_make_the_first_move_of_a_kind_at_once_all_make_it(ledger, intent):
    entries = ledger.intend_all(intent(number) for number in range(32))
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda entry: ledger.move(entry, LedgerEvent.SEND), entries))
    assert [ledger.get(entry) for entry in entries] == sent


def test_what_could_not_be_defined_is_defined_the_next_time(ledger, intent):
    class BrokenOnce:
        def __init__(self, store):
            self._store, self._is_broken = store, True

        def define(self, statements):
            if self._is_broken:
                self._is_broken = False
                raise LocalError("The ledger cannot be used.")
            self._store.define(statements)

        def write_one(self, *values, durable):
            return self._store.write_one(*values, durable=durable)

    entry, writer = ledger.intend(intent()), MoveWriter(BrokenOnce(ledger.store))
    changes = {"version": entry.version + 1, "error": "odd", "updated": 7.0}
    line = HistoryLine(7.0, "seen", "intent", "intent", "", None)
    with pytest.raises(LocalError):
        writer.write(entry, changes, [line], "", durable=True)
    assert writer.write(entry, changes, [line], "", durable=True)
    assert not writer.write(entry, changes, [line], "", durable=True)
    assert (ledger.get(entry), len(ledger.history(entry))) == (entry.replace(**changes), 2)


def test_what_is_defined_is_in_no_file(ledger, folder, clock, intent):
    ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    with Ledger.open(Path(folder), clock) as second:
        assert second.store.read("SELECT name FROM sqlite_master WHERE type IN ('view', 'trigger')") == []
