"""Runs work from end to end: connect, prepare, submit, wait, fetch, report. All generating commands end here."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from kirin_cli.cli.console import Talk
from kirin_cli.cli.publish import NO_REPORTS, Reports
from kirin_cli.cli.service import Service, service
from kirin_cli.cli.settings import Settings
from kirin_cli.cli.signals import interruptible
from kirin_cli.errors import StillRunning
from kirin_cli.report import results
from kirin_cli.run.batch import Batch, Limits
from kirin_cli.run.brakes import Brakes
from kirin_cli.run.clock import SystemClock
from kirin_cli.run.course import World
from kirin_cli.run.events import Listener
from kirin_cli.run.job import Summary
from kirin_cli.run.preparing import Prepared
from kirin_cli.run.sharding import Shard

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
    json: bool = False
    resume: str = "kirin run"
    reports: Reports = NO_REPORTS
    shard: Shard | None = None


def execute(prepare: Prepare, options: Options, talk: Talk) -> int:
    """Run the jobs and print their files, or JSON; returns the exit code. Raises the tree of errors."""
    with options.reports.of_errors(talk), service(options.settings, sandbox=options.sandbox) as opened:
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
        with interruptible(batch.interrupt):
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
    """Print the result: JSON, or the paths of the files; then what did not end well and how to go on."""
    if options.json:
        talk.data(results.render(summary))
    elif not options.reports.take_stdout:
        talk.data(*(str(output.path) for outcome in summary.outcomes for output in outcome.outputs))
    hints = {outcome.error.hint: None for outcome in summary.outcomes if outcome.error and outcome.error.hint}
    for hint in hints:
        talk.note(f"hint: {hint}")
    unfinished = any(outcome.state in {"pending", "unknown"} for outcome in summary.outcomes)
    if summary.exit_code and unfinished and not options.sandbox:
        talk.note(f"to go on: {options.resume}")
