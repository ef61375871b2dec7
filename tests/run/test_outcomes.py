"""How an entry of the ledger is told of in results; the rest is held in tests/faults and by the steps."""

import pytest

from kirin_cli.ledger.entry import Intent, new_entry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.outcomes import entry_times

ENTRY = new_entry(Intent(origin="o", account="a", external_id="krn1-a", model="m", request="{}"), 100.0).replace(
    last_sent=110.0, updated=125.0
)


@pytest.mark.parametrize(
    ("state", "last"),
    [
        (LedgerState.FAILED, {"failed": "1970-01-01T00:02:05.000+00:00"}),
        (LedgerState.REJECTED, {"failed": "1970-01-01T00:02:05.000+00:00"}),
        (LedgerState.DONE, {"fetched": "1970-01-01T00:02:05.000+00:00"}), (LedgerState.RUNNING, {}),
    ],
)  # fmt: skip
def test_what_ended_has_the_time_of_its_end_and_nothing_else_has_one(state, last):
    begin = {"intended": "1970-01-01T00:01:40.000+00:00", "submitted": "1970-01-01T00:01:50.000+00:00"}
    assert entry_times(ENTRY.replace(state=state)) == begin | last
