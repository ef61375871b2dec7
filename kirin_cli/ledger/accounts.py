"""Entries under several keys: which keys left work behind, and handing it to another key of the same account.

Cannot tell which keys are of one account: whoever asks the service can.
"""

from kirin_cli.ledger.states import TERMINAL
from kirin_cli.ledger.store import Store

_ENDED = ", ".join(f"'{state.value}'" for state in sorted(TERMINAL))


def unfinished_keys(store: Store, origin: str) -> list[str]:
    """The fingerprints of the keys with entries at this service that are not at their end."""
    sql = f"SELECT DISTINCT account FROM entries WHERE origin = ? AND state NOT IN ({_ENDED}) ORDER BY account"  # noqa: S608
    return [str(row[0]) for row in store.read(sql, (origin,))]


def hand_over(store: Store, origin: str, before: str, after: str) -> None:
    """Let all entries of the key `before` be those of `after`, but for external ids that `after` has already.

    Copies of them are stale afterwards. Raises LocalFault.
    """
    sql = """UPDATE entries SET account = :after, version = version + 1 WHERE origin = :origin AND account = :before
        AND external_id NOT IN (SELECT external_id FROM entries WHERE origin = :origin AND account = :after)"""
    with store.write(durable=True) as transaction:
        transaction(sql, {"origin": origin, "before": before, "after": after})
