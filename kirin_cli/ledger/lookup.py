"""The lookup of one task by what a person calls it: id, beginning of an id, job's name, file made, or `last`.

Knows the ledger alone: that a file may have been moved, its sidecar tells (run/task_lookup.py).
"""

import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import SELECT_ENTRY, LedgerEntry, entry_from_row
from kirin_cli.ledger.queries import LISTED, where_all
from kirin_cli.ledger.store import LedgerStore
from kirin_cli.modelspec.text import pluralize
from kirin_cli.normal_forms import normalize_name

MAX_CANDIDATES: Final = 50
MAX_NAMED: Final = 5
LAST_CHARACTER: Final = "\U0010ffff"
LIST_HINT: Final = "`kirin list` shows what there is."
_LAST: Final = re.compile(r"last(?:~([0-9]{1,6}))?")
_TAKE: Final = re.compile(r"(.+)-([1-9][0-9]{0,5})")


class NoSuchTask(UsageError):
    """The ledger knows no such id; the service may, which is asked for `task_id`."""

    def __init__(self, message: str, task_id: str) -> None:
        super().__init__(message, hint=LIST_HINT)
        self.task_id = task_id


class OtherService(UsageError):
    """What was asked for is of another service, `origin`, than that of the settings."""

    def __init__(self, message: str, origin: str) -> None:
        super().__init__(message, hint=f"--base-url {origin} speaks with that service")
        self.origin = origin


def find_entry(store: LedgerStore, name: str, *, origin: str = "", account: str = "") -> LedgerEntry:
    """The entry that a person means by `name`: a task id or an external id, else what alone has such a name.

    That is the beginning of an id, the name of a job (with its take: `cup-2`), whose newest attempt is meant, or a file
    that it made. `last` is the newest entry, `last~2` the third newest. `origin` and `account` narrow the search where
    given. Raises NoSuchTask, or UsageError naming several.
    """
    if not name:
        raise UsageError("An empty id names no task.")
    within, values = where_all(origin=origin, account=account)
    within = within.replace(" origin", " +origin") + LISTED  # by its index SQLite would read all tasks of the service
    if match := _LAST.fullmatch(name):
        return _newest(store, int(match[1] or 0), within, values)
    for find in (_by_id, _by_name):
        entries = find(store, name, within, values)
        if len(entries) == 1:
            return entries[0]
        if entries:
            raise _ambiguous(name, entries)
    if origin and (other := _elsewhere(store, name, origin)):
        message = f"{name} is a task of {other}, which is not the service of the settings ({origin})."
        raise OtherService(message, other)
    raise NoSuchTask(f"The ledger has no task {name}.", name)


def _newest(store: LedgerStore, before: int, within: str, values: dict[str, object]) -> LedgerEntry:
    sql = f"{SELECT_ENTRY} WHERE 1{within} ORDER BY id DESC LIMIT 1 OFFSET :before"
    for row in store.read(sql, {**values, "before": before}):
        return entry_from_row(row)
    there = int(store.read(f"SELECT count(*) FROM entries WHERE 1{within}", values)[0][0])  # noqa: S608
    where = ""
    if origin := values.get("origin"):
        where = f" of {origin}" + (" under this key" if "account" in values else "")
        sql = f"SELECT origin FROM entries WHERE origin <> :origin{LISTED} ORDER BY id DESC LIMIT 1"  # noqa: S608
        others = store.read(sql, values)
        for row in others if not there else ():
            message = f"The ledger has {pluralize(there, 'task')}{where}; the newest of all is of {row[0]}."
            raise OtherService(message, str(row[0]))
    raise UsageError(f"The ledger has {pluralize(there, 'task')}{where}.", hint=LIST_HINT)


def _elsewhere(store: LedgerStore, name: str, origin: str) -> str:
    """The service other than `origin` that has a task with this very id, job's name or file; "" for none."""
    within = " AND +origin <> :origin"
    values: dict[str, object] = {"origin": origin}
    job = normalize_name(name)
    named = (
        entry for entry in _by_name(store, name, within + LISTED, values) if entry.job == job or is_file_name(name)
    )
    entry = next(iter(_by_id(store, name, within, values)), None) or next(named, None)
    return entry.origin if entry else ""


def has_id(store: LedgerStore, name: str) -> bool:
    """Whether this is, letter by letter, an id of a task of the ledger, under whatever service and key."""
    return bool(_by_id(store, name, "", {}))


def _by_id(store: LedgerStore, name: str, within: str, values: dict[str, object]) -> list[LedgerEntry]:
    sql = f"{SELECT_ENTRY} WHERE (external_id IN (:id, :id) OR task_id IN (:id, :id)){within}"
    return [entry_from_row(row) for row in store.read(sql, {"id": name, **values})]


def _by_name(store: LedgerStore, name: str, within: str, values: dict[str, object]) -> list[LedgerEntry]:
    """What begins with this id or is called so, else what has made this file."""
    tests = ["external_id BETWEEN :id AND :id || :end", "task_id BETWEEN :id AND :id || :end", "job = :job"]
    values = {**values, "id": name, "end": LAST_CHARACTER, "job": normalize_name(name)}
    if match := _TAKE.fullmatch(normalize_name(name)):
        tests.append("(job = :stem AND take = :take)")
        values |= {"stem": match[1], "take": int(match[2])}
    job = "origin, account, job_file, job, take, scope, CASE WHEN job_file = '' THEN id END"
    newest = f"SELECT max(id) FROM entries WHERE ({' OR '.join(tests)}){within} GROUP BY {job}"  # noqa: S608
    # Without what a file's job was before it was begun anew, or changed: the file of the job is the newest's.
    sql = f"{SELECT_ENTRY} WHERE id IN ({newest}) ORDER BY id DESC LIMIT {MAX_CANDIDATES}"
    return [entry_from_row(row) for row in store.read(sql, values)] or _by_file(store, name, within, values)


def is_newest(name: str) -> bool:
    """Whether it is `last` or `last~N`, which means another task in each service."""
    return _LAST.fullmatch(name) is not None


def is_file_name(name: str) -> bool:
    """Whether a person may mean a file by this: it has a suffix, or leads somewhere."""
    return bool(Path(name).suffix) or len(Path(name).parts) > 1


def _by_file(store: LedgerStore, name: str, within: str, values: dict[str, object]) -> list[LedgerEntry]:
    """The newest entry that has made this file: what an earlier one made under its name is gone."""
    if not is_file_name(name) or "\0" in name:
        return []
    path = Path(name).absolute()
    sql = f"{SELECT_ENTRY} WHERE outputs <> '' AND instr(outputs, :file) > 0{within} ORDER BY id DESC"
    for row in store.read(sql, {**values, "file": json.dumps(path.name)[1:]}):
        entry = entry_from_row(row)
        if any(Path(str(output.get("path") or "")) == path for output in json.loads(entry.outputs)):
            return [entry]
    return []


def _ambiguous(name: str, entries: Iterable[LedgerEntry]) -> UsageError:
    newest = sorted(entries, key=lambda entry: -entry.id)
    texts = [_describe(entry) for entry in newest[:MAX_NAMED]]
    several = ", ".join(texts) + (" …" if len(newest) > MAX_NAMED else "")
    begins = all(normalize_name(name) != entry.job for entry in newest)
    hint = "Give more of the id." if begins else "Give its id, or the name of its file."
    return UsageError(f"{name} could be any of: {several}.", hint=hint)


def _describe(entry: LedgerEntry) -> str:
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created))
    return f"{entry.external_id} (task {entry.task_id or 'unknown'}, {entry.state.value}, {created}, {entry.origin})"
