"""Results found on the disk: what `--json` wrote, and the notes beside videos. Each is the plain data of a run.

Files that are neither are passed over where a folder is searched, and refused where they are named.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kirin_cli.errors import LocalFault, UsageError
from kirin_cli.report.reading import items, mapping
from kirin_cli.run import sidecar

LARGEST: Final = 256 << 20
STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class Found:
    """The data of one file; `is_run` tells a run from a single note."""

    data: Mapping[str, object]
    source: Path
    is_run: bool


def collect(paths: Iterable[Path]) -> list[Found]:
    """All results in files and below folders, `-` being standard input.

    Raises UsageError for a path that is or holds no result, LocalFault for one that cannot be read.
    """
    return [found for path in dict.fromkeys(paths) for found in _at(path)]


def _at(path: Path) -> list[Found]:
    if path.is_dir():
        results = [one for file in sorted(path.rglob("*.json")) if file.is_file() and (one := _read(file))]
        # What an earlier join of shards wrote into the same folder is no result of its own.
        found = [one for one in results if not one.data.get("shards")]
        if not found:
            raise UsageError(f"{path} holds no results", hint="kirin run --report json=FILE writes them")
        return found
    one = _of_run(_parsed(sys.stdin.buffer.read(LARGEST + 1)), path) if str(path) == STDIN else _read(path)
    if one is None:
        what = "is no result of kirin" if path.exists() or str(path) == STDIN else "is not there"
        raise UsageError(f"{path} {what}", hint="name results of kirin run --json, notes beside videos, or folders")
    return [one]


def _read(path: Path) -> Found | None:
    note = sidecar.read(path)
    if note is not None:
        return Found(_as_run(note), path, is_run=False)
    try:
        if not path.exists() or path.stat().st_size > LARGEST:
            return None
        return _of_run(_parsed(path.read_bytes()), path)
    except OSError as error:
        raise LocalFault(f"{path} cannot be read: {error.strerror or error}") from error


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw, parse_constant=_no_number) if len(raw) <= LARGEST else None
    except (ValueError, RecursionError):
        return None


def _no_number(word: str) -> object:
    raise ValueError(word)


def _of_run(data: object, source: Path) -> Found | None:
    if not isinstance(data, dict) or not isinstance(data.get("jobs"), list) or "run_id" not in data:
        return None
    return Found({**data, "jobs": [_moved(mapping(job), source.parent) for job in data["jobs"]]}, source, is_run=True)


def _moved(job: Mapping[str, object], folder: Path) -> Mapping[str, object]:
    """The job with the paths of its files as they are now, where the result came from another folder or machine."""
    outputs = [mapping(output) for output in items(job.get("outputs"))]
    return {**job, "outputs": [{**output, "path": _now(output, folder)} for output in outputs]}


def _now(output: Mapping[str, object], folder: Path) -> str:
    path = str(output.get("path") or "")
    size = output.get("bytes")
    return next((str(way) for way in _ways(path, folder) if _has(way, size)), path)


def _ways(path: str, folder: Path) -> Iterator[Path]:
    if not Path(path).is_absolute():
        yield folder / path
    yield Path(path)
    yield folder / Path(path.replace("\\", "/")).name


def _has(path: Path, size: object) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size
    except (OSError, ValueError):
        return False


def _as_run(note: sidecar.Sidecar) -> dict[str, object]:
    outputs = note.outputs()
    request = mapping(note.about.get("request"))
    params = mapping(request.get("params"))
    files = [{**facts, "path": str(note.path.parent / name)} for name, facts in note.files.items()]
    job = {
        "name": note.about.get("job"), "model": request.get("model"), "state": "done" if outputs else "pending",
        "task_id": note.task_id or None, "external_task_id": note.external_id, "cost_usd": note.cost or None,
        "outputs": files, "error": None, "reason": None if outputs else "a file of it is missing",
        "take": note.about.get("take"), "file": None, "line": None, "column": None, "prompt": params.get("prompt"),
        "params": params, "times": note.times,
    }  # fmt: skip
    return {"run_id": "", "exit_code": 0 if outputs else 8, "jobs": [job]}
