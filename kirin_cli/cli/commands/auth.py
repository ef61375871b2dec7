"""`kirin auth`: store the API key, say where it comes from, forget it. The key is never an argument and never shown."""

import json as json_module
import os
import sys
from typing import Annotated, Final

import typer

from kirin_cli.api.credentials import MAX_KEY_LENGTH, NO_KEY_HINT, check_key, fingerprint
from kirin_cli.cli import options as o
from kirin_cli.cli.app import NO_KEY_FLAG
from kirin_cli.cli.console import CommandConsole, make_console
from kirin_cli.cli.keystore import forget_key, key_of, store_key
from kirin_cli.cli.settings import Settings, settings, user_folder
from kirin_cli.errors import NotPermitted, UsageError
from kirin_cli.modelspec.text import did_you_mean

ACTIONS: Final = ("login", "status", "logout")
PIPE: Final = "pipe it: kirin auth login < FILE"


def auth(
    action: Annotated[str, typer.Argument(metavar="login|status|logout", help="What to do.")],
    surplus: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    profile: o.Profile = None,
    api_key_file: o.ApiKeyFile = None,
    json: o.Json = False,
    color: o.Color = "auto",
) -> int:
    """Store the API key, say where it comes from, or forget it.

    login takes the key from standard input, or asks for it without showing it, and keeps it in the system's keyring
    (where the extra `keyring` is installed), else in a file that only you can read. status ends with 4 where there is
    no key. The environment goes before --api-key-file, and that before what is stored.
    """
    if surplus:
        raise UsageError(NO_KEY_FLAG, hint=PIPE)
    if action not in ACTIONS:
        raise UsageError(f"there is no `auth {action}`{did_you_mean(action, list(ACTIONS))}")
    console = make_console(color=color)
    setting = settings(os.environ, profile=profile, api_key_file=api_key_file)
    do = {"login": _login, "status": _status, "logout": _logout}[action]
    return do(setting, console, json=json)


def _login(setting: Settings, console: CommandConsole, *, json: bool) -> int:
    key = check_key(_given(), "standard input")
    where = store_key(user_folder(setting.environ, "config"), setting.profile, key)
    if json:
        console.data(json_module.dumps({"stored_in": where, "fingerprint": fingerprint(key)}))
    console.info(f"stored in {where} (fingerprint {fingerprint(key)})")
    used = key_of(setting)
    if used and used.value != key:
        console.info(f"note: {used.source} is set and goes before it")
    return 0


def _status(setting: Settings, console: CommandConsole, *, json: bool) -> int:
    found = key_of(setting)
    if json:
        shown = {"source": found.source, "fingerprint": fingerprint(found.value)} if found else {}
        console.data(json_module.dumps({"present": bool(found), **shown, "profile": setting.profile or None}))
        return 0 if found else NotPermitted.exit_code
    if found is None:
        raise NotPermitted("there is no API key", hint=NO_KEY_HINT)
    console.data(f"the key comes from {found.source} (fingerprint {fingerprint(found.value)})")
    return 0


def _logout(setting: Settings, console: CommandConsole, *, json: bool) -> int:
    gone = forget_key(user_folder(setting.environ, "config"), setting.profile)
    if json:
        console.data(json_module.dumps({"removed_from": gone}))
    console.info(f"removed from {' and '.join(gone)}" if gone else "no key was stored")
    left = key_of(setting)
    if left:
        console.info(f"note: there is still a key in {left.source}")
    return 0


def _given() -> str:
    """The key as it was piped or typed. Raises UsageError where there is nobody to ask."""
    if sys.stdin is None:
        raise UsageError("standard input is closed; the key is read from it", hint=PIPE)
    if not sys.stdin.isatty():
        return sys.stdin.buffer.read(MAX_KEY_LENGTH * 4).decode("utf-8-sig", "replace")
    if os.environ.get("CI"):
        raise UsageError("nobody is asked for a key where CI is set", hint=PIPE)
    from getpass import getpass

    try:
        return getpass("API key (it is not shown): ")
    except EOFError as error:
        raise UsageError("no key was typed", hint=PIPE) from error
