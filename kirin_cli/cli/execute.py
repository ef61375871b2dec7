"""Runs work from end to end: connect, prepare, submit, wait, fetch, report. All generating commands end here."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from kirin_cli.cli.console import Talk
from kirin_cli.cli.publish import NO_REPORTS, Reports
from kirin_cli.cli.service import Service, service
from kirin_cli.cli.settings import Settings
from kirin_cli.cli.shaping import FOR_PEOPLE, Shape, shape_of
from kirin_cli.cli.signals import interruptible
from kirin_cli.errors import StillRunning
from kirin_cli.report import jsonl, results
from kirin_cli.run.batch import Batch, Limits
from kirin_cli.run.brakes import Brakes
from kirin_cli.run.clock import SystemClock
from kirin_cli.run.course import World
from kirin_cli.run.events import Listener
from kirin_cli.run.job import Summary
from kirin_cli.run.preparing import Prepared
from kirin_cli.run.sharding import Shard
from kirin_cli.ui.escape import harmless

LONGEST_PATH: Final = 1 << 16  # characters; a path that is cut is of no use to a script
Prepare = Callable[[Service], Prepared]
"""Makes the jobs ready for a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run: on what, how many at once, how long (seconds), and how to say it."""

    settings: Settings
    sandbox: bool = False
    limits: Limits
    waits: bool = True
    submits: bool = True
    shape: Shape = FOR_PEOPLE
    preview: bool = False
    resume: str = "kirin run"
    reports: Reports = NO_REPORTS
    shard: Shard | None = None

    @property
    def go_on(self) -> str:
        """What a run that did not come to its end says last; nothing of a sandbox outlives its run."""
        return "" if self.sandbox else f"to go on: {self.resume}"


class Printing(Protocol):
    """The flags that say how jobs are printed."""

    json: bool
    jsonl: bool
    template: str


def shape_of_jobs(asked: Printing) -> Shape:
    """What the flags ask for. Raises UsageError as `shape_of` does."""
    return shape_of(jsonl.FIELDS, json=asked.json, jsonl=asked.jsonl, template=asked.template)


def execute(prepare: Prepare, options: Options, talk: Talk) -> int:
    """Run the jobs and print their files, or JSON; returns the exit code. Raises the tree of errors."""
    with options.reports.of_errors(talk), service(options.settings, sandbox=options.sandbox) as opened:
        with interruptible(hint=options.go_on):  # hashing may take its time
            prepared = prepare(opened)
        if prepared.findings:
            talk.findings(prepared.findings)
            return options.reports.refused(prepared.findings, talk)
        if len(prepared.skipped) < len(prepared.jobs):
            opened.need_key()
        summary = _run(prepared, opened, options, talk)
    try:
        tell(summary, options, talk)
    finally:
        exit_code = options.reports.of(summary, talk)
    return exit_code


def _run(prepared: Prepared, opened: Service, options: Options, talk: Talk) -> Summary:
    jobs = [job for job in prepared.jobs if job.external_id not in prepared.skipped]
    for skipped in prepared.skipped.values():
        talk.note(f"{skipped.job.label}: skipped, {skipped.reason} ({skipped.outputs[0].path})")
    clock, run_id = SystemClock(), secrets.token_hex(6)
    started = clock.time()
    brakes = Brakes(in_flight=options.limits.in_flight, jobs=len(jobs))
    if not options.submits:
        brakes.halt(StillRunning("this command submits nothing", hint="kirin resume sends what was not sent"))
    with talk.show(len(jobs)) as progress:
        world = _world(opened, brakes, progress, waits=options.waits)
        batch = Batch(jobs, world, brakes, opened.leases, options.limits, run_id, prepared.skipped)
        with interruptible(batch.interrupt, hint=options.go_on):
            summary = batch.run(progress.tick)
    ran = {outcome.job.external_id: outcome for outcome in summary.outcomes}
    outcomes = tuple(prepared.skipped.get(job.external_id) or ran[job.external_id] for job in prepared.jobs)
    part = (options.shard.index, options.shard.total) if options.shard else None
    return replace(summary, outcomes=outcomes, started=started, ended=clock.time(), shard=part)


def _world(opened: Service, brakes: Brakes, emit: Listener, *, waits: bool) -> World:
    return World(
        client=opened.client, dialect=opened.dialect, downloader=opened.downloader, ledger=opened.ledger,
        clock=SystemClock(), rng=opened.rng, emit=emit, pace=opened.pace, gate=brakes, origin=opened.origin,
        host=opened.host, account=opened.account, settle=opened.settle, prices=opened.prices, waits=waits,
        uploader=opened.uploader,
    )  # fmt: skip


def tell(summary: Summary, options: Options, talk: Talk) -> None:
    """Print the result; then what did not end well and how to go on."""
    _print(summary, options, talk)
    if talk.quiet:
        # The view keeps silent about what is not finished; after a full disk the task id is said nowhere else.
        left = dict.fromkeys(one.error.message for one in summary.outcomes if one.error and one.state == "pending")
        talk.streams.talk(*map(harmless, left))
    hints = dict.fromkeys(outcome.error.hint for outcome in summary.outcomes if outcome.error)
    for hint in hints:
        if hint not in {"", options.go_on}:
            talk.note(f"hint: {hint}")
    unfinished = any(outcome.state in {"pending", "unknown"} for outcome in summary.outcomes)
    if summary.exit_code and unfinished and options.go_on:
        talk.streams.talk(harmless(options.go_on))  # with --quiet too


def _print(summary: Summary, options: Options, talk: Talk) -> None:
    """The result as the flags say; the paths of the files where they say nothing."""
    if options.shape.json:
        talk.data(results.render(summary))
    elif options.shape.rows:
        talk.data(*options.shape.lines(jsonl.rows(results.as_data(summary))))
    elif not options.reports.take_stdout:
        paths = [output.path for outcome in summary.outcomes for output in outcome.outputs]
        talk.data(*(harmless(str(path), limit=LONGEST_PATH) for path in paths))
        if options.preview:
            talk.pictures(paths)
