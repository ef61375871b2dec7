"""The file under the ledger: rights, versions, damage, locks. Whatever is refused is kept as it was."""

import hashlib
import os
import sqlite3
import stat
import threading

import pytest

from kirin_cli.errors import LocalError
from kirin_cli.ledger import store
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerEvent
from kirin_cli.ledger.store import LEDGER_FILE, LedgerStore

EXTENDED = (*store.MIGRATIONS, ("ALTER TABLE entries ADD COLUMN colour TEXT", "CREATE TABLE more (x)"))


@pytest.fixture
def filled(folder, clock, intent):
    """The path of a closed ledger with some pages in it."""
    with Ledger.open(folder, clock) as ledger:
        ledger.intend_all(intent(number, request="x" * 500) for number in range(300))
    return folder / LEDGER_FILE


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def set_version(path, number):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {number}")
    connection.close()


def refused(folder, clock, match):
    """Opening it, or the first attempt to write, is refused, and the file is what it was."""
    before = digest(folder / LEDGER_FILE)
    with (
        pytest.raises(LocalError, match=match) as caught,
        Ledger.open(folder, clock) as ledger,
        ledger.store.write(durable=True),
    ):
        pass
    assert caught.value.exit_code == 9
    assert "not changed" in caught.value.hint
    assert digest(folder / LEDGER_FILE) == before


@pytest.mark.skipif(os.name != "posix", reason="rights of this kind are POSIX")
def test_only_the_owner_may_read(folder, ledger, intent):
    ledger.intend(intent())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_it_uses_a_log_and_syncs_in_full(ledger, intent):
    assert ledger.store.journal == "wal"
    ledger.intend(intent())
    assert ledger.store.read("PRAGMA synchronous")[0][0] == 2


def test_cheap_moves_sync_less(ledger, intent):
    entry = ledger.move(ledger.move(ledger.intend(intent()), LedgerEvent.SEND), LedgerEvent.ACCEPTED, task_id="t")
    assert ledger.store.read("PRAGMA synchronous")[0][0] == 2
    ledger.move(entry, LedgerEvent.PROGRESSED)
    assert ledger.store.read("PRAGMA synchronous")[0][0] == 1


@pytest.mark.skipif(os.name != "posix", reason="this way of locking is POSIX")
def test_without_shared_memory_it_falls_back_to_a_rollback_journal(folder, clock, intent):
    def connect(path, busy):
        address = f"file:{path}?vfs=unix-dotfile"
        return sqlite3.connect(address, uri=True, timeout=busy, isolation_level=None, check_same_thread=False)

    with Ledger.open(folder, clock, connect=connect) as ledger:
        assert ledger.store.journal == "delete"
        entry = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
        assert ledger.store.read("PRAGMA synchronous")[0][0] == 3
    with Ledger.open(folder, clock, connect=connect) as ledger:
        assert ledger.get(intent()) == entry


def test_l3_a_newer_ledger_is_refused_in_words(filled, folder, clock):
    set_version(filled, 99)
    refused(folder, clock, r"newer kirin \(schema 99")


def test_l3_a_ledger_cut_in_the_middle_is_refused(filled, folder, clock):
    os.truncate(filled, filled.stat().st_size // 2)
    refused(folder, clock, "damaged")


def test_l3_an_empty_ledger_is_refused(filled, folder, clock):
    os.truncate(filled, 0)
    refused(folder, clock, "cut off")


@pytest.mark.parametrize("page", [0, 1, 2, 5, 9])
def test_l3_a_ledger_with_a_page_of_garbage_is_refused(filled, folder, clock, page):
    with filled.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)
    refused(folder, clock, "damaged")


def test_l3_an_older_ledger_that_is_damaged_is_not_migrated(filled, folder, clock, monkeypatch):
    with filled.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xa5" * 4096)
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS, ("CREATE TABLE later (id INTEGER)",)))
    refused(folder, clock, "damaged")


def test_l3_a_damaged_page_that_nobody_reads_keeps_nobody_from_reading_the_rest(filled, folder, clock):
    with filled.open("r+b") as file:
        file.seek(filled.stat().st_size - 4096)
        file.write(b"\xa5" * 4096)
    with Ledger.open(folder, clock) as ledger:
        assert ledger.store.read("PRAGMA user_version")


def test_l3_some_other_file_is_refused(filled, folder, clock):
    filled.write_text("dear diary\n" * 1000)
    refused(folder, clock, "no database")


def test_l3_the_database_of_another_program_is_refused(folder, clock):
    folder.mkdir()
    connection = sqlite3.connect(folder / LEDGER_FILE)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    refused(folder, clock, "not a ledger of kirin")


def test_l3_a_state_that_no_kirin_writes_is_refused_when_read(ledger, intent):
    ledger.intend(intent())
    with ledger.store.write(durable=False) as transaction:
        transaction("UPDATE entries SET state = 'fine'", ())
    with pytest.raises(LocalError, match="no sense"):
        ledger.get(intent())


def test_l1_a_file_where_the_folder_should_be(folder, clock):
    folder.write_text("in the way")
    with pytest.raises(LocalError):
        Ledger.open(folder, clock)


def test_l1_a_folder_where_the_file_should_be(folder, clock):
    (folder / LEDGER_FILE).mkdir(parents=True)
    with pytest.raises(LocalError):
        Ledger.open(folder, clock)


def test_l1_a_read_only_ledger_takes_no_intent(filled, folder, clock, intent):
    def connect(path, busy):
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=busy, isolation_level=None)

    with Ledger.open(folder, clock, connect=connect) as ledger, pytest.raises(LocalError, match="read-only"):
        ledger.intend(intent(5000))


def test_l4_a_locked_ledger_is_waited_for_then_refused(folder, ledger, clock, intent):
    with Ledger.open(folder, clock, busy=0.05) as second:
        entry = second.intend(intent())
        with ledger.store.write(durable=True):
            for act in (lambda: second.intend(intent(2)), lambda: second.move(entry, LedgerEvent.SEND)):
                with pytest.raises(LocalError, match="locked"):
                    act()
        assert second.get(intent(2)) is None
        assert second.move(entry, LedgerEvent.SEND).counters.posts == 1


def test_l4_a_lock_that_ends_in_time_costs_only_the_wait(folder, ledger, clock, intent):
    held, done = threading.Event(), []

    def other():
        with Ledger.open(folder, clock, busy=10) as second:
            held.wait(5)
            done.append(second.intend(intent()))

    thread = threading.Thread(target=other)
    thread.start()
    with ledger.store.write(durable=True):
        held.set()
        thread.join(0.1)
        assert not done
    thread.join(10)
    assert done == [ledger.get(intent())]


def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(ledger, intent):
    entry = ledger.intend(intent())
    with pytest.raises(LocalError), ledger.store.write(durable=True) as transaction:
        assert transaction("DELETE FROM entries", ()).rowcount == transaction("SELECT nonsense", ())
    assert ledger.get(intent()) == entry
    assert ledger.move(entry, LedgerEvent.SEND).counters.posts == 1


def test_version_0_becomes_the_newest(tmp_path):
    with sqlite3.connect(tmp_path / "new", isolation_level=None) as connection:
        store.migrate(connection)
        assert store.check_schema(connection, tmp_path / "new") == len(store.MIGRATIONS)
    connection.close()


def test_an_older_version_is_brought_forward_with_its_entries(filled):
    connection = store.connect(filled, 1)
    store.migrate(connection, steps=EXTENDED)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(EXTENDED)
    assert connection.execute("SELECT count(*), count(colour) FROM entries").fetchone() == (300, 0)
    store.migrate(connection, steps=EXTENDED)
    connection.close()


def test_a_step_that_fails_leaves_the_older_version_whole(filled, folder, clock):
    connection = store.connect(filled, 1)
    with pytest.raises(sqlite3.OperationalError):
        store.migrate(connection, steps=(*EXTENDED, ("CREATE TABLE fine (x)", "CREATE NONSENSE")))
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(store.MIGRATIONS)
    assert connection.execute("SELECT name FROM sqlite_master WHERE name IN ('more', 'fine')").fetchall() == []
    connection.close()
    Ledger.open(folder, clock).close()


def test_of_two_that_migrate_at_once_one_does_it(filled):
    def migrate():
        connection = store.connect(filled, 10)
        start.wait(5)
        store.migrate(connection, steps=EXTENDED)
        versions.append(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.close()

    start, versions = threading.Barrier(4), []
    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == [len(EXTENDED)] * 4


def test_of_many_that_make_the_ledger_at_once_all_get_the_same_file(folder, clock, intent):
    def make(number):
        start.wait(5)
        with Ledger.open(folder, clock) as ledger:
            ledger.intend(intent(number))

    start = threading.Barrier(6)
    threads = [threading.Thread(target=make, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Ledger.open(folder, clock) as ledger:
        assert all(ledger.get(intent(number)) for number in range(6))
    assert not list(folder.glob("*.new"))


def test_a_ledger_may_be_closed_twice(folder):
    opened = LedgerStore.open(folder)
    opened.close()
    opened.close()


def test_a_ledger_of_the_schema_before_this_one_is_taken_over_with_all_its_entries(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger:
        entry = ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    connection = sqlite3.connect(folder / LEDGER_FILE)
    connection.executescript("DROP TABLE rate_limits; DROP TABLE senders")
    connection.close()
    set_version(folder / LEDGER_FILE, len(store.MIGRATIONS) - 1)
    with Ledger.open(folder, clock) as ledger:
        assert ledger.get(intent()) == entry
        assert ledger.store.read("SELECT * FROM rate_limits, senders") == []


def test_L3_the_kirin_of_before_refuses_this_schema_in_words(filled):
    connection = sqlite3.connect(filled)
    with pytest.raises(LocalError, match="is of a newer kirin"):
        store.check_schema(connection, filled, known=len(store.MIGRATIONS) - 1)
    connection.close()
