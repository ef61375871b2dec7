"""A ledger in a folder of its own, a clock that is set by hand, and a state folder that two processes can share."""

import pytest
from support.clocks import FakeClock
from support.fast_folder import fast_folder

from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger

ORIGIN = "https://service.example"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def folder(tmp_path):
    with fast_folder(tmp_path) as fast:
        yield fast / "state"


@pytest.fixture
def ledger(folder, clock):
    with Ledger.open(folder, clock) as opened:
        yield opened


@pytest.fixture
def intent():
    def make(number=1, **given):
        key = {"origin": ORIGIN, "account": "0011223344556677", "external_id": f"krn1-{number:026d}"}
        asked = {"model": "kirin_v1_t2v", "request": '{"prompt": "rain"}', "job": f"job {number}"}
        return Intent(**{**key, **asked, **given})

    return make
