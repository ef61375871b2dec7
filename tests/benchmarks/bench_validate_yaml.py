"""What reading job files costs: 10,000 jobs of 20 lines beside the bare events of libyaml, whole processes.

Run: python tests/benchmarks/bench_validate_yaml.py [JOBS [RUNS]]. Prints ratios of medians of interleaved runs, and the
peak memory; asserts nothing. PERFORMANCE.md: building at most 1.8, `kirin validate` at most 2.5 and 120 MiB.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent.parent
JOB = """\
  - name: job-{0}
    model: kirin_v1_5_i2v
    params:
      prompt: "Neon rain over the harbour, number {0}: slow orbit"
      negative_prompt: blurry, low quality
      duration: 5
      mode: pro
      cfg_scale: 0.5
      image: https://example.com/{0}.png
      static_mask: https://example.com/mask-{0}.png
      dynamic_masks:
        - mask: https://example.com/mask.png
          trajectories:
            - {{x: 10, y: 20}}
            - {{x: 30, y: 40}}
      watermark_info: {{enabled: false}}
      callback_url: https://example.com/hook
      external_task_id: ext-{0}
    output:
      name: "{{job}}{{-take}}.{{ext}}"
"""
HEAD = "version: 1\ndefaults:\n  params: {mode: std, aspect_ratio: 16:9}\njobs:\n"
READ = """
import sys
from pathlib import Path
from kirin_cli.jobs.files import read
file = read(Path(sys.argv[1]), {"kirin_v1_5_i2v": ("prompt", "mode"), "kirin_v1_t2v": ("aspect_ratio",)})
assert file.jobs and not file.problems
"""
BUILD = """
import sys
from pathlib import Path
from kirin_cli.jobs.document import parse
from kirin_cli.jobs.text import decoded, read_bytes
assert not parse(decoded(read_bytes(Path(sys.argv[1]), 8 << 20))).problems
"""
EVENTS = """
import sys, yaml
with open(sys.argv[1], "rb") as file:
    for event in yaml.parse(file, Loader=yaml.CSafeLoader):
        pass
"""
VALIDATE = ["-m", "kirin_cli", "validate"]
PROCESSES = {
    "events of libyaml": ["-c", EVENTS],
    "documents with places": ["-c", BUILD],
    "jobs": ["-c", READ],
    "kirin validate": VALIDATE,
    "kirin validate --json": [*VALIDATE, "--json"],
}


def run(arguments: list[str], file: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one process."""
    command = [sys.executable, *arguments, str(file)]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # wait4 has reaped it
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main(jobs: int = 10_000, runs: int = 5) -> None:
    """Print a line for each way, in the order of what it does more than the one before."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.yaml"
        file.write_text(HEAD + "".join(JOB.format(number) for number in range(jobs)))
        taken = [{name: run(arguments, file) for name, arguments in PROCESSES.items()} for _ in range(runs)]
    reference = median(turn["events of libyaml"][0] for turn in taken)
    for name in PROCESSES:
        seconds, memory = (median(turn[name][part] for turn in taken) for part in (0, 1))
        sys.stdout.write(f"{name:24} {seconds / reference:5.2f} × events   {seconds:6.3f} s   {memory:6.1f} MiB\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
