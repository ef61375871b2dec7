"""Thousands of tasks in flight at once: CPU per poll, lateness, peak memory, and how they grow with the tasks.

python tests/benchmarks/bench_in_flight.py [JOBS …]      (default 100 1000 10000; takes about ten minutes)

The cost of a poll is the CPU time of half a minute in which all tasks run and nothing else happens, by the polls that
the service counted in it; beside it that of a query by the bare http.client, at the same pace. Lateness is what the
service saw: from completion to the query that noticed it; the goal is at most the interval. Only a machine that does
nothing else tells what a poll costs: on a busy one fewer threads have to be woken.
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
WINDOW = 30  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
GOAL_MS, GOAL_MIB = 0.15, 200


PACED = """
import http.client, sys, time
host, path, rate, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
connection, began, polls = http.client.HTTPConnection(host), time.perf_counter(), 0
alone = time.process_time()
while (left := began + seconds - time.perf_counter()) > 0:
    time.sleep(max(0, min(left, began + polls / rate - time.perf_counter())))
    connection.request("GET", path, headers={"Authorization": "Bearer k"})
    connection.getresponse().read()
    polls += 1
print((time.process_time() - alone) / polls)
"""


def tasks_of(api):
    """What the service knows of its tasks."""
    with urllib.request.urlopen(f"{api}/__truth__") as answer:
        return json.load(answer)["tasks"]


def cpu_seconds(pid):
    """CPU time of a process that runs."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def run(jobs, interval):
    """Milliseconds of CPU a poll, of kirin and the bare client, peak MiB, CPU seconds and mean lateness of one run."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        port_file, job_file = folder / "ports.json", folder / "jobs.yaml"
        listed = [{"name": f"j{n}", "params": {"prompt": f"p{n}"}} for n in range(jobs)]
        job_file.write_text(json.dumps({"version": 1, "defaults": {"model": "kirin_v1_t2v"}, "jobs": listed}))
        server = [sys.executable, "-m", "loopback", "--port-file", str(port_file), "--lifetime", "1800"]
        shortest = 2 * WINDOW + jobs // 50  # so that the last is submitted long before the first is completed
        tasks = ["--seconds", str(shortest), str(shortest + 40), "--size", "20000"]
        service = subprocess.Popen([*server, *tasks], stdout=subprocess.DEVNULL, cwd=HERE.parent)
        while not port_file.exists():
            time.sleep(0.05)
        api = json.loads(port_file.read_text())["api"]
        state = {"KIRIN_STATE_DIR": str(folder / "state"), "KIRIN_POLL_SECONDS": str(interval)}
        environment = {**os.environ, "KIRIN_BASE_URL": api, "KIRIN_API_KEY": "k", **state}
        command = [sys.executable, "-m", "kirin_cli", "run", str(job_file), "-j", str(jobs), "-q"]
        kirin = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while len(tasks_of(api)) < jobs:
                time.sleep(1)
            time.sleep(interval)
            before, polls = cpu_seconds(kirin.pid), sum(task["polls"] for task in tasks_of(api))
            time.sleep(WINDOW)
            cpu, made = cpu_seconds(kirin.pid) - before, tasks_of(api)
            polls = sum(task["polls"] for task in made) - polls
            _, status, usage = os.wait4(kirin.pid, 0)
            late = [task["lateness"] for task in tasks_of(api)]
            host, slash, path = api.partition("://")[2].partition("/")
            target = f"{slash}{path}/model/v1/generation/task/{made[0]['id']}"
            paced = [sys.executable, "-c", PACED, host, target, str(polls / WINDOW), str(WINDOW)]
            bare = float(subprocess.run(paced, capture_output=True, text=True, check=True).stdout)
        finally:
            kirin.kill()
            service.terminate()
            service.wait()
    if status:
        raise SystemExit(f"the run of {jobs} jobs ended with {os.waitstatus_to_exitcode(status)}")
    total, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return 1000 * cpu / polls, 1000 * bare, peak, total, sum(late) / len(late)


def main():
    sizes = [int(text) for text in sys.argv[1:]] or [100, 1000, 10_000]
    before = None
    for jobs in sizes:
        interval = max(1.0, jobs / MAX_POLLS)
        per_poll, bare, peak, cpu, late = run(jobs, interval)
        cost = f"{per_poll:5.3f} ms of CPU a poll (goal {GOAL_MS}; bare http.client {bare:5.3f})"
        lateness = f"lateness {late:5.2f} s ({late / interval:4.2f} of the interval; goal 1)"
        growth = f"  CPU grows with exponent {log(cpu / before[1]) / log(jobs / before[0]):4.2f}" if before else ""
        print(f"{jobs:6} in flight: {cost}  {lateness}  {peak:4.0f} MiB (goal {GOAL_MIB}){growth}", flush=True)
        before = jobs, cpu


if __name__ == "__main__":
    main()
