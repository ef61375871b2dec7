"""The command line: one run of it, with the program's one catch-all, and the lazy group of commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperGroup
from typer.exceptions import Abort, TyperException

from kirin_cli.cli.command_line import CommandLine, begin_command_line
from kirin_cli.cli.commands import JOB_COMMANDS, all_command_rows, find_command
from kirin_cli.cli.folders import find_added_models
from kirin_cli.cli.parser import CONTEXT_SETTINGS, PlainHelp, load_command
from kirin_cli.errors import Interrupted, KirinError, LocalError, UsageError
from kirin_cli.models import use_added_models
from kirin_cli.redaction import mask_hidden, redact_tree, redact_urls, show_all_values

if TYPE_CHECKING:
    from kirin_cli.docgen.commands import CommandInfo

HELP_FLAGS: Final = frozenset({"-h", "--help"})


class LazyGroup(PlainHelp, TyperGroup):
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


def all_commands() -> tuple[CommandInfo, ...]:
    """Every command that the help shows, in its order, after `kirin` itself."""
    from kirin_cli.cli.help import ROOT, describe_command

    commands = [ROOT]
    for row in all_command_rows():
        with suppress(UsageError):  # the file of an added model makes no sense; `kirin models` says so
            commands += [] if row.hidden else [describe_command(row)]
    return tuple(commands)


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code. Without arguments it shows help."""
    for stream in (sys.stdout, sys.stderr):
        if not str(getattr(stream, "encoding", "") or "utf").lower().startswith("utf"):
            from kirin_cli.ui.console import never_fail_to_encode

            never_fail_to_encode(stream)
    show_all_values()
    use_added_models(find_added_models)
    line = begin_command_line(arguments)
    try:
        exit_code = _run(arguments)
        if line.wants_json and not line.answered:
            _answer_in_json(line, exit_code)
    finally:
        use_added_models(dict)  # the next command line of this process may stand in another folder
    return exit_code


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
