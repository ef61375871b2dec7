"""The attempts of a job: how often its take was begun, by ledger and sidecars, and which one a command means.

A round is one --again or --retry-failed with all its jobs. While one of them is not at its end, the same command goes
on with the round; then it begins the next. Knows no path and asks no service.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.record import Record
from kirin_cli.run.identity import IdentityKey, identity_key
from kirin_cli.run.job import OutputFile
from kirin_cli.run.outputs import Sidecar

if TYPE_CHECKING:
    from kirin_cli.wire.responses import Task

EntryOf = Callable[[str], LedgerEntry | None]
FindEntries = Callable[[Iterable[str]], Mapping[str, LedgerEntry]]
"""The entries that external ids have, by these."""
QueryAttempt = Callable[[str], "Task | None"]
"""The task that the service has under an external id, None for none. Raises where it does not say."""
Redo = Literal["", "again", "retry-failed"]
ENDED_BADLY: Final = frozenset({LedgerState.FAILED, LedgerState.REJECTED})
ENDED: Final = ENDED_BADLY | {
    LedgerState.DONE, LedgerState.CONFLICT, LedgerState.LOST, LedgerState.EXPIRED, LedgerState.ABANDONED
}  # fmt: skip
"""States in which an attempt does not hold up its round any more."""


class KnownEntries(Record, kw_only=True):
    """The ledger's entries of one service and account, as the preparation of a run asks for them.

    `of_ids` finds entries by their external ids; `beyond_first_ids`, `of_rounds` and `of_file` are the queries of these
    names (ledger/queries.py).
    """

    of_ids: FindEntries
    beyond_first_ids: Callable[[], Iterable[LedgerEntry]]
    of_rounds: Callable[[Collection[str]], Sequence[LedgerEntry]]
    of_file: Callable[[Path], Sequence[LedgerEntry]]

    def by_job(self) -> dict[IdentityKey, list[LedgerEntry]]:
        """Those that the id of a first attempt does not lead to, by what all attempts of a take have in common."""
        entries: dict[IdentityKey, list[LedgerEntry]] = {}
        for entry in self.beyond_first_ids():
            key = identity_key(entry.job, entry.take, entry.scope, entry.request)
            entries.setdefault(key, []).append(entry)
        return entries


class Attempt:
    """What is known of one attempt; `outputs` are its files where all of them are there."""

    def __init__(self, entry: LedgerEntry | None = None) -> None:
        self.entry = entry
        self.sidecar: Sidecar | None = None
        self.outputs: tuple[OutputFile, ...] = ()

    @property
    def was_begun(self) -> bool:
        """Whether it was sent or may have been; an intent that never left is as good as none."""
        return self.sidecar is not None or (self.entry is not None and was_begun(self.entry))

    @property
    def is_open(self) -> bool:
        """Whether it was begun and may still become a video."""
        return (
            self.entry is not None and was_begun(self.entry) and self.entry.state not in ENDED - {LedgerState.EXPIRED}
        )

    @property
    def has_task(self) -> bool:
        """Whether the service is known to have accepted it."""
        return self.entry is not None and bool(self.entry.task_id)

    @property
    def is_paid(self) -> bool:
        """Whether it was made, wherever its files are now."""
        paid = {LedgerState.DONE, LedgerState.EXPIRED}
        return self.sidecar is not None or (self.entry is not None and self.entry.state in paid)

    @property
    def ended_badly(self) -> bool:
        """Whether it failed or was refused."""
        return self.entry is not None and self.entry.state in ENDED_BADLY


def was_begun(entry: LedgerEntry) -> bool:
    """Whether the entry was sent, may have been, or was decided about by a person."""
    return entry.state is not LedgerState.INTENT or entry.counters.exposed > 0


class Attempts:
    """All that is known of the attempts of one take, by number. `lost`: what a sidecar that is gone said."""

    def __init__(self) -> None:
        self.known: dict[int, Attempt] = {}
        self.lost: Sidecar | None = None

    def add_entry(self, entry: LedgerEntry) -> None:
        """Take in an entry of the ledger; of two for one attempt the one that was begun counts."""
        attempt = self.known.setdefault(entry.attempt, Attempt())
        if attempt.entry is None or not was_begun(attempt.entry):
            attempt.entry = entry

    def add_sidecar(self, sidecar: Sidecar, outputs: tuple[OutputFile, ...]) -> None:
        """Take in a sidecar with its files; of two for one attempt the one whose files are there counts."""
        attempt = self.known.setdefault(sidecar.attempt, Attempt())
        if attempt.sidecar is None or (outputs and not attempt.outputs):
            attempt.sidecar, attempt.outputs = sidecar, outputs

    @property
    def latest(self) -> int:
        """The number of the last attempt, begun or not; 0 for none."""
        return max(self.known, default=0)

    def current(self) -> int:
        """The attempt that is gone on with, skipped, fetched again or left: the first kind of which there is one.

        One that may never have arrived is not gone on with where a later one was made: sending it again would pay for
        a video that nobody waits for. `kirin resume` still asks about it, free of charge.
        """
        if self.known.keys() <= {1}:  # most jobs, of which there may be thousands
            return 1
        latest_paid = max((number for number, attempt in self.known.items() if attempt.is_paid), default=0)
        kinds: tuple[Callable[[int, Attempt], bool], ...] = (
            lambda number, attempt: attempt.is_open and (number > latest_paid or attempt.has_task),
            lambda _, attempt: attempt.is_paid,
            lambda _, attempt: attempt.was_begun,
        )
        for is_of_kind in kinds:
            if numbers := [number for number, attempt in self.known.items() if is_of_kind(number, attempt)]:
                return max(numbers)
        return 1

    def failed_elsewhere(self, number: int) -> bool:
        """Whether the attempt failed, and was made by another machine, whose later attempts are not known here."""
        attempt = self.known.get(number, Attempt())
        return attempt.ended_badly and attempt.entry is not None and not attempt.entry.counters.posts

    def is_in_round(self, number: int, rounds: Collection[str]) -> bool:
        """Whether the attempt belongs to one of the rounds."""
        entry = self.known.get(number, Attempt()).entry
        return entry is not None and entry.redo_round in rounds

    def next(self, redo: Redo, open_rounds: Collection[str]) -> tuple[int, bool]:
        """The attempt that a command means, and whether it is to be a new one, which nobody has made yet."""
        current, latest = self.current(), self.latest
        if not redo:
            return current, False
        last = self.known.get(latest, Attempt())
        if last.entry is not None and last.entry.redo_round in open_rounds:
            return latest, not last.was_begun
        begun = [number for number, attempt in self.known.items() if attempt.was_begun]
        if redo == "retry-failed" and not (begun and self.known[max(begun)].ended_badly):
            return current, not self.known.get(current, Attempt()).was_begun
        return (latest, True) if latest and not last.was_begun else (latest + 1, True)


def open_rounds(
    redo: Redo, attempts: Sequence[Attempts], takes: Collection[tuple[str, int]], known: KnownEntries
) -> list[str]:
    """The rounds of this kind that the command goes on with: one of its jobs is not at its end there, or was changed.

    `takes` are (name, take) of the jobs of the command: what else was in a round does not hold it up. Neither does an
    attempt whose files are all there: a process that died behind the last of them could not say so in the ledger.
    """
    if not redo:
        return []
    known_attempts = [attempt for job in attempts for attempt in job.known.values()]
    entries = [attempt.entry for attempt in known_attempts if attempt.entry is not None]
    rounds = {entry.redo_round for entry in entries if entry.redo_round.startswith(f"{redo}:")}
    there = {attempt.entry.external_id for attempt in known_attempts if attempt.entry and attempt.outputs}
    last: dict[tuple[str, str, int, str], LedgerEntry] = {}
    for entry in known.of_rounds(sorted(rounds)) if rounds else ():
        if (entry.job, entry.take) in takes:
            last[entry.redo_round, entry.job, entry.take, entry.scope] = entry
    is_open = (entry for entry in last.values() if entry.state not in ENDED and entry.external_id not in there)
    return sorted({entry.redo_round for entry in is_open})


def round_name(redo: Redo, token: str) -> str:
    """The name of a new round; `token` is unique."""
    return f"{redo}:{token}" if redo else ""
