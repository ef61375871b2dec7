"""What a run of finished jobs and a plan cost, as ratios to `validate` of the same file: CPU of whole processes.

In tests/: python -m benchmarks.bench_rerun [JOBS [RUNS]]. Prints a row for a hundredth, a tenth and all of the jobs, in
medians of interleaved runs, and the exponent with which each grows from row to row; asserts nothing but that every job
is skipped. `run` again of 10,000 finished jobs should cost at most 3.0 times `validate`; `plan` of 200 new jobs at most
1.2 times.
"""

import hashlib
import json
import math
import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from support.fast_folder import fast_folder

from kirin_cli.api.credentials import fingerprint
from kirin_cli.cli.flags import JobFileFlags
from kirin_cli.cli.job_files import check_job_files
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.run.attempts import KnownEntries
from kirin_cli.run.job import Job, OutputFile
from kirin_cli.run.outputs import write_sidecar
from kirin_cli.run.prepare import PrepareOptions, prepare_jobs

KEY, ORIGIN = "k", "https://cloud.vtrix.ai"
JOB = """\
  - name: job-{0}
    params:
      prompt: "Neon rain over the harbour, number {0}: slow orbit"
      negative_prompt: blurry, low quality
      duration: 5
      mode: pro
      cfg_scale: 0.5
      image: https://example.com/{0}.png
      dynamic_masks:
        - mask: https://example.com/mask.png
          trajectories:
            - {{x: 10, y: 20}}
            - {{x: 30, y: 40}}
      watermark_info: {{enabled: false}}
      callback_url: https://example.com/hook
    tags: [night]
    output:
      name: "{{job}}{{-take}}.{{ext}}"
"""
HEAD = "version: 1\ndefaults: {model: kirin_v1_5_i2v}\njobs:\n"
VIDEO = bytes(range(256)) * 8
FINISHED, NEW = "finished.yaml", "new.yaml"
COMMANDS = {
    "validate": ("validate", FINISHED),
    "run": ("run", FINISHED),
    "run --json": ("run", FINISHED, "--json"),
    "run, two reports": ("run", FINISHED, "--report", "junit=r.xml", "--report", "json=r.json"),
    "plan, finished": ("plan", FINISHED),
    "plan, new": ("plan", NEW),
}


def write_jobs(path: Path, first: int, jobs: int) -> None:
    path.write_text(HEAD + "".join(JOB.format(number) for number in range(first, first + jobs)), encoding="utf-8")


def finish_all(folder: Path, jobs: int) -> None:
    """Ledger, sidecars and videos as a run of all jobs leaves them."""
    now = time.time()
    checked = check_job_files(JobFileFlags([folder / FINISHED]))
    known = KnownEntries(of_ids=lambda _: {}, beyond_first_ids=tuple, of_rounds=lambda _: (), of_file=lambda _: ())
    prepared = prepare_jobs(checked.jobs, PrepareOptions(origin=ORIGIN, now=now), known)
    assert len(prepared.jobs) == jobs
    assert not prepared.findings
    for job in prepared.jobs:
        finish(job, prepared.paths[job.external_id])
    with Ledger.open(folder / "state", lambda: now) as ledger:
        intents = (
            Intent(
                origin=ORIGIN, account=fingerprint(KEY), external_id=job.external_id, model=job.model.id,
                request=job.request, plan="{}", mode="pro", duration="5", job=job.name, take=job.take,
                job_file=str(Path(job.file).absolute()), run_id="r",
            )
            for job in prepared.jobs
        )  # fmt: skip
        ledger.intend_all(intents)
    with sqlite3.connect(folder / "state" / "ledger.sqlite3") as connection:
        connection.execute(
            """UPDATE entries SET state = 'done', posts = 1, exposed = 1, task_id = 'task-' || job, cost = '0.28',
            first_sent = created, last_sent = created, accepted_at = created, generated_at = created + 60,
            outputs = json_array(json_object('type', 'video', 'path', ? || job || '.mp4', 'bytes', ?, 'sha256', ?))""",
            (f"{folder}/renders/", len(VIDEO), hashlib.sha256(VIDEO).hexdigest()),
        )
    connection.close()


def finish(job: Job, path: Path) -> None:
    """The video of a job and its sidecar."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(VIDEO)
    url = f"https://cdn.example.com/{job.external_id}/video.mp4"
    output = OutputFile(
        type="video", url=url, path=path, bytes=len(VIDEO), sha256=hashlib.sha256(VIDEO).hexdigest(), duration="5.1"
    )
    usage = {"cost": "0.28", "discount": 1, "quantity": 1, "unit_price": "0.28"}
    answer = {"id": f"task-{job.name}", "created_at": 1795896311, "status": "completed", "model": job.model.id,
              "external_task_id": job.external_id, "output": [{"content": [{"type": "video", "url": url}]}],
              "usage": usage, "metadata": {}}  # fmt: skip
    stages = ("intended", "submitted", "accepted", "generated", "fetched")
    task = {"files": 1, "task_id": f"task-{job.name}", "cost_usd": "0.28",
            "times": dict.fromkeys(stages, "2026-11-28T20:05:11.497+00:00"),
            "service": {"metadata": {}, **usage}, "answer": answer}  # fmt: skip
    write_sidecar(job, ORIGIN, task, (output,))


def cpu(folder: Path, arguments: tuple[str, ...], output: str = os.devnull) -> float:
    """Seconds of CPU of one process, which must end well; its standard output goes to `output`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("KIRIN_", "PYTHONDONT"))}
    environ |= {"KIRIN_STATE_DIR": str(folder / "state"), "KIRIN_API_KEY": KEY, "KIRIN_BASE_URL": ORIGIN}
    environ |= {"KIRIN_CONFIG_DIR": str(folder / "config"), "HOME": str(folder)}
    actions = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 2)]
    actions.append((os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    command = [sys.executable, "-m", "kirin_cli", *arguments]
    child = os.posix_spawn(sys.executable, command, environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def measure(folder: Path, jobs: int, runs: int) -> dict[str, float]:
    """Median seconds of CPU of each command with so many jobs."""
    write_jobs(folder / FINISHED, 0, jobs)
    write_jobs(folder / NEW, jobs, jobs)
    finish_all(folder, jobs)
    os.chdir(folder)
    cpu(folder, COMMANDS["run --json"], "run.json")
    totals = json.loads((folder / "run.json").read_text(encoding="utf-8"))["totals"]
    assert totals["skipped"] == totals["jobs"] == jobs
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, arguments in COMMANDS.items():
            taken[name].append(cpu(folder, arguments))
    return {name: median(times) for name, times in taken.items()}


def main(jobs: int = 10_000, runs: int = 5) -> None:
    sizes = (jobs // 100, 200, jobs // 10, jobs)
    found = {}
    for size in sizes:
        with fast_folder(Path(tempfile.gettempdir())) as folder:
            found[size] = measure(folder, size, runs)
    for name in COMMANDS:
        cells = [
            f"{size}: {found[size][name] * 1e3:6.0f} ms ({found[size][name] / found[size]['validate']:5.2f})"
            for size in sizes
        ]
        steps = ((sizes[0], sizes[2]), (sizes[2], sizes[3]))
        growth = (math.log10(found[more][name] / found[less][name]) for less, more in steps)
        sys.stdout.write(f"{name:17} {'   '.join(cells)}   exponents {' '.join(f'{one:.2f}' for one in growth)}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
