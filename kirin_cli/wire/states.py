"""The total table of task states: every word the service may use, and what it means. Knows nothing of JSON.

Only two words end a task (PROTOCOL.md, "Responses"); any other word, known or not, means that it still runs.
"""

from enum import Enum


class TaskState(Enum):
    """Whether a task still runs, and how it ended if not."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


ENDS = {"completed": TaskState.COMPLETED, "failed": TaskState.FAILED}
KNOWN = frozenset({*ENDS, "", "created", "pending", "queued", "submitted", "in_progress", "processing", "running"})


def state_of(word: str) -> TaskState:
    """What the service's word `word` means, whatever its case (P3)."""
    return ENDS.get(_plain(word), TaskState.RUNNING)


def is_known(word: str) -> bool:
    """False for a word that deserves to be said once, because nobody has seen it yet (P3)."""
    return _plain(word) in KNOWN


def _plain(word: str) -> str:
    return word.strip().lower()
