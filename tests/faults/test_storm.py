"""Hundreds of random `kill -9` while job files are being made: nothing is lost, nothing is made twice (fault G6).

The service takes a repeated external id and makes a second task of it; the odd one also has its files late, two for
each task, under types and a status of its own.
"""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from faults import oracle
from loopback.files import clip

KILLS = 200
JOBS = 40
SIZE = 30_000
LIMIT = 240.0
"""Seconds after which the storm is over, however many processes were killed."""
LIVES = (0.15, 1.3)
"""Seconds that a process may live, at random: from its start-up to the middle of its work."""
KEY = "sk-secret-of-the-storm"
LOST = [
    ["close_after_reading", {"create": True}],
    ["reset_after_reading", {"create": True}],
    ["answer", {"status": 502, "create": True}],
    ["cut", {"after": 9}],
    ["close_after_reading", {"create": False}],
]
"""What becomes of one POST in ten."""


@contextmanager
def service(folder: Path, *more: str) -> Iterator[dict[str, str]]:
    """A service in a process of its own, which makes a second task for a repeated id: nothing hides a second POST."""
    ports = folder / "ports"
    program = [sys.executable, "-m", "loopback", "--port-file", str(ports)]
    options = ["--repeatable", "--key", KEY, "--size", str(SIZE), "--seconds", "0.2", "2", *more]
    with subprocess.Popen([*program, *options], cwd=Path(__file__).parents[1]) as process:
        try:
            pause = threading.Event()
            while not ports.exists():
                pause.wait(0.02)
            origins = json.loads(ports.read_text())
            rule = {"match": "POST /model/v1/generation", "faults": LOST, "one_in": 10, "seed": 7}
            ask(origins["api"], "POST", "/__script__", json.dumps(rule))
            yield origins
        finally:
            process.terminate()


def ask(origin: str, method: str, path: str, body: str | None = None) -> Any:
    with closing(http.client.HTTPConnection(urlsplit(origin).netloc, timeout=30)) as client:
        client.request(method, path, body)
        return json.loads(client.getresponse().read())


class Storm:
    """The processes of one folder, and how they ended."""

    def __init__(self, folder: Path, origin: str, *, kills: int, seed: int = 7) -> None:
        self.folder, self.kills, self.rng = folder, kills, random.Random(seed)
        self.origin, self.text = origin, ""
        self.ends: Counter[str] = Counter()
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KIRIN_")},
            "KIRIN_API_KEY": KEY, "KIRIN_BASE_URL": origin, "KIRIN_STATE_DIR": str(folder / "state"),
            "KIRIN_POLL_SECONDS": "0.2", "KIRIN_SETTLE_SECONDS": "0", "HOME": str(folder),
        }  # fmt: skip

    def file(self, number: int) -> str:
        """Another job file, whose videos go into a folder of their own."""
        jobs = [{"name": f"j{job}", "params": {"prompt": f"boat {job} of {number}"}} for job in range(JOBS)]
        defaults, output = {"model": "kirin_v1_t2v"}, {"dir": f"made{number}"}
        content = {"version": 1, "defaults": defaults, "output": output, "jobs": jobs}
        (self.folder / f"jobs{number}.yaml").write_text(json.dumps(content))
        return f"jobs{number}.yaml"

    def once(self, *arguments: str, life: float | None) -> int | None:
        """One process, killed after `life` seconds unless it has ended; its exit code, None if it was killed."""
        progress = ["--progress", "json"] if arguments[0] != "resolve" else []
        command = [sys.executable, "-m", "kirin_cli", *arguments, *progress]
        with (self.folder / "said").open("ab") as said:
            start = said.tell()
            process = subprocess.Popen(command, cwd=self.folder, env=self.environ, stdout=said, stderr=said)
        try:
            code = process.wait(life)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.ends["killed"] += 1
            return None
        self.ends[f"exit {code}"] += 1
        self.text = (self.folder / "said").read_bytes()[start:].decode()
        # What may or may not have arrived, `resume` asks about and leaves to `run`; a file may be late.
        assert code in ({0, 6, 7, -9} if arguments[0] == "resume" else {0, 6, -9}), self.text
        return code

    def decide(self) -> None:
        """What a person does about jobs that were lost three times while being sent, as the hint of exit 6 says.

        kirin sends no fourth time by itself. The service must indeed have none of them.
        """
        undecided = sorted(set(re.findall(r"decide with kirin resolve (\S+)", self.text)))
        assert undecided, self.text
        created = ask(self.origin, "GET", "/__truth__")["created"]
        assert not set(undecided) & set(created)
        for external_id in undecided:
            self.once("resolve", external_id, "--resend", life=120)

    def make(self, file: str, until: float) -> None:
        """Kill and begin again, until the file is made, or the storm over; then once more in peace."""
        while self.ends["killed"] < self.kills and time.monotonic() < until:
            arguments = ("resume",) if self.rng.random() < 0.2 else ("run", file, "-j", "8")
            code = self.once(*arguments, life=self.rng.uniform(*LIVES))
            if arguments[0] == "run" and code == 6:
                self.decide()
            elif arguments[0] == "run" and code == 0:
                return
        while (code := self.once("run", file, life=120)) == 6:
            self.decide()
        assert code == 0


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "kills", "films"), [("plain", KILLS, 1), ("odd", KILLS // 2, 2)])
def test_G6_kills_lose_nothing_and_make_nothing_twice(
    capsys: pytest.CaptureFixture[str], kind: str, kills: int, films: int
) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, service(Path(name), *(["--odd"] * (kind == "odd"))) as origins:
        folder = Path(name)
        storm, files = Storm(folder, origins["api"], kills=kills), 0
        while storm.ends["killed"] < kills and time.monotonic() < began + LIMIT:
            files += 1
            storm.make(storm.file(files), began + LIMIT)
        truth = ask(origins["api"], "GET", "/__truth__")
        posts = sum(request["method"] == "POST" for request in truth["requests"])
        summary = f"{files} files of {JOBS} jobs, {posts} POSTs, {len(truth['tasks'])} tasks"
        with capsys.disabled():
            sys.stderr.write(f"\nstorm, {kind}: {dict(storm.ends)}, {summary}, {time.monotonic() - began:.0f} s\n")
        assert len(truth["tasks"]) == files * JOBS
        assert set(truth["created"].values()) == {1}
        oracle.ids_are_kept((task["id"] for task in truth["tasks"]), folder / "state")
        for number in range(1, files + 1):
            made = [oracle.digest(film.read_bytes()) for film in (folder / f"made{number}").glob("*.mp4")]
            assert made == [oracle.digest(clip(SIZE))] * JOBS * films
        oracle.key_is_nowhere(KEY, "", folder)
        assert storm.ends["killed"] >= kills // 2
