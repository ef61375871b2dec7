"""Several kirin processes on one key at a service that takes few tasks at once: refusals, time, each one's part.

python tests/benchmarks/bench_shards.py [PROCESSES] [JOBS] [ROOM] [SECONDS]      (default 4, 24, 8, 2.0)

Each process has so many jobs, of so many seconds each. The service runs ROOM at once and answers 429 beyond that. The
floor is JOBS x PROCESSES x SECONDS / ROOM. The part of each process is counted over the tasks that were created after
each had its first, while all of them still had jobs to send.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).parent


def start(folder, api, number, jobs):
    """One process with jobs of its own on the ledger that all share."""
    listed = [{"name": f"p{number}-{n}", "params": {"prompt": f"p{number} {n}"}} for n in range(jobs)]
    job_file = folder / f"jobs-{number}.yaml"
    job_file.write_text(json.dumps({"version": 1, "defaults": {"model": "kirin_v1_t2v"}, "jobs": listed}))
    state = {"KIRIN_STATE_DIR": str(folder / "state"), "KIRIN_POLL_SECONDS": "0.25"}
    environment = {**os.environ, "KIRIN_BASE_URL": api, "KIRIN_API_KEY": "k", **state}
    command = [sys.executable, "-m", "kirin_cli", "run", str(job_file), "-q"]
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)


def parts(tasks, processes, jobs):
    """How many of the tasks each process got, from when each had its first until one of them had sent all its own."""
    made, first = Counter(), None
    for prompt in tasks:
        made[prompt.split()[0]] += 1
        first = first or (Counter(made) if len(made) == processes else None)
        if made[prompt.split()[0]] == jobs:
            break
    return [made[f"p{number}"] - (first or {}).get(f"p{number}", 0) for number in range(processes)]


def main():
    arguments = [float(word) for word in sys.argv[1:]] + [4, 24, 8, 2.0][len(sys.argv) - 1 :]
    processes, jobs, room, seconds = *map(int, arguments[:3]), arguments[3]
    with tempfile.TemporaryDirectory() as top:
        folder, port_file = Path(top), Path(top) / "ports.json"
        limits = ["--room", str(room), "--seconds", str(seconds), str(seconds), "--size", "20000"]
        command = [sys.executable, "-m", "loopback", "--port-file", str(port_file), *limits]
        service = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=HERE.parent)
        while not port_file.exists():
            time.sleep(0.05)
        api = json.loads(port_file.read_text())["api"]
        try:
            began = time.perf_counter()
            runs = [start(folder, api, number, jobs) for number in range(processes)]
            codes, ends = [], []
            for run in runs:
                codes.append(run.wait())
                ends.append(time.perf_counter() - began)
            truth = json.loads(urlopen(api + "/__truth__").read())
        finally:
            service.terminate()
            service.wait()
    posts = [request for request in truth["requests"] if request["method"] == "POST"]
    refused = sum(request["status"] == 429 for request in posts)
    floor = processes * jobs * seconds / room
    tasks = [task["params"]["prompt"] for task in truth["tasks"]]
    print(f"{processes} processes of {jobs} jobs of {seconds:g} s, {room} at once: exit {codes}")
    print(f"time {max(ends):.1f} s ({max(ends) / floor:.2f} of the floor {floor:.0f}); 429: {refused} of {len(posts)}")
    print(f"tasks of each while all had some to send: {parts(tasks, processes, jobs)}; created {len(tasks)}")


if __name__ == "__main__":
    main()
