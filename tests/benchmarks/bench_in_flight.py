"""Peak memory with ten thousand tasks in flight at once; prints MiB and the command's import-only peak beside it.

python tests/benchmarks/bench_in_flight.py [JOBS]      (default 10000; takes a few minutes)
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent


def peak(command, environment=None):
    """Exit code and peak MiB of a command."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024


def main():
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        port_file, job_file = folder / "ports.json", folder / "jobs.yaml"
        listed = [{"name": f"j{n}", "params": {"prompt": f"p{n}"}} for n in range(jobs)]
        job_file.write_text(json.dumps({"version": 1, "defaults": {"model": "kirin_v1_t2v"}, "jobs": listed}))
        server = [sys.executable, "-m", "loopback", "--port-file", str(port_file), "--lifetime", "1800"]
        tasks = ["--seconds", "60", "90", "--size", "20000"]
        service = subprocess.Popen([*server, *tasks], stdout=subprocess.DEVNULL, cwd=HERE.parent)
        while not port_file.exists():
            time.sleep(0.05)
        api = json.loads(port_file.read_text())["api"]
        state = {"KIRIN_STATE_DIR": str(folder / "state"), "KIRIN_POLL_SECONDS": "60"}
        environment = {**os.environ, "KIRIN_BASE_URL": api, "KIRIN_API_KEY": "k", **state}
        began = time.perf_counter()
        try:
            run = [sys.executable, "-m", "kirin_cli", "run", str(job_file), "-j", str(jobs), "-q"]
            code, used = peak(run, environment)
        finally:
            service.terminate()
            service.wait()
        _, alone = peak([sys.executable, "-c", "import kirin_cli.cli.runner, kirin_cli.jobs.parser"])
        took = time.perf_counter() - began
        print(f"{jobs} in flight: exit {code}, {took:.0f} s, {used:.0f} MiB (imports alone {alone:.0f})")


if __name__ == "__main__":
    main()
