"""Completion scripts, one module per shell: static text, so that pressing TAB starts no Python. Knows no files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kirin_cli.docgen.commands import CommandInfos
from kirin_cli.docgen.completions import bash, fish, powershell, zsh


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell, the name its script has as a file, and what writes it."""

    name: str
    file: str
    script: Callable[[CommandInfos], str]


SHELLS: Final[dict[str, Shell]] = {
    shell.name: shell
    for shell in (
        Shell("bash", "kirin.bash", bash.bash_script),
        Shell("zsh", "_kirin", zsh.zsh_script),
        Shell("fish", "kirin.fish", fish.fish_script),
        Shell("powershell", "kirin.ps1", powershell.powershell_script),
    )
}
