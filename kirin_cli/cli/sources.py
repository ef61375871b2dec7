"""Where settings come from: environment, the project's kirin.toml, the user's config.toml with its profiles, defaults.

Knows the table of settings and no command.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kirin_cli.cli.folders import user_folder
from kirin_cli.cli.setting_table import PROFILE, Found, Section, Setting
from kirin_cli.errors import UsageError
from kirin_cli.spec.record import Record
from kirin_cli.spec.words import nearest

PROJECT_FILE: Final = "kirin.toml"
USER_FILE: Final = "config.toml"


class Sources(Record):
    """Everything that may say what a setting is. `user` holds the chosen profile before the rest of the file."""

    environ: Mapping[str, str]
    project: Section
    user: tuple[Section, ...]
    profile: str
    profile_source: str

    def find(self, setting: Setting) -> Found | None:
        """The text that holds, with its source; None where nothing says it."""
        if self.environ.get(setting.env):
            return Found(self.environ[setting.env], setting.env)
        ours = next((section[setting.name] for section in self.user if setting.name in section), None)
        theirs = self.project.get(setting.name)
        if ours and theirs and setting.ceiling:
            return min(ours, theirs, key=lambda found: float(found.text))
        return theirs or ours


def sources(environ: Mapping[str, str], profile: str | None = None, start: Path | None = None) -> Sources:
    """The sources of a command that runs in the folder `start` (by default the current one).

    Raises UsageError for a file that makes no sense, and for a profile that the user's file does not have.
    """
    project, user = project_file(start or Path()), user_file(environ)
    ours, common, profiles = _read(project, user if _is_there(user) else None)
    name, asked = _profile_name(environ, profile)
    if name and name not in profiles:
        near = nearest(name, list(profiles)) if profiles else ""
        raise UsageError(f"{asked}: {user} has no [profile.{name}]{near}", hint="write that line into the file")
    return Sources(environ, ours, (profiles.get(name, {}), common), name, asked)


def _read(project: Path | None, user: Path | None) -> tuple[Section, Section, Mapping[str, Section]]:
    """The project's settings, the user's, and the user's profiles."""
    if project is None and user is None:
        return {}, {}, {}
    from kirin_cli.cli.settings_files import read_project, read_user  # noqa: PLC0415  (only where there is a file)

    common, profiles = read_user(user) if user else ({}, {})
    return (read_project(project) if project else {}), common, profiles


def user_file(environ: Mapping[str, str]) -> Path:
    """The user's settings file, whether it is there or not."""
    return user_folder(environ, "config") / USER_FILE


def project_file(start: Path) -> Path | None:
    """The nearest kirin.toml from the folder `start` upwards; none where the current folder is gone."""
    try:
        folder = start.absolute()
    except FileNotFoundError:
        return None
    return next((path for each in (folder, *folder.parents) if _is_there(path := each / PROJECT_FILE)), None)


def _is_there(path: Path) -> bool:
    """Whether it is a file that can be reached: in a folder closed to us nothing is."""
    try:
        return path.is_file()
    except OSError:
        return False


def _profile_name(environ: Mapping[str, str], flag: str | None) -> tuple[str, str]:
    """The name of the profile, and what asked for it; both "" where nothing does."""
    asked = (flag or "", PROFILE.flag), (environ.get(PROFILE.env, ""), PROFILE.env)
    name, source = next(((text, by) for text, by in asked if text), ("", ""))
    if name:
        PROFILE.parse(name, source)
    return name, source
