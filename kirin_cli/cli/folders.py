"""Where settings, the stored key, the ledger and added models lie, of the user and of a project. Reads none of them."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from kirin_cli.cli.commands import BY_NAME
from kirin_cli.cli.settings_schema import parse_path
from kirin_cli.errors import UsageError
from kirin_cli.models import ModelEntry

FolderKind = Literal["config", "state"]
PROJECT_FILE: Final = "kirin.toml"
USER_FILE: Final = "config.toml"
_XDG: Final[dict[FolderKind, tuple[str, str]]] = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}


def user_folder(environ: Mapping[str, str], kind: FolderKind) -> Path:
    """The user's folder for kirin's files of this kind: KIRIN_CONFIG_DIR, KIRIN_STATE_DIR, else the system's place.

    Raises UsageError where the home folder cannot be told: no HOME, and a user without an account.
    """
    variable = f"KIRIN_{kind.upper()}_DIR"
    chosen = environ.get(variable)
    try:
        return parse_path(chosen, variable) if chosen else _system_folder(environ, kind)
    except RuntimeError as error:
        what = {"config": "your settings and the stored key", "state": "the ledger"}[kind]
        hint = f"name a folder for {what} in {variable}, or set HOME"
        raise UsageError("there is no home folder: HOME is not set, and this user has no account", hint=hint) from error


def _system_folder(environ: Mapping[str, str], kind: FolderKind) -> Path:
    """The system's place. Raises RuntimeError where the home folder cannot be told."""
    if sys.platform == "linux":  # what platformdirs would say; importing it takes 3 ms of every command
        variable, below_home = _XDG[kind]
        base = Path(environ.get(variable, "").strip())
        if not base.is_absolute() and environ.get("HOME") == "":
            raise RuntimeError("HOME is empty")
        return (base if base.is_absolute() else Path.home() / below_home) / "kirin"
    import platformdirs

    find = {"config": platformdirs.user_config_path, "state": platformdirs.user_state_path}[kind]
    return find("kirin", appauthor=False)


def user_file(environ: Mapping[str, str]) -> Path | None:
    """The user's settings file, whether it is there or not; None for a user without a home."""
    folder = config_folder(environ)
    return folder / USER_FILE if folder else None


def config_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder of the user's settings and of the stored key; None for a user without a home."""
    try:
        return user_folder(environ, "config")
    except UsageError:
        return None


def find_project_file(start: Path) -> Path | None:
    """The nearest kirin.toml from the folder `start` upwards; none where the current folder is gone."""
    try:
        folder = start.absolute()
    except FileNotFoundError:
        return None
    paths = (parent / PROJECT_FILE for parent in (folder, *folder.parents))
    return next((path for path in paths if is_reachable_file(path)), None)


def is_reachable_file(path: Path) -> bool:
    """Whether it is a file that can be reached: in a folder closed to us nothing is."""
    return os.path.isfile(path)  # noqa: PTH113  (a Path raises OSError there)


def project_models_folder() -> Path:
    """The folder of the project's models: beside the nearest kirin.toml, else in the current folder."""
    from kirin_cli.model_files.folder import FOLDER

    project = find_project_file(Path())
    if project is None or project.parent == Path().absolute():
        return Path(FOLDER)
    return project.parent / FOLDER


def user_models_folder() -> Path | None:
    """The folder of the user's models; None for a user without a home."""
    from kirin_cli.model_files.folder import USER_FOLDER

    folder = config_folder(os.environ)
    return folder / USER_FOLDER if folder else None


def model_folders() -> tuple[Path, ...]:
    """All folders of added models, the user's first: what a project's file may not take stands in it."""
    user = user_models_folder()
    return (*([user] if user else []), project_models_folder())


def find_added_models() -> Mapping[str, ModelEntry]:
    """The added models by id, the user's before the project's."""
    from kirin_cli.model_files.folder import find_model_files

    return find_model_files(model_folders(), BY_NAME.keys(), user_models_folder())
