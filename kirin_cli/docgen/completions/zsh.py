"""The completion script for zsh: its own `_arguments` does the work."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, CommandInfos, OptionInfo
from kirin_cli.docgen.completions.script import aliases, backslash, file_action, fill_script, shell_commands

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

# The ids of recent tasks: kirin keeps a list of them beside its ledger.
_kirin_tasks() {
  local id text file folder
  local -a tasks
  for folder in ${XDG_STATE_HOME:-$HOME/.local/state} "$HOME/Library/Application Support" $LOCALAPPDATA; do
    [[ -r $folder/kirin/@RECENT@ ]] && file=$folder/kirin/@RECENT@ && break
  done
  [[ -n $KIRIN_STATE_DIR ]] && file=${KIRIN_STATE_DIR/#\~\//$HOME/}/@RECENT@
  [[ -r $file ]] || return 1
  while IFS=$'\t' read -r id text; do
    tasks+=("$id:$text")
  done < $file
  tasks+=('last:the newest')
  _describe -V -t tasks 'recent task' tasks
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

# Flags are offered where nothing else is, also before a dash is typed.
zstyle -t ':completion::complete:kirin::options' prefix-needed
(( $? == 2 )) && zstyle ':completion:*:kirin*:options' prefix-needed no

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _kirin "$@"
else
  compdef _kirin kirin
fi
"""


def zsh_script(commands: CommandInfos) -> str:
    """The whole script."""
    before, named = shell_commands(commands)
    names = [(command.name, command) for command in named]
    return fill_script(
        _SCRIPT.replace("@BEFORE@\n", "".join(f"    {spec} \\\n" for spec in _options(before))),
        names=(f"    {_quote(f'{_plain(name)}:{command.help}')}" for name, command in names),
        further=(f"    {_quote(f'{_plain(name)}:{command.help}')}" for name, command in aliases(named)),
        commands=map(_branch, named),
    )


def _branch(command: CommandInfo) -> str:
    """The branch of a command. Every argument has a spec: behind one without, zsh would offer no flags."""
    specs = list(_options(command.options))
    for number, argument in enumerate(command.arguments, start=1):
        position = "*" if argument.repeats else number
        specs.append(_quote(f"{position}:{_plain(argument.name)}:{_action(argument, nothing='->nothing')}"))
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


def _action(taker: OptionInfo | ArgumentInfo, nothing: str = " ") -> str:
    """What completes a value, else `nothing`: a blank only names it, and keeps flags away."""
    if taker.choices:
        return f"({' '.join(map(_plain, taker.choices))})"
    files = '_files -g "*.(#i)({})(-.)"'
    return file_action(taker, suffixes=files, file="_files", folder="_files -/", task="_kirin_tasks", nothing=nothing)


def _plain(text: str) -> str:
    return backslash(text, "\\:")


def _quote(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
