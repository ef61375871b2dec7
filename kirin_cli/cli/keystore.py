"""Stored API keys, in the system's keyring or a file of the user's alone; and which key a command uses."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kirin_cli.api.credentials import ApiKey, check_key, find_key
from kirin_cli.atomic_file import write_atomically
from kirin_cli.cli.folders import config_folder, is_reachable_file
from kirin_cli.cli.settings import Settings
from kirin_cli.errors import LocalError, NotPermitted

SERVICE = "kirin-cli"
DEFAULT_PROFILE = "default"
IN_KEYRING = "the system's keyring"


class KeyringUnavailable(RuntimeError):
    """The keyring refuses, or is not there after all."""


class SystemKeyring:
    """The keyring that the library `keyring` has found; each method may raise KeyringUnavailable."""

    def __init__(self, backend: Any, errors: type[Exception]) -> None:  # noqa: ANN401  (the library is optional)
        self._backend = backend
        self._errors = errors

    def get_password(self, service: str, name: str) -> str | None:
        """The password, None for none."""
        with self._translate_errors():
            return self._backend.get_password(service, name)  # type: ignore[no-any-return]

    def set_password(self, service: str, name: str, password: str) -> None:
        """Keep the password."""
        with self._translate_errors():
            self._backend.set_password(service, name, password)

    def delete_password(self, service: str, name: str) -> None:
        """Forget the password."""
        with self._translate_errors():
            self._backend.delete_password(service, name)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (self._errors, OSError, RuntimeError) as error:
            raise KeyringUnavailable(f"the system's keyring refuses: {error}") from error


FindKeyring = Callable[[], SystemKeyring | None]


def system_keyring() -> SystemKeyring | None:
    """The keyring of this system; None where the `keyring` extra is not installed, or finds none that can be used."""
    if find_spec("keyring") is None:
        return None
    import configparser

    try:
        backend = import_module("keyring").get_keyring()
    except (ImportError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError, configparser.Error):
        return None  # what its own settings name is not there, or does not start
    worth_using = getattr(backend, "priority", 0) >= 1  # below: "fail", "null", files in plain text
    return SystemKeyring(backend, import_module("keyring.errors").KeyringError) if worth_using else None


def key_path(folder: Path, profile: str) -> Path:
    """The file of a profile's key in the user's settings folder."""
    return folder / f"api-key{f'-{profile}' if profile else ''}"


def stored_key(folder: Path, profile: str, keyring: FindKeyring = system_keyring) -> ApiKey | None:
    """The key that was stored; None for none. Raises NotPermitted for one that cannot be used."""
    password = _read_keyring(keyring(), profile)
    if password:
        return ApiKey(check_key(password, IN_KEYRING), IN_KEYRING)
    path = key_path(folder, profile)
    return find_key({}, path) if is_reachable_file(path) else None


def store_key(folder: Path, profile: str, key: str, keyring: FindKeyring = system_keyring) -> str:
    """Keep a key in place of any other of the profile; returns where. Raises LocalError where the disk will not."""
    ring = keyring()
    if ring is not None and _write_keyring(ring, profile, key):
        key_path(folder, profile).unlink(missing_ok=True)
        return IN_KEYRING
    path = key_path(folder, profile)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        write_atomically(path, f"{key}\n", mode=0o600)
    except OSError as error:
        raise LocalError(f"the key cannot be stored in {path}: {error.strerror or error}") from error
    return str(path)


def forget_key(folder: Path, profile: str, keyring: FindKeyring = system_keyring) -> list[str]:
    """Remove the profile's key wherever it is; returns where it was. Raises LocalError."""
    removed_from = []
    ring = keyring()
    path = key_path(folder, profile)
    try:
        if ring is not None and _read_keyring(ring, profile):
            ring.delete_password(SERVICE, profile or DEFAULT_PROFILE)
            removed_from.append(IN_KEYRING)
        path.unlink()
        removed_from.append(str(path))
    except FileNotFoundError:
        pass
    except KeyringUnavailable as error:
        raise LocalError(f"{error}") from error
    except OSError as error:
        raise LocalError(f"{path} cannot be removed: {error.strerror or error}") from error
    return removed_from


def readable_by_others(path: Path) -> bool:
    """Whether somebody else can read the file; never so on Windows, whose rights are of another kind."""
    return os.name == "posix" and is_reachable_file(path) and bool(path.stat().st_mode & 0o077)


def _read_keyring(ring: SystemKeyring | None, profile: str) -> str | None:
    if ring is None:
        return None
    try:
        return ring.get_password(SERVICE, profile or DEFAULT_PROFILE)
    except KeyringUnavailable:
        return None


def _write_keyring(ring: SystemKeyring, profile: str, key: str) -> bool:
    try:
        ring.set_password(SERVICE, profile or DEFAULT_PROFILE, key)
    except KeyringUnavailable:
        return False
    return _read_keyring(ring, profile) == key


def find_api_key(settings: Settings) -> ApiKey | None:
    """The key with its source; None where there is none. Raises NotPermitted for one that cannot be used.

    What a flag names goes before the environment, a file as well as a profile that has a key; then come the file of the
    settings and what is stored.
    """
    if settings.typed_key:
        return settings.typed_key
    folder = config_folder(settings.environ)  # a user without a home has stored nothing
    key = None
    if settings.typed_profile and folder:
        key = find_key({}, settings.profile_key_file) or stored_key(folder, settings.profile)
    key = key or find_key(settings.environ, settings.api_key_file)
    return key or (stored_key(folder, settings.profile) if folder else None)


def usable_key(settings: Settings) -> str:
    """The key itself; "" where there is none, or none that can be used."""
    try:
        key = find_api_key(settings)
    except NotPermitted:
        return ""
    return key.value if key else ""
