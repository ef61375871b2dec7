"""`kirin` in a home of its own, inside this process or as one of its own: for tests of the command line."""

import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from kirin_cli.cli import session
from kirin_cli.cli.app import run_command_line
from kirin_cli.sandbox import server
from support.fork_server import run_kirin

OWN_PREFIXES = ("KIRIN_", "XDG_")
COLOUR_SETTINGS = {"NO_COLOR", "FORCE_COLOR", "CI", "COLUMNS"}
SEVERAL = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from kirin_cli.cli import session
from kirin_cli.cli.app import run_command_line
from kirin_cli.sandbox import server
server.Sandbox, session.SANDBOX_POLL = partial(server.Sandbox, speed=5000), 0.02
results = []
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run_command_line(arguments)
    results.append([code, out.getvalue(), err.getvalue()])
json.dump(results, sys.stdout)
"""


class CommandResult(NamedTuple):
    """What came of a command: its exit code, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """The JSON on standard output."""
        return json.loads(self.stdout)

    @property
    def states(self) -> dict[str, str]:
        """By name of the job (with its take), how it ended."""
        return {_job_label(job): job["state"] for job in self.data["jobs"]}


def _job_label(job: dict[str, Any]) -> str:
    return job["name"] + (f"-{job['take']}" if job["take"] > 1 else "")


@dataclass(frozen=True)
class Home:
    """A folder where nothing is set up yet: `work` is the current folder, `config` holds settings and keys."""

    root: Path

    @property
    def work(self) -> Path:
        return make_folder(self.root / "work")

    @property
    def config(self) -> Path:
        return make_folder(self.root / "config")

    @property
    def state(self) -> Path:
        return make_folder(self.root / "state")

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a process here: nothing of the tester's own settings, and no proxy."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OWN_PREFIXES) and name not in COLOUR_SETTINGS and not name.lower().endswith("_proxy")
        }
        own = {"HOME": str(self.root), "KIRIN_CONFIG_DIR": str(self.config), "KIRIN_STATE_DIR": str(self.state)}
        return {**inherited, **own, **more}

    def kirin(self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> CommandResult:
        """Run one command line to its end, inside this process: a tenth of the time that a process takes."""
        return run_in_process(self.work, self.environ(**(env or {})), *arguments, stdin=stdin)

    def process(self, *arguments: str, env: Mapping[str, str] | None = None) -> CommandResult:
        """The same as a process of its own, for what runs beside something else."""
        environ = self.environ(**(env or {}))
        return CommandResult(*run_kirin(list(arguments), cwd=self.work, env=environ, timeout=60))


def run_in_process(folder: Path, environ: Mapping[str, str], *arguments: str, stdin: str = "") -> CommandResult:
    """What a command line does in that folder with that environment, when it was run inside this process."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with ExitStack() as stack:
        stack.enter_context(surroundings(folder, environ, stdin))
        stack.enter_context(quick_sandbox())
        stack.enter_context(redirect_stdout(stdout))
        stack.enter_context(redirect_stderr(stderr))
        code = run_command_line(arguments)
    return CommandResult(code, stdout.getvalue(), stderr.getvalue())


@contextmanager
def quick_sandbox() -> Iterator[None]:
    """The sandbox of --sandbox takes 2 s for a video, so that a person sees how it goes; no test looks on."""
    quick = partial(server.Sandbox, speed=5000)
    with patch.object(server, "Sandbox", quick), patch.object(session, "SANDBOX_POLL", 0.02):
        yield


def run_several(
    lines: Sequence[Sequence[str]], *, cwd: Path, env: Mapping[str, str], before: Sequence[str] = ()
) -> list[CommandResult]:
    """Command lines, one after the other in one interpreter that is started for them; `before`: what starts it."""
    done = subprocess.run(
        [*before, sys.executable, "-c", SEVERAL, json.dumps([*map(list, lines)])], cwd=cwd, env=env,
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [CommandResult(*result) for result in json.loads(done.stdout)]


@contextmanager
def surroundings(folder: Path, environ: Mapping[str, str], stdin: str) -> Iterator[None]:
    """Stand in a folder with an environment and a standard input that is no terminal, and go back."""
    before, terminal, threshold = dict(os.environ), sys.stdin, gc.get_threshold()
    os.environ.clear()
    os.environ.update(environ)
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    try:
        with chdir(folder):
            yield
    finally:
        gc.set_threshold(*threshold)
        sys.stdin = terminal
        os.environ.clear()
        os.environ.update(before)


def make_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
