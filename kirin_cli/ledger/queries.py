"""Queries of the ledger: lists, spending, durations, prices, unfinished keys."""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

from kirin_cli.ledger.entry import SELECT_ENTRY, LedgerEntry, entry_from_row
from kirin_cli.ledger.states import MAY_BE_CHARGED, TERMINAL, LedgerState
from kirin_cli.ledger.store import LedgerStore, storable
from kirin_cli.modelspec.record import Record

SpendingColumn = Literal["model", "day", "month", "job_file", "origin"]
DATE_FORMATS: Mapping[str, str] = {"day": "%Y-%m-%d", "month": "%Y-%m"}
_DAY_SECONDS = 86_400.0
FOUND_COMPLETED = "it had been completed before it was asked for"
"""Why a task is completed that no process saw to run: nobody knows how long it took."""
_OVER_SQL = "'done', 'failed', 'rejected', 'abandoned'"
LISTED = " AND NOT (state = 'intent' AND exposed = 0 AND job_file = '')"
"""A one-off that was never sent is no task: it is left over from a command that ended, or begins just now."""


class SpendingTotal(Record, kw_only=True, eq=True):
    """`cost` of the `paid` entries whose cost is known; `maybe_paid` entries more may have been charged."""

    paid: int = 0
    cost: Decimal = Decimal(0)
    maybe_paid: int = 0


def entries_with_id(store: LedgerStore, origin: str, external_id: str, *, besides: int = 0) -> list[LedgerEntry]:
    """The entries with this external id under any account: after a change of key, the same task is among them.

    `besides` is the id of the one that is known already.
    """
    sql = f"{SELECT_ENTRY} WHERE external_id = ? AND origin = ? AND id <> ? ORDER BY id"
    return [entry_from_row(row) for row in store.read(sql, (external_id, origin, besides))]


def ids_of_other_keys(store: LedgerStore, origin: str, account: str) -> frozenset[str]:
    """The external ids under which other accounts have tasks of a service that are, or will be, paid for."""
    sql = "SELECT external_id FROM entries WHERE origin = ? AND account <> ? AND task_id IS NOT NULL AND state <> ?"
    return frozenset(str(row[0]) for row in store.read(sql, (origin, account, LedgerState.FAILED)))


def entries_by_id(
    store: LedgerStore, origin: str, external_ids: Iterable[str], *, account: str = ""
) -> dict[str, LedgerEntry]:
    """The entry of each external id that has one under the account; without an account, the newest under any."""
    ids = {str(storable(external_id)): external_id for external_id in external_ids}
    within, values = where_all(origin=origin, account=account)
    # Without the plus signs SQLite might read all entries of the service.
    within = within.replace(" origin", " +origin").replace(" account", " +account")
    sql = f"{SELECT_ENTRY} WHERE external_id IN (SELECT value FROM json_each(:ids)){within} ORDER BY id"  # noqa: S608
    entries = map(entry_from_row, store.read(sql, {"ids": json.dumps(list(ids)), **values}))
    return {ids[entry.external_id]: entry for entry in entries}


def entries_beyond_first_ids(store: LedgerStore, origin: str, account: str) -> list[LedgerEntry]:
    """The entries that the id of a first attempt does not lead to: later attempts, and ids made by an older rule."""
    within, values = where_all(origin=origin, account=account)
    sql = f"{SELECT_ENTRY} WHERE (attempt > 1 OR has_old_id = 1){within} ORDER BY id"
    return [entry_from_row(row) for row in store.read(sql, values)]


def entries_of_file(store: LedgerStore, origin: str, path: Path) -> list[LedgerEntry]:
    """The entries that have made a file of this name, newest first: whether it is this very file, its bytes tell."""
    name = json.dumps(path.name)[1:]
    sql = f"{SELECT_ENTRY} WHERE origin = ? AND outputs <> '' AND instr(outputs, ?) > 0 ORDER BY id DESC LIMIT 20"
    return [entry_from_row(row) for row in store.read(sql, (origin, name))]


def entries_of_rounds(store: LedgerStore, rounds: Iterable[str]) -> list[LedgerEntry]:
    """The entries of these rounds of --again or --retry-failed, oldest first."""
    values = {f"r{number}": name for number, name in enumerate(rounds)}
    marks = ", ".join(f":{name}" for name in values)
    sql = f"{SELECT_ENTRY} WHERE redo_round <> '' AND redo_round IN ({marks}) ORDER BY id"
    return [entry_from_row(row) for row in store.read(sql, values)]


def open_one_offs(store: LedgerStore, origin: str, account: str, request: str) -> list[LedgerEntry]:
    """The entries of commands without a job file that asked for this and may still become a video, oldest first.

    One in conflict whose id is another task's is none: it was not sent, and no repetition makes anything of it.
    """
    within, values = where_all(origin=origin, account=account)
    within += f" AND state NOT IN ({_OVER_SQL}) AND NOT (state = 'conflict' AND exposed = 0){LISTED}"
    sql = f"{SELECT_ENTRY} WHERE job_file = '' AND request = :request{within} ORDER BY id"
    return [entry_from_row(row) for row in store.read(sql, {"request": request, **values})]


def open_one_offs_beside(store: LedgerStore, entry: LedgerEntry) -> list[LedgerEntry]:
    """The entries of the command that made this one-off which may still become a video, oldest first."""
    within, values = where_all(origin=entry.origin, account=entry.account)
    within += f" AND state NOT IN ({_OVER_SQL}){LISTED}"
    sql = f"{SELECT_ENTRY} WHERE job_file = '' AND scope = :scope{within} ORDER BY id"
    return [entry_from_row(row) for row in store.read(sql, {"scope": entry.scope, **values})]


def select_entries(  # noqa: PLR0913 - each is a filter of its own
    store: LedgerStore,
    *,
    states: Iterable[LedgerState] = (),
    model: str = "",
    job_file: str = "",
    origin: str = "",
    account: str = "",
    since: float | None = None,
    words: Iterable[str] = (),
    limit: int = -1,
) -> list[LedgerEntry]:
    """Entries, newest first, that pass every filter given; `since`: created then or later. -1: no limit.

    Each of the `words` stands, in any case, in the prompt, the job's name, an id, or a path: of a file made, or of the
    job file.
    """
    within, values = where_all(model=model, job_file=job_file, origin=origin, account=account, created=since)
    within = within.replace(" origin", " +origin")  # by its index SQLite would sort all entries to find the newest
    state_values = [state.value for state in states]
    marks = ", ".join(f":s{number}" for number in range(len(state_values)))
    within += (f" AND state IN ({marks})" if state_values else "") + LISTED
    for number, word in enumerate(words):
        test, texts = _holds_word(word, f"w{number}")
        within += f" AND {test}"
        values |= texts
    values |= {f"s{number}": state for number, state in enumerate(state_values)} | {"limit": limit}
    return [
        entry_from_row(row)
        for row in store.read(f"{SELECT_ENTRY} WHERE 1{within} ORDER BY id DESC LIMIT :limit", values)
    ]


def recent_ids(store: LedgerStore, limit: int) -> list[tuple[str, str]]:
    """The ids of the newest entries (the task's, else the external one), each with its model and job."""
    sql = f"SELECT COALESCE(task_id, external_id), model, job FROM entries WHERE 1{LISTED} ORDER BY id DESC LIMIT ?"  # noqa: S608
    return [(str(either_id), f"{model} {job}".strip()) for either_id, model, job in store.read(sql, (limit,))]


def _holds_word(word: str, name: str) -> tuple[str, dict[str, object]]:
    """The test whether an entry holds a word, and its values. LIKE knows the case of ASCII letters only."""
    spellings = [word] if word.isascii() else list(dict.fromkeys((word, word.lower(), word.upper(), word.title())))
    values: dict[str, object] = {}
    tests = []
    for number, spelling in enumerate(spellings):
        key = f"{name}_{number}"
        for suffix, text in (("", spelling), ("_json", json.dumps(spelling)[1:-1])):
            values[key + suffix] = "%" + re.sub("([%_~])", r"~\1", text) + "%"
        like, in_json = f"LIKE :{key} ESCAPE '~'", f"LIKE :{key}_json ESCAPE '~'"
        tests += [f"{column} {like}" for column in ("job", "external_id", "task_id", "job_file")]
        # JSON is read only where it holds the word at all, which may be in another member.
        tests.append(f"CASE WHEN request {in_json} THEN json_extract(request, '$.params.prompt') {like} END")
        path = f"SELECT 1 FROM json_each(outputs) WHERE json_extract(value, '$.path') {like}"  # noqa: S608
        tests.append(f"CASE WHEN outputs {in_json} THEN EXISTS ({path}) END")
    return f"({' OR '.join(tests)})", values


def other_services(store: LedgerStore, origin: str) -> dict[str, int]:
    """Every other service that the ledger has tasks of, with their number; those of `origin` are not counted."""
    # By ranges of the index: for <> SQLite reads all of it.
    sql = """SELECT origin, count(*) FROM (SELECT origin FROM entries WHERE origin < :origin
        UNION ALL SELECT origin FROM entries WHERE origin > :origin) GROUP BY origin"""
    return {str(row[0]): int(row[1]) for row in store.read(sql, {"origin": origin})}


def spending(
    store: LedgerStore, by: SpendingColumn, *, origin: str = "", since: float | None = None
) -> Mapping[str, SpendingTotal]:
    """What was spent per model, job file, service, or day or month of the first POST (UTC), sorted.

    `since`: sent then or later.
    """
    within, values = where_all(origin=origin, first_sent=since)
    key = f"strftime('{DATE_FORMATS[by]}', first_sent, 'unixepoch')" if by in DATE_FORMATS else by
    # Grouped by what is indexed: by `exposed > 0` SQLite would sort all entries, which takes four times as long.
    sql = f"""SELECT {key}, state, cost, exposed, count(*) FROM entries WHERE first_sent IS NOT NULL{within}
        GROUP BY 1, 2, 3, 4"""  # noqa: S608
    totals: dict[str, SpendingTotal] = {}
    for group, state, cost, exposed, tasks in store.read(sql, values):
        total = totals.get(group, SpendingTotal())
        if cost is not None:
            total = total.replace(paid=total.paid + tasks, cost=total.cost + Decimal(cost) * tasks)
        elif exposed and LedgerState(state) in MAY_BE_CHARGED:
            total = total.replace(maybe_paid=total.maybe_paid + tasks)
        totals[group] = total
    return dict(sorted(totals.items()))


def durations(
    store: LedgerStore, model: str, *, origin: str = "", mode: str = "", duration: str = "", limit: int = 100
) -> list[float]:
    """Sorted seconds from acceptance to completion: the newest `limit` tasks of a class, none over a day (fault L6).

    Without those that were found completed: they would seem to have taken until somebody asked.
    """
    within, values = where_all(origin=origin)
    sql = f"""SELECT generated_at - accepted_at FROM entries
        WHERE model = :model AND mode = :mode AND duration = :duration AND generated_at > accepted_at
        AND generated_at - accepted_at < :day{within}
        AND NOT EXISTS (SELECT 1 FROM events WHERE entry = entries.id AND why = :found)
        ORDER BY generated_at DESC LIMIT :limit"""  # noqa: S608
    values |= {"model": model, "mode": mode, "duration": duration, "day": _DAY_SECONDS, "limit": limit}
    values |= {"found": FOUND_COMPLETED}
    return sorted(float(row[0]) for row in store.read(sql, values))


def prices(
    store: LedgerStore, origin: str, model: str, *, account: str = "", mode: str = "", duration: str = "",
    limit: int = 50,
) -> list[tuple[Decimal, int | None]]:  # fmt: skip
    """What the newest `limit` tasks of this class cost at this service, newest first, with their seconds of input.

    Without an account, under any. A task that failed, or cost nothing, tells no price.
    """
    within, values = where_all(origin=origin, account=account)
    sql = f"""SELECT cost, input_seconds FROM entries WHERE model = :model AND mode = :mode AND duration = :duration
        AND cost IS NOT NULL AND CAST(cost AS REAL) > 0 AND generated_at IS NOT NULL{within}
        ORDER BY id DESC LIMIT :limit"""  # noqa: S608
    values |= {"model": model, "mode": mode, "duration": duration, "limit": limit}
    return [(Decimal(row[0]), row[1]) for row in store.read(sql, values)]


def where_all(**filters: str | float | None) -> tuple[str, dict[str, object]]:
    """What follows a WHERE, and its values. Names are columns of ours; text is compared, a number is the least one."""
    values: dict[str, object] = {name: value for name, value in filters.items() if value not in {"", None}}
    tests = (f" AND {name} {'=' if isinstance(value, str) else '>='} :{name}" for name, value in values.items())
    return "".join(tests), values


_UNFINISHED_SQL = ", ".join(f"'{state.value}'" for state in sorted(set(LedgerState) - TERMINAL))


def count_unfinished(store: LedgerStore, origin: str) -> int:
    """How many entries at this service were sent, or may have been, and are not at their end."""
    sent = f"state IN ({_UNFINISHED_SQL}) AND NOT (state = 'intent' AND exposed = 0)"
    sql = f"SELECT COUNT(*) FROM entries WHERE +origin = ? AND {sent}"  # noqa: S608
    return int(store.read(sql, (origin,))[0][0])


def unfinished_keys(store: LedgerStore, origin: str) -> list[str]:
    """The fingerprints of the keys with entries at this service that are not at their end."""
    sql = f"SELECT DISTINCT account FROM entries WHERE +origin = ? AND state IN ({_UNFINISHED_SQL}) ORDER BY account"  # noqa: S608
    return [str(row[0]) for row in store.read(sql, (origin,))]


def reassign(store: LedgerStore, origin: str, before: str, after: str) -> None:
    """Let all entries of the key `before` be those of `after`, but for external ids that `after` has already.

    Copies of them are stale afterwards. Raises LocalError.
    """
    sql = """UPDATE entries SET account = :after, version = version + 1 WHERE origin = :origin AND account = :before
        AND external_id NOT IN (SELECT external_id FROM entries WHERE origin = :origin AND account = :after)"""
    with store.write(durable=True) as transaction:
        transaction(sql, {"origin": origin, "before": before, "after": after})


def merge_rounds(store: LedgerStore, rounds: Iterable[str], into: str) -> None:
    """Let the entries of these rounds be of one: what goes on with several is one itself. Raises LocalError."""
    with store.write(durable=True) as transaction:
        for name in rounds:
            transaction("UPDATE entries SET redo_round = ? WHERE redo_round = ?", (into, name))


def record_moved_files(store: LedgerStore, origin: str, external_id: str, moved: Mapping[str, str]) -> None:
    """Note where the files of a result are now; `moved` has absolute paths, before and after. Raises LocalError."""
    sql = "SELECT id, outputs FROM entries WHERE external_id = ? AND origin = ? AND outputs <> ''"
    with store.write(durable=False) as transaction:
        for entry_id, text in store.read(sql, (external_id, origin)):
            outputs = json.loads(text)
            for output in outputs:
                path = str(output.get("path") or "")
                output["path"] = moved.get(str(Path(path).absolute()), path)
            new = json.dumps(outputs, sort_keys=True, separators=(",", ":"))
            transaction("UPDATE entries SET outputs = ? WHERE id = ?", (new, entry_id))
