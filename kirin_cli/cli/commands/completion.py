"""`kirin completion`: print a static completion script."""

from typing import Annotated

import typer

from kirin_cli.cli.flags import command_from
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean


class CompletionFlags(Record):
    """Print the completion script for a shell; it starts no Python and edits no file of yours.

    For example: kirin completion bash > ~/.local/share/bash-completion/completions/kirin
    """

    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish|powershell", help="Which shell.")]


def run_completion(flags: CompletionFlags) -> int:
    """Print it; returns the exit code. Raises UsageError for a shell that has none."""
    from kirin_cli.cli.app import all_commands
    from kirin_cli.cli.console import make_console
    from kirin_cli.docgen.completions import SHELLS, completion_script

    if flags.shell not in SHELLS:
        raise UsageError(f"there is no completion for {flags.shell!r}{did_you_mean(flags.shell, list(SHELLS))}")
    make_console().data(completion_script(flags.shell, all_commands()).rstrip("\n"))
    return 0


completion = command_from(
    CompletionFlags,
    run_completion,
    examples=("kirin completion bash > ~/.local/share/bash-completion/completions/kirin",),
)
