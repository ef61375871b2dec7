"""`kirin again`: the request of a task once more, with flags over it. Paid for like any other command that makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, get_args

from kirin_cli.cli.command_line import current_command_line
from kirin_cli.cli.flags import fill_record, flag_parameters
from kirin_cli.cli.model_command import ModelFlags, counted_up, flag_parameter, param_name
from kirin_cli.cli.options import TaskId
from kirin_cli.cli.parameters import Command, Parameter
from kirin_cli.errors import UsageError
from kirin_cli.models import MODELS, usable_models
from kirin_cli.modelspec.flags import Flag, model_flags
from kirin_cli.modelspec.text import join_and, join_or

if TYPE_CHECKING:
    from kirin_cli.cli.settings import Settings
    from kirin_cli.cli.start_job import StartJob
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.modelspec.model import Model

HELP: Final = """Make a video as a task did, with flags over its request: a new one, at new cost.

Its flags are those of its model. The files that it was made from have to be what they were; where one has changed or is
gone, that is said, and nothing is sent.
"""
LEFT_OUT: Final = frozenset({"file"})
"""Flags of the model commands that name another request to start from."""


def again_command() -> Command:
    """The command, with the flags of all models."""

    def fill_and_run(**values: object) -> int:
        return run_again(str(values["task"]), values)

    prompt, *further = (parameter for parameter in flag_parameters(ModelFlags) if parameter.name not in LEFT_OUT)
    task = Parameter("task", *get_args(TaskId))
    flags = map(flag_parameter, flags_of_models(usable_models()))
    examples = ("kirin again last", "kirin again last --seed 7 --duration 10 --dry-run")
    return Command((task, prompt, *flags, *further), fill_and_run, HELP, examples)


def flags_of_models(models: Iterable[Model]) -> list[Flag]:
    """The flags of the models, one of each name: where some take it several times, that one.

    A flag that another model's switch spells otherwise (`--no-x`) is left out, as is a short one that is taken.
    """
    flags: dict[str, Flag] = {}
    shorts: dict[str, str] = {}
    for flag in (flag for model in models for flag in model_flags(model)):
        other = flag.name.removeprefix("no-") if flag.name.startswith("no-") else f"no-{flag.name}"
        is_spelled = other in flags and (flags[other].is_switch or flag.is_switch)
        if not is_spelled and (flag.name not in flags or (flag.repeats and not flags[flag.name].repeats)):
            is_free = shorts.setdefault(flag.short, flag.name) == flag.name
            flags[flag.name] = flag if is_free else flag.replace(short="")
    return list(flags.values())


def run_again(task: str, values: Mapping[str, object]) -> int:
    """Find the request and run the command of its model over it; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.generate import run_model_command

    flags = fill_record(ModelFlags, {**values, **dict.fromkeys(LEFT_OUT)})
    settings = flags.service.load_settings()
    model, start, unfinished = _find_request(task, flags, settings)
    own = _values_of_model(model, values)
    is_sent = not (flags.again or flags.dry_run or flags.to_yaml or flags.sandbox)
    if unfinished and is_sent and (flags.count or 1) > 1:
        _ensure_same_numbers(task, model, start, own, unfinished)
    return run_model_command(model, flags, own, start, settings)


def _ensure_same_numbers(
    task: str, model: Model, start: StartJob, own: Mapping[str, object], unfinished: list[LedgerEntry]
) -> None:
    """Raise UsageError where a seed would be counted on from a newer task than the same command began with.

    Typed again, `last` is the last of what that command made, and is not finished: its numbers would go on from there.
    """
    given = {flag.path[0] for flag in model_flags(model) if param_name(flag) in own}
    counted = [name for name, value in counted_up(model, start.params, 2).items() if value != start.params[name]]
    names = [name for name in counted if name not in given]
    if not names:
        return
    ids = [entry.either_id for entry in unfinished]
    numbers = ", ".join(f"{name} on from {start.params[name]}" for name in names)
    raise UsageError(
        f"{task} is of a command that is not finished ({join_and(ids)}); --count would count {numbers}",
        hint=f"kirin wait {' '.join(ids)}; or name the task to begin with: kirin again {ids[0]}",
    )


def _find_request(task: str, flags: ModelFlags, settings: Settings) -> tuple[Model, StartJob, list[LedgerEntry]]:
    """The model and the job of a task: by the ledger, else by the note of a file.

    Where it is `last`, and of no file, also what else of its command is not finished.
    """
    from kirin_cli.cli.entries import open_ledger, owner_of
    from kirin_cli.cli.start_job import files_of_sidecar, start_from_entry, start_from_request
    from kirin_cli.ledger.lookup import NoSuchTask, is_newest
    from kirin_cli.ledger.queries import open_one_offs_beside
    from kirin_cli.ledger.states import TERMINAL
    from kirin_cli.run.task_lookup import find_task, sidecar_of

    sidecar = sidecar_of(task)
    try:
        with open_ledger(flags.service.profile) as ledger:
            entry = find_task(ledger.store, task, **owner_of(task, settings))
            is_one_off = is_newest(task) and not entry.job_file
            unfinished = open_one_offs_beside(ledger.store, entry) if is_one_off else []
    except NoSuchTask:
        if sidecar is None:
            raise
        model = _model(sidecar.request.get("model"))
        return model, start_from_request(model, sidecar.request, files_of_sidecar(sidecar), task), []
    name_by_id(task, entry.external_id)
    if entry.job_file and entry.state not in TERMINAL:  # one of no file is taken up instead (promise 11)
        text = f"job {entry.job} is not finished: kirin wait {entry.either_id}; this makes another, at cost"
        flags.display.console().talk(text)
    model = _model(entry.model)
    if sidecar and sidecar.external_id != entry.external_id:  # a file of a checkout that is called like the id
        sidecar = None
    return model, start_from_entry(model, entry, sidecar), unfinished


def _model(model_id: object) -> Model:
    if model_id not in MODELS:
        raise UsageError(f"the task is of {model_id}, which this kirin does not know", hint="kirin models")
    return MODELS[str(model_id)]


def name_by_id(task: str, external_id: str) -> None:
    """Have what is said to type next name this very task: `last` will be another one then."""
    line = current_command_line()
    if list(line.arguments).count(task) == 1:
        line.arguments = tuple(external_id if word == task else word for word in line.arguments)


def _values_of_model(model: Model, values: Mapping[str, object]) -> dict[str, object]:
    """The values of the model's own flags. Raises UsageError for a flag that it does not have, or takes only once."""
    own = {param_name(flag): flag for flag in model_flags(model)}
    result: dict[str, object] = {}
    for flag in flags_of_models(usable_models()):
        name, value = param_name(flag), values.get(param_name(flag))
        if value in (None, [], ()):
            continue
        if name not in own:
            owners = [owner for owner in usable_models() if flag.name in {known.name for known in model_flags(owner)}]
            models = join_or([owner.command for owner in owners])
            raise UsageError(f"{flag.option} is a flag of {models}", hint=f"the task is of {model.command}")
        if isinstance(value, list | tuple) and not own[name].repeats:
            if len(value) > 1:
                raise UsageError(f"{flag.option} is given {len(value)} times; {model.command} takes one")
            value = value[0]
        result[name] = value
    return result
