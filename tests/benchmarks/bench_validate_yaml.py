"""What checking job files costs: 10,000 jobs of 20 lines beside the bare events of libyaml, whole processes.

In tests/: python -m benchmarks.bench_validate_yaml [JOBS [RUNS]]. Prints ratios of medians of interleaved runs, and the
peak memory; asserts nothing. Building should cost at most 1.8, `kirin validate` at most 2.5 and 120 MiB, with two
pictures a job at most 3.2.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from support.pictures import png

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
      image: {1}/{0}.png
      static_mask: {1}/mask-{0}.png
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
URLS, PICTURES = "https://example.com", "pictures"
HEAD = "version: 1\ndefaults:\n  params: {mode: std, aspect_ratio: 16:9}\njobs:\n"
READ = """
import sys
from pathlib import Path
from kirin_cli.jobs.parser import read_job_file
file = read_job_file(Path(sys.argv[1]), {"kirin_v1_5_i2v": ("prompt", "mode"), "kirin_v1_t2v": ("aspect_ratio",)})
assert file.jobs and not file.problems
"""
BUILD = """
import sys
from pathlib import Path
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.source_text import decode, read_bytes
assert not parse_yaml(decode(read_bytes(Path(sys.argv[1]), 8 << 20))).problems
"""
EVENTS = """
import sys, yaml
with open(sys.argv[1], "rb") as file:
    for event in yaml.parse(file, Loader=yaml.CSafeLoader):
        pass
"""
VALIDATE = ["-m", "kirin_cli", "validate"]
PROCESSES = {  # what is run, and where the jobs have their pictures
    "events of libyaml": (["-c", EVENTS], URLS),
    "documents with places": (["-c", BUILD], URLS),
    "jobs": (["-c", READ], URLS),
    "kirin validate": (VALIDATE, URLS),
    "kirin validate --json": ([*VALIDATE, "--json"], URLS),
    "kirin validate, pictures": (VALIDATE, PICTURES),
}


def run(arguments: list[str], file: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one process."""
    command = [sys.executable, *arguments, str(file)]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def write(folder: Path, jobs: int) -> dict[str, Path]:
    """A job file with URLs and one with two picture files a job, which are written too."""
    files = {where: folder / f"{number}.yaml" for number, where in enumerate((URLS, PICTURES))}
    for where, file in files.items():
        file.write_text(HEAD + "".join(JOB.format(number, where) for number in range(jobs)))
    (folder / PICTURES).mkdir()
    picture = png(300, 300)
    for name in (f"{mask}{number}.png" for mask in ("", "mask-") for number in range(jobs)):
        (folder / PICTURES / name).write_bytes(picture)
    return files


def main(jobs: int = 10_000, runs: int = 5) -> None:
    """Print a line for each way, in the order of what it does more than the one before."""
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), jobs)
        taken = [{name: run(what, files[where]) for name, (what, where) in PROCESSES.items()} for _ in range(runs)]
    reference = median(turn["events of libyaml"][0] for turn in taken)
    for name in PROCESSES:
        seconds, memory = (median(turn[name][part] for turn in taken) for part in (0, 1))
        sys.stdout.write(f"{name:25} {seconds / reference:5.2f} × events   {seconds:6.3f} s   {memory:6.1f} MiB\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
