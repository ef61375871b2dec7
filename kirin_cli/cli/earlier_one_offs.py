"""Earlier one-offs: commands that ended, or were killed, before their task did, taken up when they are typed again."""

from kirin_cli.cli.console import CommandConsole
from kirin_cli.cli.session import Session
from kirin_cli.formatting import format_timestamp
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.queries import open_one_offs
from kirin_cli.run.job import Job


class EarlierOneOffs:
    """The unfinished one-offs of a service and account, each of which is taken up at most once (promise 11)."""

    def __init__(self, session: Session, console: CommandConsole) -> None:
        self._session, self._console = session, console
        self._left: dict[str, list[LedgerEntry]] = {}

    def take_up(self, job: Job) -> Job:
        """The job that goes on with an earlier one which asked for the same, or the job itself; says which it is.

        One that a living process looks after is left to that: the same was asked for once more on purpose.
        """
        if job.request not in self._left:
            self._left[job.request] = self._find(job.request)
        if not self._left[job.request]:
            return job
        entry = self._left[job.request].pop(0)
        what = f"task {entry.task_id}" if entry.task_id else f"submission {entry.external_id}"
        begun = format_timestamp(entry.created)
        self._console.talk(f"taken up: {what} of the same command, begun {begun}; --again makes a new one")
        return job.replace(
            name=entry.job, label=entry.job, external_id=entry.external_id, scope=entry.scope, take=entry.take,
            attempt=entry.attempt, redo_round=entry.redo_round,
        )  # fmt: skip

    def _find(self, request: str) -> list[LedgerEntry]:
        session = self._session
        if not session.account:
            return []
        entries = open_one_offs(session.ledger.store, session.origin, session.account, request)
        running = [entry for entry in entries if session.leases.is_held(entry)]
        if running:
            what = f"task {running[-1].task_id}" if running[-1].task_id else "the same request"
            self._console.talk(f"another kirin is at {what}, which asked for the same; this makes a new one")
        return [entry for entry in entries if entry not in running]
