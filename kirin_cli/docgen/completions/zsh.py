"""The completion script for zsh: its own `_arguments` does the work."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, CommandInfos, OptionInfo, split_root
from kirin_cli.docgen.completions.script import aliases, backslash, file_action, fill_script

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
    names = [(command.name, command) for command in named]
    return fill_script(
        _SCRIPT.replace("@BEFORE@\n", "".join(f"    {spec} \\\n" for spec in _options(before))),
        names=(f"    {_quote(f'{_plain(name)}:{command.help}')}" for name, command in names),
        further=(f"    {_quote(f'{_plain(name)}:{command.help}')}" for name, command in aliases(named)),
        commands=map(_branch, named),
    )


def _branch(command: CommandInfo) -> str:
    """The branch of a command. No spec for an argument with nothing to offer: it would keep flags from completing."""
    specs = list(_options(command.options))
    for number, argument in enumerate(command.arguments, start=1):
        if argument.choices or argument.takes:
            position = "*" if argument.repeats else number
            specs.append(_quote(f"{position}:{_plain(argument.name)}:{_action(argument)}"))
    return f"    {'|'.join(command.names)})\n      _arguments -S" + "".join(f" \\\n        {s}" for s in specs) + " ;;"


def _options(options: Iterable[OptionInfo]) -> Iterable[str]:
    """A spec of `_arguments` for every spelling; spellings of one flag exclude one another, unless it repeats."""
    for option in options:
        others = "*" if option.repeats else f"({' '.join(option.spellings)})"
        value = "" if option.is_switch else f":{_plain(option.metavar) or 'value'}:{_action(option)}"
        for spelling, text in option.spelling_rows:
            escaped = backslash(text, "\\[]:")
            joint = "" if option.is_switch else "=" if spelling.startswith("--") else "+"
            yield _quote(f"{others}{spelling}{joint}[{escaped}]{value}")


def _action(taker: OptionInfo | ArgumentInfo) -> str:
    """What completes a value; a blank only names it."""
    if taker.choices:
        return f"({' '.join(map(_plain, taker.choices))})"
    files = '_files -g "*.(#i)({})(-.)"'
    return file_action(taker, suffixes=files, file="_files", folder="_files -/", nothing=" ")


def _plain(text: str) -> str:
    return backslash(text, "\\:")


def _quote(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
