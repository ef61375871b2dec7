"""Entries of the ledger as commands open, filter and print them."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kirin_cli.cli.settings import state_dir
from kirin_cli.derive.pretty import pretty
from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.journal import Ledger
from kirin_cli.ledger.states import State
from kirin_cli.report.harmless import harmless_json
from kirin_cli.spec.words import nearest

FIELDS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("task_id", "external_task_id", "state", "model", "job", "file", "take", "origin", "posts")),
    **dict.fromkeys(("cost_usd", "created_at", "sent_at", "accepted_at", "generated_at", "updated_at")),
    "request": ...,
    "outputs": [dict.fromkeys(("type", "path", "bytes", "sha256"))],
    "error": ...,
}
"""The names in an entry as data: None has nothing below it, a list more of the same, `...` what there is."""


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


def files_of(entry: Entry) -> list[Path]:
    """The files of a result that is on the disk."""
    outputs = parsed(entry.outputs)
    return [Path(one["path"]) for one in outputs if "path" in one] if isinstance(outputs, list) else []


def as_json(data: object) -> str:
    """Data as JSON text in ASCII: nothing in it can do anything to a terminal or a log (H1, H3)."""
    return harmless_json(re.sub(r"[^ -~\n]", _escaped, pretty(data)))


def _escaped(character: re.Match[str]) -> str:
    return json.dumps(character[0])[1:-1]


def moment(at: float | None) -> str | None:
    """A time in seconds since the epoch as ISO 8601 (UTC)."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def parsed(text: str) -> object:
    """JSON text of the ledger as data; None for none."""
    return json.loads(text) if text else None
