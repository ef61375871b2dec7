"""The session of a command with the service: sandbox or network, key, client, ledger, leases."""

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kirin_cli.api.client import Client
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.credentials import NO_KEY_HINT
from kirin_cli.api.download import Downloader
from kirin_cli.api.retry import PollSchedule
from kirin_cli.api.trace import Tracer
from kirin_cli.api.transport import Transport
from kirin_cli.cli.keystore import find_api_key
from kirin_cli.cli.service_ledger import ServiceLedger
from kirin_cli.cli.settings import Settings
from kirin_cli.errors import NotPermitted
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.normal_forms import normalize_origin
from kirin_cli.run.attempt_queries import query_whether_known
from kirin_cli.run.events import EventListener
from kirin_cli.run.follow_up import NOT_TYPED, TypedCommand
from kirin_cli.run.job_run import RunContext
from kirin_cli.run.limits import RunLimits
from kirin_cli.run.outputs import SANDBOX
from kirin_cli.run.uploads import UploadCache, Uploader
from kirin_cli.run.work_queue import SystemClock
from kirin_cli.wire import DIALECTS, Dialect
from kirin_cli.wire.responses import Task

SANDBOX_POLL: Final = 0.4
SANDBOX_SCALE: Final = 0.1


class Session(ServiceLedger, kw_only=True):
    """An open connection to one service under one key, and its ledger.

    Without a key that can be used `key` is "", and `unusable` says why, where one was given. `offers_sandbox`: the
    command has `--sandbox`.
    """

    network: NetworkSettings
    client: Client
    downloader: Downloader
    dialect: Dialect
    leases: Leases
    schedule: PollSchedule
    rng: random.Random
    host: str
    grace_period: float
    result_wait: float
    missing_wait: float
    uploader: Uploader | None = None
    unusable: NotPermitted | None = None
    offers_sandbox: bool = False

    def require_key(self) -> None:
        """Raise NotPermitted where there is no key: something is about to be asked of the service.

        Raises UsageError where proxy or certificates are set wrongly, before anything is noted.
        """
        self.network.check(self.client.create_url)
        if self.unusable:
            raise self.unusable
        if not self.key:
            raise NotPermitted("there is no API key", hint=NO_KEY_HINT + "; --sandbox needs none" * self.offers_sandbox)

    def query_attempt(self, external_id: str) -> Task | None:
        """The task that the service has under an external id, None for none; asked a few times.

        Raises NotPermitted, ServiceUnreachable where it does not say.
        """
        self.require_key()
        return query_whether_known(self.client, external_id, self.schedule.backoff)

    def run_context(
        self, clock: SystemClock, emit: EventListener, limits: RunLimits, *, wait: bool, submits: bool = True,
        assumed: Decimal | None = None, typed: TypedCommand = NOT_TYPED,
    ) -> RunContext:  # fmt: skip
        """What the steps of a run on this service act on; with `wait` False a job is over when it is accepted.

        With `submits` False nothing is ever sent. `assumed` is what each job is taken to cost, in US dollars.
        """
        return RunContext(
            client=self.client, dialect=self.dialect, downloader=self.downloader, ledger=self.ledger, clock=clock,
            rng=self.rng, emit=emit, schedule=self.schedule, limits=limits, origin=self.origin, host=self.host,
            account=self.account, grace_period=self.grace_period, result_wait=self.result_wait,
            missing_wait=self.missing_wait, prices=self.price_list(assumed), wait=wait, submits=submits, typed=typed,
            uploader=self.uploader,
        )  # fmt: skip


@contextmanager
def open_session(
    settings: Settings, *, sandbox: bool, offers_sandbox: bool = False, tracer: Tracer | None = None
) -> Iterator[Session]:
    """The service of the settings, or a sandbox inside this process with a ledger of its own.

    `offers_sandbox`: the command has a flag for that. `tracer` is told of every exchange. Raises UsageError for a base
    URL that cannot be used, LocalError for the ledger.
    """
    with ExitStack() as stack:
        if sandbox:
            yield _open(stack, *_start_sandbox(stack, settings), tracer, scale=SANDBOX_SCALE)
        else:
            key, unusable = "", None
            try:
                api_key = find_api_key(settings)
                key = api_key.value if api_key else ""
            except NotPermitted as error:
                unusable = error
            origin = normalize_origin(settings.base_url)
            session = _open(stack, settings, key, origin, tracer)
            yield session.replace(unusable=unusable, offers_sandbox=offers_sandbox)


def _start_sandbox(stack: ExitStack, settings: Settings) -> tuple[Settings, str, str]:
    import tempfile

    from kirin_cli.sandbox.server import Sandbox

    server = stack.enter_context(Sandbox())
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kirin-sandbox-"))
    sandbox_settings = replace(
        settings,
        base_url=server.base_url,
        upload_url=server.upload_url,
        state_dir=Path(folder),
        poll_seconds=SANDBOX_POLL,
    )
    return sandbox_settings, str(server.key), SANDBOX + secrets.token_hex(8)


def _open(
    stack: ExitStack, settings: Settings, key: str, origin: str, tracer: Tracer | None, scale: float = 1.0
) -> Session:
    network = NetworkSettings(settings.environ, tracer=tracer)
    transport = Transport(network)
    stack.callback(transport.close)
    client = Client(settings.base_url, key, transport)
    downloader = Downloader(network)
    stack.callback(downloader.close)
    ledger = stack.enter_context(Ledger.open(settings.ledger_folder, time.time))
    rng = random.Random()  # noqa: S311  (jitter)
    known = ServiceLedger(ledger=ledger, origin=origin, key=key)
    schedule = PollSchedule(rng=rng, interval=settings.poll_seconds, scale=scale, durations=known.durations)
    uploader = _make_uploader(settings, transport, network, key) if settings.upload_url else None
    return Session(
        network=network, client=client, downloader=downloader, dialect=DIALECTS[settings.dialect], ledger=ledger,
        leases=Leases(ledger.store, time.time), schedule=schedule, rng=rng,
        origin=origin, host=urlsplit(settings.base_url).hostname or "", key=key,
        uploader=uploader, price_table=settings.prices,
        grace_period=settings.settle_seconds,
        result_wait=settings.result_wait,
        missing_wait=settings.missing_wait * scale,
    )  # fmt: skip


def _make_uploader(settings: Settings, transport: Transport, network: NetworkSettings, key: str) -> Uploader:
    """What gives local videos their URLs."""
    from kirin_cli.api.probe import url_still_valid
    from kirin_cli.api.upload import UploadClient, upload_endpoint

    endpoint = upload_endpoint(settings.upload_url, settings.base_url, key)
    cache = UploadCache(settings.ledger_folder, endpoint.url, time.time)
    return Uploader(
        UploadClient(transport, endpoint).send, lambda url, size: url_still_valid(url, size, network), cache
    )
