"""Results found on the disk, and several of them merged into one: shards, runs, sidecars, plans, checks."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from kirin_cli import __version__
from kirin_cli.errors import BATCH_ORDER, LocalError, UsageError
from kirin_cli.json_text import NestedTooDeeply, parse_json
from kirin_cli.regular_file import is_network_path, read_regular_file, read_standard_input
from kirin_cli.report.json_format import FILE_LISTS, RunData, totals
from kirin_cli.report.parser import as_decimal, as_int, as_list, as_mapping, as_timestamp, kind_of
from kirin_cli.report.plan_format import merge_totals
from kirin_cli.report.report import KINDS, ReportKind
from kirin_cli.run.earlier_results import MOVED_FROM
from kirin_cli.run.outputs import SANDBOX, Sidecar, read_sidecar

MAX_RESULT_BYTES: Final = 256 << 20
STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class LoadedResult:
    """The data of one file; `is_run` tells the result of a command from a single sidecar."""

    data: RunData
    source: Path
    is_run: bool

    @property
    def kind(self) -> ReportKind:
        """Which command's result it is; a sidecar is left by a run."""
        return kind_of(self.data)


def load_results(paths: Iterable[Path]) -> list[LoadedResult]:
    """All results in files and below folders, `-` being standard input.

    Raises UsageError for a path that is or holds no result, LocalError for one that cannot be read.
    """
    return [result for path in dict.fromkeys(paths) for result in _load(path)]


def _load(path: Path) -> list[LoadedResult]:
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*.json")) if file.is_file()]
        # What an earlier join of shards wrote is no result of its own, and an earlier video is none of a job any more.
        read = [result for file in files if (result := _read_below(file))]
        results = [result for result in read if not result.data.get("shards") and not result.data.get("superseded")]
        if not results:
            raise UsageError(f"{path} holds no results", hint="kirin run --report json=FILE writes them")
        return results
    is_stdin = str(path) == STDIN
    try:
        result = _parse_run(read_standard_input(MAX_RESULT_BYTES + 1), path) if is_stdin else _read(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except NestedTooDeeply as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="kirin writes no such results") from None
    if result is None:
        problem = "is no result of kirin" if is_stdin or path.exists() else "is not there"
        hint = "name results of kirin run, plan or validate --json, sidecars beside videos, or folders"
        raise UsageError(f"{path} {problem}", hint=hint)
    return [result]


def _read(path: Path) -> LoadedResult | None:
    sidecar = read_sidecar(path)
    if sidecar is not None:
        return LoadedResult(_run_of_sidecar(sidecar), path, is_run=False)
    try:
        if not path.exists() or path.stat().st_size > MAX_RESULT_BYTES:
            return None
        return _parse_run(read_regular_file(path, MAX_RESULT_BYTES), path)
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror or error}") from error


def _read_below(path: Path) -> LoadedResult | None:
    """The same of a file in a folder, where there may be anything."""
    with suppress(NestedTooDeeply):
        return _read(path)
    return None


def _parse_run(raw: bytes, source: Path) -> LoadedResult | None:
    try:  # PowerShell writes what is redirected into a file as UTF-16
        data = (
            parse_json(raw.decode(json.detect_encoding(raw), "surrogatepass")) if len(raw) <= MAX_RESULT_BYTES else None
        )
    except NestedTooDeeply:
        raise
    except ValueError:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("jobs"), list):
        return None
    kind = kind_of(data)
    if kind == "run" and "run_id" not in data:
        return None
    find = _find_files if kind == "run" else _plan_path
    jobs = [find(as_mapping(job), source.parent) for job in data["jobs"]]
    return LoadedResult({**data, "jobs": jobs}, source, is_run=True)


def _find_files(job: RunData, folder: Path) -> RunData:
    """The job with the paths of its files as they are now."""
    lists = {name: map(as_mapping, as_list(job[name])) for name in FILE_LISTS & job.keys()}
    return {
        **job,
        **{name: [{**file, "path": _find_file(file, folder)} for file in files] for name, files in lists.items()},
    }


def _find_file(output: RunData, folder: Path) -> str:
    """The path of a file as it is now, where the result came from another folder or machine."""
    path, size = str(output.get("path") or ""), output.get("bytes")
    if is_network_path(path):
        return path
    candidates = [] if Path(path).is_absolute() else [folder / path]
    below = [part for part in Path(path).parts if part != ".."]  # a checkout, and the result lies in another folder
    candidates += [Path(path), folder / Path(path.replace("\\", "/")).name, Path(*below)]
    for candidate in candidates:
        with suppress(OSError, ValueError):
            if candidate.is_file() and candidate.stat().st_size == size:
                return os.path.normpath(candidate)
    return path


def _plan_path(job: RunData, folder: Path) -> RunData:
    """A job of a plan with its path from this folder on; one of a check has none."""
    path = job.get("path")
    return {**job, "path": os.path.normpath(folder / path)} if isinstance(path, str) else job


def _run_of_sidecar(sidecar: Sidecar) -> dict[str, object]:
    outputs = sidecar.outputs()
    request = as_mapping(sidecar.raw.get("request"))
    params = as_mapping(request.get("params"))
    files = [{**facts, "path": str(sidecar.path.parent / name)} for name, facts in sidecar.files.items()]
    job = {
        "name": sidecar.raw.get("job"), "model": request.get("model"), "state": "done" if outputs else "pending",
        "task_id": sidecar.task_id or None, "external_task_id": sidecar.external_id, "cost_usd": sidecar.cost or None,
        "outputs": files, "error": None, "reason": None if outputs else "a file of it is missing",
        "take": sidecar.raw.get("take"), "attempt": sidecar.attempt,
        "file": None, "line": None, "column": None, "prompt": params.get("prompt"),
        "params": params, "times": sidecar.times, "tags": sidecar.raw.get("tags"), "inputs": sidecar.raw.get("inputs"),
        "scope": sidecar.scope or None,
    }  # fmt: skip
    jobs = [{**job, **_find_files({"inputs": job["inputs"]}, sidecar.path.parent)}]
    superseded = MOVED_FROM in sidecar.raw
    return {
        "run_id": "",
        "exit_code": 0 if outputs else 8,
        "jobs": jobs,
        "superseded": superseded,
        "sandbox": sidecar.origin.startswith(SANDBOX),
    }


INCOMPLETE: Final = 8
"""The exit code of a run of which shards are missing: like a run whose end nobody has seen yet."""

_GRAVEST_FIRST: Final = (70, 9, 143, 130, 2, *BATCH_ORDER[2:-1], 10, 0)
_RANKS: Final = {"done": 0, "skipped": 1}
MAX_SHARDS_MERGED: Final = 100_000


def pick_kind(results: Sequence[LoadedResult]) -> tuple[list[LoadedResult], dict[ReportKind, int]]:
    """The results that can be merged, those of runs before plans before checks; and how many of which are left out."""
    kinds = Counter(result.kind for result in results)
    picked = next(kind for kind in KINDS if kinds[kind])
    return [result for result in results if result.kind == picked], {k: n for k, n in kinds.items() if k != picked}


def merge_results(results: Sequence[LoadedResult]) -> dict[str, object]:
    """One result made of all, which are of one kind: each job once, as it stands best.

    Raises UsageError where shards do not fit together.
    """
    runs = [result.data for result in results if result.is_run]
    shards = _merge_shards(runs)
    kind = results[0].kind
    jobs = [job for run in runs for job in as_list(run.get("jobs"))] if kind == "validate" else _merge_jobs(results)
    codes = {as_int(result.data.get("exit_code")) for result in results}
    codes |= {INCOMPLETE} if shards and shards["missing"] else set()
    exit_code = next((code for code in _GRAVEST_FIRST if code in codes), 0)
    merged: dict[str, object] = {
        "exit_code": exit_code,
        "jobs": jobs,
        "problems": [problem for run in runs for problem in as_list(run.get("problems"))],
        "shards": shards,
        "kirin_version": __version__,
    }
    if kind == "validate":
        lists = {name: [item for run in runs for item in as_list(run.get(name))] for name in ("errors", "warnings")}
        return {"kind": kind, "valid": all(run.get("valid") is True for run in runs), **merged, **lists}
    if kind == "plan":
        totals_of_shards = [as_mapping(run.get("totals")) for run in runs]
        return {"kind": kind, **merged, "totals": merge_totals(_merge_jobs(results), totals_of_shards), "shard": None}
    costs = [as_decimal(as_mapping(job).get("cost_usd")) for job in jobs if as_mapping(job).get("state") != "skipped"]
    states = Counter(str(as_mapping(job).get("state")) for job in jobs)
    started, ended = _times(runs, "started_at"), _times(runs, "ended_at")
    return {
        "run_id": ", ".join(filter(None, dict.fromkeys(str(run.get("run_id") or "") for run in runs))),
        **merged,
        "totals": totals(states, sum(filter(None, costs), Decimal(0))),
        "started_at": started[min(started)] if started else None,
        "ended_at": ended[max(ended)] if ended else None,
        "shard": None,
        "sandbox": any(result.data.get("sandbox") is True for result in results),
    }


def missing_shards(data: RunData) -> list[int]:
    """The numbers of the shards without a result."""
    return [as_int(number) for number in as_list(as_mapping(data.get("shards")).get("missing"))]


def shard_count(data: RunData) -> int:
    """Of how many shards the results are, 0 where they do not say."""
    return as_int(as_mapping(data.get("shards")).get("total"))


def _merge_shards(runs: Iterable[RunData]) -> dict[str, object] | None:
    shards = [as_mapping(run.get("shard")) for run in runs]
    numbers = sorted({(as_int(shard.get("index")), as_int(shard.get("total"))) for shard in shards if shard})
    if not numbers:
        return None
    counts = sorted({count for _, count in numbers})
    if len(counts) > 1:
        raise UsageError(f"these are shards of different runs: of {' and of '.join(map(str, counts))}")
    count, present = counts[0], [index for index, _ in numbers]
    if not 1 <= present[0] <= present[-1] <= count <= MAX_SHARDS_MERGED:
        raise UsageError(f"shard {present[-1]} of {count} makes no sense")
    return {"total": count, "present": present, "missing": sorted(set(range(1, count + 1)) - set(present))}


def _merge_jobs(results: Sequence[LoadedResult]) -> list[RunData]:
    """Every job once: a job is the same where its external id is. The order is that of the job files, where known."""
    best: dict[object, tuple[tuple[int, bool, float], RunData]] = {}
    for number, result in enumerate(results):
        ended = as_timestamp(result.data.get("ended_at")) or 0.0
        for index, job in enumerate(map(as_mapping, as_list(result.data.get("jobs")))):
            external_id = job.get("external_task_id")
            key = external_id if external_id and isinstance(external_id, str) else (number, index)
            rank = (_RANKS.get(str(job.get("state")), 2), not result.is_run, -ended)
            if key not in best or rank < best[key][0]:
                best[key] = (rank, job)
    jobs = _latest_attempts([job for _, job in best.values()])
    files = {file: number for number, file in enumerate(dict.fromkeys(str(job.get("file") or "") for job in jobs))}

    def position(job: RunData) -> tuple[int, ...]:
        # Jobs of one matrix or table share a line; shards have them in an order of their own.
        return files[str(job.get("file") or "")], *(as_int(job.get(name)) for name in ("line", "column", "position"))

    return sorted(jobs, key=position)


def _latest_attempts(jobs: Sequence[RunData]) -> list[RunData]:
    """The jobs without the attempts of a take that another one, which went better or came later, has replaced."""
    best: dict[str, tuple[bool, int]] = {}
    keys, ranks = [], []
    for job in jobs:
        keys.append(json.dumps([job.get(name) for name in ("name", "take", "model", "params")], sort_keys=True))
        ranks.append((str(job.get("state")) in _RANKS, as_int(job.get("attempt")) or 1))
        best[keys[-1]] = max(ranks[-1], best.get(keys[-1], ranks[-1]))
    return [job for job, key, rank in zip(jobs, keys, ranks, strict=True) if rank[1] == best[key][1]]


def _times(runs: Iterable[RunData], name: str) -> dict[float, str]:
    """What the runs say, by the seconds since the epoch that it means."""
    texts = [text for run in runs if isinstance(text := run.get(name), str)]
    return {seconds: text for text in texts if (seconds := as_timestamp(text))}
