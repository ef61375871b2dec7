"""`kirin auth`: store the API key, say where it comes from, forget it. The key is never an argument and never shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import ServiceFlags, command_from
from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec
from kirin_cli.errors import NotPermitted, UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.text_encoding import decode_text

if TYPE_CHECKING:
    from kirin_cli.api.trace import Tracer
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.settings import Settings

ACTIONS: Final = ("login", "status", "logout")
PIPE_HINT: Final = "pipe it: kirin auth login < FILE"
UNKNOWN_TASK_ID: Final = "kirin-doctor-asks-for-a-task-that-is-not-there"
MAX_ANSWER_SECONDS: Final = 15.0


class AuthFlags(Record, kw_only=True):
    """Store the API key, say where it comes from, or forget it.

    login takes the key from standard input, or asks for it without showing it. The service is asked for a task that
    nobody has, free of charge; a key that it refuses is not stored. What is stored stands in the system's keyring
    (where the extra `keyring` is installed), else in a file that only you can read. status ends with 4 where there is
    no key. A key that --api-key-file or --profile names goes before the environment, and that before what is stored.
    """

    action: Annotated[str, ArgumentSpec(metavar="|".join(ACTIONS), help="What to do.")]
    surplus: Annotated[list[str] | None, ArgumentSpec(hidden=True)] = None
    offline: Annotated[bool, OptionSpec("--offline", help="Store the key without asking the service.")] = False
    service: ServiceFlags
    json: o.Json = False
    verbose: o.Verbose = False
    color: o.Color = "auto"


def run_auth(flags: AuthFlags) -> int:
    """Do the action; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.usage_errors import NO_KEY_FLAG

    if flags.surplus:
        raise UsageError(NO_KEY_FLAG, hint=PIPE_HINT)
    if flags.action not in ACTIONS:
        raise UsageError(f"there is no `auth {flags.action}`{did_you_mean(flags.action, ACTIONS)}")
    console, settings = make_console(color=flags.color, verbose=flags.verbose), flags.service.load_settings()
    if flags.action == "login":
        return _login(settings, console, as_json=flags.json, offline=flags.offline)
    return {"status": _status, "logout": _logout}[flags.action](settings, console, as_json=flags.json)


def _login(settings: Settings, console: CommandConsole, *, as_json: bool, offline: bool) -> int:
    from kirin_cli.api.credentials import check_key, fingerprint
    from kirin_cli.cli.folders import user_folder
    from kirin_cli.cli.keystore import find_api_key, store_key
    from kirin_cli.json_text import answer_json

    key, folder = check_key(_read_key(), "standard input"), user_folder(settings.environ, "config")
    doubt = "" if offline else check_key_with_service(settings, key, console.tracer)
    stored_in = store_key(folder, settings.profile, key)
    if as_json:
        checked = None if offline or doubt else True
        console.data(answer_json({"stored_in": stored_in, "fingerprint": fingerprint(key), "checked": checked}))
    taken = "" if offline or doubt else f"; {settings.base_url} takes it"
    console.info(f"stored in {stored_in} (fingerprint {fingerprint(key)}){taken}")
    if doubt:
        console.info(f"not checked: {doubt}; kirin doctor asks again")
    used = find_api_key(settings)
    if used and used.value != key:
        console.info(f"note: {used.source} is set and goes before it")
    return 0


def check_key_with_service(settings: Settings, key: str, tracer: Tracer | None) -> str:
    """Why it is not known whether the service takes the key; "" where it does. One query, free of charge.

    Raises NotPermitted where it refuses the key, UsageError for a base URL, a proxy or certificates of no use.
    """
    from contextlib import closing

    from kirin_cli.api.client import Client, QueryStatus
    from kirin_cli.api.connections import NetworkSettings
    from kirin_cli.api.transport import Transport

    network = NetworkSettings(settings.environ, tracer=tracer)
    network.check(settings.base_url)
    with closing(Transport(network)) as transport:
        result = Client(settings.base_url, key, transport).query(UNKNOWN_TASK_ID, deadline=MAX_ANSWER_SECONDS)
    if result.kind in {QueryStatus.ABSENT, QueryStatus.FOUND, QueryStatus.NO_BALANCE}:
        return ""
    if result.status in {401, 403} and not result.is_page:
        words = f": {result.failure.message}" if result.failure and result.failure.message else ""
        message = f"{settings.base_url} refuses the key ({result.status}{words})"
        hint = "nothing was stored; --offline stores it all the same, --base-url or --profile name another service"
        raise NotPermitted(message, hint=hint)
    if result.fault:
        return f"{settings.base_url}: {result.fault.message}"
    page = " with a web page, as a firewall does" if result.is_page else ""
    return f"{settings.base_url} answers {result.status}{page}"


def _status(settings: Settings, console: CommandConsole, *, as_json: bool) -> int:
    from kirin_cli.api.credentials import NO_KEY_HINT, fingerprint
    from kirin_cli.cli.keystore import find_api_key
    from kirin_cli.json_text import answer_json

    key, missing = find_api_key(settings), NotPermitted("there is no API key", hint=NO_KEY_HINT)
    if as_json:
        from kirin_cli.report.json_format import error_data

        data: dict[str, object] = {"source": key.source, "fingerprint": fingerprint(key.value)} if key else {}
        data |= {"errors": []} if key else {"errors": [error_data(missing)]}
        exit_code = 0 if key else missing.exit_code
        console.data(answer_json({"present": bool(key), **data, "profile": settings.profile or None}, exit_code))
        return exit_code
    if key is None:
        raise missing
    console.data(f"the key comes from {key.source} (fingerprint {fingerprint(key.value)})")
    return 0


def _logout(settings: Settings, console: CommandConsole, *, as_json: bool) -> int:
    from kirin_cli.cli.folders import user_folder
    from kirin_cli.cli.keystore import find_api_key, forget_key
    from kirin_cli.json_text import answer_json

    removed_from = forget_key(user_folder(settings.environ, "config"), settings.profile)
    if as_json:
        console.data(answer_json({"removed_from": removed_from}))
    console.info(f"removed from {' and '.join(removed_from)}" if removed_from else "no key was stored")
    other = find_api_key(settings)
    if other:
        console.info(f"note: there is still a key in {other.source}")
    return 0


def _read_key() -> str:
    """The key as it was piped or typed. Raises UsageError where there is nobody to ask."""
    from kirin_cli.api.credentials import MAX_KEY_LENGTH

    if sys.stdin is None:
        raise UsageError("standard input is closed; the key is read from it", hint=PIPE_HINT)
    if not sys.stdin.isatty():
        return decode_text(sys.stdin.buffer.read(MAX_KEY_LENGTH * 4), "replace")
    if os.environ.get("CI"):
        raise UsageError("nobody is asked for a key where CI is set", hint=PIPE_HINT)
    from getpass import getpass

    try:
        return getpass("API key (it is not shown): ")
    except EOFError as error:
        raise UsageError("no key was typed", hint=PIPE_HINT) from error


auth = command_from(
    AuthFlags, run_auth, examples=("kirin auth login", "kirin auth login < key.txt", "kirin auth status")
)
