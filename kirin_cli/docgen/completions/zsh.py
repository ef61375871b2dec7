"""The completion script for zsh: its own `_arguments` does the work."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.docgen.commands import SUFFIXES, ArgumentInfo, CommandInfo, CommandInfos, OptionInfo, split_root

_SCRIPT: Final = r"""#compdef kirin
# zsh completion for kirin, made by `kirin completion zsh`: no Python runs when TAB is pressed.
# Save it as _kirin in a folder of $fpath, or load it behind compinit with `source <(kirin completion zsh)`.

_kirin_commands() {
  local -a names further
  names=(
@NAMES@
  )
  further=(
@FURTHER@
  )
  [[ -n $PREFIX ]] && names+=($further)
  _describe -t commands command names
}

_kirin() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C -S \
@BEFORE@
    '1: :_kirin_commands' \
    '*:: :->behind'
  [[ $state == behind ]] || return
  case $line[1] in
@COMMANDS@
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _kirin "$@"
else
  compdef _kirin kirin
fi
"""


def zsh_script(commands: CommandInfos) -> str:
    """The whole script."""
    before, named = split_root(commands)
    return (
        _SCRIPT.replace("@BEFORE@\n", "".join(f"    {spec} \\\n" for spec in _options(before)))
        .replace("@NAMES@", "\n".join(_described(command.name, command) for command in named))
        .replace("@FURTHER@", "\n".join(_described(name, command) for command in named for name in command.also))
        .replace("@COMMANDS@", "\n".join(map(_branch, named)))
    )


def _described(name: str, command: CommandInfo) -> str:
    return "    " + _quoted(f"{_plain(name)}:{command.help}")


def _branch(command: CommandInfo) -> str:
    specs = [*_options(command.options), *_arguments(command.arguments)]
    return f"    {'|'.join(command.names)})\n      _arguments -S" + "".join(f" \\\n        {s}" for s in specs) + " ;;"


def _options(options: Iterable[OptionInfo]) -> Iterable[str]:
    """A spec of `_arguments` for every spelling; spellings of one flag exclude one another, unless it repeats."""
    for option in options:
        others = "*" if option.repeats else f"({' '.join(option.spellings)})"
        value = "" if option.is_switch else f":{_plain(option.metavar) or 'value'}:{_action(option)}"
        for spelling, does in option.spelling_rows:
            joint = "" if option.is_switch else "=" if spelling.startswith("--") else "+"
            yield _quoted(f"{others}{spelling}{joint}[{_bracketed(does)}]{value}")


def _arguments(arguments: Iterable[ArgumentInfo]) -> Iterable[str]:
    """A spec for every argument with something to offer: the name alone of another would keep flags from completing."""
    for at, argument in enumerate(arguments, start=1):
        if argument.choices or argument.takes:
            yield _quoted(f"{'*' if argument.repeats else at}:{_plain(argument.name)}:{_action(argument)}")


def _action(taker: OptionInfo | ArgumentInfo) -> str:
    """What completes a value; a blank only names it."""
    if taker.choices:
        return f"({' '.join(map(_plain, taker.choices))})"
    if endings := SUFFIXES.get(taker.takes):
        return f'_files -g "*.(#i)({"|".join(endings)})(-.)"'
    return {"file": "_files", "folder": "_files -/"}.get(taker.takes, " ")


def _plain(text: str) -> str:
    return text.replace("\\", r"\\").replace(":", r"\:")


def _bracketed(text: str) -> str:
    return text.replace("\\", r"\\").replace("]", r"\]").replace("[", r"\[").replace(":", r"\:")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
