"""`kirin doctor`: check the set-up, one check after the other, and say what to do about what is wrong."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from kirin_cli import __version__
from kirin_cli.cli import options as o
from kirin_cli.cli.flags import ServiceFlags, command_from
from kirin_cli.cli.parameters import OptionSpec
from kirin_cli.errors import KirinError, LocalError, NotPermitted, ServiceUnreachable, UsageError, batch_exit_code
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.api.trace import Tracer
    from kirin_cli.api.transport import HttpReply, Transport
    from kirin_cli.cli.settings import Settings

CheckState = Literal["good", "warning", "error"]
MAX_CLOCK_DIFFERENCE: Final = 60.0  # seconds
MIN_FREE_BYTES: Final = 50 << 20
MIN_FREE_BYTES_WITHOUT_WARNING: Final = 1 << 30


class DoctorFlags(Record, kw_only=True):
    """Check the set-up: key, folders, ledger, disk, the way to the service, its answer and its clock.

    Changes nothing and costs nothing. Ends with 3 where the service cannot be reached, 4 for the key, 9 for a folder,
    a disk or the ledger, else with 0.
    """

    offline: Annotated[bool, OptionSpec("--offline", help="Ask the service nothing.")] = False
    service: ServiceFlags
    json: o.Json = False
    verbose: o.Verbose = False
    color: o.Color = "auto"


class CheckOutcome(Record):
    """How one check ended. `advice` says what to do about it; `exit_code` is what an error means for the command's."""

    check: str
    message: str
    state: CheckState = "good"
    advice: str = ""
    exit_code: int = 0


def run_doctor(flags: DoctorFlags) -> int:
    """Make every check; returns the exit code. Raises UsageError for settings that make no sense."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.settings import load_sources
    from kirin_cli.cli.settings_schema import SETTINGS
    from kirin_cli.json_text import answer_json
    from kirin_cli.ui.tables import render_table

    console = make_console(color=flags.color, verbose=flags.verbose)
    settings = flags.service.load_settings()
    output = load_sources(os.environ, flags.service.profile).find(SETTINGS["output_dir"])
    checks = list(local_checks(settings, Path(output.text) if output else Path()))
    checks += [] if flags.offline else service_checks(settings, tracer=console.tracer)
    exit_code = batch_exit_code(check.exit_code for check in checks)
    rows = [(check.check, check.state, check.message, check.advice) for check in checks]
    if flags.json:
        names = ("check", "state", "says", "do")
        data = [{**dict(zip(names, row, strict=True)), "do": row[-1] or None} for row in rows]
        console.data(answer_json({"checks": data}, exit_code))
    else:
        console.data(*render_table(("check", "state", "finding", "what to do"), rows, console.streams.out))
    return exit_code


def local_checks(settings: Settings, output: Path) -> Iterator[CheckOutcome]:
    """All checks that need no network."""
    from kirin_cli.cli.folders import user_folder
    from kirin_cli.cli.settings_schema import misspelled_variables

    version, system = platform.python_version(), platform.platform(terse=True)
    yield CheckOutcome("version", f"kirin {__version__}, Python {version}, {system}")
    yield _check_key(settings)
    for message in misspelled_variables(settings.environ):
        yield CheckOutcome("environment", message, "warning", "kirin help environment lists all of them")
    try:
        yield _check_folder("settings folder", user_folder(settings.environ, "config"))
        yield _check_folder("ledger's folder", settings.ledger_folder)
        yield _check_ledger(settings.ledger_folder)
        yield _check_space("ledger's disk", settings.ledger_folder)
    except UsageError as error:  # a user without a home
        yield CheckOutcome("home folder", error.message, "error", error.hint, LocalError.exit_code)
    yield _check_folder("output folder", output)
    yield _check_space("output disk", output)


def service_checks(
    settings: Settings, now: Callable[[], float] = time.time, tracer: Tracer | None = None
) -> Iterator[CheckOutcome]:
    """The way to the service, its answer, and its clock."""
    from contextlib import closing
    from urllib.parse import urlsplit

    from kirin_cli.api.connections import NetworkSettings
    from kirin_cli.api.exchange import TransportError
    from kirin_cli.api.transport import Transport

    network = NetworkSettings(settings.environ, tracer=tracer)
    try:
        network.check(settings.base_url)
    except UsageError as error:
        yield CheckOutcome("network", error.message, "error", error.hint, ServiceUnreachable.exit_code)
        return
    parts = urlsplit(settings.base_url)
    scheme, _, address = (network.proxy_for(parts.scheme, parts.hostname or "", parts.port) or "").partition("://")
    without_password = f"{scheme}://{address.rpartition('@')[2]}"
    yield CheckOutcome("proxy", f"through {without_password}" if scheme else "none for this service")
    try:
        with closing(Transport(network)) as transport:
            reply = _query_service(settings, transport)
    except TransportError as error:
        advice = error.hint or "check the network, KIRIN_BASE_URL and the proxies"
        message = f"{settings.base_url}: {error.message}"
        yield CheckOutcome("service", message, "error", advice, ServiceUnreachable.exit_code)
        return
    yield _check_reply(settings, reply)
    yield _check_clock(reply, now())


def _query_service(settings: Settings, transport: Transport) -> HttpReply:
    from kirin_cli.api.client import Client
    from kirin_cli.api.transport import HttpRequest
    from kirin_cli.cli.commands.auth import MAX_ANSWER_SECONDS, UNKNOWN_TASK_ID
    from kirin_cli.cli.keystore import find_api_key

    key = find_api_key(settings)
    client = Client(settings.base_url, key.value if key else "", transport)
    headers = {"Authorization": f"Bearer {key.value}"} if key else {}
    request = HttpRequest("GET", client.query_url(UNKNOWN_TASK_ID), headers)
    return transport.send(request, deadline=MAX_ANSWER_SECONDS)


def _check_reply(settings: Settings, reply: HttpReply) -> CheckOutcome:
    from kirin_cli.api.client import is_web_page
    from kirin_cli.cli.keystore import find_api_key

    message = f"{settings.base_url} answers {reply.status}"
    if reply.status in {401, 403} and is_web_page(reply):
        advice = "ask whoever runs the firewall or the proxy; the key was not looked at"
        message = f"{message} with a web page: something on the way refuses the request"
        return CheckOutcome("service", message, "error", advice, ServiceUnreachable.exit_code)
    if reply.status in {401, 403} and find_api_key(settings):
        advice = "store another: kirin auth login"
        return CheckOutcome("service", f"{message}: the key is refused", "error", advice, NotPermitted.exit_code)
    if reply.status in {200, 400, 401, 403, 404}:
        return CheckOutcome("service", f"{message}, as it should for a task that nobody has")
    return CheckOutcome("service", f"{message}: it may be unwell", "warning", "try again in a while")


def _check_clock(reply: HttpReply, now: float) -> CheckOutcome:
    from email.utils import parsedate_to_datetime

    try:
        ahead = now - parsedate_to_datetime(reply.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError):
        return CheckOutcome("clock", "the service does not say what time it is")
    message = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the service's"
    if abs(ahead) < MAX_CLOCK_DIFFERENCE:
        return CheckOutcome("clock", message)
    return CheckOutcome("clock", message, "warning", "set this machine's clock (NTP)")


def _check_key(settings: Settings) -> CheckOutcome:
    from kirin_cli.api.credentials import NO_KEY_HINT, fingerprint
    from kirin_cli.cli.keystore import find_api_key, readable_by_others

    try:
        key = find_api_key(settings)
    except NotPermitted as error:
        return _from_error("key", error)
    if key is None:
        return CheckOutcome("key", "missing", "error", NO_KEY_HINT, NotPermitted.exit_code)
    message = f"from {key.source}, fingerprint {fingerprint(key.value)}"
    if readable_by_others(Path(key.source)):
        return CheckOutcome("key", f"{message}; others can read the file", "warning", f"chmod 600 {key.source}")
    return CheckOutcome("key", message)


def _check_folder(check: str, folder: Path) -> CheckOutcome:
    from kirin_cli.jobs.filenames import path_problem

    if problem := path_problem(folder):
        return CheckOutcome(check, problem, "error", "name another folder", LocalError.exit_code)
    existing = _nearest_existing(folder)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return CheckOutcome(check, str(folder) if existing == folder.absolute() else f"{folder} (made when needed)")
    advice = "make it writable, or name another folder"
    return CheckOutcome(check, f"{folder} cannot be written", "error", advice, LocalError.exit_code)


def _check_ledger(folder: Path) -> CheckOutcome:
    from kirin_cli.ledger.store import LEDGER_FILE, LedgerStore

    if not os.path.exists(folder / LEDGER_FILE):  # noqa: PTH110  (a Path raises in a folder that is closed to us)
        return CheckOutcome("ledger", "none yet; the first submission makes it")
    try:
        store = LedgerStore.open(folder, busy=1.0)
    except LocalError as error:
        return _from_error("ledger", error)
    try:
        store.verify()
        tasks, version = store.read("SELECT count(*) FROM entries")[0][0], store.read("PRAGMA user_version")[0][0]
    except LocalError as error:
        return _from_error("ledger", error)
    finally:
        store.close()
    return CheckOutcome("ledger", f"sound: {tasks} tasks, {store.path.stat().st_size} bytes, schema {version}")


def _check_space(check: str, folder: Path) -> CheckOutcome:
    try:
        free = shutil.disk_usage(_nearest_existing(folder)).free
    except OSError as error:  # a drive that is not there
        message = f"{folder}: {error.strerror or error}"
        return CheckOutcome(check, message, "error", "name another folder", LocalError.exit_code)
    message = f"{free / (1 << 30):.1f} GiB free"
    if free < MIN_FREE_BYTES:
        return CheckOutcome(check, message, "error", "make room", LocalError.exit_code)
    return CheckOutcome(check, message, "warning" if free < MIN_FREE_BYTES_WITHOUT_WARNING else "good")


def _from_error(check: str, error: KirinError) -> CheckOutcome:
    return CheckOutcome(check, error.message, "error", error.hint, error.exit_code)


def _nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next((path for path in (folder, *folder.parents) if os.path.exists(path)), folder)  # noqa: PTH110


doctor = command_from(DoctorFlags, run_doctor, examples=("kirin doctor", "kirin doctor --offline"))
