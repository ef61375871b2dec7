"""The flags of a model command: its parameters made from the spec, and the parameters that the flags mean."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import CheckFlags, DisplayFlags, PrintingFlags, ServiceFlags, ViewFlags
from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec, Parameter
from kirin_cli.errors import UsageError
from kirin_cli.models.shared_parameters import EXTERNAL_TASK_ID
from kirin_cli.modelspec.fields import Integer
from kirin_cli.modelspec.flags import Flag, flag_for_path, model_flags, set_param
from kirin_cli.modelspec.model import MODEL_NAME, Model
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.types import Problem


class ModelFlags(Record, kw_only=True):
    """The flags that every model command has."""

    prompt: Annotated[
        str | None, ArgumentSpec(metavar="[PROMPT]", help="What the video shows; - reads standard input.")
    ] = None
    prompt_file: Annotated[
        Path | None,
        OptionSpec("--prompt-file", metavar="FILE", panel=o.INPUT, help="Read the prompt from a file."),
    ] = None
    file: Annotated[
        Path | None,
        OptionSpec(
            "--file",
            "-f",
            metavar="FILE",
            panel=o.INPUT,
            help="Start from a job file with one job, or from the note NAME.json beside a video.",
        ),
    ] = None
    allow_env: o.AllowEnv = None
    output: o.OutputPath = None
    force: o.Force = False
    extra_params: Annotated[
        list[str] | None,
        OptionSpec(
            "--param", metavar="NAME=JSON", panel=o.INPUT,
            help="Send a parameter that this version does not know, unchecked. Repeatable.",
        ),
    ] = None  # fmt: skip
    count: Annotated[
        int | None,
        OptionSpec(
            "--count",
            metavar="N",
            min=1,
            max=100,
            panel=o.RUNNING,
            help="Make N videos; else one, or as many as a job file says.",
        ),
    ] = None
    wait: o.WaitFlag = True
    timeout: o.Timeout = o.DEFAULT_TIMEOUT
    max_cost: o.MaxCost = None
    assume_cost: o.AssumeCost = None
    again: Annotated[
        bool,
        OptionSpec("--again", panel=o.RUNNING, help="Make a new one, even where the same request is unfinished."),
    ] = False
    checks: CheckFlags
    dry_run: Annotated[
        bool, OptionSpec("--dry-run", panel=o.RUNNING, help="Show the request; send nothing, need no key.")
    ] = False
    full: Annotated[bool, OptionSpec("--full", panel=o.RUNNING, help="With --dry-run: Base64 in full.")] = False
    to_yaml: Annotated[
        bool, OptionSpec("--to-yaml", panel=o.RUNNING, help="Print the job file that these flags mean.")
    ] = False
    sandbox: o.SandboxFlag = False
    service: ServiceFlags
    report: o.ReportFlag = None
    printing: PrintingFlags
    view: ViewFlags
    display: DisplayFlags


MAX_PATH_LENGTH: Final = 1024


@dataclass(slots=True)
class ParsedFlags:
    """What the flags mean: `params`, which flag wrote each path of them, and the folder that their paths are in.

    `extra` are parameters that are sent unchecked.
    """

    params: dict[str, object]
    origins: dict[str, str] = field(default_factory=dict)
    base: Path = Path()
    extra: dict[str, object] = field(default_factory=dict)


def param_name(flag: Flag) -> str:
    """The name under which the flag's value is passed."""
    return "p_" + flag.name.replace("-", "_")


def flag_parameter(flag: Flag) -> Parameter:
    """The parameter of a command for a flag of a model."""
    metavar = "|".join(flag.choices) if flag.choices else flag.field.metavar or flag.field.kind.upper()
    option = OptionSpec(
        flag.option, flag.short, f"--no-{flag.name}" if flag.is_switch else "", "" if flag.is_switch else metavar,
        flag.field.panel, flag.help, takes_empty=True,
    )  # fmt: skip
    kind: object = bool | None if flag.is_switch else list[str] | None if flag.repeats else str | None
    return Parameter(param_name(flag), kind, option, None)


def parse_flags(
    model: Model,
    values: Mapping[str, object],
    params: Mapping[str, object],
    base: Path | None,
    order: Sequence[str],
) -> ParsedFlags:
    """What the flags say, over the `params` of a job file in the folder `base`; None where they come from no file.

    Lists that flags give replace those of the file; `order` has the names of the flags' parameters as they were typed.
    Names of local files become absolute: the file's are relative to another folder.
    """
    result = ParsedFlags(dict(params), base=base or Path())
    flags = [flag for flag in model_flags(model) if values.get(param_name(flag)) not in (None, [], ())]
    for flag in flags:
        if flag.repeats:
            result.params.pop(flag.path[0], None)
    for flag, value in _flag_values(flags, values, order):
        value_from_here = _absolute(value) if base is not None and flag.takes_file else value
        result.origins[set_param(result.params, flag, value_from_here)] = flag.option
    return result


def _flag_values(
    flags: Iterable[Flag], values: Mapping[str, object], order: Sequence[str]
) -> Iterator[tuple[Flag, object]]:
    """Every flag with its value; those that append to lists first and one by one, in the order of the command line."""
    by_name = {param_name(flag): flag for flag in flags}
    appended = {name: deque(as_list(values[name])) for name, flag in by_name.items() if flag.repeats}
    for name in order:
        if appended.get(name):
            yield by_name[name], appended[name].popleft()
    yield from ((by_name[name], value) for name, rest in appended.items() for value in rest)
    yield from ((flag, values[name]) for name, flag in by_name.items() if not flag.repeats)


def as_list(value: object) -> list[object]:
    """The items of a list or tuple; any other value as the one item."""
    return list(value) if isinstance(value, list | tuple) else [value]


def parse_extra_params(model: Model, texts: Iterable[str], params: Mapping[str, object]) -> dict[str, object]:
    """The parameters of --param NAME=JSON over those of a job file; what does not look like JSON is text.

    Raises UsageError for anything else, for a name that is given twice, for a parameter that the model has, and for the
    model itself.
    """
    typed: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"--param is {text!r}; it must be NAME=JSON")
        if name in typed:
            raise UsageError(f"--param {name} is given twice; it takes one value")
        typed[name] = _param_value(name, value)
    extra = {**params, **typed}
    for name in extra:
        if name == MODEL_NAME:
            raise UsageError(f"--param {name}: the command says which model it is", hint="kirin models lists them all")
        if name in model.names:
            raise UsageError(f"--param {name}: {model.id} has such a parameter; give it by its own flag, to be checked")
    return extra


def _param_value(name: str, text: str) -> object:
    """The JSON of a --param, else its text. Raises UsageError for none, and for JSON that was cut or mistyped."""
    from kirin_cli.json_text import MAX_DEPTH, NestedTooDeeply, parse_json

    if not text.strip():
        raise UsageError(f"--param {name} has no value", hint=f"an empty text is JSON: --param '{name}=\"\"'")
    try:
        return parse_json(text, max_depth=MAX_DEPTH)
    except NestedTooDeeply:
        raise UsageError(f"--param {name} is nested more than {MAX_DEPTH} deep") from None
    except ValueError as error:
        if text.lstrip()[0] not in '{["':
            return text
        hint = f"a text that begins so is written as JSON: --param '{name}=\"…\"'"
        raise UsageError(f"--param {name} is no JSON to read: {error}", hint=hint) from None


def flag_for_problem(origins: Mapping[str, str], path: str) -> str:
    """The flag that wrote the value at a problem's path; "" where none did."""
    above = [origin for origin in origins if path == origin or path.startswith((f"{origin}.", f"{origin}["))]
    below = [origin for origin in origins if origin.startswith((f"{path}.", f"{path}["))]
    return origins.get(max(above, key=len, default=next(iter(below), "")), "")


def flag_without_its_list(model: Model, parsed: ParsedFlags, path: str) -> tuple[str, str]:
    """(flag, flag that it needs) where only what one flag says of an item is given, and the item at `path` is not."""
    holder, _, member = path.rpartition(".")
    for flag in model_flags(model):
        listed = flag.parent_list
        if listed is None or member != listed.shorthand_field or holder != f"{listed.name}[0]":
            continue
        items = as_list(parsed.params.get(listed.name))
        is_missing = isinstance(items[0], Mapping) and items[0].get(member) is None
        if is_missing and parsed.origins.get(f"{holder}.{flag.path[-1]}") == flag.option:
            return flag.option, f"--{listed.flag or listed.name}"
    return "", ""


def counted_up(model: Model, values: Mapping[str, object], number: int) -> Mapping[str, object]:
    """The values of the video with that number, from 1: its seed is the next one after that of the video before."""
    names = [field.name for field in model.fields if isinstance(field, Integer) and field.counts_up]
    steps = {name: value + number - 1 for name in names if isinstance(value := values.get(name), int)}
    return {**values, **steps}


def id_problems(values: Mapping[str, object], count: int) -> list[Problem]:
    """That one id cannot be that of several videos (rule A4)."""
    name = EXTERNAL_TASK_ID.name
    if count < 2 or name not in values:
        return []
    return [Problem(name, EXTERNAL_TASK_ID.rule, f"{name} is the id of one task, and --count {count} makes {count}")]


def flag_that_sets(model: Model, path: str) -> str:
    """The flag that would set the value at `path`; "" where there is none."""
    flag = flag_for_path(model_flags(model), path)
    return flag.option if flag else ""


def _absolute(value: object) -> object:
    is_short = isinstance(value, str) and len(value) < MAX_PATH_LENGTH
    return str(Path(str(value)).absolute()) if is_short and Path(str(value)).is_file() else value
