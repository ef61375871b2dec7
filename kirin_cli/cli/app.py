"""The command line: `main()` with the program's one catch-all, the lazy group of commands, usage errors in words."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import Abort, TyperException
from typer.main import get_command as build

from kirin_cli.cli.command_line import CommandLine, begin_command_line, current_command_line
from kirin_cli.cli.commands import JOB_COMMANDS, CommandEntry, all_command_rows, find_command
from kirin_cli.errors import Interrupted, KirinError, LocalError, UsageError
from kirin_cli.models import ModelEntry, use_added_models
from kirin_cli.redaction import mask_hidden, redact_tree, redact_urls, show_all_values

if TYPE_CHECKING:
    from kirin_cli.docgen.commands import CommandInfo, EnvVarInfo

HELP_FLAGS: Final = frozenset({"-h", "--help"})
CONTEXT_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}


class _PlainHelp:
    """A command whose `--help` is converted without Typer's converters too (see `_convert_plainly`)."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401
        """The option; made once, as the base keeps it."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # the base beside this one has it
        if option and "process_value" not in vars(option):
            _convert_plainly(option, bool, None)
        return option


class LazyGroup(_PlainHelp, TyperGroup):
    """Lists commands from the table and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  (Typer's context has no public base)
        """The names, in the order of the table."""
        return [row.name for row in all_command_rows()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """The command, loaded."""
        row = find_command(cmd_name)
        return load_command(row) if row else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The command that is called; UsageError with the nearest name for one that is none."""
        if find_command(args[0]) is None:
            from kirin_cli.cli.usage_errors import unknown_command

            raise unknown_command(args[0])
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401
        """The program's help, which needs no command loaded."""
        from kirin_cli.cli.help import program_help, render_help

        return render_help(program_help())


class KirinCommand(_PlainHelp, TyperCommand):
    """A command whose flags have defaults in settings files, and whose help is drawn from the table."""

    row: CommandEntry
    examples: tuple[str, ...] = ()

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401
        """The context, with the files as its default map; they are read when a flag is not given."""
        from kirin_cli.cli.settings import FileDefaults

        variables = {param.name or "": str(param.envvar) for param in self.params if param.envvar}
        return super().make_context(info_name, args, parent, default_map=FileDefaults(os.environ, variables), **extra)

    def make_parser(self, ctx: Any) -> Any:  # noqa: ANN401
        """The parser, which notes in what order flags are given, and refuses what is given too often."""
        parser = super().make_parser(ctx)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> Any:  # noqa: ANN401
            try:
                values, rest, order = parse(args=args)
            except TyperException as error:
                error.ctx = getattr(error, "ctx", None) or ctx  # type: ignore[attr-defined]
                raise
            current_command_line().order = tuple(str(param.name) for param in order)
            if rest or len(order) != len(set(order)):
                from kirin_cli.cli.usage_errors import check_repeats, too_many_arguments

                check_repeats(self.row, order)
                if rest:
                    raise too_many_arguments(self.row, self.params, values, rest)
            return values, rest, order

        parser.parse_args = parse_args  # type: ignore[method-assign]
        return parser

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401
        """The command's help."""
        from kirin_cli.cli.help import command_help, render_help

        return render_help(command_help(self.row, self))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Do what the command does; from here on garbage is collected (see __main__)."""
        gc.freeze()
        gc.enable()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # Typer would end without a word
            raise Interrupted("interrupted") from None


def load_command(row: CommandEntry) -> KirinCommand:
    """The Typer command of a row."""
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    function = row.load()
    single.command(row.name, cls=KirinCommand, context_settings=CONTEXT_SETTINGS)(function)
    command = build(single)
    assert isinstance(command, KirinCommand)  # noqa: S101  (Typer builds what `cls` says)
    parameters = signature(function).parameters
    for param in command.params:
        _convert_plainly(param, *get_args(parameters[str(param.name)].annotation))
    command.name, command.row, command.examples = row.name, row, getattr(function, "examples", ())
    return command


def _convert_plainly(param: Any, kind: Any, info: Any) -> None:  # noqa: ANN401  (Typer's parameters have no public base)
    """Have a parameter make its own value of a text, instead of Typer, which from 0.29 on loads pydantic for that.

    That takes longer than all of `--help`. Were `process_value` not called any more, nothing but time would be lost.
    """
    while inner := get_args(kind):  # of list[Path] | None
        kind = inner[0]
    is_list, process_by_typer = param.multiple or param.nargs == -1, param.process_value

    def process_value(ctx: Any, value: Any) -> Any:  # noqa: ANN401
        texts = () if value is None else tuple(value) if is_list else (value,)
        if (param.required and not texts) or (kind is bool and isinstance(value, str)):
            return process_by_typer(ctx, value)  # says what is missing, reads a switch from a file
        converters = dict.fromkeys((int, float), partial(_parse_number, kind, info, param, ctx)) | {Path: _parse_path}
        convert = converters.get(kind, kind)
        values = tuple(convert(text) for text in texts)
        result = values if is_list else values[0] if values else None
        return param.callback(ctx, param, result) if param.callback else result

    if kind in {str, int, float, Path, bool} and param.nargs in {1, -1}:
        param.process_value = process_value


def _parse_path(text: str) -> Path:
    """A path as it was written; one that begins with ~ is below the home folder, where no shell has seen to that."""
    from kirin_cli.cli.settings_schema import parse_path

    return parse_path(text, "a path") if str(text).startswith("~") else Path(text)


def _parse_number(kind: type, info: Any, param: Any, ctx: Any, text: Any) -> Any:  # noqa: ANN401
    low, high = info.min, info.max
    with suppress(ValueError):
        number = kind(text)
        if (low is None or low <= number) and (high is None or number <= high):
            return number
    from_environment = getattr(ctx.get_parameter_source(param.name), "name", "") == "ENVIRONMENT"
    what = param.envvar if from_environment else param.opts[0]
    noun = "a whole number" if kind is int else "a number"
    bounds = "" if low is None else f", at least {low}" if high is None else f", {low} to {high}"
    raise UsageError(f"{what} is {str(text)!r}; it must be {noun}{bounds}", hint=f"{ctx.command_path} --help")


def environment_variables() -> tuple[EnvVarInfo, ...]:
    """Every environment variable that means something to the program."""
    from kirin_cli.cli.settings_schema import OTHER_VARIABLES, SETTINGS, setting_help
    from kirin_cli.docgen.commands import EnvVarInfo

    variables = []
    for setting in SETTINGS.values():
        key = setting.name if setting.place != "environment" else ""
        variables.append(EnvVarInfo(name=setting.env, key=key, flag=setting.flag, help=setting_help(setting)))
    return (*variables, *(EnvVarInfo(name=name, help=text) for name, text in OTHER_VARIABLES))


def all_commands() -> tuple[CommandInfo, ...]:
    """Every command that the help shows, in its order, after `kirin` itself."""
    from kirin_cli.cli.help import ROOT, describe_command

    commands = [ROOT]
    for row in all_command_rows():
        with suppress(UsageError):  # the file of an added model makes no sense; `kirin models` says so
            commands += [] if row.hidden else [describe_command(row, load_command(row))]
    return tuple(commands)


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code. Without arguments it shows help."""
    for stream in (sys.stdout, sys.stderr):
        if not str(getattr(stream, "encoding", "") or "utf").lower().startswith("utf"):
            from kirin_cli.ui.console import never_fail_to_encode

            never_fail_to_encode(stream)
    show_all_values()
    use_added_models(_find_added_models)
    line = begin_command_line(arguments)
    try:
        exit_code = _run(arguments)
        if line.wants_json and not line.answered:
            _answer_in_json(line, exit_code)
    finally:
        use_added_models(dict)  # the next command line of this process may stand in another folder
    return exit_code


def _find_added_models() -> Mapping[str, ModelEntry]:
    from kirin_cli.cli.added_models import find_added_models

    return find_added_models()


def _run(arguments: Sequence[str]) -> int:
    try:
        group = LazyGroup(name="kirin", context_settings=CONTEXT_SETTINGS, rich_markup_mode=None)
        result = group.main(args=list(arguments) or ["--help"], prog_name="kirin", standalone_mode=False)
    except KirinError as error:
        return _report_error(error)
    except TyperException as error:
        from kirin_cli.cli.usage_errors import to_usage_error

        return _report_error(to_usage_error(error, arguments))
    except (KeyboardInterrupt, Abort):
        return _report_error(Interrupted("interrupted"))
    except Exception as error:  # noqa: BLE001  (the one place; see the docstring)
        if isinstance(error, OSError) and (not arguments or HELP_FLAGS & set(arguments)):  # the parser prints help
            return _report_error(LocalError(f"standard output cannot be written: {error.strerror}"))
        return _report_crash(error)
    return result if isinstance(result, int) else 0


def _answer_in_json(line: CommandLine, exit_code: int) -> None:
    """Say on standard output, as every command with `--json` does, what standard error said in words."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.json_text import data_json
    from kirin_cli.report.json_format import command_result

    row = find_command(next(iter(line.arguments), ""))
    is_run = bool(row and (row.model or row.name in JOB_COMMANDS))
    with suppress(KirinError):  # a full disk behind standard output was said already, or cannot be
        name = row.name if row else ""
        result = command_result(exit_code, line.errors, line.findings, is_run=is_run, command=name)
        make_console().data(data_json(redact_tree(result)))


def _report_error(error: KirinError) -> int:
    from kirin_cli.cli.console import make_console

    make_console().error(error)
    return error.exit_code


def _report_crash(error: Exception) -> int:
    import traceback

    from kirin_cli import REPOSITORY
    from kirin_cli.api.credentials import KEY_VARIABLE, scrub
    from kirin_cli.ui.terminal_text import escape_untrusted

    text = mask_hidden(redact_urls(scrub("".join(traceback.format_exception(error)), os.environ.get(KEY_VARIABLE, ""))))
    sys.stderr.write(escape_untrusted(text, multiline=True, limit=20_000) + "\n")
    hint = f"please report it with the lines above: {REPOSITORY}/issues"
    return _report_error(KirinError(f"a bug in kirin: {type(error).__name__}", hint=hint))
