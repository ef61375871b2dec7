"""A batch of jobs of 1-2 s beside an aiohttp client and a thread a job, against one loopback service; prints ratios.

python tests/benchmarks/bench_batch.py [JOBS …]      (default 1000; aiohttp must be installed)

Of several numbers of jobs it prints how the CPU time of each contender grows with them.

Every contender submits with an external id, polls every 0.25 s and downloads 1 MB a job, 64 tasks in flight. kirin is
the whole command: it also validates, keeps the ledger, hashes, checks, syncs and writes a note beside each file.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from math import log
from pathlib import Path

HERE = Path(__file__).parent
IN_FLIGHT = 64
POLL = 0.25
GOALS = (1.05, 2.0, 50)

AIOHTTP = f"""
import asyncio, hashlib, sys, aiohttp
api, jobs, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
async def one(session, gate, n):
    async with gate:
        params = {{"prompt": f"p{{n}}", "external_task_id": f"a{{n}}"}}
        body = {{"model": "kirin_v1_t2v", "input": [{{"params": params}}]}}
        async with session.post(api + "/model/v1/generation", json=body) as answer:
            task = (await answer.json())["id"]
        while True:
            await asyncio.sleep({POLL})
            async with session.get(api + "/model/v1/generation/task/" + task) as answer:
                state = await answer.json()
            if state["status"] == "completed":
                break
        async with session.get(state["output"][0]["content"][0]["url"]) as answer:
            data = await answer.read()
        with open(f"{{folder}}/{{n}}.mp4", "wb") as file:
            file.write(data)
async def main():
    headers = {{"Authorization": "Bearer k"}}
    connector = aiohttp.TCPConnector(limit=16)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        gate = asyncio.Semaphore({IN_FLIGHT})
        await asyncio.gather(*(one(session, gate, n) for n in range(jobs)))
asyncio.run(main())
"""

THREADS = f"""
import sys, time, requests
from concurrent.futures import ThreadPoolExecutor
api, jobs, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def one(n):
    headers = {{"Authorization": "Bearer k"}}
    params = {{"prompt": f"p{{n}}", "external_task_id": f"t{{n}}"}}
    body = {{"model": "kirin_v1_t2v", "input": [{{"params": params}}]}}
    task = requests.post(api + "/model/v1/generation", json=body, headers=headers).json()["id"]
    while True:
        time.sleep({POLL})
        state = requests.get(api + "/model/v1/generation/task/" + task, headers=headers).json()
        if state["status"] == "completed":
            break
    with open(f"{{folder}}/{{n}}.mp4", "wb") as file:
        file.write(requests.get(state["output"][0]["content"][0]["url"]).content)
with ThreadPoolExecutor({IN_FLIGHT}) as pool:
    list(pool.map(one, range(jobs)))
"""


def measured(command, environment):
    """Wall seconds, CPU seconds and peak MiB of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[:3]} ended with {status}: {process.stderr.read().decode()[-2000:]}")
    process.stderr.close()
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    before = None
    for jobs in [int(text) for text in sys.argv[1:]] or [1000]:
        rows = compare(jobs)
        report(jobs, rows, before)
        before = jobs, rows


def compare(jobs):
    """Wall seconds, CPU seconds and peak MiB of each contender."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        port_file = folder / "ports.json"
        command = [sys.executable, "-m", "loopback", "--port-file", str(port_file), "--lifetime", "3600"]
        tasks = ["--seconds", "1", "2", "--size", "1000000"]
        service = subprocess.Popen([*command, *tasks], stdout=subprocess.DEVNULL, cwd=HERE.parent)
        while not port_file.exists():
            time.sleep(0.05)
        api = json.loads(port_file.read_text())["api"]
        rows = {}
        try:
            for name in ("aiohttp", "thread a job", "kirin"):
                target = folder / name.replace(" ", "-")
                target.mkdir()
                rows[name] = measured(command_of(name, api, jobs, target), environment(api, target))
        finally:
            service.terminate()
            service.wait()
    return rows


def command_of(name, api, jobs, target):
    if name == "kirin":
        listed = [{"name": f"j{n}", "params": {"prompt": f"p{n}"}} for n in range(jobs)]
        job_file = target / "jobs.yaml"
        job_file.write_text(json.dumps({"version": 1, "defaults": {"model": "kirin_v1_t2v"}, "jobs": listed}))
        return [sys.executable, "-m", "kirin_cli", "run", str(job_file), "-j", str(IN_FLIGHT), "-q"]
    return [sys.executable, "-c", AIOHTTP if name == "aiohttp" else THREADS, api, str(jobs), str(target)]


def environment(api, target):
    state = {"KIRIN_STATE_DIR": str(target / "state"), "KIRIN_POLL_SECONDS": str(POLL)}
    return {**os.environ, "KIRIN_BASE_URL": api, "KIRIN_API_KEY": "k", **state}


def report(jobs, rows, before):
    wall, cpu, _ = rows["aiohttp"]
    print(f"{jobs} jobs; goals of kirin: wall {GOALS[0]:4.2f}, CPU {GOALS[1]:4.2f}, {GOALS[2]} MiB")
    for name, (seconds, busy, peak) in rows.items():
        ratios = f"wall {seconds:6.1f} s ({seconds / wall:4.2f})  CPU {busy:6.1f} s ({busy / cpu:4.2f})"
        growth = log(busy / before[1][name][1]) / log(jobs / before[0]) if before else None
        print(f"{name:14} {ratios}  {peak:6.1f} MiB" + (f"  exponent {growth:4.2f}" if before else ""), flush=True)


if __name__ == "__main__":
    main()
