"""The folders of added models: what lies there as rows of a list; files put there and taken away."""

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
    r"""^(model|command|help):[ \t]+("(?:[^"\\\n]|\\.)*"|[^\s"'&*!|>{\[#][^\n#]*)[ \t]*(?:#.*)?$""", re.MULTILINE
)


def find_model_files(folders: Sequence[Path], taken: Collection[str], own: Path | None = None) -> dict[str, ModelEntry]:
    """The models of all files in these folders, by id: of two with one id that in the first folder.

    The user's `own` folder is read before any other, and a file of another folder that wants an id or command of it is
    not used: a checkout would decide what is sent, and paid, in its place. What a file says of prices counts in `own`
    alone (fault X3). `taken` are the names that commands have already: a model of such a name gets another one. No
    file is parsed for it.
    """
    entries: dict[str, ModelEntry] = {}
    names, reserved = set(taken), set[str]()
    for path in _model_paths(sorted(folders, key=lambda folder: folder != own), own):
        is_own = path.parent == own
        heading = _read_heading(path)
        model_id, command = heading.get("model", ""), heading.get("command", "")
        if not is_model_id(model_id) or model_id in entries or (not is_own and {model_id, command} & reserved):
            continue
        if not is_command_name(command) or command in names:
            command = command_for(model_id, names)
        added = {command, model_id} - {""}
        names |= added
        reserved |= added if is_own else set()
        help_text = clean_text(heading.get("help", ""), 200) or "An added model."
        entries[model_id] = ModelEntry(command, help_text, _loader(path, model_id, command, is_own=is_own), path)
    return entries


def unusable_files(
    folders: Sequence[Path], entries: Iterable[ModelEntry], own: Path | None = None
) -> Iterator[tuple[Path, str]]:
    """Every file in the folders that is none of the entries, or whose model cannot be read, with what is wrong."""
    used = {entry.path: entry for entry in entries}
    for folder in folders:
        if folder != own and folder.is_symlink():
            yield folder, f"{folder} is {obstacle_at(folder)}, and kirin reads models through none"
    for path in _model_paths(folders, own):
        from kirin_cli.model_files.model_reader import BadModelFile, read_model_file  # noqa: PLC0415  (few have files)

        try:
            model = read_model_file(path).model
        except BadModelFile as error:
            yield path, error.message
            continue
        if path not in used:
            wanted = {model.id, model.command}
            rivals = [entry.path for entry in used.values() if entry.path and entry.path.parent == own]
            files = [file for file in rivals if wanted & {used[file].command, _read_heading(file).get("model")}]
            if files and path.parent != own:
                yield path, f"{path} is not used, it is in conflict: {files[0]} of your own has its id or command"
            else:
                yield path, f"{path} is not read: another file is of model {model.id} too, and goes before it"


def files_called(folder: Path, name: str) -> list[Path]:
    """The files of a folder that have this name, with or without their suffix."""
    return [path for path in _model_paths([folder], folder) if name in {path.name, path.stem}]


def _model_paths(folders: Sequence[Path], own: Path | None) -> Iterator[Path]:
    """The files of all folders; none of a folder that is a link and not the user's own."""
    for folder in folders:
        if folder != own and folder.is_symlink():
            continue
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
            from json import loads  # noqa: PLC0415  (few headings are in quotes)

            heading.setdefault(key, loads(value) if value.startswith('"') else value.rstrip())
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
    """Take the file of a model away. Raises LocalError, UsageError where its folder is a link."""
    if path.parent.is_symlink():
        kind = obstacle_at(path.parent)
        raise UsageError(
            f"{path.parent} is {kind}, and kirin removes nothing through one", hint=f"remove {path} yourself"
        )
    try:
        path.unlink()
    except OSError as error:
        raise LocalError(f"{path} cannot be removed: {error.strerror or error}") from error
