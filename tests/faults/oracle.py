"""What must hold after every run, whatever went wrong (tests/faults/README.md: the oracle for every row).

Looks from outside: the truth of the loopback service, the bytes in the folders, the SQLite file itself.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from loopback.service import Service

if TYPE_CHECKING:
    from faults.bench import Bench, RunResult, RunSettings

AFTER_THE_DEADLINE = 5.0
"""Seconds that a run may take beyond its own deadline."""


def judge(machine: "Bench", result: "RunResult", settings: "RunSettings") -> None:
    """Everything at once, for a run inside this process."""
    tasks_are_paid_once(machine.api)
    ids_are_kept(result.returned_ids, machine.folder / settings.state)
    files_are_whole(machine.renders, machine.cdn)
    key_is_nowhere(settings.key, result.output, machine.folder)
    assert result.exit_code in {0, 1, 3, 4, 5, 6, 7, 8, 9, 130, 143}, result.error
    if settings.timeout is not None:
        assert result.seconds <= settings.timeout + AFTER_THE_DEADLINE


def tasks_are_paid_once(api: Service) -> None:
    """At most one task for each intent."""
    assert api.truth.twice() == {}


def ids_are_kept(returned: Iterable[str], state: Path) -> None:
    """Every task id that the service returned stands in the ledger or, where that cannot be written, beside it."""
    missing = set(returned) - ids_in_ledger(state)
    assert not missing, f"{missing} came from the service and are nowhere"


def files_are_whole(renders: Path, cdn: Service) -> None:
    """A file under its final name is one that was served; its sidecar says the same."""
    served = {digest(file.data) for file in cdn.files.by_path.values()}
    notes: dict[str, dict[str, str]] = {}
    for path in renders.glob("*.json"):
        notes |= json.loads(path.read_text())["outputs"]
    for film in renders.glob("*.mp4"):
        assert digest(film.read_bytes()) in served, film
        assert notes[film.name]["sha256"] in served, film


def key_is_nowhere(key: str, output: str, *folders: Path) -> None:
    """Neither in what was shown nor in any file."""
    assert key not in output
    for path in files_in(*folders):
        assert key.encode() not in path.read_bytes(), path


def files_in(*folders: Path) -> Iterator[Path]:
    return (path for folder in folders for path in folder.rglob("*") if path.is_file())


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def ids_in(status: int, body: bytes) -> set[str]:
    """The task id in an answer that a program could take for one."""
    try:
        answer = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return set()
    found = answer.get("id") if isinstance(answer, dict) and 200 <= status < 300 else None
    return {found} if isinstance(found, str) and 0 < len(found) <= 256 and found != ".." else set()


def _refuse(name: str) -> object:
    raise ValueError(name)


def ids_in_ledger(state: Path) -> set[str]:
    """Every task id in the entries and their history, and in the recovery file."""
    found = {json.loads(line)["task_id"] for line in _lines(state / "recovery.jsonl")}
    ledger = state / "ledger.sqlite3"
    if ledger.exists():
        with closing(sqlite3.connect(ledger)) as connection:
            for table in ("entries", "events"):
                found |= {row[0] for row in connection.execute(f"SELECT task_id FROM {table}")}
    return found


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line] if path.exists() else []
