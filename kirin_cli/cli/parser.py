"""The parser: Typer's command of a row, with flags that have defaults in settings files. Knows no single command."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from functools import partial
from inspect import Parameter as SignatureParameter
from inspect import Signature
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException
from typer.main import get_command

from kirin_cli.cli.command_line import current_command_line
from kirin_cli.cli.commands import CommandEntry
from kirin_cli.cli.parameters import REQUIRED, OptionSpec, Parameter
from kirin_cli.errors import Interrupted, UsageError

CONTEXT_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}
MIN_GARBAGE: Final = 20_000
"""New objects after which garbage is looked for: a command's own imports make about 15,000, and no garbage."""
HELP_SWITCH: Final = Parameter("help", bool, OptionSpec("--help"), default=False)


class PlainHelp:
    """A command whose `--help` is converted without Typer's converters too (see `_convert_plainly`)."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401
        """The option; made once, as the base keeps it."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # the base beside this one has it
        if option and "process_value" not in vars(option):
            _convert_plainly(option, HELP_SWITCH)
        return option


class KirinCommand(PlainHelp, TyperCommand):
    """A command whose flags have defaults in settings files, and whose help is drawn from the table."""

    row: CommandEntry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401
        """The context, with the files as its default map; they are read when a flag is not given."""
        from kirin_cli.cli.settings import FileDefaults

        variables = {param.name or "": str(param.envvar) for param in self.params if param.envvar}
        return super().make_context(info_name, args, parent, default_map=FileDefaults(os.environ, variables), **extra)

    def make_parser(self, ctx: Any) -> Any:  # noqa: ANN401
        """The parser, which notes in what order flags are given, and refuses what is given too often.

        The other flags take their defaults from the profile that --profile names.
        """
        parser = super().make_parser(ctx)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> Any:  # noqa: ANN401
            typed = tuple(args)
            try:
                values, rest, order = parse(args=args)
            except TyperException as error:
                error.ctx = getattr(error, "ctx", None) or ctx  # type: ignore[attr-defined]
                raise
            current_command_line().order = tuple(str(param.name) for param in order)
            ctx.default_map.profile = values.get("profile")
            if rest or len(order) != len(set(order)):
                from kirin_cli.cli.usage_errors import check_repeats, too_many_arguments

                check_repeats(self.row, order, typed)
                if rest:
                    raise too_many_arguments(self.row, self.params, values, rest)
            return values, rest, order

        parser.parse_args = parse_args  # type: ignore[method-assign]
        return parser

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401
        """The command's help."""
        from kirin_cli.cli.help import command_help, render_help

        return render_help(command_help(self.row))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Do what the command does; from here on garbage is collected (see __main__)."""
        gc.freeze()
        gc.enable()
        gc.set_threshold(MIN_GARBAGE)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # Typer would end without a word
            raise Interrupted("interrupted") from None


def load_command(row: CommandEntry) -> KirinCommand:
    """The Typer command of a row."""
    command = row.load()

    def function(**values: object) -> int:
        return command.run(**values)

    parameters = {parameter.name: parameter for parameter in command.parameters}
    function.__signature__ = Signature(list(map(_signature_parameter, command.parameters)))  # type: ignore[attr-defined]
    function.__annotations__ = {name: one.annotation for name, one in function.__signature__.parameters.items()}  # type: ignore[attr-defined]
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command(row.name, cls=KirinCommand, context_settings=CONTEXT_SETTINGS)(function)
    parsed = get_command(single)
    assert isinstance(parsed, KirinCommand)  # noqa: S101  (Typer builds what `cls` says)
    for param in parsed.params:
        _convert_plainly(param, parameters[str(param.name)])
    parsed.name, parsed.row = row.name, row
    return parsed


def _signature_parameter(parameter: Parameter) -> SignatureParameter:
    """The keyword parameter, annotated as Typer wants it."""
    spec = parameter.spec
    more: dict[str, Any] = {"metavar": spec.metavar or None, "help": spec.help or None, "hidden": spec.hidden}
    if spec.callback:
        more["callback"] = spec.callback
    if isinstance(spec, OptionSpec):
        info = typer.Option(*spec.spellings, envvar=spec.env or None, min=spec.min, max=spec.max, **more)
    else:
        info = typer.Argument(**more)
    default = SignatureParameter.empty if parameter.default is REQUIRED else parameter.default
    kind = SignatureParameter.KEYWORD_ONLY
    return SignatureParameter(parameter.name, kind, default=default, annotation=Annotated[parameter.kind, info])


def _convert_plainly(param: Any, parameter: Parameter) -> None:  # noqa: ANN401  (Typer's parameters have no public base)
    """Have a parameter make its own value of a text, instead of Typer, which from 0.29 on loads pydantic for that.

    That takes longer than all of `--help`. Were `process_value` not called any more, nothing but time would be lost.
    """
    kind, is_list, process_by_typer = parameter.item_kind, param.multiple or param.nargs == -1, param.process_value

    def process_value(ctx: Any, value: Any) -> Any:  # noqa: ANN401
        texts = () if value is None else tuple(value) if is_list else (value,)
        if (param.required and not texts) or (kind is bool and isinstance(value, str)):
            return process_by_typer(ctx, value)  # says what is missing, reads a switch from a file
        if "" in texts and kind in {str, Path} and _source(param, ctx) == "COMMANDLINE" and not parameter.takes_empty:
            name = param.opts[0] if isinstance(parameter.spec, OptionSpec) else parameter.spec.metavar.strip("[…]")
            raise UsageError(f"{name} is empty: is a variable of the shell not set?", hint=f"{ctx.command_path} --help")
        if kind is str and texts and _source(param, ctx) == "ENVIRONMENT":
            from kirin_cli.cli.settings_schema import BY_VARIABLE

            BY_VARIABLE[param.envvar].parse(texts[0], param.envvar)  # what is wrong is said of the variable
        converters = dict.fromkeys((int, float), partial(_parse_number, parameter, param, ctx)) | {Path: _parse_path}
        convert = converters.get(kind, kind)
        values = tuple(convert(text) for text in texts)
        result = values if is_list else values[0] if values else None
        return param.callback(ctx, param, result) if param.callback else result

    if kind in {str, int, float, Path, bool} and param.nargs in {1, -1}:
        param.process_value = process_value


def _source(param: Any, ctx: Any) -> str:  # noqa: ANN401
    """Where its value is from: COMMANDLINE, ENVIRONMENT, DEFAULT and the like, "" if the parser does not know."""
    return getattr(ctx.get_parameter_source(param.name), "name", "")


def _parse_path(text: str) -> Path:
    """A path as it was written; one that begins with ~ is below the home folder, where no shell has seen to that."""
    from kirin_cli.cli.settings_schema import parse_path

    return parse_path(text, "a path") if str(text).startswith("~") else Path(text)


def _parse_number(parameter: Parameter, param: Any, ctx: Any, text: Any) -> Any:  # noqa: ANN401
    spec = parameter.spec
    low, high = (spec.min, spec.max) if isinstance(spec, OptionSpec) else (None, None)
    with suppress(ValueError):
        number = parameter.item_kind(text)
        if (low is None or low <= number) and (high is None or number <= high):
            return number
    what = param.envvar if _source(param, ctx) == "ENVIRONMENT" else param.opts[0]
    noun = "a whole number" if parameter.item_kind is int else "a number"
    bounds = "" if low is None else f", at least {low}" if high is None else f", {low} to {high}"
    raise UsageError(f"{what} is {str(text)!r}; it must be {noun}{bounds}", hint=f"{ctx.command_path} --help")
