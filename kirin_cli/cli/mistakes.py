"""What the parser refuses, in words: with the nearest flag, and without repeating what could be a key."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from typer.exceptions import TyperException

from kirin_cli.api.credentials import HINT
from kirin_cli.cli.rows import BY_NAME
from kirin_cli.errors import UsageError

NO_KEY_FLAG = (
    "there is no flag for the API key: what stands in a command line is seen by every program on this machine, and "
    "kept in the shell's history and the logs of CI"
)


def usage_error(error: TyperException, arguments: Sequence[str]) -> UsageError:
    """The error to say. `arguments` are those of the whole command line."""
    command = next((word for word in arguments if word in BY_NAME), "")
    option = getattr(error, "option_name", "") if type(error).__name__ == "NoSuchOption" else ""
    if option.replace("_", "-").lower() in {"--api-key", "--apikey", "--key", "--token"}:
        return UsageError(NO_KEY_FLAG, hint=HINT)
    help_of = f"kirin {command} --help" if command else "kirin --help"
    if not option:
        return UsageError(error.format_message().rstrip("."), hint=help_of)
    close = get_close_matches(option, _known(error), n=1)
    return UsageError(f"there is no flag {option}" + (f'; did you mean "{close[0]}"?' if close else ""), hint=help_of)


def _known(error: Any) -> list[str]:  # noqa: ANN401  (the parser's errors have no public class)
    """Every spelling of every flag of the command."""
    params = error.ctx.command.params if error.ctx else ()
    return [name for param in params for name in (*param.opts, *param.secondary_opts) if name.startswith("-")]
