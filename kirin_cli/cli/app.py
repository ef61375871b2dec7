"""The command line: what Typer is told. Commands are loaded when they are called; help needs no other than its own."""

import gc
import os
from contextlib import suppress
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any, Final, get_args

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build

from kirin_cli.cli.defaults import FileDefaults
from kirin_cli.cli.rows import BY_NAME, Row
from kirin_cli.errors import Interrupted, UsageError
from kirin_cli.spec.words import nearest

SETTINGS: Final = {"help_option_names": ["-h", "--help"]}


class _PlainHelp:
    """A command whose `--help` is read without Typer's converters too (see `_read_plainly`)."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401
        """The option; made once, as the base keeps it."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # the base beside this one has it
        if option and "process_value" not in vars(option):
            _read_plainly(option, bool, None)
        return option


class LazyGroup(_PlainHelp, TyperGroup):
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


class Verb(_PlainHelp, TyperCommand):
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
    function = row.load()
    single.command(row.name, cls=Verb, context_settings=SETTINGS)(function)
    command = build(single)
    assert isinstance(command, Verb)  # noqa: S101  (Typer builds what `cls` says)
    written = signature(function).parameters
    for param in command.params:
        _read_plainly(param, *get_args(written[str(param.name)].annotation))
    command.name, command.row = row.name, row
    return command


def _read_plainly(param: Any, kind: Any, info: Any) -> None:  # noqa: ANN401  (Typer's parameters have no public base)
    """Have a parameter make its own value of a text, instead of Typer, which from 0.29 on loads pydantic for that.

    That takes longer than all of `--help`. Were `process_value` no longer asked, nothing but time would be lost.
    """
    while inner := get_args(kind):  # of list[Path] | None
        kind = inner[0]
    many, theirs = param.multiple or param.nargs == -1, param.process_value

    def process_value(ctx: Any, value: Any) -> Any:  # noqa: ANN401
        given = () if value is None else tuple(value) if many else (value,)
        if (param.required and not given) or (kind is bool and isinstance(value, str)):
            return theirs(ctx, value)  # says what is missing, reads a switch from a file
        read = partial(_number, kind, info, param, ctx) if kind in {int, float} else kind
        made = tuple(read(one) for one in given)
        plain = made if many else made[0] if made else None
        return param.callback(ctx, param, plain) if param.callback else plain

    if kind in {str, int, float, Path, bool} and param.nargs in {1, -1}:
        param.process_value = process_value


def _number(kind: type, info: Any, param: Any, ctx: Any, given: Any) -> Any:  # noqa: ANN401
    low, high = info.min, info.max
    with suppress(ValueError):
        number = kind(given)
        if (low is None or low <= number) and (high is None or number <= high):
            return number
    from_environment = getattr(ctx.get_parameter_source(param.name), "name", "") == "ENVIRONMENT"
    what = param.envvar if from_environment else param.opts[0]
    noun = "a whole number" if kind is int else "a number"
    bounds = "" if low is None else f", at least {low}" if high is None else f", {low} to {high}"
    raise UsageError(f"{what} is {str(given)!r}; it must be {noun}{bounds}", hint=f"{ctx.command_path} --help")


def application() -> TyperGroup:
    """The whole command line."""
    return LazyGroup(name="kirin", context_settings=SETTINGS, rich_markup_mode=None)
