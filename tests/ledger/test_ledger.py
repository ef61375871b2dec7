"""The ledger: what is written, when it is refused, and that no task id gets lost on the way."""

import threading
from contextlib import suppress
from decimal import Decimal

import pytest

from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import ENTRY_COLUMNS, Intent
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.ledger import MAX_REQUEST_LENGTH, ConcurrentUpdate, Ledger, TaskOwnedElsewhere
from kirin_cli.ledger.states import InvalidTransition, LedgerEvent, LedgerState


def accepted(ledger, intent, number=1, task="task-1"):
    entry = ledger.move(ledger.intend(intent(number)), LedgerEvent.SEND)
    return ledger.move(entry, LedgerEvent.ACCEPTED, task_id=task)


def test_an_intent_comes_back_as_it_was_given(ledger, intent):
    given = intent(mode="pro", duration="10", job_file="jobs.yaml", scope="nightly", take=2, run_id="run-1")
    entry = ledger.intend(given)
    assert {name: getattr(entry, name) for name in Intent._fields} == {
        name: getattr(given, name) for name in Intent._fields
    }
    assert (entry.state, entry.counters.posts, entry.task_id) == (LedgerState.INTENT, 0, None)
    assert ledger.get(given) == entry


def test_promise_2_the_same_key_is_the_same_entry(ledger, intent):
    first = accepted(ledger, intent)
    assert ledger.intend(intent()) == first


def test_another_account_or_origin_is_another_entry(ledger, intent):
    entries = ledger.intend_all([intent(), intent(account="ffff"), intent(origin="sandbox:1")])
    assert len({entry.id for entry in entries}) == 3


def test_a_whole_life_is_in_the_history(ledger, intent, clock):
    entry = ledger.intend(intent())
    clock.now += 1
    entry = ledger.move(entry, LedgerEvent.SEND, run_id="run-2")
    clock.now += 2
    entry = ledger.move(entry, LedgerEvent.ACCEPTED, "HTTP 200", task_id="task-1")
    for event in (LedgerEvent.PROGRESSED, LedgerEvent.PROGRESSED, LedgerEvent.PROGRESSED):
        entry = ledger.move(entry, event)
    clock.now += 60
    entry = ledger.move(entry, LedgerEvent.COMPLETED, cost=Decimal("0.28"), outputs='[{"type": "video"}]')
    entry = ledger.move(ledger.move(entry, LedgerEvent.FETCH), LedgerEvent.SAVED)
    assert ledger.get(intent()) == entry
    assert (entry.state, entry.cost, entry.run_id) == (LedgerState.DONE, Decimal("0.28"), "run-2")
    assert entry.outputs == '[{"type": "video"}]'
    assert (entry.first_sent, entry.generated_at - entry.accepted_at) == (clock.now - 62, 60)
    history = ledger.history(entry)
    assert [line.event for line in history] == [
        "intend", "send", "accepted", "progressed", "completed", "fetch", "saved",
    ]  # fmt: skip
    assert (history[2].before, history[2].after, history[2].why, history[2].task_id) == (
        LedgerState.SENDING, LedgerState.ACCEPTED, "HTTP 200", "task-1",
    )  # fmt: skip


def test_a_repeated_post_keeps_the_time_of_the_first(ledger, intent, clock):
    entry = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    entry = ledger.move(entry, LedgerEvent.RATE_LIMITED)
    clock.now += 30
    entry = ledger.move(entry, LedgerEvent.SEND)
    assert (entry.first_sent, entry.last_sent) == (clock.now - 30, clock.now)
    assert (entry.counters.posts, entry.counters.exposed) == (2, 1)


def test_a_move_that_the_table_refuses_changes_nothing(ledger, intent):
    entry = accepted(ledger, intent)
    with pytest.raises(InvalidTransition):
        ledger.move(entry, LedgerEvent.SEND)
    assert ledger.get(intent()) == entry


def test_of_two_moves_from_one_reading_the_second_is_a_lost_race(ledger, intent):
    entry = ledger.intend(intent())
    ledger.move(entry, LedgerEvent.SEND)
    with pytest.raises(ConcurrentUpdate):
        ledger.move(entry, LedgerEvent.SEND)
    assert ledger.get(intent()).counters.posts == 1


def test_of_many_threads_one_wins(ledger, intent):
    entry, won = ledger.intend(intent()), []

    def race():
        with suppress(ConcurrentUpdate):
            won.append(ledger.move(entry, LedgerEvent.SEND))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_promise_3_a_task_id_that_loses_the_race_is_adopted_all_the_same(ledger, intent):
    sending = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    ledger.move(sending, LedgerEvent.OWNER_DIED)
    with pytest.raises(ConcurrentUpdate):
        ledger.move(sending, LedgerEvent.ACCEPTED, task_id="task-1")
    current = ledger.get(intent())
    assert (current.state, current.task_id) == (LedgerState.ACCEPTED, "task-1")


def test_promise_3_a_second_task_of_one_id_stands_in_the_history(ledger, intent):
    entry = accepted(ledger, intent)
    assert ledger.note_task_id(entry, "task-2", "a late answer") == entry
    assert [(line.event, line.task_id) for line in ledger.history(entry)][-1] == ("task seen", "task-2")
    ledger.note_task_id(entry, "task-2", "again")
    assert len(ledger.history(entry)) == 4


def test_promise_3_a_task_id_is_noted_on_an_entry_that_is_over(ledger, intent):
    entry = ledger.move(
        ledger.move(ledger.intend(intent()), LedgerEvent.SEND), LedgerEvent.REFUSED, error='{"code": "x"}'
    )
    entry = ledger.move(ledger.move(entry, LedgerEvent.NOT_FOUND), LedgerEvent.DISMISSED)
    assert ledger.note_task_id(entry, "task-9").state is LedgerState.REJECTED
    assert ledger.history(entry)[-1].task_id == "task-9"


def test_a_task_belongs_to_one_entry_per_origin(ledger, intent):
    holder = accepted(ledger, intent)
    other = ledger.move(ledger.intend(intent(2)), LedgerEvent.SEND)
    with pytest.raises(TaskOwnedElsewhere) as caught:
        ledger.move(other, LedgerEvent.ACCEPTED, task_id="task-1")
    assert caught.value.holder == holder
    assert isinstance(caught.value, UsageError)
    assert ledger.get(intent(2)) == other
    elsewhere = ledger.move(ledger.intend(intent(3, origin="sandbox:1")), LedgerEvent.SEND)
    assert ledger.move(elsewhere, LedgerEvent.ACCEPTED, task_id="task-1").state is LedgerState.ACCEPTED


@pytest.mark.parametrize("event", [LedgerEvent.ACCEPTED, LedgerEvent.FOUND, LedgerEvent.ADOPT])
def test_what_names_a_task_needs_its_id(ledger, intent, event):
    with pytest.raises(ValueError, match="task id"):
        ledger.move(ledger.intend(intent()), event)


def test_send_again_forgets_the_lost_task_but_the_history_does_not(ledger, intent):
    lost = ledger.move(accepted(ledger, intent), LedgerEvent.VANISHED)
    again = ledger.move(lost, LedgerEvent.SEND_AGAIN, "decided by a person")
    assert (again.state, again.task_id, again.counters.exposed) == (LedgerState.INTENT, None, 1)
    assert "task-1" in [line.task_id for line in ledger.history(again)]


def test_an_adopted_task_teaches_no_duration(ledger, intent):
    unknown = ledger.move(ledger.move(ledger.intend(intent()), LedgerEvent.SEND), LedgerEvent.AMBIGUOUS)
    assert ledger.move(unknown, LedgerEvent.FOUND, task_id="task-1").accepted_at is None


def test_a_request_with_bytes_in_it_is_refused(ledger, intent):
    with pytest.raises(ValueError, match="hash"):
        ledger.intend(intent(request="A" * (MAX_REQUEST_LENGTH + 1)))


def test_intents_are_written_all_or_none(ledger, intent):
    with pytest.raises(ValueError, match="hash"):
        ledger.intend_all([intent(1), intent(2, request="A" * (MAX_REQUEST_LENGTH + 1))])
    assert ledger.get(intent(1)) is None


@pytest.mark.parametrize("text", ["caf\udce9.yaml", "nul\0inside", "日本語", "'; DROP TABLE entries; --"])
def test_hostile_text_is_stored_as_text(ledger, intent, text):
    entry = ledger.intend(intent(job=text, job_file=text))
    entry = ledger.move(entry, LedgerEvent.SEND, text)
    entry = ledger.move(entry, LedgerEvent.ACCEPTED, text, task_id=text, error=text)
    assert ledger.get(intent()).task_id == text.replace("\udce9", "\\udce9")


def test_the_columns_are_the_fields_and_those_of_the_table(ledger):
    assert set(ENTRY_COLUMNS) == {row["name"] for row in ledger.store.read("PRAGMA table_info(entries)")}


def test_what_is_written_is_there_when_opened_again(folder, clock, intent):
    with Ledger.open(folder, clock) as first:
        entry = accepted(first, intent)
    with Ledger.open(folder, clock) as second:
        assert second.get(intent()) == entry


def test_l6_a_clock_set_back_does_not_mix_up_the_history(ledger, intent, clock):
    entry = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    clock.now -= 3600
    entry = ledger.move(entry, LedgerEvent.ACCEPTED, task_id="task-1")
    clock.now += 10 * 365 * 86400
    entry = ledger.move(entry, LedgerEvent.COMPLETED)
    assert [line.event for line in ledger.history(entry)] == ["intend", "send", "accepted", "completed"]


def test_promise_6_an_entry_that_was_moved_or_taken_meanwhile_is_told_from_one_that_was_not(ledger, intent, clock):
    entry = ledger.intend(intent())
    ledger.ensure_unchanged(entry)
    moved = ledger.move(entry, LedgerEvent.SEND)
    with pytest.raises(ConcurrentUpdate):
        ledger.ensure_unchanged(entry)
    ledger.ensure_unchanged(moved)
    assert Leases(ledger.store, clock).acquire(moved).granted
    with pytest.raises(ConcurrentUpdate):
        ledger.ensure_unchanged(moved)


def test_promise_8_only_an_intent_that_was_never_sent_and_is_nobodys_is_withdrawn(ledger, intent, clock):
    unsent, sent, held = (ledger.intend(intent(number)) for number in (1, 2, 3))
    sent = ledger.move(sent, LedgerEvent.SEND)
    held = Leases(ledger.store, clock).acquire(held).entry
    for entry in (unsent, sent, held):
        ledger.withdraw(entry)
    assert ledger.get(unsent) is None
    assert ledger.history(unsent) == []
    assert (ledger.get(sent), ledger.get(held)) == (sent, held)


def test_a_move_writes_the_columns_that_it_changes_and_no_others(ledger, intent):
    entry = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    written = []
    ledger.store._connection.set_trace_callback(written.append)
    ledger.move(entry, LedgerEvent.ACCEPTED, task_id="t1")
    ledger.store._connection.set_trace_callback(None)
    (trigger,) = [sql for sql in written if sql.startswith("CREATE TEMP TRIGGER")]
    update = trigger.partition("UPDATE entries")[2].partition(";")[0]
    assert "task_id" in update
    assert not any(name in update for name in ("request", "plan", "origin", "model", "job_file"))


def test_answers_that_move_nothing_are_kept_in_one_transaction_unless_their_entry_was_moved(ledger, intent):
    entries = [ledger.intend(intent(number)) for number in (1, 2)]
    moved = ledger.move(entries[1], LedgerEvent.SEND)
    written = []
    ledger.store._connection.set_trace_callback(written.append)
    ledger.keep_answers([(entries[0], "one"), (entries[1], "two")])
    ledger.store._connection.set_trace_callback(None)
    assert (written.count("COMMIT"), ledger.answer(entries[0]), ledger.answer(moved)) == (1, "one", "")


def test_a_job_costs_seven_statements_from_its_lease_to_its_end_each_a_transaction(ledger, intent, clock):
    leases, statements = Leases(ledger.store, clock), []
    entries = ledger.intend_all([intent(1), intent(2)])
    assert leases.owner_id
    for intended in entries:  # the first one defines what the second one finds
        ledger.store._connection.set_trace_callback(statements.append)
        statements.clear()
        entry = ledger.move(leases.acquire(intended).entry, LedgerEvent.SEND)
        ledger.ensure_unchanged(entry)
        entry = ledger.move(entry, LedgerEvent.ACCEPTED, task_id=f"t{entry.id}", answer="{}")
        entry = ledger.move(entry, LedgerEvent.PROGRESSED, answer="{}")
        entry = ledger.move(entry, LedgerEvent.COMPLETED, then=LedgerEvent.FETCH, cost=Decimal("0.28"), answer="{}")
        entry = ledger.move(entry, LedgerEvent.SAVED, outputs="[]")
        leases.release(entry)
        ledger.store._connection.set_trace_callback(None)
        assert (entry.owner, ledger.get(entry)) == (None, entry)
        assert [row.event for row in ledger.history(entry)[-3:]] == ["completed", "fetch", "saved"]
    # What a trigger does is traced as the statement that it belongs to, once more.
    assert [sql[:11] for sql in dict.fromkeys(statements) if not sql.startswith("PRAGMA")] == [
        "UPDATE entr", "INSERT INTO", "SELECT vers", *["INSERT INTO"] * 4,
    ]  # fmt: skip
    assert not any(sql.startswith(("BEGIN", "COMMIT", "CREATE")) for sql in statements)


@pytest.mark.parametrize("event", [LedgerEvent.FAILED, LedgerEvent.COMPLETED])
def test_what_is_at_its_end_has_no_owner_and_what_is_not_keeps_its_own(ledger, intent, clock, event):
    entry = Leases(ledger.store, clock).acquire(ledger.intend(intent())).entry
    entry = ledger.move(ledger.move(entry, LedgerEvent.SEND), LedgerEvent.ACCEPTED, task_id="t1")
    ended = ledger.move(entry, event)
    assert (ended.owner is None) == (event is LedgerEvent.FAILED)
    assert ledger.get(ended) == ended
