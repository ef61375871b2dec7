"""The list of recent tasks: a small text file beside the ledger, from which shells complete ids without any Python."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from kirin_cli.atomic_file import write_atomically
from kirin_cli.errors import LocalError
from kirin_cli.ledger.queries import recent_ids
from kirin_cli.ledger.store import LedgerStore

RECENT_FILE: Final = "recent-tasks"
MAX_RECENT: Final = 50
MAX_ABOUT_LENGTH: Final = 60  # characters
_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"  # compiled at first use, which a plan does without
"""Ids that no shell reads as anything else: they are put onto a command line as they are."""


def write_recent_tasks(store: LedgerStore, folder: Path) -> None:
    """Write the newest tasks, a line each: the id, a tab, model and job. Where that fails nothing is said.

    What only saves typing keeps nothing from working, and is not synced to the disk.
    """
    with suppress(LocalError, OSError):
        rows = [row for row in recent_ids(store, MAX_RECENT) if re.fullmatch(_ID, row[0])]
        if rows:
            text = "".join(f"{either_id}\t{_plain(about)}\n" for either_id, about in rows)
            write_atomically(folder / RECENT_FILE, text, mode=0o600, durable=False)


def _plain(text: str) -> str:
    """The text in one line of what can be printed."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_ABOUT_LENGTH]
