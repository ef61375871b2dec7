"""When what happened to a job, as text that notes and reports keep: UTC, ISO 8601, to the millisecond."""

from datetime import UTC, datetime

from kirin_cli.ledger.entry import Entry
from kirin_cli.ledger.states import State


def times_of(entry: Entry, fetched: float | None = None) -> dict[str, str]:
    """The stages that the job has reached: intended, submitted, accepted, generated or failed, fetched; no others.

    `fetched` is in seconds since the epoch; without it, that of an entry that is done. A task that was adopted has no
    time of acceptance: nobody saw it.
    """
    if fetched is None and entry.state is State.DONE:
        fetched = entry.updated
    stages = {
        "intended": entry.created,
        "submitted": entry.last_sent,
        "accepted": entry.accepted_at,
        "generated": entry.generated_at,
        "failed": entry.updated if entry.state is State.FAILED else None,
        "fetched": fetched,
    }
    return {stage: utc(at) for stage, at in stages.items() if at}


def utc(at: float) -> str:
    """Seconds since the epoch as ISO 8601."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
