"""The ways in which shells set environment variables, and which shell this may be. Starts none."""

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Final

SetVariable = Callable[[str, str], str]


def _in_posix(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _in_fish(name: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("'", r"\'")
    return f"set -x {name} '{escaped}'" if escaped != value or shlex.quote(value) != value else f"set -x {name} {value}"


def _in_powershell(name: str, value: str) -> str:
    escaped = value.replace("'", "''")
    return f"$env:{name} = '{escaped}'"


def _in_cmd(name: str, value: str) -> str:
    return f'set "{name}={value}"'


SHELL_SYNTAXES: Final[Mapping[str, SetVariable]] = {
    "bash": _in_posix, "zsh": _in_posix, "fish": _in_fish, "powershell": _in_powershell, "cmd": _in_cmd,
}  # fmt: skip
"""By the name of the shell, the line that gives an environment variable a value."""


def guess_shell(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """The shell that this command was probably typed into: one of SHELL_SYNTAXES.

    On Windows PROMPT is what cmd hands on, and MSYSTEM says Git's bash. Elsewhere it is the person's own shell, unless
    the variables of another say otherwise; what is not known is taken to be like bash.
    """
    if platform == "win32":
        return "bash" if environ.get("MSYSTEM") else "cmd" if environ.get("PROMPT") else "powershell"
    if environ.get("POWERSHELL_DISTRIBUTION_CHANNEL"):
        return "powershell"
    name = PurePath(environ.get("SHELL", "")).name
    return {"pwsh": "powershell"}.get(name, name if name in SHELL_SYNTAXES else "bash")
