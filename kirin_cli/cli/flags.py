"""The flags of a model command: a signature for Typer made from the spec, and parameters made from what was typed.

Typer only parses: every value is text to it, so that flags and job files get the same sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Final

import typer

from kirin_cli.spec.flags import Flag, flag_for, flags_of, put
from kirin_cli.spec.model import Model

LONGEST_PATH: Final = 1024


@dataclass(slots=True)
class Typed:
    """Parameters from flags: `params`, and which flag wrote each path."""

    params: dict[str, object]
    origins: dict[str, str] = field(default_factory=dict)


def parameters(model: Model) -> list[Parameter]:
    """One keyword parameter of a Typer command for each flag of the model."""
    return [_parameter(flag) for flag in flags_of(model)]


def keyword(flag: Flag) -> str:
    """The name under which Typer passes the flag's value."""
    return "p_" + flag.name.replace("-", "_")


def typed(model: Model, given: Mapping[str, object], start: Mapping[str, object], *, absolute: bool) -> Typed:
    """What the flags say, over the parameters to start from; lists that flags give replace those of the start.

    With `absolute`, names of local files become absolute: the start's are relative to another folder.
    """
    result = Typed(dict(start))
    flags = [flag for flag in flags_of(model) if given.get(keyword(flag)) not in (None, [], ())]
    for flag in flags:
        if flag.repeats:
            result.params.pop(flag.path[0], None)
    for flag in flags:
        value = given[keyword(flag)]
        for one in value if isinstance(value, list | tuple) else (value,):
            text = _absolute(one) if absolute and flag.takes_file else one
            result.origins[put(result.params, flag, text)] = flag.spelled
    return result


def flag_at(origins: Mapping[str, str], path: str) -> str:
    """The flag that wrote the value at a problem's path; "" where none did."""
    written = [place for place in origins if path == place or path.startswith((f"{place}.", f"{place}["))]
    below = [place for place in origins if place.startswith((f"{path}.", f"{path}["))]
    chosen = max(written, key=len, default=next(iter(below), ""))
    return origins.get(chosen, "")


def missing_flag(model: Model, path: str) -> str:
    """The flag that would set the value at `path`; "" where there is none."""
    found = flag_for(flags_of(model), path)
    return found.spelled if found else ""


def _absolute(value: object) -> object:
    short = isinstance(value, str) and len(value) < LONGEST_PATH
    return str(Path(str(value)).absolute()) if short and Path(str(value)).is_file() else value


def _parameter(flag: Flag) -> Parameter:
    spellings = [f"{flag.spelled}/--no-{flag.name}" if flag.switch else flag.spelled, *filter(None, (flag.short,))]
    option = typer.Option(
        *spellings, help=_help(flag), metavar=_metavar(flag), rich_help_panel=flag.field.panel, show_default=False
    )
    kind: object = bool | None if flag.switch else list[str] | None if flag.repeats else str | None
    return Parameter(keyword(flag), Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option])


def _metavar(flag: Flag) -> str | None:
    if flag.switch:
        return None
    return "|".join(flag.choices) if flag.choices else flag.field.metavar or flag.field.kind.upper()


def _help(flag: Flag) -> str:
    part = flag.field
    bounds = "" if flag.choices or flag.repeats or flag.takes_file or part.kind == "object" else part.bounds()
    notes = [bounds] if bounds and not flag.switch else []
    if part.required and len(flag.path) == 1:
        notes.append("required")
    if part.default is not None:
        notes.append(f"default: {part.default}")
    return flag.help + (f" [{'; '.join(notes)}]" if notes else "")
