"""`kirin completion`: print a static completion script, or how each shell finds it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from kirin_cli.cli.flags import command_from
from kirin_cli.cli.parameters import ArgumentSpec
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean

HOW_TO_SAVE: Final = {
    "bash": ("kirin completion bash > ~/.local/share/bash-completion/completions/kirin", "with bash-completion"),
    "zsh": ("kirin completion zsh > ~/.zfunc/_kirin", "with fpath+=~/.zfunc before compinit in ~/.zshrc"),
    "fish": ("kirin completion fish > ~/.config/fish/completions/kirin.fish", ""),
    "powershell": ("kirin completion powershell >> $PROFILE", ""),
}
"""What puts the script of a shell where it is found, and what else that takes."""
OTHERS: Final = {"bash": "source <(kirin completion bash), in ~/.bashrc, where there is no bash-completion"}


class CompletionFlags(Record):
    """Print the completion script for a shell; it starts no Python and edits no file of yours.

    It is for every folder, and knows the models that kirin brings along.

    Without a shell: how each of them finds it, and where the manual pages are.
    """

    shell: Annotated[str, ArgumentSpec(metavar="[bash|zsh|fish|powershell]", help="Which shell.")] = ""


def run_completion(flags: CompletionFlags) -> int:
    """Print it; returns the exit code. Raises UsageError for a shell that has none."""
    from kirin_cli.cli.app import all_commands
    from kirin_cli.cli.console import make_console
    from kirin_cli.docgen.completions import SHELLS
    from kirin_cli.models import use_added_models

    console = make_console()
    if not flags.shell:
        console.data(*_how_to(Path(sys.prefix) / "share" / "man"))
        return 0
    if flags.shell not in SHELLS:
        raise UsageError(f"there is no completion for {flags.shell!r}{did_you_mean(flags.shell, SHELLS)}")
    use_added_models(dict)  # a script is for every folder, and runs in the shell: no word of a checkout goes into it
    console.data(SHELLS[flags.shell].script(all_commands()).rstrip("\n"))
    return 0


def _how_to(manual: Path) -> Iterator[str]:
    """How each shell finds its script, the person's own first, and where the manual pages of an installation are."""
    from kirin_cli.cli.shell_syntax import guess_shell

    own = guess_shell(os.environ)
    for shell in sorted(HOW_TO_SAVE, key=lambda name: name != own):
        line, more = HOW_TO_SAVE[shell]
        yield f"{shell}:" + f" ({more})" * bool(more)
        yield f"  {line}"
        if shell in OTHERS:
            yield f"  or {OTHERS[shell]}"
    yield "manual pages:"
    if (manual / "man1" / "kirin.1").exists():
        yield f"  man -M {manual} kirin"
        yield "  man finds them by itself where that folder is in MANPATH, or beside a bin of the PATH"
    else:
        yield "  none came with this installation; kirin help COMMAND says the same"


completion = command_from(
    CompletionFlags,
    run_completion,
    examples=("kirin completion", "kirin completion bash > ~/.local/share/bash-completion/completions/kirin"),
)
