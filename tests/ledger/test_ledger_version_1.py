"""A ledger of schema 1, word for word as its first release wrote it: it opens, reads and goes on for good."""

import sqlite3
from decimal import Decimal

import pytest

from kirin_cli.ledger import queries, store
from kirin_cli.ledger.entry import EntryKey
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.lookup import find_entry
from kirin_cli.ledger.states import Counters, LedgerEvent, LedgerState
from kirin_cli.ledger.store import LEDGER_FILE

ORIGIN, ACCOUNT = "http://127.0.0.1:8765", "8e4e8fd5299885d7"
DONE, ACCEPTED = "krn1-6X173QDNPH7J0FADQSKANGMXDE", "krn1-3TC514G50WPJDK528W4Y0PMNW8"
TABLES = """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL, account TEXT NOT NULL, external_id TEXT NOT NULL,
    model TEXT NOT NULL, mode TEXT NOT NULL, duration TEXT NOT NULL,
    job TEXT NOT NULL, job_file TEXT NOT NULL, scope TEXT NOT NULL, take INTEGER NOT NULL,
    request TEXT NOT NULL, plan TEXT NOT NULL, run_id TEXT NOT NULL,
    state TEXT NOT NULL, version INTEGER NOT NULL,
    posts INTEGER NOT NULL, exposed INTEGER NOT NULL, resends INTEGER NOT NULL, misses INTEGER NOT NULL,
    duplicate_seen INTEGER NOT NULL,
    first_sent REAL, last_sent REAL, accepted_at REAL, generated_at REAL,
    task_id TEXT, cost TEXT, outputs TEXT NOT NULL, error TEXT NOT NULL,
    owner INTEGER, created REAL NOT NULL, updated REAL NOT NULL
);
CREATE UNIQUE INDEX entries_by_id ON entries (external_id, origin, account);
CREATE UNIQUE INDEX entries_by_task ON entries (task_id, origin) WHERE task_id IS NOT NULL;
CREATE INDEX entries_by_state ON entries (state);
CREATE INDEX entries_by_owner ON entries (owner) WHERE owner IS NOT NULL;
CREATE INDEX entries_by_class ON entries (model, mode, duration, generated_at);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry INTEGER NOT NULL REFERENCES entries (id), at REAL NOT NULL,
    event TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, why TEXT NOT NULL, task_id TEXT
);
CREATE INDEX events_by_entry ON events (entry);
CREATE INDEX events_by_task ON events (task_id) WHERE task_id IS NOT NULL;
CREATE TABLE owners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, until REAL NOT NULL
);
PRAGMA application_id = 1802661425;
PRAGMA user_version = 1;
"""
ROWS = """
INSERT INTO entries VALUES (1, 'http://127.0.0.1:8765', '8e4e8fd5299885d7', 'krn1-6X173QDNPH7J0FADQSKANGMXDE',
    'kirin_v1_t2v', 'std', '5', 'rain', '', '72ad7df5cc7120af7dda67c039cc6236', 1,
    '{"model":"kirin_v1_t2v","params":{"prompt":"Rain on a tin roof"}}',
    '{"line":0,"media":{},"target":{"folder":"/videos","replace":false,"template":"rain{-n}.{ext}"}}', '5602d34bfb5f',
    'done', 7, 1, 1, 0, 0, 0, 1795864651.18, 1795864651.18, 1795864651.25, 1795864655.75, '0h2e6iacivo3s99r4sbk',
    '0.28', '[{"bytes":49821,"path":"/videos/rain.mp4","sha256":"b888f6b3","type":"video"}]', '', NULL,
    1795864651.17, 1795864655.81);
INSERT INTO entries VALUES (2, 'http://127.0.0.1:8765', '8e4e8fd5299885d7', 'krn1-3TC514G50WPJDK528W4Y0PMNW8',
    'kirin_v1_t2v', 'std', '5', 'snow', '', '67d61f42926f3d5be2e3a0c2e5b711f6', 1,
    '{"model":"kirin_v1_t2v","params":{"prompt":"Snow"}}',
    '{"line":0,"media":{},"target":{"folder":"/videos","replace":false,"template":"snow{-n}.{ext}"}}', 'bfa0cb72366f',
    'accepted', 3, 1, 1, 0, 0, 0, 1795864658.56, 1795864658.56, 1795864658.57, NULL, '88gcv9gs9v705dv4185f', NULL,
    '', '', 1, 1795864658.55, 1795864658.57);
INSERT INTO events VALUES (1, 1, 1795864651.17, 'intend', 'intent', 'intent', '', NULL);
INSERT INTO events VALUES (2, 1, 1795864651.18, 'send', 'intent', 'sending', '', NULL);
INSERT INTO events VALUES (3, 1, 1795864651.25, 'accepted', 'sending', 'accepted', 'HTTP 200', '0h2e6iacivo3s99r4sbk');
INSERT INTO events VALUES (4, 1, 1795864655.75, 'completed', 'accepted', 'succeeded', '', '0h2e6iacivo3s99r4sbk');
INSERT INTO events VALUES (5, 1, 1795864655.77, 'fetch', 'succeeded', 'fetching', '', '0h2e6iacivo3s99r4sbk');
INSERT INTO events VALUES (6, 1, 1795864655.81, 'saved', 'fetching', 'done', '', '0h2e6iacivo3s99r4sbk');
INSERT INTO events VALUES (7, 2, 1795864658.55, 'intend', 'intent', 'intent', '', NULL);
INSERT INTO events VALUES (8, 2, 1795864658.56, 'send', 'intent', 'sending', '', NULL);
INSERT INTO events VALUES (9, 2, 1795864658.57, 'accepted', 'sending', 'accepted', 'HTTP 200', '88gcv9gs9v705dv4185f');
INSERT INTO owners VALUES (1, 'elsewhere', '', 4711, '', 1795864718.5);
"""


@pytest.fixture
def first_release(folder, clock):
    """The ledger of the first release, opened now, two minutes after its last line."""
    folder.mkdir()
    connection = sqlite3.connect(folder / LEDGER_FILE)
    connection.executescript(TABLES + ROWS)
    connection.close()
    clock.now = 1795864780.0
    with Ledger.open(folder, clock) as opened:
        yield opened


def schema(execute):
    """Tables and indices as SQLite has them, whatever blanks stand between the words."""
    sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return [" ".join(row[0].split()) for row in execute(sql)]


def test_the_present_schema_begins_with_version_1():
    old, new = sqlite3.connect(":memory:"), sqlite3.connect(":memory:", isolation_level=None)
    old.executescript(TABLES)
    store.migrate(new, steps=store.MIGRATIONS[:1])
    assert schema(new.execute) == schema(old.execute)
    old.close()
    new.close()


def test_its_entries_and_their_history_are_read(first_release):
    done = first_release.get(EntryKey(origin=ORIGIN, account=ACCOUNT, external_id=DONE))
    assert (done.state, done.version, done.counters) == (LedgerState.DONE, 7, Counters(posts=1, exposed=1))
    assert (done.task_id, done.cost, done.owner) == ("0h2e6iacivo3s99r4sbk", Decimal("0.28"), None)
    events = [row.event for row in first_release.history(done)]
    assert events == ["intend", "send", "accepted", "completed", "fetch", "saved"]


def test_its_accounts_are_kept(first_release):
    total = queries.spending(first_release.store, "day")["2026-11-28"]
    assert (total.paid, total.cost, total.maybe_paid) == (1, Decimal("0.28"), 0)
    assert queries.unfinished_keys(first_release.store, ORIGIN) == [ACCOUNT]
    assert queries.durations(first_release.store, "kirin_v1_t2v", mode="std", duration="5") == [pytest.approx(4.5)]


def test_what_it_left_unfinished_is_brought_to_its_end(first_release, clock):
    entry = find_entry(first_release.store, ACCEPTED)
    claim = Leases(first_release.store, clock).acquire(entry)
    assert (claim.granted, claim.took_over, claim.holder.host) == (True, True, "elsewhere")
    entry = first_release.move(claim.entry, LedgerEvent.COMPLETED, cost=Decimal("0.28"))
    entry = first_release.move(first_release.move(entry, LedgerEvent.FETCH), LedgerEvent.SAVED, outputs="[]")
    assert find_entry(first_release.store, "88gcv9gs").state is LedgerState.DONE
    assert [row.event for row in first_release.history(entry)][3:] == ["taken over", "completed", "fetch", "saved"]


@pytest.mark.parametrize(
    ("column", "value", "now"),
    [
        ("origin", "http://127.0.0.1:80", "http://127.0.0.1"),
        ("origin", "https://CLOUD.example.:443", "https://cloud.example"),
        ("job", "cafe\u0301", "caf\u00e9"),
        (
            "request",
            '{"model":"m","params":{"prompt":"one\\r\\ntwo"}}',
            '{"model":"m","params":{"prompt":"one\\r\\ntwo"}}',
        ),
    ],
)
def test_what_it_spelled_otherwise_is_in_its_normal_form_and_known_to_have_an_id_of_its_own(
    folder, clock, column, value, now
):
    folder.mkdir()
    connection = sqlite3.connect(folder / LEDGER_FILE)
    connection.executescript(TABLES + ROWS)
    connection.execute(f"UPDATE entries SET {column} = ? WHERE id = 1", (value,))
    connection.commit()
    connection.close()
    with Ledger.open(folder, clock) as ledger:
        first, second = (find_entry(ledger.store, external_id) for external_id in (DONE, ACCEPTED))
        assert (getattr(first, column), first.has_old_id) == (now, True)
        assert not second.has_old_id
        assert [entry.id for entry in queries.entries_beyond_first_ids(ledger.store, first.origin, ACCOUNT)] == [1]
