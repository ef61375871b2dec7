"""The command line that is being run: what was typed, whether it was answered, and what was wrong with it.

With `--json` something is printed at every exit code: where a command did not come so far, what is noted here is.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kirin_cli.redaction import command_text

if TYPE_CHECKING:
    from kirin_cli.errors import KirinError
    from kirin_cli.modelspec.types import Finding


@dataclass(slots=True)
class CommandLine:
    """The words behind `kirin`. `answered` is set by the first line on standard output.

    `order` has the names of the command's parameters as they were given, one for each time.
    """

    arguments: Sequence[str] = ()
    order: Sequence[str] = ()
    answered: bool = False
    errors: "list[KirinError]" = field(default_factory=list)
    findings: "list[Finding]" = field(default_factory=list)

    @property
    def wants_json(self) -> bool:
        """Whether `--json` was typed; it may stand where nothing could be parsed."""
        arguments = list(self.arguments)
        options = arguments[: arguments.index("--")] if "--" in arguments else arguments
        return "--json" in options

    @property
    def text(self) -> str:
        """The line as it can be typed again in a POSIX shell, in words where it holds a password."""
        return command_text(*self.arguments)


_CURRENT: ContextVar[CommandLine] = ContextVar("command line")


def begin_command_line(arguments: Sequence[str]) -> CommandLine:
    """Note what was typed."""
    line = CommandLine(tuple(arguments))
    _CURRENT.set(line)
    return line


def current_command_line() -> CommandLine:
    """What was typed; nothing, where no command line is being run."""
    return _CURRENT.get(CommandLine())
