"""The completion script for PowerShell 5.1 and later, in plain ASCII: 5.1 takes a file without a mark for ANSI."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, CommandInfos, OptionInfo
from kirin_cli.docgen.completions.script import aliases, fill_script, shell_commands

_SCRIPT: Final = r"""
# PowerShell completion for kirin, made by `kirin completion powershell`: no Python runs when TAB is pressed.
# Load it from $PROFILE with `. path\to\kirin.ps1`. Where nothing is offered, PowerShell offers files itself.

Register-ArgumentCompleter -Native -CommandName 'kirin', 'kirin.exe' -ScriptBlock {
    param($word, $ast, $cursor)

    $before = [ordered]@{
@BEFORE@
    }
    $commands = [ordered]@{
@COMMANDS@
    }
    $names = @{
@FURTHER@
    }

    $command = $null
    $taker = $null
    $number = 0
    $flags = $before
    $done = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor })
    foreach ($token in ($done | ForEach-Object { $_.Extent.Text })) {
        if ($taker) {
            $taker = $null
        } elseif ($token.StartsWith('-')) {
            if ($flags.Contains($token) -and $flags[$token].Takes) { $taker = $flags[$token] }
        } elseif (-not $command) {
            $command = $commands[$(if ($names.ContainsKey($token)) { $names[$token] } else { $token })]
            if (-not $command) { return }
            $flags = $command.Flags
        } else {
            $number += 1
        }
    }

    $prefix = ''
    $start = $word
    $offered = [ordered]@{}
    if (-not $taker -and $word -match '^(--[^=]+)=(.*)$' -and $flags.Contains($Matches[1])) {
        $prefix = $Matches[1] + '='
        $start = $Matches[2]
        $taker = $flags[$Matches[1]]
    }
    if ($taker) {
        foreach ($choice in $taker.Words) { $offered[$choice] = $choice }
    } elseif ($word.StartsWith('-')) {
        foreach ($flag in $flags.Keys) { $offered[$flag] = $flags[$flag].Help }
    } elseif (-not $command) {
        foreach ($name in $commands.Keys) { $offered[$name] = $commands[$name].Help }
        if ($word) { foreach ($name in $names.Keys) { $offered[$name] = $commands[$names[$name]].Help } }
    } elseif ($command.Arguments.Count) {
        $argument = $command.Arguments[$number]
        if (-not $argument -and $command.Arguments[-1].Repeats) { $argument = $command.Arguments[-1] }
        foreach ($choice in $argument.Words) { $offered[$choice] = $choice }
        if ($argument.Tasks) {
            # kirin keeps a list of recent tasks beside its ledger.
            $folders = @($env:KIRIN_STATE_DIR)
            if (-not $env:KIRIN_STATE_DIR) {
                $state = if ($env:XDG_STATE_HOME) { $env:XDG_STATE_HOME } else { "$HOME/.local/state" }
                $folders = @("$env:LOCALAPPDATA/kirin", "$state/kirin", "$HOME/Library/Application Support/kirin")
            }
            $files = @($folders | ForEach-Object { "$_/@RECENT@" } | Where-Object { Test-Path -LiteralPath $_ })
            if ($files) {
                foreach ($line in (Get-Content -LiteralPath $files[0] -Encoding UTF8)) {
                    $id, $about = $line -split "`t", 2
                    $offered[$id] = $about
                }
                $offered['last'] = 'the newest'
            }
        }
    }
    foreach ($text in $offered.Keys) {
        if ($text.StartsWith($start)) {
            $help = if ($offered[$text]) { $offered[$text] } else { $text }
            [System.Management.Automation.CompletionResult]::new($prefix + $text, $text, 'ParameterValue', $help)
        }
    }
}
"""


def powershell_script(commands: CommandInfos) -> str:
    """The whole script."""
    before, named = shell_commands(commands)
    return fill_script(
        _SCRIPT.lstrip(),
        before=_flags(before, " " * 8),
        commands=map(_command, named),
        further=(f"        {_quote(name)} = {_quote(command.name)}" for name, command in aliases(named)),
    )


def _command(command: CommandInfo) -> str:
    indent = " " * 12
    arguments = [
        f"@{{ Words = {_words(argument)}; Repeats = {_switch(argument.repeats)}; "
        f"Tasks = {_switch(argument.takes == 'task')} }}"
        for argument in command.arguments
    ]
    lines = [
        f"Help = {_quote(command.help)}",
        f"Flags = [ordered]@{{\n{_flags(command.options, indent + '    ')}\n{indent}}}",
        f"Arguments = @({', '.join(arguments)})",
    ]
    return f"        {_quote(command.name)} = @{{\n" + "\n".join(indent + line for line in lines) + "\n        }"


def _flags(options: Iterable[OptionInfo], indent: str) -> str:
    # PowerShell's keys know no case: of `-v` and `-V` the first is kept.
    rows: dict[str, str] = {}
    for option in options:
        takes = f"Takes = {_switch(not option.is_switch)}; Words = {_words(option)}"
        for spelling, text in option.spelling_rows:
            rows.setdefault(spelling.lower(), f"{indent}{_quote(spelling)} = @{{ Help = {_quote(text)}; {takes} }}")
    return "\n".join(rows.values())


def _switch(on: bool) -> str:  # noqa: FBT001  (its one meaning)
    return f"${str(on).lower()}"


def _words(taker: OptionInfo | ArgumentInfo) -> str:
    return f"@({', '.join(map(_quote, taker.choices))})"


_ASCII: Final = str.maketrans({"–": "-", "…": "...", "×": "x", "’": "'"})


def _quote(text: str) -> str:
    plain = text.translate(_ASCII).encode("ascii", "replace").decode()
    return "'" + plain.replace("'", "''") + "'"
