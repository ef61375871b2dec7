"""The command line: what Typer is told. Commands are loaded when they are called; help needs no other than its own."""

import gc
import os
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build

from kirin_cli.cli.defaults import FileDefaults
from kirin_cli.cli.rows import BY_NAME, Row
from kirin_cli.errors import Interrupted, UsageError
from kirin_cli.spec.words import nearest

SETTINGS: Final = {"help_option_names": ["-h", "--help"]}


class LazyGroup(TyperGroup):
    """Lists commands from the table and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  (Typer's context has no public base)
        """The names, in the order of the table."""
        return list(BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """The command, loaded."""
        return loaded(BY_NAME[cmd_name]) if cmd_name in BY_NAME else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The command that is called; UsageError with the nearest name for one that is none."""
        if args[0] not in BY_NAME:
            known = [name for name, row in BY_NAME.items() if not row.hidden]
            raise UsageError(f"there is no command {args[0]!r}{nearest(args[0], known)}", hint="kirin --help")
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401
        """The program's help, which needs no command loaded."""
        from kirin_cli.cli.screens import program, text_of  # noqa: PLC0415  (only to show it)

        return text_of(program())


class Verb(TyperCommand):
    """A command whose flags have defaults in settings files, and whose help is drawn from the table."""

    row: Row

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401
        """The context, with the files as its default map; they are read when a flag is not given."""
        variables = {param.name or "": str(param.envvar) for param in self.params if param.envvar}
        return super().make_context(info_name, args, parent, default_map=FileDefaults(os.environ, variables), **extra)

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401
        """The command's help."""
        from kirin_cli.cli.screens import command, text_of  # noqa: PLC0415  (only to show it)

        return text_of(command(self.row, self))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Do what the command does; from here on garbage is collected (see __main__)."""
        gc.freeze()
        gc.enable()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # Typer would end without a word
            raise Interrupted("interrupted") from None


def loaded(row: Row) -> Verb:
    """The Typer command of a row."""
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command(row.name, cls=Verb, context_settings=SETTINGS)(row.load())
    command = build(single)
    assert isinstance(command, Verb)  # noqa: S101  (Typer builds what `cls` says)
    command.name, command.row = row.name, row
    return command


def application() -> TyperGroup:
    """The whole command line."""
    return LazyGroup(name="kirin", context_settings=SETTINGS, rich_markup_mode=None)
