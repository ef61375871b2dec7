"""Where added models lie: in the project, beside its kirin.toml, and in the user's folder. Parses no file."""

import os
from collections.abc import Mapping
from pathlib import Path

from kirin_cli.cli.commands import BY_NAME
from kirin_cli.cli.settings_homes import config_folder, find_project_file
from kirin_cli.models import ModelEntry


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
