"""The ledger of one service under one key: which entries count, and how often it is asked about prices."""

from contextlib import contextmanager

import pytest

from kirin_cli.cli.service_ledger import open_service_ledger
from kirin_cli.cli.settings import load_settings
from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import Intent

SERVICE = "https://cloud.example"


@contextmanager
def opened(home, key="one", url=SERVICE):
    settings = load_settings(home.environ(KIRIN_BASE_URL=url, KIRIN_API_KEY=key))
    with open_service_ledger(settings) as known:
        yield known


def intend(known, external_id):
    return known.ledger.intend(
        Intent(origin=known.origin, account=known.account, external_id=external_id, model="m", request="{}")
    )


def test_entries_are_those_of_the_service_and_the_key(home):
    with opened(home) as known:
        mine = intend(known, "a")
        assert known.find_entry("a") == mine
    with opened(home, key="two") as known:
        assert known.find_entry("a") is None
    with opened(home, url="https://other.example") as known:
        assert known.find_entry("a") is None


@pytest.mark.parametrize("key", ["", "not a key\n"])
def test_without_a_usable_key_the_newest_entry_of_any_key_counts(home, key):
    for name in ("one", "two"):
        with opened(home, key=name) as known:
            newest = intend(known, "a")
    with opened(home, key=key) as known:
        assert known.account == ""
        assert known.find_entry("a") == newest


def test_a_base_url_that_cannot_be_used_is_said_although_nothing_is_sent(home):
    with pytest.raises(UsageError, match="https only"), opened(home, url="http://cloud.example"):
        pass
