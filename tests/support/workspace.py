"""A person's machine and a service that works quickly: `kirin` against the sandbox, both inside this process.

What runs beside another command is a process of its own: `process` is `kirin` otherwise.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import select_entries
from kirin_cli.sandbox.server import Sandbox
from support.command_line import CommandResult, Home
from support.fast_folder import fast_folder

SPEED = 5000


@dataclass
class Workspace:
    """A home, and the account at the service whose key it holds. `environ` changes what every command finds."""

    home: Home
    stack: ExitStack
    sandbox: Sandbox = field(init=False)
    environ: dict[str, str] = field(default_factory=dict)

    def serve(self, **options: Any) -> Sandbox:
        """A service from now on, instead of the one before."""
        self.sandbox = self.stack.enter_context(Sandbox(**{"speed": SPEED, "seed": 1, **options}))
        self.environ |= {"KIRIN_BASE_URL": self.sandbox.base_url, "KIRIN_API_KEY": str(self.sandbox.key)}
        return self.sandbox

    def kirin(self, *arguments: str, expect: int | None = 0, **environ: str) -> CommandResult:
        """One command to its end, which must have this exit code."""
        return self._check(self.home.kirin(*arguments, env={**self.environ, **environ}), expect)

    def process(self, *arguments: str, expect: int | None = 0, **environ: str) -> CommandResult:
        """The same, as a process of its own."""
        return self._check(self.home.process(*arguments, env={**self.environ, **environ}), expect)

    def _check(self, result: CommandResult, expect: int | None) -> CommandResult:
        assert expect is None or result.exit_code == expect, result
        assert "Traceback" not in result.stderr, result.stderr
        assert str(self.sandbox.key) not in result.stdout + result.stderr
        return result

    def write(self, *lines: str, name: str = "jobs.yaml", model: str = "kirin_v1_t2v") -> Path:
        path = self.home.work / name
        path.write_text("\n".join(("version: 1", f"defaults: {{model: {model}}}", *lines)) + "\n")
        return path

    def jobs(self, *names: str, prompt: str = "a", **more: Any) -> Path:
        return self.write("jobs:", *(f"  - {{name: {n}, params: {{prompt: {prompt} {n}}}}}" for n in names), **more)

    def create_elsewhere(self, model: str = "kirin_v1_t2v", **params: str) -> str:
        """The id of a task that another program creates under the same key."""
        params = {"prompt": "hail", **({"aspect_ratio": "1:1"} if model == "kirin_video_o1" else {}), **params}
        parts = urlsplit(self.sandbox.base_url)
        headers = {"Authorization": f"Bearer {self.sandbox.key}", "Content-Type": "application/json"}
        with closing(HTTPConnection(str(parts.hostname), parts.port)) as connection:
            body = json.dumps({"model": model, "input": [{"params": params}]})
            connection.request("POST", "/model/v1/generation", body, headers)
            return str(json.loads(connection.getresponse().read())["id"])

    @property
    def renders(self) -> Path:
        return self.home.work / "renders"

    @property
    def videos(self) -> list[str]:
        return sorted(path.name for path in self.renders.glob("*.mp4"))

    @property
    def paid(self) -> int:
        """Tasks that the service has made."""
        return len(self.sandbox.tasks)

    def entries(self) -> dict[str, LedgerEntry]:
        """What stands in the ledger, by the names of the jobs."""
        return {entry.job: entry for entry in self.all_entries()}

    def all_entries(self) -> list[LedgerEntry]:
        """What stands in the ledger, oldest first."""
        with Ledger.open(self.home.state, lambda: 0.0) as ledger:
            return select_entries(ledger.store)[::-1]


@contextmanager
def open_workspace(otherwise: Path) -> Iterator[Workspace]:
    """A workspace with a service, below `otherwise` where no folder is in memory."""
    with fast_folder(otherwise) as folder, ExitStack() as stack:
        workspace = Workspace(Home(folder), stack, environ={"KIRIN_POLL_SECONDS": "0.02", "KIRIN_SETTLE_SECONDS": "0"})
        workspace.serve()
        yield workspace
        assert not workspace.sandbox.crashes
