"""The flags of a model command: a Typer signature made from the spec, and the parameters that the flags mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Final

import typer

from kirin_cli.cli import options as o
from kirin_cli.modelspec.flags import Flag, flag_for_path, model_flags, set_param
from kirin_cli.modelspec.model import Model

INPUT = "Input"


@dataclass(slots=True, eq=False, repr=False)  # never compared: the methods for that double the time to define it
class ModelFlags:
    """The common flags of the model commands, as Typer fills them in."""

    prompt: Annotated[
        str | None,
        typer.Argument(metavar="[PROMPT]", show_default=False, help="What the video shows; - reads standard input."),
    ] = None
    prompt_file: Annotated[
        Path | None,
        typer.Option("--prompt-file", metavar="FILE", rich_help_panel=INPUT, help="Read the prompt from a file."),
    ] = None
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", rich_help_panel=INPUT, help="Start from a job file with one job."),
    ] = None
    output: o.OutputPath = None
    force: o.Force = False
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, max=100, rich_help_panel=o.RUNNING, help="Make N videos.")
    ] = 1
    wait: o.WaitOption = True
    timeout: o.Timeout = "2h"
    max_cost: o.MaxCost = None
    again: Annotated[bool, typer.Option("--again", hidden=True, help="Always so: each call makes a new video.")] = False
    strict: o.Strict = False
    check_urls: o.CheckUrls = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", rich_help_panel=o.RUNNING, help="Show the request; send nothing, need no key.")
    ] = False
    full: Annotated[bool, typer.Option("--full", rich_help_panel=o.RUNNING, help="With --dry-run: Base64 in full.")] = (
        False
    )
    to_yaml: Annotated[
        bool, typer.Option("--to-yaml", rich_help_panel=o.RUNNING, help="Print the job file that these flags mean.")
    ] = False
    sandbox: o.SandboxOption = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None
    report: o.ReportOption = None
    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.FormatOption = ""
    preview: o.Preview = False
    quiet: o.Quiet = False
    progress: o.ProgressMode = "auto"
    color: o.Color = "auto"


MAX_PATH_LENGTH: Final = 1024


@dataclass(slots=True)
class ParsedFlags:
    """Parameters from flags: `params`, and which flag wrote each path."""

    params: dict[str, object]
    origins: dict[str, str] = field(default_factory=dict)


def parameters(model: Model) -> list[Parameter]:
    """One keyword parameter of a Typer command for each flag of the model."""
    return [_parameter(flag) for flag in model_flags(model)]


def param_name(flag: Flag) -> str:
    """The name under which Typer passes the flag's value."""
    return "p_" + flag.name.replace("-", "_")


def parse_flags(
    model: Model, values: Mapping[str, object], start: Mapping[str, object], *, absolute: bool
) -> ParsedFlags:
    """What the flags say, over the parameters to start from; lists that flags give replace those of the start.

    With `absolute`, names of local files become absolute: the start's are relative to another folder.
    """
    result = ParsedFlags(dict(start))
    flags = [flag for flag in model_flags(model) if values.get(param_name(flag)) not in (None, [], ())]
    for flag in flags:
        if flag.repeats:
            result.params.pop(flag.path[0], None)
    for flag in flags:
        value = values[param_name(flag)]
        for one in value if isinstance(value, list | tuple) else (value,):
            text = _absolute(one) if absolute and flag.takes_file else one
            result.origins[set_param(result.params, flag, text)] = flag.option
    return result


def flag_for_problem(origins: Mapping[str, str], path: str) -> str:
    """The flag that wrote the value at a problem's path; "" where none did."""
    written = [place for place in origins if path == place or path.startswith((f"{place}.", f"{place}["))]
    below = [place for place in origins if place.startswith((f"{path}.", f"{path}["))]
    chosen = max(written, key=len, default=next(iter(below), ""))
    return origins.get(chosen, "")


def flag_that_sets(model: Model, path: str) -> str:
    """The flag that would set the value at `path`; "" where there is none."""
    found = flag_for_path(model_flags(model), path)
    return found.option if found else ""


def _absolute(value: object) -> object:
    short = isinstance(value, str) and len(value) < MAX_PATH_LENGTH
    return str(Path(str(value)).absolute()) if short and Path(str(value)).is_file() else value


def _parameter(flag: Flag) -> Parameter:
    spellings = [f"{flag.option}/--no-{flag.name}" if flag.is_switch else flag.option, *filter(None, (flag.short,))]
    option = typer.Option(
        *spellings, help=_help(flag), metavar=_metavar(flag), rich_help_panel=flag.field.panel, show_default=False
    )
    kind: object = bool | None if flag.is_switch else list[str] | None if flag.repeats else str | None
    return Parameter(param_name(flag), Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option])


def _metavar(flag: Flag) -> str | None:
    if flag.is_switch:
        return None
    return "|".join(flag.choices) if flag.choices else flag.field.metavar or flag.field.kind.upper()


def _help(flag: Flag) -> str:
    part = flag.field
    bounds = "" if flag.choices or flag.repeats or flag.takes_file or part.kind == "object" else part.describe_bounds()
    notes = [bounds] if bounds and not flag.is_switch else []
    if part.required and len(flag.path) == 1:
        notes.append("required")
    if part.default is not None:
        notes.append(f"default: {part.default}")
    return flag.help + (f" [{'; '.join(notes)}]" if notes else "")
