"""Entries of the ledger as commands open, filter and print them."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from kirin_cli.cli.settings import state_dir
from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.journal import Ledger
from kirin_cli.ledger.states import State
from kirin_cli.spec.words import nearest


@contextmanager
def opened_ledger(environ: Mapping[str, str], profile: str | None = None) -> Iterator[Ledger]:
    """The ledger of the state folder. Raises LocalFault, and UsageError for settings that make no sense."""
    with Ledger.open(state_dir(environ, profile), time.time) as ledger:
        yield ledger


def listed_states(words: Iterable[str]) -> list[State]:
    """The states of these names. Raises UsageError naming the nearest."""
    known = [state.value for state in State]
    for word in words:
        if word not in known:
            raise UsageError(f"there is no state {word!r}{nearest(word, known)}")
    return [State(word) for word in words]


def as_data(entry: Entry) -> dict[str, object]:
    """An entry as JSON data; times in ISO 8601 (UTC), cost a decimal string in US dollars. The shape only grows."""
    return {
        "task_id": entry.task_id,
        "external_task_id": entry.external_id,
        "state": entry.state.value,
        "model": entry.model,
        "job": entry.job or None,
        "file": entry.job_file or None,
        "take": entry.take,
        "origin": entry.origin,
        "posts": entry.tally.posts,
        "cost_usd": None if entry.cost is None else str(entry.cost),
        "created_at": moment(entry.created),
        "sent_at": moment(entry.last_sent),
        "accepted_at": moment(entry.accepted_at),
        "generated_at": moment(entry.generated_at),
        "updated_at": moment(entry.updated),
        "request": parsed(entry.request),
        "outputs": parsed(entry.outputs) or [],
        "error": parsed(entry.error),
    }


def moment(at: float | None) -> str | None:
    """A time in seconds since the epoch as ISO 8601 (UTC)."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def parsed(text: str) -> object:
    """JSON text of the ledger as data; None for none."""
    return json.loads(text) if text else None
