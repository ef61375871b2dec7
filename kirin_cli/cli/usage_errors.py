"""Usage errors in words: what was mistyped, and what was probably meant. Loaded where something is wrong only."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kirin_cli.cli.commands import CommandEntry, all_command_rows, find_command
from kirin_cli.errors import UsageError
from kirin_cli.models import MODEL_ENTRIES, advice_for_unknown, usable_models
from kirin_cli.modelspec.flags import model_flags
from kirin_cli.modelspec.text import did_you_mean, join_and, quote
from kirin_cli.shell_words import quote_word

NO_KEY_FLAG: Final = (
    "there is no flag for the API key: what stands in a command line is seen by every program on this machine, and "
    "kept in the shell's history and the logs of CI"
)
KEY_FLAGS: Final = frozenset({"--api-key", "--apikey", "--key", "--token"})
TYPOGRAPHIC_QUOTES: Final = "“”„«»‘’"
JOB_FILE_SUFFIXES: Final = (".yaml", ".yml")
PROMPT: Final = "prompt"
"""The argument that has several words."""

MODEL_FLAGS: Final = frozenset({"--model", "-m"})
"""Flags of other programs that choose a model."""

PLAN_FLAGS: Final = frozenset({"--dry-run", "-n"})
"""Flags by which other programs show what they would do."""

MAX_PROMPT_SHOWN: Final = 60
_HARMLESS: Final = re.compile(r"[\w ,.:;?'-]+")
"""Text that stands in double quotes alike in every shell."""


def unknown_command(word: str) -> UsageError:
    """That there is no such command, and what may have been meant: a prompt, a job file, a name that is near."""
    first_model = next(iter(MODEL_ENTRIES.values())).command
    if Path(word).suffix.lower() in JOB_FILE_SUFFIXES:
        return UsageError(f"there is no command {word!r}; that is a file", hint=f"kirin run {quote_word(word)}")
    if len(word.split()) > 1:
        return UsageError(
            f"there is no command {word!r}; a prompt stands behind a model", hint=f"kirin {first_model} {_quoted(word)}"
        )
    known = [row.name for row in all_command_rows() if not row.hidden]
    return UsageError(f"there is no command {word!r}{did_you_mean(word, known)}", hint="kirin --help")


def check_repeats(row: CommandEntry, order: Sequence[Any], arguments: Sequence[str]) -> None:
    """Raise UsageError for a flag that is given twice where it takes one value, and for a switch and its opposite.

    A switch may be said again. `order` are the parameters that the `arguments` of the command give.
    """
    for param in order:
        if param.secondary_opts and order.count(param) > 1:
            on, off = param.opts[0], param.secondary_opts[0]
            if {on, off} <= set(arguments):
                raise UsageError(f"{on} and {off} contradict each other", hint="give one of them")
        once = param.param_type_name == "option" and not param.multiple and not param.is_flag
        if once and order.count(param) > 1:
            option, number = param.opts[0], order.count(param)
            flags = ((model, flag) for model in (usable_models() if row.model else ()) for flag in model_flags(model))
            lists = [model.command for model, flag in flags if flag.option == option and flag.takes_several]
            hint = f"{join_and(lists)} {'takes' if len(lists) == 1 else 'take'} several" if lists else ""
            times = "twice" if number == 2 else f"{number} times"
            raise UsageError(f"{option} is given {times}; it takes one value", hint=hint)


def too_many_arguments(
    row: CommandEntry, params: Iterable[Any], values: Mapping[str, Any], rest: Sequence[str]
) -> UsageError:
    """That there are more arguments than the command takes: words of a prompt without quotes, where it takes one."""
    arguments = [param for param in params if param.param_type_name == "argument"]
    given = {param.name: value for param in arguments if isinstance(value := values.get(param.name), str)}
    if not any(param.name == PROMPT for param in arguments):
        usage = " ".join(param.metavar or str(param.name).upper() for param in arguments)
        takes = f"it takes {usage}" if usage else "it takes no arguments"
        words = ", ".join(map(quote, rest))
        return UsageError(f"kirin {row.name}: {words} is too much; {takes}", hint=f"kirin {row.name} --help")
    words_of_prompt = [*filter(None, [given.pop(PROMPT, "")]), *rest]
    prompt = " ".join(words_of_prompt)
    because = ""
    if set(TYPOGRAPHIC_QUOTES) & set(prompt):
        prompt = prompt.translate(dict.fromkeys(map(ord, TYPOGRAPHIC_QUOTES)))
        because = "; a shell does not know typographic quotes"
    message = f"the prompt comes as {len(words_of_prompt)} arguments, and must be one: put it in quotes{because}"
    return UsageError(message, hint=" ".join(("kirin", row.name, *map(quote_word, given.values()), _quoted(prompt))))


def _quoted(prompt: str) -> str:
    """A prompt as a shell takes it, not more of it than a line holds."""
    shown = prompt if len(prompt) <= MAX_PROMPT_SHOWN else prompt[: MAX_PROMPT_SHOWN - 1] + "…"
    return f'"{shown}"' if _HARMLESS.fullmatch(prompt) else quote_word(shown)


def to_usage_error(error: Any, arguments: Sequence[str]) -> UsageError:  # noqa: ANN401  (NoSuchOption is not public)
    """The error to say. `arguments` are those of the whole command line."""
    from kirin_cli.api.credentials import NO_KEY_HINT

    option = getattr(error, "option_name", "") if type(error).__name__ == "NoSuchOption" else ""
    if option.replace("_", "-").lower() in KEY_FLAGS:
        return UsageError(NO_KEY_FLAG, hint=NO_KEY_HINT)
    command = next((argument for argument in arguments if find_command(argument)), "")
    hint = f"kirin {command} --help" if command else "kirin --help"
    row = find_command(command) if command else None
    if not option:
        return UsageError(_value_problem(error, command) or error.format_message().rstrip("."), hint=hint)
    if not row and option in MODEL_FLAGS:
        return UsageError(f"there is no flag {option}: each model is a command", hint="kirin models lists them")
    if row and row.name == "run" and option in PLAN_FLAGS:
        hint = "kirin plan shows what a run would send"
    if row and row.model:
        text = next((argument for argument in arguments if argument.startswith(option) and " " in argument), "")
        if text and "=" not in text.partition(" ")[0]:
            hint = f"a text that begins with - stands behind =: kirin {command} --prompt={_quoted(text)}"
            return UsageError(f"there is no flag {option}", hint=hint)
        name = option.removeprefix("--no-").removeprefix("--").replace("-", "_")
        if advice := advice_for_unknown(row.model, name):
            return UsageError(f"there is no flag {option} here, {command} has none: {advice}", hint=hint)
    return UsageError(f"there is no flag {option}{_near_flag(error, option)}", hint=hint)


def _value_problem(error: Any, command: str) -> str:  # noqa: ANN401
    """What is missing or too much, with what is taken in its place; "" for other errors."""
    kind = type(error).__name__
    if kind == "MissingParameter" and error.param is not None:
        param = error.param
        name = param.metavar or str(param.name).upper() if param.param_type_name == "argument" else param.opts[0]
        return f"kirin {command} needs {name}: {param.help or ''}".rstrip(": .")
    option = str(getattr(error, "option_name", ""))
    params = error.ctx.command.params if kind == "BadOptionUsage" else ()
    for param in params:
        if option in param.opts and param.is_flag:
            return f"{option} takes no value; it is " + " or ".join((option, *param.secondary_opts))
        if option in param.opts:
            return f"{option} needs a value: {param.metavar or 'VALUE'}"
        if option in param.secondary_opts:
            return f"{option} takes no value; the opposite is {param.opts[0]}"
    return ""


def _near_flag(error: Any, option: str) -> str:  # noqa: ANN401
    from difflib import get_close_matches

    params = error.ctx.command.params if error.ctx else ()
    flags = [name for param in params for name in (*param.opts, *param.secondary_opts) if name.startswith("-")]
    by_word = {name.lstrip("-"): name for name in flags}
    close = get_close_matches(option.lstrip("-"), list(by_word), n=1)
    return f'; did you mean "{by_word[close[0]]}"?' if close else ""
