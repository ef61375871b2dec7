"""The generated files of the repository: what each holds now, and which are stale. Knows no command by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kirin_cli.derive.commands import Commands
from kirin_cli.derive.completions import SHELLS, Shell
from kirin_cli.derive.docs import refresh, tables
from kirin_cli.derive.schemas import job_file_text

Text = Callable[[Commands, str], str]
"""Makes the content of a file from the commands and from its present content."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A file; `path` is relative to the repository's root."""

    path: str
    text: Text


def _completion(shell: Shell) -> Generated:
    return Generated(f"completions/{shell.file}", lambda commands, _: shell.script(commands))


GENERATED: Final = (
    *map(_completion, SHELLS.values()),
    Generated("sample_jobs/kirin-jobs.schema.json", lambda *_: job_file_text() + "\n"),
    Generated("README.md", lambda commands, present: refresh(present, tables(commands))),
)


def generate(root: Path, commands: Commands) -> dict[str, str]:
    """The content that each file should have, by its path below `root`. Raises UsageError as `refresh` does."""
    return {file.path: file.text(commands, _present(root / file.path)) for file in GENERATED}


def stale(root: Path, commands: Commands) -> list[str]:
    """The paths below `root` whose content is not what it should be."""
    return [path for path, text in generate(root, commands).items() if _present(root / path) != text]


def write(root: Path, commands: Commands) -> list[str]:
    """Write what is stale and return its paths. Raises OSError where a file cannot be written."""
    texts = generate(root, commands)
    changed = [path for path, text in texts.items() if _present(root / path) != text]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(texts[path], encoding="utf-8", newline="\n")
    return changed


def _present(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
