"""Ledger entries for commands: the ledger opened, the entry that a person means, an entry as JSON data."""

import json
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.settings import Settings, load_settings, load_sources
from kirin_cli.cli.settings_schema import parse_seconds
from kirin_cli.errors import UsageError
from kirin_cli.formatting import iso_time
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.lookup import OtherService, is_newest
from kirin_cli.ledger.states import STATES_OF_ENTRIES
from kirin_cli.ledger.store import LedgerStore
from kirin_cli.modelspec.text import pluralize
from kirin_cli.normal_forms import normalize_origin
from kirin_cli.redaction import redact_tree
from kirin_cli.shell_words import quote_word
from kirin_cli.tree import walk

if TYPE_CHECKING:
    from kirin_cli.cli.session import Session

ENTRY_FIELDS: Final[Mapping[str, object]] = {
    **dict.fromkeys(
        ("task_id", "external_task_id", "state", "detail", "model", "job", "file", "take", "attempt", "origin", "posts")
    ),
    **dict.fromkeys(("cost_usd", "created_at", "sent_at", "accepted_at", "generated_at", "updated_at")),
    "request": ...,
    "inputs": [dict.fromkeys(("param", "path", "sha256"))],
    "outputs": [dict.fromkeys(("type", "path", "bytes", "sha256"))],
    "error": ...,
}
"""The names in an entry as data: None has nothing below it, a list more of the same, `...` what there is."""


@contextmanager
def open_ledger(profile: str | None) -> Iterator[Ledger]:
    """The ledger of the state folder. Raises LocalError, and UsageError for settings that make no sense."""
    with Ledger.open(load_sources(os.environ, profile).state_dir, time.time) as ledger:
        yield ledger


def state_text(entry: LedgerEntry) -> str:
    """The state in the words that all commands have, with the ledger's own where that is finer: `pending (running)`."""
    state = STATES_OF_ENTRIES[entry.state]
    return state if state == entry.state.value else f"{state} ({entry.state.value})"


def service_of(base_url: str | None, profile: str | None) -> str:
    """The service of the settings, as the ledger names it. Raises UsageError for settings that make no sense."""
    return normalize_origin(load_settings(os.environ, base_url=base_url, profile=profile).base_url)


def owner_of(name: str, settings: Settings) -> dict[str, str]:
    """`origin` and `account` whose task `last` means, those of the settings; none for a name of one task of any."""
    from kirin_cli.api.credentials import fingerprint
    from kirin_cli.cli.keystore import usable_key

    if not is_newest(name):
        return {}
    key = usable_key(settings)
    return {"origin": normalize_origin(settings.base_url), "account": fingerprint(key) if key else ""}


def find_own_task(store: LedgerStore, name: str, profile: str | None, command: str) -> LedgerEntry:
    """The entry that a person means by `name` in a command without --base-url: `show` or `open`.

    Raises what `find_task` raises, with a hint that this command can follow.
    """
    from kirin_cli.run.task_lookup import find_task

    owner = owner_of(name, load_settings(os.environ, profile=profile)) if is_newest(name) else {}
    try:
        return find_task(store, name, **owner)
    except OtherService as error:
        how = f"KIRIN_BASE_URL={quote_word(error.origin)} kirin {command} {quote_word(name)}"
        raise UsageError(error.message, hint=f"{how} looks there") from error


def left_out_data(others: Sequence[int]) -> dict[str, int]:
    """What a list of one service does not show, as JSON has it: `others` are the tasks of each other service."""
    return {"tasks": sum(others), "services": len(others)}


def left_out_text(others: Sequence[int]) -> str:
    """The same as a sentence, and how to see it."""
    services = pluralize(len(others), "other service")
    return f"{pluralize(sum(others), 'task')} of {services} not shown: --all-services"


def unfinished_text(tasks: int, word: str = "task") -> str:
    """That so many paid tasks are not at their end, and what finishes them (promise 11)."""
    return f"{pluralize(tasks, word)} {'is' if tasks == 1 else 'are'} not finished: kirin resume"


def describe_others(session: "Session", ours: Collection[str]) -> str:
    """A line about unfinished paid tasks that no living process looks after, but for the external ids `ours`."""
    from kirin_cli.run.resume import unfinished_entries

    if not session.account:
        return ""
    entries = unfinished_entries(session.ledger, origin=session.origin, account=session.account)
    left = [entry for entry in entries if entry.external_id not in ours and not session.leases.is_held(entry)]
    return unfinished_text(len(left), "earlier task") if left else ""


def parse_since(text: str | None) -> float | None:
    """The time that `--since` names, in seconds since the epoch; None for none. Raises UsageError.

    That is so long ago (2h, 7d), or a day of this time zone (2026-11-28), or a time on it.
    """
    if text is None:
        return None
    try:
        if text[:4].isdigit() and text[4:5] == "-":
            return datetime.fromisoformat(text.strip()).timestamp()
        return time.time() - parse_seconds(text, "--since")
    except (ValueError, OverflowError, OSError, UsageError) as error:
        message = f"--since is {text!r}; it must be a day such as 2026-11-28, or so long ago as 2h or 7d"
        raise UsageError(message) from error


def entry_data(entry: LedgerEntry) -> dict[str, object]:
    """An entry as JSON data; times in ISO 8601 (UTC), cost a decimal string in US dollars. The shape only grows."""
    return {
        "task_id": entry.task_id,
        "external_task_id": entry.external_id,
        "state": STATES_OF_ENTRIES[entry.state],
        "detail": entry.state.value,
        "model": entry.model,
        "job": entry.job or None,
        "file": entry.job_file or None,
        "take": entry.take,
        "attempt": entry.attempt,
        "origin": entry.origin,
        "posts": entry.counters.posts,
        "cost_usd": None if entry.cost is None else str(entry.cost),
        "created_at": iso_time(entry.created),
        "sent_at": iso_time(entry.last_sent),
        "accepted_at": iso_time(entry.accepted_at),
        "generated_at": iso_time(entry.generated_at),
        "updated_at": iso_time(entry.updated),
        "request": _parse_text(entry.request),
        "inputs": input_files(entry),
        "outputs": _parse_text(entry.outputs) or [],
        "error": _parse_text(entry.error),
    }


def input_files(entry: LedgerEntry) -> list[dict[str, object]]:
    """The media that were sent, by parameter: SHA-256, and the absolute path where they came from a file."""
    params = json.loads(entry.request or "{}").get("params")
    paths = json.loads(entry.plan or "{}").get("media") or {}
    digests = [(name, leaf) for name, leaf in walk(params) if name.endswith(".sha256")]
    return [
        {"param": name.removesuffix(".sha256"), "path": paths.get(digest), "sha256": digest} for name, digest in digests
    ]


def output_paths(entry: LedgerEntry) -> list[Path]:
    """The files of a result that is on the disk."""
    outputs = _parse_text(entry.outputs)
    return [Path(output["path"]) for output in outputs if "path" in output] if isinstance(outputs, list) else []


def _parse_text(text: str) -> object:
    """JSON text of the ledger as data, without the secrets of URLs (fault X4); None for none."""
    return redact_tree(json.loads(text)) if text else None
