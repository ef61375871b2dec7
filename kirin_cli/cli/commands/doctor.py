"""`kirin doctor`: check the set-up, one check after the other, and say what to do about what is wrong."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urlsplit

import typer

from kirin_cli import __version__
from kirin_cli.cli import options as o
from kirin_cli.cli.options import command_from
from kirin_cli.errors import KirinError, LocalFault, NotPermitted, ServiceUnreachable, batch_exit_code
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.api.transport import HttpReply, Transport
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.settings import Settings


@dataclass(slots=True, eq=False, repr=False)
class DoctorFlags:
    """Check the set-up: key, folders, ledger, disk, the way to the service, its answer and its clock.

    Changes nothing and costs nothing. Ends with 3 where the service cannot be reached, 4 for the key, 9 for a folder,
    a disk or the ledger, else with 0.
    """

    offline: Annotated[bool, typer.Option("--offline", help="Ask the service nothing.")] = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    json: o.Json = False
    color: o.Color = "auto"


CheckState = Literal["good", "warning", "error"]
NOBODYS_TASK: Final = "kirin-doctor-asks-for-a-task-that-is-not-there"
SECONDS_TO_ANSWER: Final = 15.0
SECONDS_APART: Final = 60.0
LITTLE_SPACE: Final = 1 << 30  # bytes
NO_SPACE: Final = 50 << 20


class CheckOutcome(Record, kw_only=True):
    """What one check found. `do` says what to do about it; `exit_code` is what an error means for the command's."""

    check: str
    state: CheckState = "good"
    message: str
    advice: str = ""
    exit_code: int = 0


def local_checks(settings: Settings, output: Path) -> Iterator[CheckOutcome]:
    """All checks that need no network."""
    from kirin_cli.cli.settings import user_folder

    version, system = platform.python_version(), platform.platform(terse=True)
    yield CheckOutcome(check="version", message=f"kirin {__version__}, Python {version}, {system}")
    yield _key(settings)
    folders = {"settings": user_folder(settings.environ, "config"), "ledger's": settings.state_dir, "output": output}
    for name, folder in folders.items():
        yield _folder(f"{name} folder", folder)
    yield _ledger(settings.state_dir)
    for name in ("ledger's", "output"):
        yield _space(f"{name} disk", folders[name])


def service_checks(settings: Settings, now: Callable[[], float] = time.time) -> Iterator[CheckOutcome]:
    """The way to the service, its answer, and its clock."""
    from kirin_cli.api.connections import NetworkSettings
    from kirin_cli.api.exchange import TransportError
    from kirin_cli.api.transport import Transport

    network = NetworkSettings(settings.environ)
    parts = urlsplit(settings.base_url)
    proxy = network.proxy_for(parts.scheme, parts.hostname or "", parts.port)
    yield CheckOutcome(
        check="proxy", message=f"through {_without_password(proxy)}" if proxy else "none for this service"
    )
    transport = Transport(network)
    try:
        reply = _ask(settings, transport)
    except TransportError as fault:
        yield CheckOutcome(
            check="service", state="error", message=f"{settings.base_url}: {fault.message}",
            advice="check the network, KIRIN_BASE_URL and the proxies", exit_code=ServiceUnreachable.exit_code,
        )  # fmt: skip
        return
    finally:
        transport.close()
    yield _answer(settings, reply)
    yield _clock(reply, now())


def _ask(settings: Settings, transport: Transport) -> HttpReply:
    from kirin_cli.api.client import Client
    from kirin_cli.api.transport import HttpRequest
    from kirin_cli.cli.keystore import key_of

    key = key_of(settings)
    client = Client(settings.base_url, key.value if key else "", transport)
    headers = {"Authorization": f"Bearer {key.value}"} if key else {}
    return transport.send(HttpRequest("GET", client.query_url(NOBODYS_TASK), headers), deadline=SECONDS_TO_ANSWER)


def _answer(settings: Settings, reply: HttpReply) -> CheckOutcome:
    from kirin_cli.cli.keystore import key_of

    place = f"{settings.base_url} answers {reply.status}"
    if reply.status in {401, 403} and key_of(settings):
        return CheckOutcome(
            check="service",
            state="error",
            message=f"{place}: the key is refused",
            advice="store another: kirin auth login",
            exit_code=NotPermitted.exit_code,
        )
    if reply.status in {200, 400, 401, 403, 404}:
        return CheckOutcome(check="service", message=f"{place}, as it should for a task that nobody has")
    return CheckOutcome(
        check="service", state="warning", message=f"{place}: it may be unwell", advice="try again in a while"
    )


def _clock(reply: HttpReply, now: float) -> CheckOutcome:
    try:
        apart = now - parsedate_to_datetime(reply.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError):
        return CheckOutcome(check="clock", message="the service does not say what time it is")
    says = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} the service's"
    if abs(apart) < SECONDS_APART:
        return CheckOutcome(check="clock", message=says)
    return CheckOutcome(check="clock", state="warning", message=says, advice="set this machine's clock (NTP)")


def _key(settings: Settings) -> CheckOutcome:
    from kirin_cli.api.credentials import NO_KEY_HINT, fingerprint
    from kirin_cli.cli.keystore import key_of, key_path, readable_by_others
    from kirin_cli.cli.settings import user_folder

    try:
        found = key_of(settings)
    except NotPermitted as error:
        return _of("key", error)
    if found is None:
        return CheckOutcome(
            check="key", state="error", message="missing", advice=NO_KEY_HINT, exit_code=NotPermitted.exit_code
        )
    says = f"from {found.source}, fingerprint {fingerprint(found.value)}"
    path = settings.api_key_file or key_path(user_folder(settings.environ, "config"), settings.profile)
    if found.source == str(path) and readable_by_others(path):
        return CheckOutcome(
            check="key", state="warning", message=f"{says}; others can read the file", advice=f"chmod 600 {path}"
        )
    return CheckOutcome(check="key", message=says)


def _folder(check: str, folder: Path) -> CheckOutcome:
    there = _existing(folder)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return CheckOutcome(
            check=check, message=str(folder) if there == folder.absolute() else f"{folder} (made when needed)"
        )
    return CheckOutcome(
        check=check,
        state="error",
        message=f"{folder} cannot be written",
        advice="make it writable, or name another folder",
        exit_code=LocalFault.exit_code,
    )


def _ledger(folder: Path) -> CheckOutcome:
    from kirin_cli.ledger.store import LEDGER_FILE, LedgerStore

    if not (folder / LEDGER_FILE).exists():
        return CheckOutcome(check="ledger", message="none yet; the first submission makes it")
    try:
        store = LedgerStore.open(folder, busy=1.0)
    except LocalFault as error:
        return _of("ledger", error)
    try:
        tasks, version = store.read("SELECT count(*) FROM entries")[0][0], store.read("PRAGMA user_version")[0][0]
    finally:
        store.close()
    return CheckOutcome(
        check="ledger", message=f"sound: {tasks} tasks, {store.path.stat().st_size} bytes, schema {version}"
    )


def _space(check: str, folder: Path) -> CheckOutcome:
    free = shutil.disk_usage(_existing(folder)).free
    says = f"{free / (1 << 30):.1f} GiB free"
    if free < NO_SPACE:
        return CheckOutcome(
            check=check, state="error", message=says, advice="make room", exit_code=LocalFault.exit_code
        )
    return CheckOutcome(check=check, state="warning" if free < LITTLE_SPACE else "good", message=says)


def _of(check: str, error: KirinError) -> CheckOutcome:
    return CheckOutcome(check=check, state="error", message=error.message, advice=error.hint, exit_code=error.exit_code)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def run_doctor(flags: DoctorFlags) -> int:
    """Make every check; returns the exit code. Raises UsageError for settings that make no sense."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.settings import settings, sources
    from kirin_cli.cli.settings_schema import SETTINGS

    console = make_console(color=flags.color)
    setting = settings(os.environ, base_url=flags.base_url, api_key_file=flags.api_key_file, profile=flags.profile)
    output = sources(os.environ, flags.profile).find(SETTINGS["output_dir"])
    found = list(local_checks(setting, Path(output.text) if output else Path()))
    found += [] if flags.offline else service_checks(setting)
    code = batch_exit_code(one.exit_code for one in found)
    if flags.json:
        checks = [
            {"check": one.check, "state": one.state, "says": one.message, "do": one.advice or None} for one in found
        ]
        console.data(json.dumps({"exit_code": code, "checks": checks}, indent=2))
    else:
        _show(found, console)
    return code


def _show(found: list[CheckOutcome], console: CommandConsole) -> None:
    from kirin_cli.ui.tables import render_table

    rows = [(one.check, one.state, one.message, one.advice) for one in found]
    console.data(*render_table(("check", "state", "finding", "what to do"), rows, console.streams.out))


doctor = command_from(DoctorFlags, run_doctor)
