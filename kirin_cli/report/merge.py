"""Several results joined into one: shards of a run, runs of the same jobs, notes beside videos. Reads no file."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from kirin_cli import __version__
from kirin_cli.errors import BATCH_ORDER, UsageError
from kirin_cli.report.collect import Found
from kirin_cli.report.reading import items, mapping, moment, money, number
from kirin_cli.report.results import totals

INCOMPLETE: Final = 8
"""The exit code of a run of which shards are missing: like a run whose end nobody has seen yet."""

_GRAVEST_FIRST: Final = (70, 9, 143, 130, 2, *BATCH_ORDER[2:])
_GOOD: Final = {"done": 0, "skipped": 1}
MOST_SHARDS: Final = 100_000

Data = Mapping[str, object]


def joined(found: Sequence[Found]) -> dict[str, object]:
    """One run made of all: each job once, as it stands best. Raises UsageError where shards do not fit together."""
    runs = [one.data for one in found if one.is_run]
    shards = _shards(runs)
    jobs = _jobs(found)
    states = Counter(str(job.get("state")) for job in jobs)
    ids = dict.fromkeys(str(run.get("run_id") or "") for run in runs)
    started, ended = _times(runs, "started_at"), _times(runs, "ended_at")
    codes = [number(one.data.get("exit_code")) for one in found] + [INCOMPLETE] * bool(shards and shards["missing"])
    return {
        "run_id": ", ".join(filter(None, ids)),
        "exit_code": _gravest(codes),
        "totals": totals(states, _cost(jobs)),
        "jobs": jobs,
        "problems": [problem for run in runs for problem in items(run.get("problems"))],
        "started_at": min(started, key=moment_of) if started else None,
        "ended_at": max(ended, key=moment_of) if ended else None,
        "shard": None,
        "shards": shards,
        "kirin_version": __version__,
    }


def moment_of(text: str) -> float:
    """When it was, 0.0 where that cannot be read."""
    return moment(text) or 0.0


def missing(data: Data) -> list[int]:
    """The numbers of the shards without a result."""
    return [number(one) for one in items(mapping(data.get("shards")).get("missing"))]


def shard_count(data: Data) -> int:
    """Of how many shards the results are, 0 where they do not say."""
    return number(mapping(data.get("shards")).get("total"))


def _shards(runs: Iterable[Data]) -> dict[str, object] | None:
    parts = [mapping(run.get("shard")) for run in runs]
    places = sorted({(number(part.get("index")), number(part.get("total"))) for part in parts if part})
    if not places:
        return None
    totals_ = sorted({of for _, of in places})
    if len(totals_) > 1:
        raise UsageError(f"these are shards of different runs: of {' and of '.join(map(str, totals_))}")
    of, present = totals_[0], [index for index, _ in places]
    if not 1 <= present[0] <= present[-1] <= of <= MOST_SHARDS:
        raise UsageError(f"shard {present[-1]} of {of} makes no sense")
    return {"total": of, "present": present, "missing": sorted(set(range(1, of + 1)) - set(present))}


def _jobs(found: Sequence[Found]) -> list[Data]:
    """Every job once: a job is the same where its external id is. The order is that in which they were found."""
    kept: dict[object, tuple[tuple[int, bool, float], Data]] = {}
    for place, one in enumerate(found):
        ended = moment(one.data.get("ended_at")) or 0.0
        for count, job in enumerate(mapping(job) for job in items(one.data.get("jobs"))):
            key = job.get("external_task_id") or (place, count)
            rank = (_GOOD.get(str(job.get("state")), 2), not one.is_run, -ended)
            if key not in kept or rank < kept[key][0]:
                kept[key] = (rank, job)
    return [job for _, job in kept.values()]


def _cost(jobs: Iterable[Data]) -> Decimal:
    paid = (money(job.get("cost_usd")) for job in jobs if job.get("state") != "skipped")
    return sum((cost for cost in paid if cost is not None), Decimal(0))


def _times(runs: Iterable[Data], name: str) -> list[str]:
    texts = (run.get(name) for run in runs)
    return [text for text in texts if isinstance(text, str) and moment(text)]


def _gravest(codes: Iterable[int]) -> int:
    return min((code for code in codes if code in _GRAVEST_FIRST), key=_GRAVEST_FIRST.index, default=0)
