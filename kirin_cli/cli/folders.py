"""Where the settings, the stored key and the ledger lie on this system. Makes no folder."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

Kind = Literal["config", "state"]

_XDG: Final[dict[Kind, tuple[str, str]]] = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}


def user_folder(environ: Mapping[str, str], kind: Kind) -> Path:
    """The user's folder for kirin's files of this kind: KIRIN_CONFIG_DIR, KIRIN_STATE_DIR, else the usual place.

    Raises RuntimeError where the home folder cannot be told.
    """
    given = environ.get(f"KIRIN_{kind.upper()}_DIR")
    if given:
        return Path(given).expanduser()
    if sys.platform == "linux":  # what platformdirs would say; importing it takes 3 ms of every command
        variable, below_home = _XDG[kind]
        named = environ.get(variable, "").strip()
        return (Path(named) if Path(named).is_absolute() else Path.home() / below_home) / "kirin"
    import platformdirs  # noqa: PLC0415

    find = {"config": platformdirs.user_config_path, "state": platformdirs.user_state_path}[kind]
    return find("kirin", appauthor=False)
