"""A commented job file to start from, with every parameter of a model. Knows no parameter by name, writes no file."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import Choice, Field, Number, Text, Url
from kirin_cli.spec.media import MediumField
from kirin_cli.spec.medium import look_nowhere
from kirin_cli.spec.model import Model

SCHEMA_FILE: Final = "kirin-jobs.schema.json"
WIDTH: Final = 110
_PROMPT: Final = "A paper boat sails down a rainy street"
_HEAD: Final = """\
# yaml-language-server: $schema=./{schema}
# {model}: {help}
# Check this file with `kirin validate`; make the video with `kirin run`, or `kirin run --sandbox` at no cost.
# `kirin schema > {schema}` lets an editor check and complete it.
version: 1
model: {model}
name: my-video
output:
  dir: renders
params:"""


def job_file_start(model: Model) -> str:
    """A job file that is valid as it is; what can be left out is commented out. No newline at its end."""
    needed = _needed(model)
    lines = [_HEAD.format(schema=SCHEMA_FILE, model=model.id, help=model.help)]
    for part in model.fields:
        mark = "  " if part.name in needed else "  # "
        lines += (f"  # {line}" for line in wrap(_about(part), WIDTH))
        lines += (mark + line for line in _lines(part, sample(part)))
        lines.append("")
    return "\n".join(lines).rstrip()


def sample(part: Field) -> object:
    """A value that the field takes."""
    if isinstance(part, Group):
        return {member.name: _member(member, first=index == 0) for index, member in enumerate(part.fields)}
    if isinstance(part, Many):
        return [sample(part.of)] * max(1, part.least)
    return part.default if part.default is not None else _word(part)


def _word(part: Field) -> object:
    match part:
        case Choice():
            return part.of[0]
        case Number():
            return 1
        case Url():
            return "https://example.com/hook"
        case MediumField():
            return f"https://example.com/{part.medium}.{'png' if part.medium == 'image' else 'mp4'}"
        case Text():
            return _PROMPT if part.required else "some words"
    return False


def _member(part: Field, *, first: bool) -> object:
    """Of several numbers in one object that nothing requires, all but the first are 0."""
    return 0 if isinstance(part, Number) and not part.required and not first else sample(part)


def _needed(model: Model) -> set[str]:
    """The parameters without which a request is refused."""
    given = {part.name: sample(part) for part in model.fields if part.required}
    while missing := [error.path for error in model.check(given, look_nowhere).errors if error.path not in given]:
        given[missing[0]] = sample(model.named(missing[0]))
    return set(given)


def _about(part: Field) -> str:
    unit = f" {part.unit}" if part.unit else ""
    bounds = part.bounds() and part.bounds() + unit
    usual = "" if part.default is None else f"default {part.default}{unit}"
    notes = "; ".join(filter(None, (bounds, usual)))
    return part.help.replace("`", "") + (f" ({notes})" if notes else "")


def _lines(part: Field, value: object) -> Iterator[str]:
    """A key with its value in block style; members say what they are beside them."""
    match part, value:
        case Group(), dict():
            yield f"{part.name}:"
            yield from (f"  {line}" for line in _members(part, value))
        case Many(), list():
            yield f"{part.name}:"
            for item in value:
                first, *rest = _members(part.of, item)
                yield f"  - {first}"
                yield from (f"    {line}" for line in rest)
        case _:
            yield f"{part.name}: {str(value).lower() if isinstance(value, bool) else value}"


def _members(group: Group, value: dict[str, object]) -> Iterator[str]:
    for part in group.fields:
        first, *rest = _lines(part, value[part.name])
        yield f"{first}  # {_about(part)}"
        yield from rest
