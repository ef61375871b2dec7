"""The generated files of the repository: what each holds now, and which are stale. Knows no command by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kirin_cli.docgen.commands import CommandInfos, EnvVarInfos
from kirin_cli.docgen.completions import SHELLS, Shell
from kirin_cli.docgen.job_schema import job_file_text
from kirin_cli.docgen.man import FOLDER, man_pages
from kirin_cli.docgen.readme import readme_tables, update_tables

RenderFile = Callable[[CommandInfos, EnvVarInfos, str], str]
"""Makes the content of a file from the commands, the environment variables, and its present content."""


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file; `path` is relative to the repository's root."""

    path: str
    text: RenderFile


def _completion(shell: Shell) -> GeneratedFile:
    return GeneratedFile(f"completions/{shell.file}", lambda commands, *_: shell.script(commands))


def _with_tables(commands: CommandInfos, variables: EnvVarInfos, present: str) -> str:
    return update_tables(present, readme_tables(commands, variables))


GENERATED_FILES: Final = (
    *map(_completion, SHELLS.values()),
    GeneratedFile("sample_jobs/kirin-jobs.schema.json", lambda *_: job_file_text() + "\n"),
    *(GeneratedFile(path, _with_tables) for path in ("README.md", "kirin_cli/ledger/README.md")),
)


def generate_files(root: Path, commands: CommandInfos, variables: EnvVarInfos = ()) -> dict[str, str]:
    """The content that each file should have, by its path below `root`. Raises UsageError as `refresh` does."""
    texts = {file.path: file.text(commands, variables, _present(root / file.path)) for file in GENERATED_FILES}
    return texts | man_pages(commands, variables)


def stale_files(root: Path, commands: CommandInfos, variables: EnvVarInfos = ()) -> list[str]:
    """The paths below `root` whose content is not what it should be, and manual pages of commands that are no more."""
    texts = generate_files(root, commands, variables)
    gone = [path for page in sorted((root / FOLDER).glob("*")) if (path := f"{FOLDER}/{page.name}") not in texts]
    return [path for path, text in texts.items() if _present(root / path) != text] + gone


def write_files(root: Path, commands: CommandInfos, variables: EnvVarInfos = ()) -> list[str]:
    """Write what is stale, remove what is no more, return the paths. Raises OSError where a file cannot be written."""
    texts = generate_files(root, commands, variables)
    for path in set(stale_files(root, commands, variables)) - set(texts):
        (root / path).unlink()
    changed = [path for path, text in texts.items() if _present(root / path) != text]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(texts[path], encoding="utf-8", newline="\n")
    return changed


def _present(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
