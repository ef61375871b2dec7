"""What commands cost with 100,000 tasks in the ledger, as ratios to the same with 100; in one run, whole processes.

In tests/: python -m benchmarks.bench_ledger_size [TASKS [RUNS]]. Prints milliseconds of CPU (medians of interleaved
runs) and ratios; asserts nothing. `list`, `show` and `usage` should cost at most 1.2 times what they cost with 100.
"""

import os
import sqlite3
import sys
import tempfile
import time
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import median

from kirin_cli.api.credentials import fingerprint
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger

ROOT = Path(__file__).parent.parent.parent
FEW = 100
ORIGIN = "https://cloud.vtrix.ai"
KEY = "k" * 20
COMMANDS = {
    "list": ("list",),
    "list --state failed": ("list", "--state", "failed"),
    "list WORDS": ("list", "neon", "harbour"),
    "list WORD of one": ("list", "job-7777"),
    "show ID": ("show", "task-7"),
    "show NAME": ("show", "job-7"),
    "show last": ("show", "last"),
    "usage": ("usage",),
    "resume, nothing to do": ("resume",),
}


def fill(folder: Path, tasks: int) -> None:
    """A ledger with so many tasks that are done, one in fifty failed, over the last hundred days."""
    now = time.time()
    with Ledger.open(folder, lambda: now) as ledger:
        intents = [
            Intent(
                origin=ORIGIN, account=fingerprint(KEY), external_id=f"krn1-{number:026}", model="kirin_v1_t2v",
                request='{"model":"kirin_v1_t2v","params":{"prompt":"neon rain over a harbour"}}', plan="{}",
                mode="std", duration="5", job=f"job-{number}", job_file="/jobs.yaml", scope="", take=1, run_id="r",
            )
            for number in range(tasks)
        ]  # fmt: skip
        for start in range(0, tasks, 10_000):
            ledger.intend_all(intents[start : start + 10_000])
    with sqlite3.connect(folder / "ledger.sqlite3") as connection:
        connection.execute(
            """UPDATE entries SET state = CASE id % 50 WHEN 0 THEN 'failed' ELSE 'done' END, posts = 1, exposed = 1,
            task_id = 'task-' || id, cost = CASE id % 50 WHEN 0 THEN NULL ELSE '0.28' END, created = ? - id * 86.4,
            first_sent = ? - id * 86.4, last_sent = created, accepted_at = created, generated_at = created + 60,
            outputs = '[{"path": "/videos/clip.mp4", "sha256": "00", "bytes": 1, "type": "video"}]'""",
            (now, now),
        )
    connection.close()


def cpu(folder: Path, arguments: tuple[str, ...]) -> float:
    """Seconds of CPU of one process."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KIRIN_")}
    environ |= {"KIRIN_STATE_DIR": str(folder), "KIRIN_API_KEY": KEY, "KIRIN_BASE_URL": ORIGIN, "HOME": str(folder)}
    child = os.posix_spawn(
        sys.executable, [sys.executable, "-m", "kirin_cli", *arguments], environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)],
    )  # fmt: skip
    _, status, usage = os.wait4(child, 0)
    assert status == 0, arguments
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as name:
        sizes = sorted({FEW, tasks // 100, tasks // 10, tasks})
        folders = {size: Path(name) / str(size) for size in sizes}
        for size, folder in folders.items():
            folder.mkdir()
            fill(folder, size)
        for title, arguments in COMMANDS.items():
            spent: dict[int, list[float]] = {size: [] for size in sizes}
            for _ in range(runs):
                for size, folder in folders.items():
                    spent[size].append(cpu(folder, arguments))
            times = {size: median(seconds) for size, seconds in spent.items()}
            row = "  ".join(
                f"{size}: {taken * 1e3:4.0f} ms ({taken / times[FEW]:4.2f})" for size, taken in times.items()
            )
            growth = " ".join(
                f"{log(times[more] / times[less]) / log(more / less):5.2f}" for less, more in pairwise(sizes)
            )
            print(f"{title:22} {row}  exponents {growth}")


if __name__ == "__main__":
    main()
