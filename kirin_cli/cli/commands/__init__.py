"""The table of commands, each loaded when it is called. A new command is one file and one row. Knows no parser."""

from collections.abc import Callable, Iterator
from typing import Final

from kirin_cli.cli.parameters import Command
from kirin_cli.models import MODEL_ENTRIES, MODELS, ModelEntry, added_entries
from kirin_cli.modelspec.record import Record

GENERATE: Final = "Generate"
JOB_FILES: Final = "Job files"
TASKS: Final = "Tasks"
SET_UP: Final = "Set-up"
JOB_COMMANDS: Final = frozenset({"again", "run", "wait", "download", "resume"})
"""Those besides the models' own whose result is one of jobs."""
MODEL_ACTIONS: Final = ("add", "diff", "remove", "search")
"""What `kirin models` does besides showing."""


class CommandEntry(Record):
    """A command: its name, panel and one-line help, and how to get the rest of it; `model` is a model's id."""

    name: str
    panel: str
    help: str
    load: Callable[[], Command]
    model: str = ""
    hidden: bool = False


def _model(name: str, model_id: str, entry: ModelEntry, *, hidden: bool = False) -> CommandEntry:
    def load() -> Command:
        from kirin_cli.cli.generate import model_command

        return model_command(MODELS[model_id])

    return CommandEntry(name, GENERATE, entry.help, load, model_id, hidden)


def _load_again() -> Command:
    from kirin_cli.cli.commands.again import again_command

    return again_command()


def _load_run() -> Command:
    from kirin_cli.cli.commands.run import run

    return run


def _load_validate() -> Command:
    from kirin_cli.cli.commands.validate import validate

    return validate


def _load_plan() -> Command:
    from kirin_cli.cli.commands.plan import plan

    return plan


def _load_report() -> Command:
    from kirin_cli.cli.commands.report import report

    return report


def _load_init() -> Command:
    from kirin_cli.cli.commands.init import init

    return init


def _load_schema() -> Command:
    from kirin_cli.cli.commands.schema import schema

    return schema


def _load_list() -> Command:
    from kirin_cli.cli.commands.list import list_tasks

    return list_tasks


def _load_show() -> Command:
    from kirin_cli.cli.commands.show import show

    return show


def _load_open() -> Command:
    from kirin_cli.cli.commands.open import open_video

    return open_video


def _load_wait() -> Command:
    from kirin_cli.cli.commands.wait import wait

    return wait


def _load_download() -> Command:
    from kirin_cli.cli.commands.wait import download

    return download


def _load_resume() -> Command:
    from kirin_cli.cli.commands.resume import resume

    return resume


def _load_resolve() -> Command:
    from kirin_cli.cli.commands.resolve import resolve

    return resolve


def _load_usage() -> Command:
    from kirin_cli.cli.commands.usage import usage

    return usage


def _load_models() -> Command:
    from kirin_cli.cli.commands.models import models

    return models


def _load_auth() -> Command:
    from kirin_cli.cli.commands.auth import auth

    return auth


def _load_config() -> Command:
    from kirin_cli.cli.commands.config import config

    return config


def _load_doctor() -> Command:
    from kirin_cli.cli.commands.doctor import doctor

    return doctor


def _load_sandbox() -> Command:
    from kirin_cli.cli.commands.sandbox import sandbox

    return sandbox


def _load_completion() -> Command:
    from kirin_cli.cli.commands.completion import completion

    return completion


def _load_help() -> Command:
    from kirin_cli.cli.commands.help import help_about

    return help_about


def _load_version() -> Command:
    from kirin_cli.cli.commands.version import version

    return version


COMMANDS: Final[tuple[CommandEntry, ...]] = (
    *(_model(row.command, model_id, row) for model_id, row in MODEL_ENTRIES.items()),
    *(_model(model_id, model_id, row, hidden=True) for model_id, row in MODEL_ENTRIES.items()),
    CommandEntry("again", GENERATE, "Make a video as a task did, with flags over its request.", _load_again),
    CommandEntry("run", JOB_FILES, "Make the videos that job files describe.", _load_run),
    CommandEntry("validate", JOB_FILES, "Check job files; send nothing.", _load_validate),
    CommandEntry("plan", JOB_FILES, "Show what a run would send, skip and write, and what it may cost.", _load_plan),
    CommandEntry(
        "report", JOB_FILES, "Make reports from results that are there: a gallery, JUnit, Markdown …", _load_report
    ),
    CommandEntry("init", JOB_FILES, "Write a commented job file to start from.", _load_init),
    CommandEntry("schema", JOB_FILES, "Print the JSON Schema of job files.", _load_schema),
    CommandEntry("list", TASKS, "List the tasks of the ledger.", _load_list),
    CommandEntry("show", TASKS, "Show everything known of one task.", _load_show),
    CommandEntry("open", TASKS, "Open the video of a task in the system's player.", _load_open),
    CommandEntry("wait", TASKS, "Wait for tasks and fetch their videos.", _load_wait),
    CommandEntry("download", TASKS, "Fetch the videos of finished tasks again, free of charge.", _load_download),
    CommandEntry("resume", TASKS, "Finish whatever is unfinished.", _load_resume),
    CommandEntry("resolve", TASKS, "Decide about a submission whose outcome is unknown.", _load_resolve),
    CommandEntry("usage", TASKS, "Show what was spent, by model, day or job file.", _load_usage),
    CommandEntry("models", SET_UP, "Show the models, one model's parameters; take in more models.", _load_models),
    CommandEntry("auth", SET_UP, "Store the API key, say where it comes from, forget it.", _load_auth),
    CommandEntry("config", SET_UP, "Show the settings, each with where it comes from.", _load_config),
    CommandEntry("doctor", SET_UP, "Check the set-up: key, service, folders, ledger, clock.", _load_doctor),
    CommandEntry(
        "sandbox", SET_UP, "Serve the protocol on this machine, for trying things and testing pipelines.", _load_sandbox
    ),
    CommandEntry("completion", SET_UP, "Print the completion script for a shell.", _load_completion),
    CommandEntry("help", SET_UP, "Explain a command or a topic; list every command as JSON.", _load_help),
    CommandEntry("version", SET_UP, "Print the version, and those of the libraries as JSON.", _load_version),
)
BY_NAME: Final = {row.name: row for row in COMMANDS}


def find_command(name: str) -> CommandEntry | None:
    """The command of this name, also of an added model; none of those takes the name of another command."""
    return BY_NAME.get(name) or next((row for row in added_commands() if row.name == name), None)


def added_commands() -> Iterator[CommandEntry]:
    """The commands of the added models: each by its command and, as ours, by its id."""
    for model_id, entry in added_entries().items():
        if entry.command:
            yield _model(entry.command, model_id, entry)
        if model_id not in BY_NAME and model_id != entry.command:
            yield _model(model_id, model_id, entry, hidden=bool(entry.command))


def all_command_rows() -> tuple[CommandEntry, ...]:
    """Every command, the added models behind ours."""
    ours = len(MODEL_ENTRIES)
    return (*COMMANDS[:ours], *added_commands(), *COMMANDS[ours:])
