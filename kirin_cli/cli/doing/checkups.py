"""The checks of `kirin doctor`: each looks at one thing on this machine or at the service, and says what to do.

Makes nothing, changes nothing, and asks the service one question: about a task that nobody has.
"""

import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from kirin_cli import __version__
from kirin_cli.api.client import Client
from kirin_cli.api.credentials import HINT, fingerprint
from kirin_cli.api.faults import TransportFault
from kirin_cli.api.network import Network
from kirin_cli.api.transport import Reply, Request, Transport
from kirin_cli.cli.folders import user_folder
from kirin_cli.cli.keys import key_of
from kirin_cli.cli.keystore import key_path, readable_by_others
from kirin_cli.cli.settings import Settings
from kirin_cli.errors import KirinError, LocalFault, NotPermitted, ServiceUnreachable
from kirin_cli.ledger.store import NAME, Store
from kirin_cli.spec.record import Record

State = Literal["good", "warning", "error"]
NOBODYS_TASK: Final = "kirin-doctor-asks-for-a-task-that-is-not-there"
SECONDS_TO_ANSWER: Final = 15.0
SECONDS_APART: Final = 60.0
LITTLE_SPACE: Final = 1 << 30  # bytes
NO_SPACE: Final = 50 << 20


class Finding(Record, kw_only=True):
    """What one check found. `do` says what to do about it; `exit_code` is what an error means for the command's."""

    check: str
    state: State = "good"
    says: str
    do: str = ""
    exit_code: int = 0


def of_this_machine(settings: Settings, output: Path) -> Iterator[Finding]:
    """All checks that need no network."""
    version, system = platform.python_version(), platform.platform(terse=True)
    yield Finding(check="version", says=f"kirin {__version__}, Python {version}, {system}")
    yield _key(settings)
    folders = {"settings": user_folder(settings.environ, "config"), "ledger's": settings.state_dir, "output": output}
    for name, folder in folders.items():
        yield _folder(f"{name} folder", folder)
    yield _ledger(settings.state_dir)
    for name in ("ledger's", "output"):
        yield _space(f"{name} disk", folders[name])


def of_the_service(settings: Settings, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """The way to the service, its answer, and its clock."""
    network = Network(settings.environ)
    parts = urlsplit(settings.base_url)
    proxy = network.proxy_for(parts.scheme, parts.hostname or "", parts.port)
    yield Finding(check="proxy", says=f"through {_without_password(proxy)}" if proxy else "none for this service")
    transport = Transport(network)
    try:
        reply = _ask(settings, transport)
    except TransportFault as fault:
        yield Finding(
            check="service", state="error", says=f"{settings.base_url}: {fault.message}",
            do="check the network, KIRIN_BASE_URL and the proxies", exit_code=ServiceUnreachable.exit_code,
        )  # fmt: skip
        return
    finally:
        transport.close()
    yield _answer(settings, reply)
    yield _clock(reply, now())


def _ask(settings: Settings, transport: Transport) -> Reply:
    key = key_of(settings)
    client = Client(settings.base_url, key.value if key else "", transport)
    headers = {"Authorization": f"Bearer {key.value}"} if key else {}
    return transport.send(Request("GET", client.query_url(NOBODYS_TASK), headers), deadline=SECONDS_TO_ANSWER)


def _answer(settings: Settings, reply: Reply) -> Finding:
    place = f"{settings.base_url} answers {reply.status}"
    if reply.status in {401, 403} and key_of(settings):
        return Finding(
            check="service", state="error", says=f"{place}: the key is refused", do="store another: kirin auth login",
            exit_code=NotPermitted.exit_code,
        )  # fmt: skip
    if reply.status in {200, 400, 401, 403, 404}:
        return Finding(check="service", says=f"{place}, as it should for a task that nobody has")
    return Finding(check="service", state="warning", says=f"{place}: it may be unwell", do="try again in a while")


def _clock(reply: Reply, now: float) -> Finding:
    try:
        apart = now - parsedate_to_datetime(reply.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError):
        return Finding(check="clock", says="the service does not say what time it is")
    says = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} the service's"
    if abs(apart) < SECONDS_APART:
        return Finding(check="clock", says=says)
    return Finding(check="clock", state="warning", says=says, do="set this machine's clock (NTP)")


def _key(settings: Settings) -> Finding:
    try:
        found = key_of(settings)
    except NotPermitted as error:
        return _of("key", error)
    if found is None:
        return Finding(check="key", state="error", says="missing", do=HINT, exit_code=NotPermitted.exit_code)
    says = f"from {found.source}, fingerprint {fingerprint(found.value)}"
    path = settings.api_key_file or key_path(user_folder(settings.environ, "config"), settings.profile)
    if found.source == str(path) and readable_by_others(path):
        return Finding(check="key", state="warning", says=f"{says}; others can read the file", do=f"chmod 600 {path}")
    return Finding(check="key", says=says)


def _folder(check: str, folder: Path) -> Finding:
    there = _existing(folder)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding(check=check, says=str(folder) if there == folder.absolute() else f"{folder} (made when needed)")
    return Finding(
        check=check, state="error", says=f"{folder} cannot be written", do="make it writable, or name another folder",
        exit_code=LocalFault.exit_code,
    )  # fmt: skip


def _ledger(folder: Path) -> Finding:
    if not (folder / NAME).exists():
        return Finding(check="ledger", says="none yet; the first submission makes it")
    try:
        store = Store.open(folder, busy=1.0)
    except LocalFault as error:
        return _of("ledger", error)
    try:
        tasks, version = store.read("SELECT count(*) FROM entries")[0][0], store.read("PRAGMA user_version")[0][0]
    finally:
        store.close()
    return Finding(check="ledger", says=f"sound: {tasks} tasks, {store.path.stat().st_size} bytes, schema {version}")


def _space(check: str, folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    says = f"{free / (1 << 30):.1f} GiB free"
    if free < NO_SPACE:
        return Finding(check=check, state="error", says=says, do="make room", exit_code=LocalFault.exit_code)
    return Finding(check=check, state="warning" if free < LITTLE_SPACE else "good", says=says)


def _of(check: str, error: KirinError) -> Finding:
    return Finding(check=check, state="error", says=error.message, do=error.hint, exit_code=error.exit_code)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
