"""`kirin completion`: print a static completion script."""

from typing import Annotated

import typer

from kirin_cli.cli.console import talk
from kirin_cli.cli.table import commands
from kirin_cli.derive.completions import SHELLS, script
from kirin_cli.errors import UsageError
from kirin_cli.spec.words import nearest


def completion(shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish|powershell", help="Which shell.")]) -> int:
    """Print the completion script for a shell; it starts no Python and edits no file of yours.

    For example: kirin completion bash > ~/.local/share/bash-completion/completions/kirin
    """
    if shell not in SHELLS:
        raise UsageError(f"there is no completion for {shell!r}{nearest(shell, list(SHELLS))}")
    talk().data(script(shell, commands()).rstrip("\n"))
    return 0
