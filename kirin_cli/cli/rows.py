"""The table of commands, each loaded when it is called. A new command is one file and one row. Knows no parser."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from kirin_cli.models import MODELS, ROWS
from kirin_cli.spec.record import Record

GENERATE: Final = "Generate"
JOB_FILES: Final = "Job files"
TASKS: Final = "Tasks"
SET_UP: Final = "Set-up"


class Row(Record):
    """A command: its name, panel and one-line help, and how to get the function behind it; `model` is a model's id."""

    name: str
    panel: str
    help: str
    load: Callable[[], Callable[..., int]]
    model: str = ""
    hidden: bool = False


def _verb(name: str, panel: str, help_: str, *, called: str = "") -> Row:
    """A row whose function stands in the module of its name; `called` where that would hide a built-in."""
    function = called or name
    return Row(name, panel, help_, lambda: getattr(import_module(f"kirin_cli.cli.{function}"), function))


def _model(name: str, model_id: str, *, hidden: bool = False) -> Row:
    def load() -> Callable[..., int]:
        from kirin_cli.cli.generate import command  # noqa: PLC0415  (loaded when called)

        return command(MODELS[model_id])

    return Row(name, GENERATE, ROWS[model_id].help, load, model_id, hidden)


COMMANDS: Final[tuple[Row, ...]] = (
    *(_model(row.command, model_id) for model_id, row in ROWS.items()),
    *(_model(model_id, model_id, hidden=True) for model_id in ROWS),
    _verb("run", JOB_FILES, "Make the videos that job files describe."),
    _verb("validate", JOB_FILES, "Check job files; send nothing."),
    _verb("plan", JOB_FILES, "Show what a run would send, skip and write, and what it may cost."),
    _verb("report", JOB_FILES, "Make reports from results that are there: a gallery, JUnit, Markdown …"),
    _verb("init", JOB_FILES, "Write a commented job file to start from."),
    _verb("schema", JOB_FILES, "Print the JSON Schema of job files."),
    _verb("list", TASKS, "List the tasks of the ledger.", called="list_tasks"),
    _verb("show", TASKS, "Show everything known of one task."),
    _verb("wait", TASKS, "Wait for tasks and fetch their videos."),
    _verb("download", TASKS, "Fetch the videos of finished tasks again, free of charge."),
    _verb("resume", TASKS, "Finish whatever is unfinished."),
    _verb("resolve", TASKS, "Decide about a submission whose outcome is unknown."),
    _verb("usage", TASKS, "Show what was spent, by model, day or job file."),
    _verb("models", SET_UP, "Show the models, or one model's parameters and rules."),
    _verb("auth", SET_UP, "Store the API key, say where it comes from, forget it."),
    _verb("config", SET_UP, "Show the settings, each with where it comes from."),
    _verb("doctor", SET_UP, "Check the set-up: key, service, folders, ledger, clock."),
    _verb("sandbox", SET_UP, "Serve the protocol on this machine, for trying things and testing pipelines."),
    _verb("completion", SET_UP, "Print the completion script for a shell."),
    _verb("help", SET_UP, "Explain a command or a topic; list every command as JSON.", called="help_about"),
)
BY_NAME: Final = {row.name: row for row in COMMANDS}
