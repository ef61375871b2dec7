"""What checking job files costs: 10,000 jobs of 20 lines beside the bare events of libyaml, whole processes.

In tests/: python -m benchmarks.bench_validate_yaml [JOBS [RUNS]]. Prints, for a hundredth, a tenth and all of the jobs,
CPU time (user and system) as ratios of medians of interleaved runs, the peak memory, and the exponent by which the time
grows from a tenth to all; asserts nothing. Goals: `kirin validate` at most 2.0 and 100 MiB, with two pictures a job
3.0.
"""

import os
import subprocess
import sys
import tempfile
from math import log10
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
GOALS = {"kirin validate": 2.0, "kirin validate --json": 2.0, "kirin validate, pictures": 3.0}
PROCESSES = {  # what is run, and where the jobs have their pictures
    "events of libyaml": (["-c", EVENTS], URLS),
    "documents with places": (["-c", BUILD], URLS),
    "jobs": (["-c", READ], URLS),
    "kirin validate": (VALIDATE, URLS),
    "kirin validate --json": ([*VALIDATE, "--json"], URLS),
    "kirin validate, pictures": (VALIDATE, PICTURES),
}


def run(arguments: list[str], file: Path) -> tuple[float, float]:
    """Seconds of CPU time and peak MiB of one process."""
    command = [sys.executable, *arguments, str(file)]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def write(folder: Path, jobs: int) -> dict[str, Path]:
    """A job file with URLs and one with two picture files a job, which are written too."""
    folder.mkdir()
    files = {where: folder / f"{number}.yaml" for number, where in enumerate((URLS, PICTURES))}
    for where, file in files.items():
        file.write_text(HEAD + "".join(JOB.format(number, where) for number in range(jobs)))
    (folder / PICTURES).mkdir()
    picture = png(300, 300)
    for name in (f"{mask}{number}.png" for mask in ("", "mask-") for number in range(jobs)):
        (folder / PICTURES / name).write_bytes(picture)
    return files


def main(jobs: int = 10_000, runs: int = 5) -> None:
    """Print a line for each way and size, in the order of what it does more than the one before."""
    sizes = (jobs // 100, jobs // 10, jobs)
    with tempfile.TemporaryDirectory() as folder:
        files = {size: write(Path(folder) / str(size), size) for size in sizes}
        turns = [
            {(name, size): run(what, files[size][where]) for size in sizes for name, (what, where) in PROCESSES.items()}
            for _ in range(runs)
        ]
    seconds, memory = ({key: median(turn[key][part] for turn in turns) for key in turns[0]} for part in (0, 1))
    for name in PROCESSES:
        for size in sizes:
            ratio = seconds[name, size] / seconds["events of libyaml", size]
            goal = f", goal {GOALS[name]:.1f}" if name in GOALS and size == jobs else ""
            line = f"{name:25} {size:6} jobs {ratio:6.2f} × events{goal:10} {seconds[name, size]:7.3f} s"
            sys.stdout.write(f"{line} {memory[name, size]:6.1f} MiB\n")
        exponent = log10(seconds[name, sizes[2]] / seconds[name, sizes[1]])
        sys.stdout.write(f"{name:25} grows with the exponent {exponent:.2f}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
