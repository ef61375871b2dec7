"""What the ledger costs: a batch with it against the same batch without, and questions to ten thousand entries.

Run: python tests/benchmarks/bench_ledger.py [JOBS]. Prints ratios; the batch with it should cost at most 1.10.
"""

import statistics
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.lookup import find_entry
from kirin_cli.ledger.queries import select_entries, spending
from kirin_cli.ledger.states import LedgerEvent

IN_FLIGHT = 64
SECONDS = (1.0, 2.0)
LIFE = (LedgerEvent.PROGRESSED, LedgerEvent.PROGRESSED, LedgerEvent.PROGRESSED)
REQUEST = '{"prompt": "' + "neon rain over the harbour " * 20 + '"}'


def intent(number: int) -> Intent:
    return Intent(origin="o", account="a", external_id=f"krn1-{number:026d}", model="m", request=REQUEST, mode="std")


def batch(jobs: int, ledger: Ledger | None) -> float:
    """Seconds that `jobs` jobs of one to two seconds take, so many in flight at once."""

    def job(number: int) -> None:
        if ledger is None:
            wait(number)
        else:
            live(ledger, number, wait)

    def wait(number: int) -> None:
        threading.Event().wait(SECONDS[0] + (SECONDS[1] - SECONDS[0]) * (number % 16) / 16)

    began = time.perf_counter()
    if ledger is not None:
        ledger.intend_all(intent(number) for number in range(jobs))
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        list(pool.map(job, range(jobs)))
    return time.perf_counter() - began


def live(ledger: Ledger, number: int, wait: Callable[[int], None]) -> None:
    """One job's life with everything that a run writes down."""
    entry = ledger.move(ledger.intend(intent(number)), LedgerEvent.SEND)
    entry = ledger.move(entry, LedgerEvent.ACCEPTED, task_id=f"task-{number}")
    wait(number)
    for event in LIFE:
        entry = ledger.move(entry, event)
    entry = ledger.move(entry, LedgerEvent.COMPLETED, cost=Decimal("0.28"), outputs='[{"type": "video"}]')
    ledger.move(ledger.move(entry, LedgerEvent.FETCH), LedgerEvent.SAVED)


def timed(name: str, act: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    print(f"{name:44} {statistics.median(times) * 1000:9.2f} ms")
    return statistics.median(times)


def measure(jobs: int, folder: Path) -> None:
    without = batch(jobs, None)
    with Ledger.open(folder / "batch", time.time) as ledger:
        with_it = batch(jobs, ledger)
    print(f"{jobs} jobs, {IN_FLIGHT} in flight: {without:.2f} s, with the ledger {with_it:.2f} s")
    print(f"ratio {with_it / without:.3f}")
    with Ledger.open(folder / "one", time.time) as ledger:
        began = time.perf_counter()
        for number in range(jobs):
            live(ledger, number, lambda _: None)
        print(f"{'one life, alone':44} {(time.perf_counter() - began) / jobs * 1000:9.2f} ms")
    with Ledger.open(folder / "many", time.time) as ledger:
        ledger.intend_all(intent(number) for number in range(10_000))
        timed("select all", lambda: select_entries(ledger.store))
        timed("sum of costs", lambda: spending(ledger.store, "model"))
        timed("find by the beginning of an id", lambda: find_entry(ledger.store, intent(777).external_id[:-1] + "7"))
        tracemalloc.start()
        entries = select_entries(ledger.store)
        print(f"{'memory of 10,000 entries':44} {tracemalloc.get_traced_memory()[0] / 2**20:9.1f} MiB ({len(entries)})")
    timed("open with 10,000 entries, check included", lambda: Ledger.open(folder / "many", time.time).close())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, Path(name))
