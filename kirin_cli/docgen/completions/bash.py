"""The completion script for bash 3.2 and later, with or without the bash-completion package."""

from typing import Final

from kirin_cli.docgen.commands import SUFFIXES, ArgumentInfo, CommandInfo, CommandInfos, OptionInfo
from kirin_cli.docgen.completions.script import aliases, fill_script, shell_commands

_SCRIPT: Final = r"""# bash completion for kirin, made by `kirin completion bash`: no Python runs when TAB is pressed.
# Load it with `source kirin.bash`, or save it as ~/.local/share/bash-completion/completions/kirin.

# What can follow flag $2, or stand as argument number $2, of command $1: sets words, or the kind of files.
# Sets the command's flags too. Fails where nothing follows.
_kirin_about() {
  words='' files='' flags=''
  case $1 in
@COMMANDS@
    *) return 1 ;;
  esac
}

# Whether a file of this name is of kind $1.
_kirin_kind() {
  case $1:$2 in
@KINDS@
    *) return 1 ;;
  esac
}

# Readline replaces only what stands behind the last of its word breaks, `16:` and `--mode=` stay.
_kirin_offer() {
  local head='' breaks=${COMP_WORDBREAKS//[!:=]/}
  [[ -n $breaks ]] && head=${whole%"${whole##*[$breaks]}"}
  local reply=$prefix$1
  COMPREPLY+=("${reply#"$head"}")
}

_kirin_paths() {
  local name actions=-f
  type compopt &>/dev/null || return 0
  compopt -o default
  [[ $files == file ]] && return
  [[ $files == folder ]] && actions=-d
  while IFS= read -r name; do
    if [[ $files == folder || -d ${name/#~\//$HOME/} ]] || _kirin_kind "$files" "$name"; then
      compopt -o filenames
      _kirin_offer "$name"
    fi
  done < <(compgen $actions -- "$cur")
}

# The ids of recent tasks become words: kirin keeps a list of them beside its ledger.
_kirin_tasks() {
  local id file folder
  if [[ -n ${KIRIN_STATE_DIR-} ]]; then
    file=${KIRIN_STATE_DIR/#\~\//$HOME/}/@RECENT@
  else
    for folder in "${XDG_STATE_HOME:-$HOME/.local/state}" "$HOME/Library/Application Support" "${LOCALAPPDATA-}"; do
      file=$folder/kirin/@RECENT@
      [[ -r $file ]] && break
    done
  fi
  [[ -r $file ]] || return 0
  while IFS=$'\t' read -r id _; do
    words+=" $id"
  done < "$file"
  words+=' last'
}

_kirin() {
  local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} piece blank tokens=()
  COMPREPLY=()
  # Bash splits at `=` and `:` too: what no blank parts is one word again.
  for piece in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    blank=${line%%[![:blank:]]*}
    line=${line#"$blank"}
    [[ $line == "$piece"* ]] || piece=$line
    line=${line#"$piece"}
    if [[ ${#tokens[@]} -gt 0 && -z $blank ]]; then
      tokens[${#tokens[@]} - 1]+=$piece
    else
      tokens+=("$piece")
    fi
  done

  local whole=${tokens[${#tokens[@]} - 1]} prefix='' command='' pending='' plain='' token number=1
  local cur=$whole words files flags
  for token in "${tokens[@]:1:${#tokens[@]}-2}"; do
    if [[ -n $pending ]]; then
      pending=''
    elif [[ -z $plain && $token == -* ]]; then
      if [[ $token == -- ]]; then
        plain=yes
      elif [[ $token != *=* ]] && _kirin_about "$command" "$token"; then
        pending=$token
      fi
    elif [[ -z $command ]]; then
      command=$token
    else
      number=$((number + 1))
    fi
  done

  if [[ -n $pending ]]; then
    _kirin_about "$command" "$pending"
  elif [[ -z $plain && $cur == --*=* ]]; then
    _kirin_about "$command" "${cur%%=*}" || return 0
    prefix=${cur%%=*}=
    cur=${cur#*=}
  elif [[ -z $plain && $cur == -* ]]; then
    _kirin_about "$command" flags
    words=$flags
  elif [[ -z $command ]]; then
    words='@NAMES@'
    [[ -n $cur ]] && words+=' @FURTHER@'
  else
    _kirin_about "$command" "$number" || [[ -n $cur ]] || words=$flags
  fi

  [[ $files != task ]] || _kirin_tasks
  for token in $words; do
    [[ $token == "$cur"* ]] && _kirin_offer "$token"
  done
  [[ -z $files || $files == task ]] || _kirin_paths
}

# Before bash 4 a function cannot ask for files, so that they are offered wherever nothing else is.
if type compopt &>/dev/null; then
  complete -F _kirin kirin
else
  complete -o default -F _kirin kirin
fi
"""


def bash_script(commands: CommandInfos) -> str:
    """The whole script."""
    before, named = shell_commands(commands)
    kirin = CommandInfo(name="''", help="", options=before)
    kinds = []
    for kind, endings in SUFFIXES.items():
        any_case = ("".join(f"[{letter}{letter.upper()}]" for letter in ending) for ending in endings)
        kinds.append(f"    {' | '.join(f'{_word(kind)}:*.{ending}' for ending in any_case)}) ;;")
    return fill_script(
        _SCRIPT,
        commands=map(_branch, (kirin, *named)),
        kinds=kinds,
        names=" ".join(command.name for command in named),
        further=" ".join(name for name, _ in aliases(named)),
    )


def _branch(command: CommandInfo) -> str:
    """The branch of one command, with a branch of its own for all flags that take the same."""
    flags = [flag for option in command.options for flag in option.spellings if flag.startswith("--")]
    by_value: dict[str, list[str]] = {}
    for option in command.options:
        if not option.is_switch:
            by_value.setdefault(_value(option), []).extend((option.long, *filter(None, [option.short])))
    rows = [f"{' | '.join(spellings)}) {value};;" for value, spellings in by_value.items()]
    for number, argument in enumerate(command.arguments, start=1):
        if value := _value(argument):
            rows.append(f"{'[0-9]*' if argument.repeats else number}) {value};;")
    inner = "\n".join(f"        {row}" for row in (*rows, "*) return 1 ;;"))
    head = f"    {' | '.join(command.names)})\n      flags='{' '.join(flags)}'\n      case $2 in\n"
    return f"{head}{inner}\n      esac\n      ;;"


def _value(taker: OptionInfo | ArgumentInfo) -> str:
    words = f"words='{' '.join(taker.choices)}' " if taker.choices else ""
    return f"{words}files={_word(taker.takes)} " if taker.takes else words


def _word(kind: str) -> str:
    return kind.replace(" ", "-")
