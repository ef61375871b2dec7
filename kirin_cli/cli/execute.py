"""Runs work from end to end: connect, prepare, submit, wait, fetch, report. All generating commands end here."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from kirin_cli.cli.console import Talk
from kirin_cli.cli.service import Service, service
from kirin_cli.cli.settings import Settings
from kirin_cli.cli.signals import interruptible
from kirin_cli.ledger.entry import Entry, Key
from kirin_cli.report import results
from kirin_cli.run.batch import Batch, Limits
from kirin_cli.run.brakes import Brakes
from kirin_cli.run.clock import SystemClock
from kirin_cli.run.course import World
from kirin_cli.run.events import Listener
from kirin_cli.run.job import Summary
from kirin_cli.run.preparing import EntryOf, Prepared

Prepare = Callable[[str, EntryOf], Prepared]
"""Makes the jobs ready for the service with this origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run: on what, how many at once, how long (seconds), and how to say it."""

    settings: Settings
    sandbox: bool = False
    limits: Limits
    waits: bool = True
    json: bool = False
    resume: str = "kirin run"


def execute(prepare: Prepare, options: Options, talk: Talk) -> int:
    """Run the jobs and print their files, or JSON; returns the exit code. Raises the tree of errors."""
    with service(options.settings, sandbox=options.sandbox) as opened:
        prepared = prepare(opened.origin, _entries(opened))
        if prepared.findings:
            talk.findings(prepared.findings)
            return 2
        summary = _run(prepared, opened, options, talk)
    tell(summary, options, talk)
    return summary.exit_code


def _entries(opened: Service) -> EntryOf:
    def entry_of(external_id: str) -> Entry | None:
        return opened.ledger.get(Key(origin=opened.origin, account=opened.account, external_id=external_id))

    return entry_of


def _run(prepared: Prepared, opened: Service, options: Options, talk: Talk) -> Summary:
    jobs = [job for job in prepared.jobs if job.external_id not in prepared.skipped]
    for skipped in prepared.skipped.values():
        talk.note(f"{skipped.job.name}: skipped, {skipped.reason} ({skipped.outputs[0].path})")
    brakes = Brakes(in_flight=options.limits.in_flight, jobs=len(jobs))
    with talk.show(len(jobs)) as progress:
        world = _world(opened, brakes, progress, waits=options.waits)
        run_id = secrets.token_hex(6)
        batch = Batch(jobs, world, brakes, opened.leases, options.limits, run_id)
        with interruptible(batch.interrupt):
            summary = batch.run(progress.tick)
    ran = {outcome.job.external_id: outcome for outcome in summary.outcomes}
    outcomes = tuple(prepared.skipped.get(job.external_id) or ran[job.external_id] for job in prepared.jobs)
    return Summary(run_id=summary.run_id, outcomes=outcomes, signal=summary.signal)


def _world(opened: Service, brakes: Brakes, emit: Listener, *, waits: bool) -> World:
    return World(
        client=opened.client, dialect=opened.dialect, downloader=opened.downloader, ledger=opened.ledger,
        clock=SystemClock(), rng=opened.rng, emit=emit, pace=opened.pace, gate=brakes, origin=opened.origin,
        host=opened.host, account=opened.account, settle=opened.settle, prices=opened.prices, waits=waits,
    )  # fmt: skip


def tell(summary: Summary, options: Options, talk: Talk) -> None:
    """Print the result: JSON, or the paths of the files; then what did not end well and how to go on."""
    if options.json:
        talk.data(results.render(summary))
    else:
        talk.data(*(str(output.path) for outcome in summary.outcomes for output in outcome.outputs))
    hints = {outcome.error.hint: None for outcome in summary.outcomes if outcome.error and outcome.error.hint}
    for hint in hints:
        talk.note(f"hint: {hint}")
    unfinished = any(outcome.state in {"pending", "unknown"} for outcome in summary.outcomes)
    if summary.exit_code and unfinished and not options.sandbox:
        talk.note(f"to go on: {options.resume}")
