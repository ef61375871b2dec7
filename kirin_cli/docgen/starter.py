"""A commented job file to start from, with every parameter of a model. Knows no parameter by name, writes no file."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from textwrap import wrap
from typing import Final

from kirin_cli.json_text import yaml_scalar
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import AnyValue, Choice, Field, Number, NumberChoice, Text, Url, number_of
from kirin_cli.modelspec.media_fields import MediaField
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import assume_url

SCHEMA_FILE: Final = "kirin-jobs.schema.json"
QUICKSTART_FILE: Final = "jobs.yaml"
QUICKSTART_MEDIA: Final = ("media/cup.png", "media/fox.png")
QUICKSTART_FOLDER: Final = files("kirin_cli").joinpath("quickstart")  # in a wheel that stays zipped too
WIDTH: Final = 110
_PROMPT: Final = "A paper boat sails down a rainy street"
_HEAD: Final = """\
# yaml-language-server: $schema=./{schema}
# {model}: {help}
# Check this file with `kirin validate`; make the video with `kirin run`, or `kirin run --sandbox` at no cost.
# {schema} lets an editor check and complete it; `kirin schema > {schema}` writes it.
version: 1
model: {model}
name: my-video
output:
  dir: renders
params:"""


def starter_job_file(model: Model) -> str:
    """A job file that is valid as it is; what can be left out is commented out. No newline at its end."""
    required = _required_names(model)
    lines = [_HEAD.format(schema=SCHEMA_FILE, model=model.id, help=model.help)]
    for field in model.fields:
        mark = "  " if field.name in required else "  # "
        lines += (f"  # {line}" for line in wrap(_describe(field), WIDTH))
        lines += (mark + line for line in _lines(field, example_value(field)))
        lines.append("")
    return "\n".join(lines).rstrip()


def quickstart_job_file() -> str:
    """A job file with three jobs for three models, which the README shows."""
    head = f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n"
    return head + QUICKSTART_FOLDER.joinpath(QUICKSTART_FILE).read_text(encoding="utf-8")


def quickstart_media() -> Mapping[str, bytes]:
    """The pictures that it uses, by their paths beside it."""
    return {path: QUICKSTART_FOLDER.joinpath(path).read_bytes() for path in QUICKSTART_MEDIA}


def example_value(field: Field) -> object:
    """A value that the field takes."""
    if isinstance(field, ObjectField):
        values = {member.name: example_value(member) for member in field.fields}
        # Of several numbers in one object that nothing requires, all but the first are 0.
        optional = [member.name for member in field.fields[1:] if isinstance(member, Number) and not member.required]
        return values | dict.fromkeys(optional, 0)
    if isinstance(field, ListField):
        return [example_value(field.item)] * max(1, field.min_items)
    return field.default if field.default is not None else _example_of_kind(field)


def _example_of_kind(field: Field) -> object:
    example: object = False
    match field:
        case NumberChoice():
            example = number_of(field.options[0])
        case Choice():
            example = field.options[0]
        case Number():
            example = _number_within(field)
        case AnyValue():
            example = {"object": {}, "array": []}.get(field.json_type, "some words")
        case Url():
            example = "https://example.com/hook"
        case MediaField():
            example = f"https://example.com/{field.media_kind}.{'png' if field.media_kind == 'image' else 'mp4'}"
        case Text():
            text = _PROMPT if field.required else "some words"
            example = text.ljust(field.min_length, ".")[: field.max_length]
    return example


def _number_within(field: Number) -> float:
    """1, or where that is out of bounds the bound that is nearest to it."""
    highest = 1 if field.maximum is None else min(1, field.maximum)
    return highest if field.minimum is None else max(highest, field.minimum)


def _required_names(model: Model) -> set[str]:
    """The parameters without which a request is refused."""
    params = {field.name: example_value(field) for field in model.fields if field.required}
    addable = set(model.names)
    while missing := [
        error.path for error in model.check(params, assume_url).errors if error.path in addable - params.keys()
    ]:
        params[missing[0]] = example_value(model.field_named(missing[0]))
    return set(params)


def _describe(field: Field) -> str:
    return field.describe().replace("`", "")


def _lines(field: Field, value: object) -> Iterator[str]:
    """A key with its value in block style; members say what they are beside them."""
    match field, value:
        case ObjectField(), dict():
            yield f"{yaml_scalar(field.name)}:"
            yield from (f"  {line}" for line in _members(field, value))
        case ListField(), list():
            yield f"{yaml_scalar(field.name)}:"
            for item in value:
                group = field.item
                lines = _members(group, item) if isinstance(group, ObjectField) else [_scalar(group, item)]
                first, *rest = lines
                yield f"  - {first}"
                yield from (f"    {line}" for line in rest)
        case _:
            yield f"{yaml_scalar(field.name)}: {_scalar(field, value)}"


def _scalar(field: Field, value: object) -> str:
    """A value as the parameter takes it; a $ in it asks for no variable."""
    text = value.replace("$", "$$") if isinstance(value, str) else value
    is_word = isinstance(field, Choice) and not str(value).isdigit()  # whose text stands for no number
    return yaml_scalar(text, is_text=is_word or isinstance(field, Text | AnyValue))


def _members(group: ObjectField, value: dict[str, object]) -> Iterator[str]:
    for field in group.fields:
        first, *rest = _lines(field, value[field.name])
        about = _describe(field)
        beside = len(about) <= WIDTH
        yield from () if beside else (f"# {line}" for line in wrap(about, WIDTH))
        yield f"{first}  # {about}" if about and beside else first
        yield from rest
