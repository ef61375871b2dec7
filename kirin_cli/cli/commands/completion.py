"""`kirin completion`: print a static completion script."""

from typing import Annotated

import typer

from kirin_cli.cli.app import all_commands
from kirin_cli.cli.console import make_console
from kirin_cli.docgen.completions import SHELLS, completion_script
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.text import did_you_mean


def completion(shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish|powershell", help="Which shell.")]) -> int:
    """Print the completion script for a shell; it starts no Python and edits no file of yours.

    For example: kirin completion bash > ~/.local/share/bash-completion/completions/kirin
    """
    if shell not in SHELLS:
        raise UsageError(f"there is no completion for {shell!r}{did_you_mean(shell, list(SHELLS))}")
    make_console().data(completion_script(shell, all_commands()).rstrip("\n"))
    return 0
