"""The completion script for fish."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, CommandInfos, OptionInfo
from kirin_cli.docgen.completions.script import aliases, backslash, file_action, fill_script, shell_commands

_SCRIPT: Final = r"""# fish completion for kirin, made by `kirin completion fish`: no Python runs when TAB is pressed.
# Save it as ~/.config/fish/completions/kirin.fish.

# Prints the subcommand on the command line; fails where there is none yet.
function __kirin_command
    set -l value
    for token in (commandline -opc)[2..-1]
        if set -q value[1]
            set -e value[1]
            continue
        end
        switch $token
            case @BEFORE@
                set value taken
            case '-*'
            case '*'
                echo $token
                return 0
        end
    end
    return 1
end

function __kirin_is
    set -l command (__kirin_command)
    and contains -- $command $argv
end

function __kirin_first
    not __kirin_command >/dev/null
end

function __kirin_begun
    set -l word (commandline -ct)
    __kirin_first
    and test -n "$word"
end

# Prints folders, and the files with one of these endings; all files where there are none.
function __kirin_files
    set -l word (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l files (complete -C "__kirin_has_no_completions $word")
    string match -ri -- "^.*(?:/|\\.(?:$argv[1]))\$" $files
    or string join \n -- $files
end

# Prints the ids of recent tasks, each with what it is: kirin keeps a list of them beside its ledger.
function __kirin_tasks
    set -l file $KIRIN_STATE_DIR/@RECENT@
    if not set -q KIRIN_STATE_DIR[1]
        set -l folders $XDG_STATE_HOME ~/.local/state ~/Library/Application\ Support
        for folder in $folders
            set file $folder/kirin/@RECENT@
            test -r $file; and break
        end
    end
    set file (string replace -r '^~/' ~/ -- $file)
    test -r "$file"; or return
    while read -l line
        echo $line
    end <$file
    echo last\t'the newest'
end

complete -c kirin -f
@OPTIONS@
@NAMES@
@COMMANDS@
"""


def fish_script(commands: CommandInfos) -> str:
    """The whole script."""
    before, named = shell_commands(commands)
    valued = [spelling for option in before if not option.is_switch for spelling in option.spellings]
    names = [("__kirin_first", command.name, command) for command in named]
    names += [("__kirin_begun", name, command) for name, command in aliases(named)]
    return fill_script(
        _SCRIPT,
        before=" ".join(map(_quote, valued)) or "''",
        options=(line for option in before for line in _option("__kirin_first", option)),
        names=(f"complete -c kirin -n {when} -a {_quote(name)} -d {_quote(info.help)}" for when, name, info in names),
        commands=(line for command in named for line in ("", *_command(command))),
    )


def _command(command: CommandInfo) -> Iterable[str]:
    when = _quote(f"__kirin_is {' '.join(command.names)}")
    for option in command.options:
        yield from _option(when, option)
    for argument in command.arguments:
        if action := _action(argument):
            yield f"complete -c kirin -n {when} {action}"


def _option(when: str, option: OptionInfo) -> Iterable[str]:
    value = "" if option.is_switch else f" -r {_action(option) or '-f'}"
    for spelling, text in option.spelling_rows:
        name = f"-l {spelling[2:]}" if spelling.startswith("--") else f"-s {spelling[1:]}"
        yield f"complete -c kirin -n {when} {name}{value} -d {_quote(text)}"


def _action(taker: OptionInfo | ArgumentInfo) -> str:
    """The flags of `complete` for the words or files that are offered; "" where nothing is."""
    if taker.choices:
        return f"-f -a {_quote(' '.join(taker.choices))}"
    files, folders = "-f -a '(__kirin_files \"{}\")'", "-f -a '(__fish_complete_directories)'"
    return file_action(taker, suffixes=files, file="-F", folder=folders, task="-f -k -a '(__kirin_tasks)'", nothing="")


def _quote(text: str) -> str:
    return "'" + backslash(text, "\\'") + "'"
