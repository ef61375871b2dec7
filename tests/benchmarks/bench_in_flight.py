"""Thousands of tasks in flight at once: CPU per poll, lateness, peak memory, and how they grow with the tasks.

python tests/benchmarks/bench_in_flight.py [JOBS …]      (default 100 1000 10000; takes about ten minutes)

Ten minutes at a tenth of their length: tasks of 40-80 s. Each number of tasks runs twice, with a poll interval that the
loopback service can answer and with four times that: the difference of their CPU, by that of their polls, is the cost
of a poll, whatever submitting and fetching cost. Lateness is what the service saw: from completion to the query that
noticed it; the goal is at most the interval.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from math import log
from pathlib import Path

HERE = Path(__file__).parent
MAX_POLLS = 500  # a second, of the loopback service
TASK_SECONDS = ("40", "80")
GOAL_MS, GOAL_MIB = 0.15, 200


def measured(command, environment=None):
    """Exit code, CPU seconds and peak MiB of a command."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run(jobs, interval):
    """CPU seconds, peak MiB, polls and mean lateness in seconds of one run."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        port_file, job_file = folder / "ports.json", folder / "jobs.yaml"
        listed = [{"name": f"j{n}", "params": {"prompt": f"p{n}"}} for n in range(jobs)]
        job_file.write_text(json.dumps({"version": 1, "defaults": {"model": "kirin_v1_t2v"}, "jobs": listed}))
        server = [sys.executable, "-m", "loopback", "--port-file", str(port_file), "--lifetime", "1800"]
        tasks = ["--seconds", *TASK_SECONDS, "--size", "20000"]
        service = subprocess.Popen([*server, *tasks], stdout=subprocess.DEVNULL, cwd=HERE.parent)
        while not port_file.exists():
            time.sleep(0.05)
        api = json.loads(port_file.read_text())["api"]
        state = {"KIRIN_STATE_DIR": str(folder / "state"), "KIRIN_POLL_SECONDS": str(interval)}
        environment = {**os.environ, "KIRIN_BASE_URL": api, "KIRIN_API_KEY": "k", **state}
        try:
            command = [sys.executable, "-m", "kirin_cli", "run", str(job_file), "-j", str(jobs), "-q"]
            code, cpu, peak = measured(command, environment)
            with urllib.request.urlopen(f"{api}/__truth__") as answer:
                made = json.load(answer)["tasks"]
        finally:
            service.terminate()
            service.wait()
    if code:
        raise SystemExit(f"the run of {jobs} jobs ended with {code}")
    late = [task["lateness"] for task in made]
    return cpu, peak, sum(task["polls"] for task in made), sum(late) / len(late)


def main():
    sizes = [int(text) for text in sys.argv[1:]] or [100, 1000, 10_000]
    _, _, alone = measured([sys.executable, "-c", "import kirin_cli.cli.runner, kirin_cli.jobs.parser"])
    before = None
    for jobs in sizes:
        interval = max(1.0, jobs / MAX_POLLS)
        cpu, peak, polls, late = run(jobs, interval)
        few_cpu, _, few_polls, _ = run(jobs, 4 * interval)
        per_poll = 1000 * (cpu - few_cpu) / max(1, polls - few_polls)
        lateness = f"lateness {late:5.2f} s ({late / interval:4.2f} of the interval; goal 1)"
        memory = f"{peak:4.0f} MiB (goal {GOAL_MIB}, imports alone {alone:.0f})"
        growth = f"  CPU grows with exponent {log(cpu / before[1]) / log(jobs / before[0]):4.2f}" if before else ""
        cost = f"{polls:6} polls, {per_poll:5.3f} ms of CPU each (goal {GOAL_MS})"
        print(f"{jobs:6} in flight: CPU {cpu:6.1f} s  {cost}  {lateness}  {memory}{growth}", flush=True)
        before = jobs, cpu


if __name__ == "__main__":
    main()
