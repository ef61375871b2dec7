"""The runner of all generating commands: connect, prepare, run, have the result said and reported; signals."""

import os
import secrets
import signal
import threading
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from kirin_cli.cli.command_line import current_command_line
from kirin_cli.cli.console import CommandConsole
from kirin_cli.cli.entries import describe_others
from kirin_cli.cli.flags import PrintingFlags, ViewFlags
from kirin_cli.cli.options import DEFAULT_IN_FLIGHT
from kirin_cli.cli.output_format import FOR_PEOPLE, OutputFormat, output_format
from kirin_cli.cli.reports import NO_REPORTS, Reports
from kirin_cli.cli.run_result import NO_VIEW, UNSENT_HINT, print_result, show_at_end
from kirin_cli.cli.session import Session, open_session
from kirin_cli.cli.settings import Settings
from kirin_cli.cli.settings_schema import parse_seconds, parse_usd
from kirin_cli.errors import Interrupted, KirinError, OutcomeUnknown, Terminated, UsageError
from kirin_cli.ledger.queries import merge_rounds, record_moved_files
from kirin_cli.ledger.rate_limits import SharedLimit
from kirin_cli.report.json_format import JOB_LINE_FIELDS
from kirin_cli.run.earlier_results import put_back
from kirin_cli.run.events import EventListener
from kirin_cli.run.follow_up import NOT_TYPED, TypedCommand
from kirin_cli.run.identity import Shard
from kirin_cli.run.job import Outcome, Summary
from kirin_cli.run.limits import RunLimits
from kirin_cli.run.outputs import write_sidecar_data
from kirin_cli.run.prepare import PreparedRun
from kirin_cli.run.scheduler import RunOptions, Scheduler
from kirin_cli.run.work_queue import SystemClock

SIGNAL_MESSAGES: Final = {Interrupted: "interrupted", Terminated: "terminated"}
NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
FORCED_EXIT_SECONDS: Final = 4.5
"""Seconds after the first signal at which the process ends even if the ledger is locked or a disk hangs."""


def raise_reason(reason: KirinError) -> None:
    """Stop by raising the reason, where nothing is under way that would have to be brought to an end."""
    raise reason


@contextmanager
def handle_signals(stop: Callable[[KirinError], None] = raise_reason, *, hint: str = "") -> Iterator[None]:
    """Call `stop` at the first signal, with `hint` as what to do next; leave the process at the second with 130 or 143.

    A signal that is ignored stays so (`nohup kirin run …`).
    """
    seen: list[int] = []
    over = threading.Event()

    def handle(number: int, _: FrameType | None) -> None:
        kind: type[KirinError] = Interrupted if number == signal.SIGINT else Terminated
        if seen:
            os._exit(kind.exit_code)
        seen.append(number)
        start_new_thread(_end_late, (over, kind.exit_code))  # threading takes locks that this thread may hold just now
        stop(kind(SIGNAL_MESSAGES[kind], hint=hint))

    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        over.set()


def _end_late(over: threading.Event, code: int) -> None:
    """End the process with `code` unless it is over before; the ledger is then as after a crash."""
    if not over.wait(FORCED_EXIT_SECONDS):
        os._exit(code)


Prepare = Callable[[Session], PreparedRun]
"""Makes the jobs ready for a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteOptions:
    """How to run: on what, how many at once, how long (seconds), and how to say it."""

    settings: Settings
    sandbox: bool = False
    limits: RunOptions
    wait: bool = True
    submits: bool = True
    is_one_off: bool = False
    output: OutputFormat = FOR_PEOPLE
    view: ViewFlags = NO_VIEW
    resume: str = ""
    reports: Reports = NO_REPORTS
    shard: Shard | None = None

    @property
    def resume_hint(self) -> str:
        """What a run of many says when it did not come to its end; nothing of a sandbox outlives its run."""
        return "" if self.sandbox or not self.resume else f"to go on: {self.resume}"

    @property
    def signal_hint(self) -> str:
        """What to do after a signal; of a one-off nobody knows then whether it was sent: it is said at the end."""
        return "" if self.is_one_off else self.resume_hint


def job_output_format(flags: PrintingFlags) -> OutputFormat:
    """How jobs are printed. Raises UsageError as `output_format` does."""
    return output_format(JOB_LINE_FIELDS, flags)


def run_options(
    timeout: str, max_cost: str | None = None, in_flight: int = DEFAULT_IN_FLIGHT, assume_cost: str | None = None,
    *, sandbox: bool = False,
) -> RunOptions:  # fmt: skip
    """The limits of a run, from `--timeout`, `--max-cost`, `--jobs` and `--assume-cost`. Raises UsageError.

    In a `sandbox`, where nothing is paid, a settings' limit of cost does not hold: one that is typed does.
    """
    budget = None if max_cost is None else parse_usd(max_cost, "--max-cost")
    if sandbox and "max_cost" not in current_command_line().order:
        budget = None
    assumed = None if assume_cost is None else parse_usd(assume_cost, "--assume-cost")
    return RunOptions(in_flight, parse_seconds(timeout, "--timeout"), budget, assumed)


def execute(prepare: Prepare, options: ExecuteOptions, console: CommandConsole) -> int:
    """Run the jobs and print their files, or JSON; returns the exit code. Raises the tree of errors."""
    if options.sandbox and not options.wait:
        message = "--no-wait --sandbox: the sandbox, and all that it makes, ends with this command"
        raise UsageError(message, hint="leave out --no-wait; or start one that stays: kirin sandbox")
    if options.view.open and not options.wait:
        raise UsageError("--no-wait --open: there is no video to open yet", hint="later: kirin wait last --open")
    with (
        options.reports.on_error(console),
        open_session(
            options.settings, sandbox=options.sandbox, offers_sandbox=options.submits, tracer=console.tracer
        ) as session,
    ):
        if options.limits.timeout is not None:
            session.client.limit_connecting(options.limits.timeout)
        with handle_signals(hint=UNSENT_HINT if options.is_one_off else options.resume_hint):  # hashing takes its time
            prepared = prepare(session)
        del prepare
        if prepared.findings:
            console.findings(prepared.findings)
            exit_code = OutcomeUnknown.exit_code if prepared.has_conflict else UsageError.exit_code
            return options.reports.write_refused(prepared.findings, console, exit_code)
        if len(prepared.skipped) < len(prepared.jobs):
            session.require_key()
        summary = _run(prepared, session, options, console)
        others = "" if options.sandbox else describe_others(session, {job.external_id for job in prepared.jobs})
    if options.output.json:  # which says how the command ends, reports that could not be written among it
        exit_code = options.reports.write(summary, console)
        print_result(summary, options, console, exit_code)
        console.talk(*filter(None, (others,)))
        show_at_end(summary, options.view, console)
        return exit_code
    try:
        print_result(summary, options, console, summary.exit_code)
        console.talk(*filter(None, (others,)))
    finally:
        exit_code = options.reports.write(summary, console)
    show_at_end(summary, options.view, console)
    return exit_code


def _run(prepared: PreparedRun, session: Session, options: ExecuteOptions, console: CommandConsole) -> Summary:
    _put_back(prepared, session)
    prepared.paths.clear()  # a plan alone shows them: those of 10,000 jobs are 3 MB
    skipped = prepared.skipped.values()
    console.info(*(f"{done.job.label}: skipped, {done.reason} ({done.outputs[0].path})" for done in skipped))
    clock, run_id = SystemClock(), secrets.token_hex(6)
    started = clock.time()
    with console.progress_view(len(prepared.jobs) - len(prepared.skipped), is_sandbox=options.sandbox) as progress:
        scheduler = make_scheduler(
            prepared,
            session,
            options.limits,
            clock,
            progress,
            wait=options.wait,
            submits=options.submits,
            run_id=run_id,
            typed=TypedCommand(current_command_line().arguments, options.submits, options.sandbox),
        )
        with handle_signals(scheduler.interrupt, hint=options.signal_hint):
            summary = scheduler.run(progress.tick)
    shard = (options.shard.index, options.shard.total) if options.shard else None
    return summary.replace(
        outcomes=all_outcomes(prepared, summary), started=started, ended=clock.time(), shard=shard,
        is_sandbox=options.sandbox,
    )  # fmt: skip


def make_scheduler(
    prepared: PreparedRun, session: Session, options: RunOptions, clock: SystemClock, emit: EventListener, *,
    run_id: str, wait: bool, submits: bool, typed: TypedCommand = NOT_TYPED,
) -> Scheduler:  # fmt: skip
    """The scheduler of the jobs that are not done already, on an open session; `submits` False sends nothing new."""
    if len(prepared.rounds) > 1:
        merge_rounds(session.ledger.store, prepared.rounds[1:], prepared.rounds[0])
    jobs = [job for job in prepared.jobs if job.external_id not in prepared.skipped]
    shared = (
        SharedLimit(session.ledger.store, session.leases, session.origin, session.account, clock.time)
        if submits
        else None
    )
    limits = RunLimits(in_flight=options.in_flight, jobs=len(jobs), max_cost=options.max_cost, shared=shared)
    context = session.run_context(
        clock, emit, limits, wait=wait, submits=submits, assumed=options.assume_cost, typed=typed
    )
    return Scheduler(jobs, context, session.leases, options, run_id, prepared.skipped)


def _put_back(prepared: PreparedRun, session: Session) -> None:
    """Put back earlier videos that jobs ask for again, and sidecars that are gone. Raises LocalError."""
    for sidecar in prepared.lost:
        write_sidecar_data(sidecar.path, sidecar.raw)
    for job, sidecar, path in prepared.put_back:
        files: dict[Path, Path] = {}
        for moved in put_back(job, sidecar, path):
            record_moved_files(session.ledger.store, moved.origin, moved.external_id, moved.absolute_files)
            files |= moved.files
        skipped = prepared.skipped[job.external_id]
        outputs = tuple(output.replace(path=files.get(output.path, output.path)) for output in skipped.outputs)
        prepared.skipped[job.external_id] = skipped.replace(outputs=outputs, reason="its earlier file is put back")
    prepared.put_back.clear()
    prepared.lost.clear()


def all_outcomes(prepared: PreparedRun, summary: Summary) -> tuple[Outcome, ...]:
    """How each job stands, in the order of the jobs: those that were done already among those that ran."""
    ran = {outcome.job.external_id: outcome for outcome in summary.outcomes}
    return tuple(prepared.skipped.get(job.external_id) or ran[job.external_id] for job in prepared.jobs)
