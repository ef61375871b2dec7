"""A run inside this process against loopback services: real sockets, ledger and files, but no time that passes.

`Bench` is one person's machine and the service; each `run` is one `kirin run` of the same job file, judged by the
oracle when it ends.
"""

import io
import os
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from faults import oracle
from faults.virtual_clock import VirtualClock
from loopback.files import clip
from loopback.service import Service

from kirin_cli.api.client import Client
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.download import Downloader, DownloadLimits
from kirin_cli.api.exchange import Resolver, system_resolver
from kirin_cli.api.retry import PollSchedule
from kirin_cli.api.transport import HttpReply, HttpRequest, Transport
from kirin_cli.cli.commands.wait import prepare_unfinished
from kirin_cli.cli.flags import JobFileFlags
from kirin_cli.cli.job_files import check_job_files
from kirin_cli.cli.runner import all_outcomes, make_scheduler
from kirin_cli.cli.session import Session
from kirin_cli.errors import KirinError
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.leases import LeaseOwner, Leases, is_alive
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import select_entries
from kirin_cli.ledger.store import Connect, connect
from kirin_cli.report import json_format
from kirin_cli.run.events import RunEvent
from kirin_cli.run.job import Outcome, Summary
from kirin_cli.run.prepare import PreparedRun, PrepareOptions, prepare_jobs
from kirin_cli.run.scheduler import RunOptions, Scheduler
from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.progress import JsonProgress, PlainProgress
from kirin_cli.wire import DIALECTS, Dialect

KEY = "sk-secret-of-the-faults-bench"
CLIP = clip(20_000)
ORIGIN = "http://127.0.0.1"
"""The name of the service in identities, whatever its port: so that external ids are the same in every test."""


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What differs between runs; times are seconds. `connecting` to `query` are real ones, of sockets."""

    key: str = KEY
    state: str = "state"
    base_url: str = ""
    in_flight: int = 4
    timeout: float | None = 3600.0
    settle: float = 120.0
    waits: bool = True
    busy: float = 30.0
    connecting: float = 5.0
    idle: float = 2.0
    create: float = 10.0
    query: float = 5.0
    max_cost: str = ""
    assume_cost: str = ""
    again: bool = False
    resume: bool = False
    connect: Connect = connect
    transport: Callable[..., Transport] = Transport
    downloader: Callable[..., Downloader] = Downloader
    environ: dict[str, str] = field(default_factory=dict)
    dialect: Dialect = DIALECTS["gateway"]
    me: LeaseOwner | None = None
    lives: Callable[[LeaseOwner, LeaseOwner], bool | None] = is_alive
    resolver: Resolver = system_resolver


@dataclass
class RunResult:
    """What came of one run: `output` is all that was shown, `returned_ids` every task id that an answer held."""

    exit_code: int = 0
    error: KirinError | None = None
    summary: Summary | None = None
    events: list[RunEvent] = field(default_factory=list)
    output: str = ""
    returned_ids: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """The only job's."""
        assert self.summary is not None, self.error
        (outcome,) = self.summary.outcomes
        return outcome

    def of(self, kind: type[RunEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class Bench:
    """The service (`api`, `cdn`), a folder, a job file with these jobs, and a clock. Use `bench(...)` to make one."""

    def __init__(self, folder: Path, api: Service, cdn: Service, clock: VirtualClock) -> None:
        self.folder, self.api, self.cdn, self.clock = folder, api, cdn, clock
        self.renders = folder / "renders"
        self.file = folder / "jobs.yaml"
        self.defaults = RunSettings()
        self.write_jobs("rain")

    def write_jobs(self, *names: str, prompt: str = "a paper boat", **params: object) -> None:
        """Write the job file."""
        lines = ["version: 1", "defaults: {model: kirin_v1_t2v}", "jobs:"]
        more = "".join(f", {name}: {value}" for name, value in params.items())
        lines += [f"  - {{name: {name}, params: {{prompt: '{prompt} {name}'{more}}}}}" for name in names]
        self.file.write_text("\n".join(lines) + "\n")

    def run(self, during: Callable[[Scheduler], None] = lambda _: None, **changes: Any) -> RunResult:
        """One run of the job file to its end, judged. `during` gets the scheduler first, and while it waits."""
        result = self.run_unjudged(during, **changes)
        oracle.judge(self, result, replace(self.defaults, **changes))
        return result

    def run_unjudged(self, during: Callable[[Scheduler], None] = lambda _: None, **changes: Any) -> RunResult:
        result, setting, began = RunResult(), replace(self.defaults, **changes), self.clock.now()
        stream = io.StringIO()
        streams = OutputStreams(stream, stream, {})
        listeners = [result.events.append, PlainProgress(streams, self.clock.now, 9), JsonProgress(streams)]

        def emit(event: RunEvent) -> None:
            for listener in listeners:
                listener(event)

        try:
            with open_run(self, setting, emit, result.returned_ids) as (prepared, scheduler):
                result.summary = _execute(self, prepared, scheduler, setting, during)
            result.exit_code = result.summary.exit_code
            stream.write(json_format.render_json(result.summary, result.summary.exit_code))
        except KirinError as error:
            result.error, result.exit_code = error, error.exit_code
            stream.write(f"error: {error.message}\nhint: {error.hint}\n")
        result.output, result.seconds = stream.getvalue(), self.clock.now() - began
        return result

    def entries(self, state: str = "state") -> list[LedgerEntry]:
        """What stands in the ledger, oldest first."""
        with Ledger.open(self.folder / state, self.clock.time) as ledger:
            return select_entries(ledger.store)[::-1]

    @property
    def posts(self) -> int:
        return len(self.api.truth.of("POST"))

    @property
    def queries(self) -> int:
        return len(self.api.truth.of("GET"))


@contextmanager
def bench(folder: Path, *, receive_buffer: int | None = None, **api: Any) -> Iterator[Bench]:
    """A service that creates again when it is asked again, so that nothing hides a second POST."""
    kind = {"patience": 2.0, "receive_buffer": receive_buffer}
    with Service(patience=10) as cdn, Service(**kind) as service, VirtualClock() as clock:
        url = cdn.serve_file("/result.mp4", CLIP, etag='"result"')
        service.serve_api(**{"results": lambda task: f"{url}?{task.id}", "unique": False, "key": KEY, **api})
        yield Bench(folder, service, cdn, clock)


@contextmanager
def open_run(
    machine: Bench, setting: RunSettings, emit: Callable[[RunEvent], None], returned: set[str]
) -> Iterator[tuple[PreparedRun, Scheduler]]:
    """The session and the scheduler of the command line, with the clock, the transport and the disk of the bench."""
    clock, network = machine.clock, NetworkSettings(setting.environ, setting.resolver)
    with ExitStack() as stack:
        transport = _watched(setting.transport, returned)(network, idle=setting.idle, connect=setting.connecting)
        stack.callback(transport.close)
        client = Client(
            setting.base_url or machine.api.origin, setting.key, transport,
            now=clock.time, create_deadline=setting.create, query_deadline=setting.query,
        )  # fmt: skip
        downloader = setting.downloader(
            network, clock=clock.now, now=clock.time, sleep=clock.sleep, limits=DownloadLimits(idle=setting.idle)
        )
        stack.callback(downloader.close)
        ledger = stack.enter_context(
            Ledger.open(machine.folder / setting.state, clock.time, busy=setting.busy, connect=setting.connect)
        )
        rng = random.Random(7)
        session = Session(
            network=network, client=client, downloader=downloader, dialect=setting.dialect, ledger=ledger, rng=rng,
            leases=Leases(ledger.store, clock.time, me=setting.me, lives=setting.lives, steady=clock.now),
            schedule=PollSchedule(rng=rng), origin=ORIGIN, host="127.0.0.1", key=setting.key,
            grace_period=setting.settle, result_wait=600.0, missing_wait=600.0,
        )  # fmt: skip
        if setting.resume:
            prepared, _ = prepare_unfinished(session)
        else:
            checked = check_job_files(JobFileFlags(files=[machine.file])).jobs
            choices = PrepareOptions(origin=ORIGIN, redo="again" if setting.again else "", token=os.urandom(4).hex())
            prepared = prepare_jobs(checked, choices, session.known_entries(), session.query_attempt)
        assert not prepared.findings, prepared.findings
        limit, assumed = (Decimal(usd) if usd else None for usd in (setting.max_cost, setting.assume_cost))
        options = RunOptions(setting.in_flight, setting.timeout, limit, assumed)
        yield (
            prepared,
            make_scheduler(
                prepared, session, options, clock, emit, wait=setting.waits, submits=not setting.resume, run_id="r"
            ),
        )


def _execute(
    machine: Bench,
    prepared: PreparedRun,
    scheduler: Scheduler,
    setting: RunSettings,
    during: Callable[[Scheduler], None],
) -> Summary:
    workers: Iterable[threading.Thread] = [*scheduler._api._threads, *scheduler._downloads._threads]
    during(scheduler)
    with machine.clock.attend(workers, setting.timeout or 1e9):
        summary = scheduler.run(lambda: during(scheduler))
    return summary.replace(outcomes=all_outcomes(prepared, summary))


def _watched(base: Callable[..., Transport], returned: set[str]) -> Callable[..., Transport]:
    """The transport, with a note of every task id that an answer holds."""

    def make(*arguments: Any, **options: Any) -> Transport:
        transport = base(*arguments, **options)
        send = transport.send

        def watched(request: HttpRequest, **options: Any) -> HttpReply:
            reply = send(request, **options)
            returned.update(oracle.ids_in(reply.status, reply.body))
            return reply

        transport.send = watched  # type: ignore[method-assign]
        return transport

    return make
