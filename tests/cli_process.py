"""`kirin` as a process of its own, with a home of its own: for tests of the command line."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OWN = ("KIRIN_", "XDG_")
COLOURS = {"NO_COLOR", "FORCE_COLOR", "CI", "COLUMNS"}


@dataclass(frozen=True)
class Home:
    """A folder where nothing is set up yet: `work` is the current folder, `config` holds settings and keys."""

    root: Path

    @property
    def work(self) -> Path:
        return made(self.root / "work")

    @property
    def config(self) -> Path:
        return made(self.root / "config")

    @property
    def state(self) -> Path:
        return made(self.root / "state")

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a process here: nothing of the tester's own settings, and no proxy."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OWN) and name not in COLOURS and not name.lower().endswith("_proxy")
        }
        own = {"HOME": str(self.root), "KIRIN_CONFIG_DIR": str(self.config), "KIRIN_STATE_DIR": str(self.state)}
        return {**kept, **own, **more}

    def kirin(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", "kirin_cli", *arguments], cwd=self.work, env=self.environ(**(env or {})),
            input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True,
            encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
