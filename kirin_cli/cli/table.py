"""All commands with their flags as data, read from the real commands: completions and documents derive from it."""

from kirin_cli.cli.app import loaded
from kirin_cli.cli.described import described
from kirin_cli.cli.rows import COMMANDS
from kirin_cli.cli.screens import ROOT
from kirin_cli.cli.setting_table import OTHER_VARIABLES, SETTINGS, explained
from kirin_cli.derive.commands import Command, Variable


def variables() -> tuple[Variable, ...]:
    """Every environment variable that means something to the program."""
    settings = (
        Variable(name=one.env, key=one.name if one.place != "environment" else "", flag=one.flag, help=explained(one))
        for one in SETTINGS.values()
    )
    return (*settings, *(Variable(name=name, help=does) for name, does in OTHER_VARIABLES))


def commands() -> tuple[Command, ...]:
    """Every command that the help shows, in its order, after `kirin` itself."""
    return (ROOT, *(described(row, loaded(row)) for row in COMMANDS if not row.hidden))
