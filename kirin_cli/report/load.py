"""Results found on the disk, and several of them merged into one: shards, runs, sidecars."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from kirin_cli import __version__
from kirin_cli.errors import BATCH_ORDER, LocalFault, UsageError
from kirin_cli.report.json_format import totals
from kirin_cli.report.report import as_decimal, as_int, as_list, as_mapping, as_timestamp
from kirin_cli.run.outputs import Sidecar, read_sidecar

MAX_RESULT_BYTES: Final = 256 << 20
STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class LoadedResult:
    """The data of one file; `is_run` tells a run from a single sidecar."""

    data: Mapping[str, object]
    source: Path
    is_run: bool


def load_results(paths: Iterable[Path]) -> list[LoadedResult]:
    """All results in files and below folders, `-` being standard input.

    Raises UsageError for a path that is or holds no result, LocalFault for one that cannot be read.
    """
    return [found for path in dict.fromkeys(paths) for found in _at(path)]


def _at(path: Path) -> list[LoadedResult]:
    if path.is_dir():
        results = [one for file in sorted(path.rglob("*.json")) if file.is_file() and (one := _read(file))]
        # What an earlier join of shards wrote into the same folder is no result of its own.
        found = [result for result in results if not result.data.get("shards")]
        if not found:
            raise UsageError(f"{path} holds no results", hint="kirin run --report json=FILE writes them")
        return found
    one = _of_run(_parsed(sys.stdin.buffer.read(MAX_RESULT_BYTES + 1)), path) if str(path) == STDIN else _read(path)
    if one is None:
        what = "is no result of kirin" if path.exists() or str(path) == STDIN else "is not there"
        raise UsageError(f"{path} {what}", hint="name results of kirin run --json, sidecars beside videos, or folders")
    return [one]


def _read(path: Path) -> LoadedResult | None:
    note = read_sidecar(path)
    if note is not None:
        return LoadedResult(_as_run(note), path, is_run=False)
    try:
        if not path.exists() or path.stat().st_size > MAX_RESULT_BYTES:
            return None
        return _of_run(_parsed(path.read_bytes()), path)
    except OSError as error:
        raise LocalFault(f"{path} cannot be read: {error.strerror or error}") from error


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw, parse_constant=_no_number) if len(raw) <= MAX_RESULT_BYTES else None
    except (ValueError, RecursionError):
        return None


def _no_number(word: str) -> object:
    raise ValueError(word)


def _of_run(data: object, source: Path) -> LoadedResult | None:
    if not isinstance(data, dict) or not isinstance(data.get("jobs"), list) or "run_id" not in data:
        return None
    return LoadedResult(
        {**data, "jobs": [_moved(as_mapping(job), source.parent) for job in data["jobs"]]}, source, is_run=True
    )


def _moved(job: Mapping[str, object], folder: Path) -> Mapping[str, object]:
    """The job with the paths of its files as they are now, where the result came from another folder or machine."""
    outputs = [as_mapping(output) for output in as_list(job.get("outputs"))]
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


def _as_run(note: Sidecar) -> dict[str, object]:
    outputs = note.outputs()
    request = as_mapping(note.raw.get("request"))
    params = as_mapping(request.get("params"))
    files = [{**facts, "path": str(note.path.parent / name)} for name, facts in note.files.items()]
    job = {
        "name": note.raw.get("job"), "model": request.get("model"), "state": "done" if outputs else "pending",
        "task_id": note.task_id or None, "external_task_id": note.external_id, "cost_usd": note.cost or None,
        "outputs": files, "error": None, "reason": None if outputs else "a file of it is missing",
        "take": note.raw.get("take"), "file": None, "line": None, "column": None, "prompt": params.get("prompt"),
        "params": params, "times": note.times,
    }  # fmt: skip
    return {"run_id": "", "exit_code": 0 if outputs else 8, "jobs": [job]}


INCOMPLETE: Final = 8
"""The exit code of a run of which shards are missing: like a run whose end nobody has seen yet."""

_GRAVEST_FIRST: Final = (70, 9, 143, 130, 2, *BATCH_ORDER[2:])
_GOOD: Final = {"done": 0, "skipped": 1}
MAX_SHARDS_MERGED: Final = 100_000

ResultData = Mapping[str, object]


def merge_results(found: Sequence[LoadedResult]) -> dict[str, object]:
    """One run made of all: each job once, as it stands best. Raises UsageError where shards do not fit together."""
    runs = [one.data for one in found if one.is_run]
    shards = _shards(runs)
    jobs = _jobs(found)
    states = Counter(str(job.get("state")) for job in jobs)
    ids = dict.fromkeys(str(run.get("run_id") or "") for run in runs)
    started, ended = _times(runs, "started_at"), _times(runs, "ended_at")
    codes = [as_int(one.data.get("exit_code")) for one in found] + [INCOMPLETE] * bool(shards and shards["missing"])
    return {
        "run_id": ", ".join(filter(None, ids)),
        "exit_code": _gravest(codes),
        "totals": totals(states, _cost(jobs)),
        "jobs": jobs,
        "problems": [problem for run in runs for problem in as_list(run.get("problems"))],
        "started_at": min(started, key=result_time) if started else None,
        "ended_at": max(ended, key=result_time) if ended else None,
        "shard": None,
        "shards": shards,
        "kirin_version": __version__,
    }


def result_time(text: str) -> float:
    """When it was, 0.0 where that cannot be read."""
    return as_timestamp(text) or 0.0


def missing_shards(data: ResultData) -> list[int]:
    """The numbers of the shards without a result."""
    return [as_int(one) for one in as_list(as_mapping(data.get("shards")).get("missing"))]


def shard_count(data: ResultData) -> int:
    """Of how many shards the results are, 0 where they do not say."""
    return as_int(as_mapping(data.get("shards")).get("total"))


def _shards(runs: Iterable[ResultData]) -> dict[str, object] | None:
    parts = [as_mapping(run.get("shard")) for run in runs]
    places = sorted({(as_int(part.get("index")), as_int(part.get("total"))) for part in parts if part})
    if not places:
        return None
    totals_ = sorted({of for _, of in places})
    if len(totals_) > 1:
        raise UsageError(f"these are shards of different runs: of {' and of '.join(map(str, totals_))}")
    of, present = totals_[0], [index for index, _ in places]
    if not 1 <= present[0] <= present[-1] <= of <= MAX_SHARDS_MERGED:
        raise UsageError(f"shard {present[-1]} of {of} makes no sense")
    return {"total": of, "present": present, "missing": sorted(set(range(1, of + 1)) - set(present))}


def _jobs(found: Sequence[LoadedResult]) -> list[ResultData]:
    """Every job once: a job is the same where its external id is. The order is that in which they were found."""
    kept: dict[object, tuple[tuple[int, bool, float], ResultData]] = {}
    for place, one in enumerate(found):
        ended = as_timestamp(one.data.get("ended_at")) or 0.0
        for count, job in enumerate(as_mapping(job) for job in as_list(one.data.get("jobs"))):
            key = job.get("external_task_id") or (place, count)
            rank = (_GOOD.get(str(job.get("state")), 2), not one.is_run, -ended)
            if key not in kept or rank < kept[key][0]:
                kept[key] = (rank, job)
    return [job for _, job in kept.values()]


def _cost(jobs: Iterable[ResultData]) -> Decimal:
    paid = (as_decimal(job.get("cost_usd")) for job in jobs if job.get("state") != "skipped")
    return sum((cost for cost in paid if cost is not None), Decimal(0))


def _times(runs: Iterable[ResultData], name: str) -> list[str]:
    texts = (run.get(name) for run in runs)
    return [text for text in texts if isinstance(text, str) and as_timestamp(text)]


def _gravest(codes: Iterable[int]) -> int:
    return min((code for code in codes if code in _GRAVEST_FIRST), key=_GRAVEST_FIRST.index, default=0)
