"""The folders of added models: what lies there as rows of a list; files put there and taken away."""

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.errors import LocalError, UsageError
from kirin_cli.model_files.names import clean_text, command_for, file_stem, is_command_name, is_model_id
from kirin_cli.models import ModelEntry
from kirin_cli.regular_file import obstacle_at, open_regular_file

if TYPE_CHECKING:
    from kirin_cli.modelspec.model import Model

FOLDER: Final = "kirin-models"
"""The folder of a project, beside its kirin.toml."""
USER_FOLDER: Final = "models"
"""That of a user, among the settings."""
SUFFIXES: Final = (".yaml", ".yml")
MAX_FILES: Final = 500
HEADING_BYTES: Final = 8192
"""How far into a file its id, command and help are looked for by themselves."""
_HEADING: Final = re.compile(
    r"""^(model|command|help):[ \t]+("(?:[^"\\\n]|\\.)*"|[^\s"'&*!|>{\[#][^\n#]*?)[ \t]*(?:#.*)?$""", re.MULTILINE
)


def find_model_files(folders: Sequence[Path], taken: Collection[str], own: Path | None = None) -> dict[str, ModelEntry]:
    """The models of all files in these folders, by id: of two with one id that in the first folder.

    What a file says of prices counts where it lies in the user's `own` folder: a checkout's would decide which price is
    taken for that of a request (fault X3). `taken` are the names that commands have already: a model of such a name
    gets another one. No file is parsed for it.
    """
    entries: dict[str, ModelEntry] = {}
    names = set(taken)
    for path in _model_paths(folders):
        heading = _read_heading(path)
        model_id = heading.get("model", "")
        if not is_model_id(model_id) or model_id in entries:
            continue
        command = heading.get("command", "")
        if not is_command_name(command) or command in names:
            command = command_for(model_id, names)
        names |= {command, model_id} - {""}
        help_text = clean_text(heading.get("help", ""), 200) or "An added model."
        entries[model_id] = ModelEntry(
            command, help_text, _loader(path, model_id, command, is_own=path.parent == own), path
        )
    return entries


def unusable_files(folders: Sequence[Path], entries: Iterable[ModelEntry]) -> Iterator[tuple[Path, str]]:
    """Every file in the folders that is none of the entries, or whose model cannot be read, with what is wrong."""
    used = {entry.path for entry in entries}
    for path in _model_paths(folders):
        from kirin_cli.model_files.model_reader import BadModelFile, read_model_file  # noqa: PLC0415  (few have files)

        try:
            model_id = read_model_file(path).model.id
        except BadModelFile as error:
            yield path, error.message
            continue
        if path not in used:
            yield path, f"{path} is not read: another file is of model {model_id} too, and goes before it"


def files_called(folder: Path, name: str) -> list[Path]:
    """The files of a folder that have this name, with or without their suffix."""
    return [path for path in _model_paths([folder]) if name in {path.name, path.stem}]


def _model_paths(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            with os.scandir(folder) as items:
                names = sorted(item.name for item in items if item.name.endswith(SUFFIXES))
        except OSError:  # most projects have none
            continue
        yield from (folder / name for name in names[:MAX_FILES] if not name.startswith("."))


def _read_heading(path: Path) -> dict[str, str]:
    """Id, command and help of a file by its first lines; by all of it where they are written in another way."""
    try:
        with open_regular_file(path, follow_links=False) as file:
            text = file.read(HEADING_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return {}
    heading: dict[str, str] = {}
    with suppress(ValueError):  # text in quotes with escapes that only YAML has
        for key, value in _HEADING.findall(text.replace("\r\n", "\n")):
            heading.setdefault(key, json.loads(value) if value.startswith('"') else value)
        if "model" in heading:
            return heading
    return _parse_heading(path)


def _parse_heading(path: Path) -> dict[str, str]:
    """The same of a file that is written in another way, by all of it; nothing of one that makes no sense."""
    from kirin_cli.model_files.model_reader import BadModelFile, read_model_file  # noqa: PLC0415  (few are so)

    try:
        model = read_model_file(path).model
    except BadModelFile:
        return {}
    return {"model": model.id, "command": model.command, "help": model.help}


def _loader(path: Path, model_id: str, command: str, *, is_own: bool) -> Callable[[], "Model"]:
    """What reads the file when its model is asked for, once. It raises BadModelFile."""

    @cache
    def load() -> "Model":
        from kirin_cli.model_files.model_reader import read_model_file  # noqa: PLC0415  (when asked for)
        from kirin_cli.modelspec.model import BY_EVERY_CHOICE  # noqa: PLC0415  (the same)

        model = read_model_file(path).model
        pricing = model.pricing if is_own else BY_EVERY_CHOICE
        return model.replace(id=model_id, command=command or model_id, pricing=pricing)

    return load


def add_model_file(folder: Path, model_id: str, text: str, *, replace: bool, path: Path | None = None) -> Path:
    """Put the file of a model into the folder, which is made where it is missing; `path` is that of an earlier one.

    Raises UsageError where there is one and it is not to be replaced, LocalError where it cannot be written.
    """
    from kirin_cli.atomic_file import write_atomically  # noqa: PLC0415  (lists write nothing)

    if kind := obstacle_at(folder) if folder.is_symlink() else "":
        raise UsageError(
            f"{folder} is {kind}, and kirin writes through none", hint="put a folder in its place, or --user"
        )
    path = path or folder / f"{file_stem(model_id)}{SUFFIXES[0]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text, replace=replace)
    except FileExistsError as error:
        hint = f"kirin models diff {model_id} shows what has changed; --force replaces the file, and your changes in it"
        raise UsageError(f"{path} is there already", hint=hint) from error
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def remove_model_file(path: Path) -> None:
    """Take the file of a model away. Raises LocalError."""
    try:
        path.unlink()
    except OSError as error:
        raise LocalError(f"{path} cannot be removed: {error.strerror or error}") from error
