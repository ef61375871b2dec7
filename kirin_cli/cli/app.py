"""The table of commands, each loaded when it is called. Help of the whole program needs none of them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build

from kirin_cli.models import MODELS, ROWS
from kirin_cli.spec.words import nearest

GENERATE: Final = "Generate"
JOB_FILES: Final = "Job files"
TASKS: Final = "Tasks"
SET_UP: Final = "Set-up"
ABOUT: Final = 'Make videos with five AI models. Start with: kirin v1-t2v "a paper boat" --sandbox'
SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass(frozen=True, slots=True)
class Row:
    """A command: its name, panel and one-line help, and how to get the function behind it."""

    name: str
    panel: str
    help: str
    load: Callable[[], Callable[..., int]]
    hidden: bool = False


def _verb(name: str, panel: str, help_: str, *, called: str = "") -> Row:
    """A row whose function stands in the module of its name; `called` where that would hide a built-in."""
    function = called or name
    return Row(name, panel, help_, lambda: getattr(import_module(f"kirin_cli.cli.{function}"), function))


def _model(name: str, model_id: str, *, hidden: bool = False) -> Row:
    def load() -> Callable[..., int]:
        from kirin_cli.cli.generate import command  # noqa: PLC0415  (loaded when called)

        return command(MODELS[model_id])

    return Row(name, GENERATE, ROWS[model_id].help, load, hidden)


COMMANDS: Final[tuple[Row, ...]] = (
    *(_model(row.command, model_id) for model_id, row in ROWS.items()),
    *(_model(model_id, model_id, hidden=True) for model_id in ROWS),
    _verb("run", JOB_FILES, "Make the videos that job files describe."),
    _verb("validate", JOB_FILES, "Check job files; send nothing."),
    _verb("plan", JOB_FILES, "Show what a run would send, skip and write, and what it may cost."),
    _verb("report", JOB_FILES, "Make reports from results that are there: a gallery, JUnit, Markdown …"),
    _verb("schema", JOB_FILES, "Print the JSON Schema of job files."),
    _verb("list", TASKS, "List the tasks of the ledger.", called="list_tasks"),
    _verb("show", TASKS, "Show everything known of one task."),
    _verb("wait", TASKS, "Wait for tasks and fetch their videos."),
    _verb("download", TASKS, "Fetch the videos of finished tasks again, free of charge."),
    _verb("resume", TASKS, "Finish whatever is unfinished."),
    _verb("resolve", TASKS, "Decide about a submission whose outcome is unknown."),
    _verb("usage", TASKS, "Show what was spent, by model, day or job file."),
    _verb("models", SET_UP, "Show the models, or one model's parameters and rules."),
    _verb("sandbox", SET_UP, "Serve the protocol on this machine, for trying things and testing pipelines."),
    _verb("completion", SET_UP, "Print the completion script for a shell."),
)
BY_NAME: Final = {row.name: row for row in COMMANDS}


class LazyGroup(TyperGroup):
    """Lists commands from the table and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  (Typer's context has no public base)
        """The names, in the order of the table."""
        return list(BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """A command as far as a list of commands needs it."""
        row = BY_NAME.get(cmd_name)
        if cmd_name in self.commands or row is None:
            return self.commands.get(cmd_name)
        return TyperCommand(row.name, help=row.help, rich_help_panel=row.panel, hidden=row.hidden)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The command that is called, loaded; an unknown one is refused with the nearest name."""
        row = BY_NAME.get(args[0])
        if row is None:
            shown = [name for name, one in BY_NAME.items() if not one.hidden]
            raise typer.BadParameter(f"There is no command {args[0]!r}{nearest(args[0], shown)}", ctx=ctx)
        self.commands[row.name] = loaded(row)
        return super().resolve_command(ctx, args)


def loaded(row: Row) -> Any:  # noqa: ANN401
    """The Typer command of a row."""
    single = typer.Typer(add_completion=False, rich_markup_mode=markup(), pretty_exceptions_enable=False)
    single.command(row.name, context_settings=SETTINGS)(row.load())
    command = build(single)
    command.name = row.name
    return command


def application() -> TyperGroup:
    """The whole command line."""
    return LazyGroup(
        name="kirin", help=ABOUT, no_args_is_help=True, context_settings=SETTINGS, rich_markup_mode=markup()
    )


def markup() -> Literal["markdown"] | None:
    """How help is drawn: in panels on a terminal; elsewhere plain, without loading Rich."""
    return "markdown" if sys.stdout is not None and sys.stdout.isatty() else None
