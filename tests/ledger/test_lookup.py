"""What a person may call a task: ids and their beginnings, a job's name, a file that it made, `last`."""

import json
from contextlib import suppress

import pytest

from kirin_cli.errors import UsageError
from kirin_cli.ledger.lookup import MAX_CANDIDATES, NoSuchTask, find_entry, is_newest
from kirin_cli.ledger.states import LedgerEvent


@pytest.fixture
def make(ledger, intent):
    """Makes a task that the service has accepted, and where `paths` are given has delivered."""

    def run(number, paths=(), **given):
        entry = ledger.move(ledger.intend(intent(number, **given)), LedgerEvent.SEND)
        entry = ledger.move(entry, LedgerEvent.ACCEPTED, task_id=f"task-{number}")
        if not paths:
            return entry
        entry = ledger.move(ledger.move(entry, LedgerEvent.COMPLETED), LedgerEvent.FETCH)
        return ledger.move(entry, LedgerEvent.SAVED, outputs=json.dumps([{"path": str(path)} for path in paths]))

    return run


def test_an_entry_is_found_by_either_id_whole_or_begun(ledger, make):
    entry = make(7)
    make(21)
    for given in (entry.external_id, entry.external_id[:-1] + "7", "task-7"):
        assert find_entry(ledger.store, given) == entry


def test_a_whole_id_wins_over_longer_ones(ledger, make):
    entry = make(1)
    make(12)
    assert find_entry(ledger.store, "task-1") == entry


def test_an_ambiguous_beginning_names_the_candidates(ledger, make):
    for number in range(8):
        make(number)
    with pytest.raises(UsageError, match=r"task-7.*task-3.*…") as caught:
        find_entry(ledger.store, "task-")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("given", ["", "nothing", "%", "_", "task-1'", "\udcff", "task_1"])
def test_what_is_not_there_is_not_found(ledger, make, given):
    make(1)
    with pytest.raises(UsageError):
        find_entry(ledger.store, given)


@pytest.mark.parametrize("given", ["rain", "made/rain.mp4", "last", "last~1"])
def test_what_only_another_service_has_names_that_service(ledger, make, tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    make(7, job="rain", origin="https://a.example", paths=[tmp_path / "made" / "rain.mp4"])
    with pytest.raises(UsageError, match=r"of https://a\.example") as told:
        find_entry(ledger.store, given, origin="https://b.example")
    assert told.value.hint == "--base-url https://a.example speaks with that service"
    make(8, job="snow", origin="https://b.example")
    assert find_entry(ledger.store, "last", origin="https://b.example").job == "snow"
    with pytest.raises(UsageError, match=r"has 1 task of https://b\.example") as told:
        find_entry(ledger.store, "last~1", origin="https://b.example")
    assert told.value.hint == "`kirin list` shows what there is."


def test_a_beginning_of_an_id_of_another_service_may_be_an_id_of_this_one(ledger, make):
    make(21, origin="https://a.example")
    with pytest.raises(NoSuchTask):
        find_entry(ledger.store, "task-2", origin="https://b.example")


def test_an_id_of_another_service_is_told_as_such(ledger, intent):
    entry = ledger.intend(intent(7, origin="https://a.example"))
    with pytest.raises(UsageError) as told:
        find_entry(ledger.store, entry.external_id, origin="https://b.example")
    assert f"{entry.external_id} is a task of https://a.example" in told.value.message
    assert told.value.hint.startswith("--base-url https://a.example ")
    with pytest.raises(NoSuchTask):
        find_entry(ledger.store, entry.external_id[:-1], origin="https://b.example")


def test_last_counts_from_the_newest_of_the_service(ledger, make, intent):
    first, second, third = make(1), make(2), make(3, origin="https://b.example")
    ledger.intend(intent(4))  # a one-off that was never sent is none
    assert find_entry(ledger.store, "last") == third
    assert find_entry(ledger.store, "last~2") == first
    assert find_entry(ledger.store, "last", origin=first.origin) == second
    with pytest.raises(UsageError, match=f"The ledger has 2 tasks of {first.origin}") as told:
        find_entry(ledger.store, "last~2", origin=first.origin)
    assert not isinstance(told.value, NoSuchTask)  # no service is asked for a task of that name
    assert (is_newest("last~12"), is_newest("last~"), is_newest("lastly")) == (True, False, False)


def test_a_job_is_found_by_its_name_with_its_take(ledger, make):
    one, two = make(1, job="cup", job_file="/a.yaml"), make(2, job="cup-2", job_file="/b.yaml")
    assert find_entry(ledger.store, "cup") == one
    assert find_entry(ledger.store, "cup-2") == two
    third = make(3, job="cup", take=3, job_file="/a.yaml")
    assert find_entry(ledger.store, "cup-3") == third
    with pytest.raises(UsageError, match=rf"cup could be any of: {third.external_id}.*{one.external_id}") as told:
        find_entry(ledger.store, "cup")
    assert "file" in told.value.hint


def test_of_a_job_that_was_made_anew_the_newest_attempt_is_meant_and_another_file_is_another_job(ledger, make):
    make(1, job="cup", job_file="/a.yaml")
    newest = make(2, job="cup", job_file="/a.yaml", attempt=2)
    assert find_entry(ledger.store, "cup") == newest
    make(3, job="cup", job_file="/b.yaml")
    with pytest.raises(UsageError, match="cup could be any of"):
        find_entry(ledger.store, "cup")
    make(4, job="mug")
    make(5, job="mug")  # of no file: two commands
    with pytest.raises(UsageError, match="mug could be any of"):
        find_entry(ledger.store, "mug")


def test_the_newest_attempt_is_meant_however_many_there_are(ledger, make):
    for number in range(MAX_CANDIDATES + 2):
        newest = make(number, job="cup", job_file="/a.yaml", attempt=number + 1)
    assert find_entry(ledger.store, "cup") == newest


def test_a_name_that_is_the_beginning_of_an_id_too_is_ambiguous(ledger, make):
    make(1)
    make(2, job="task-1")
    assert find_entry(ledger.store, "task-1").task_id == "task-1"  # a whole id goes before
    make(3, job="task")
    with pytest.raises(UsageError, match="task could be any of"):
        find_entry(ledger.store, "task")


def test_a_file_is_that_of_the_newest_task_that_made_it(ledger, make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(1, [tmp_path / "a.mp4"])
    newer = make(2, [tmp_path / "a.mp4", tmp_path / "a.2.png"])
    other = make(3, [tmp_path / "x" / "a.mp4"])
    assert find_entry(ledger.store, "a.mp4") == newer
    assert find_entry(ledger.store, str(tmp_path / "a.2.png")) == newer
    assert find_entry(ledger.store, "x/a.mp4") == other
    with pytest.raises(NoSuchTask):
        find_entry(ledger.store, "y/a.mp4")


def test_a_whole_id_is_looked_up_by_itself_alone(ledger, make):
    """Not also as the beginning of others, of which a large ledger has thousands."""
    entry, statements = make(1), []
    make(11)
    ledger.store._connection.set_trace_callback(statements.append)
    assert find_entry(ledger.store, "task-1").external_id == entry.external_id
    ledger.store._connection.set_trace_callback(None)
    assert len(statements) == 1


def test_a_lookup_by_id_or_name_reads_no_table_from_end_to_end(ledger, make):
    entry, statements = make(1), []
    ledger.store._connection.set_trace_callback(statements.append)
    for name in ("task-1", "task-", "job 1", "job 1-2"):
        with suppress(NoSuchTask):
            find_entry(ledger.store, name, origin=entry.origin)
    ledger.store._connection.set_trace_callback(None)
    lookups = [sql for sql in statements if "+origin" in sql]
    assert len(lookups) > 6
    for sql in lookups:
        steps = [row[3] for row in ledger.store.read(f"EXPLAIN QUERY PLAN {sql}")]
        assert not [step for step in steps if step.startswith("SCAN")], (sql, steps)
