"""The lookup of a task by what a person typed, also by a file that was moved: its sidecar says whose it is."""

from pathlib import Path
from typing import TYPE_CHECKING

from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.lookup import LIST_HINT, NoSuchTask, find_entry, has_id, is_file_name
from kirin_cli.ledger.store import LedgerStore
from kirin_cli.normal_forms import normalize_origin

if TYPE_CHECKING:
    from kirin_cli.run.outputs import Sidecar


def find_task(store: LedgerStore, name: str, *, origin: str = "", account: str = "") -> LedgerEntry:
    """The entry that a person means by `name`: an id, or what else `ledger.lookup.find_entry` knows, or a file here.

    `origin` and `account` narrow the search where given. Raises NoSuchTask with the id to ask the service for, or
    UsageError: several are meant, or none by this file.
    """
    sidecar = None if has_id(store, name) else sidecar_of(name)
    if sidecar is None or not sidecar.external_id:
        try:
            return find_entry(store, name, origin=origin, account=account)
        except NoSuchTask as unknown:
            if _is_file(name):
                raise UsageError(f"{name} was made by no task of the ledger.", hint=LIST_HINT) from unknown
            raise
    where = origin or normalize_origin(sidecar.origin)
    try:
        return find_entry(store, sidecar.external_id, origin=where, account=account)
    except NoSuchTask as unknown:
        message = f"The ledger has no task {sidecar.external_id}, which the note of {name} names."
        raise NoSuchTask(message, sidecar.external_id) from unknown


def sidecar_of(name: str) -> "Sidecar | None":
    """The sidecar that a person names, or that lies beside the file that they name; None for none.

    `last`, an id and a job's name are none of a file, whatever files a checkout has of these names.
    """
    path = Path(name)
    if not _is_file(name):
        return None
    from kirin_cli.run.outputs import read_sidecar, sidecar_path  # noqa: PLC0415  (an id is no file)

    return read_sidecar(path) if path.suffix == ".json" else read_sidecar(sidecar_path(path))


def _is_file(name: str) -> bool:
    try:
        return is_file_name(name) and Path(name).is_file()
    except (OSError, ValueError):
        return False
