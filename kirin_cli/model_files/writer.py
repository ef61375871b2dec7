"""The text of a model's file: what a spec says, a key a line, with what there is to know in comments."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kirin_cli.json_text import yaml_scalar
from kirin_cli.model_files.names import clean_text
from kirin_cli.model_files.service_spec import ModelSpec

WIDTH: Final = 110
_HEAD: Final = """\
# {model}, as the service described it. kirin reads this file: correct what is wrong in it, and add rules.
# `kirin models {model}` shows what it means, `kirin models diff {model}` what the service has changed since.
"""
_RULES: Final = """\
# What parameters ask of each other, in the form of the models that kirin brings along, such as:
# rules:
#   - {needs: {mode: pro}, at: image_tail}                      image_tail may be given with mode pro only
#   - {at_most_one: [image_tail, [mask, masks], camera]}        at most one of these three
#   - {at_least_one: [image, image_tail]}                       one_of: exactly one of these
#   - {require: {within: {steps: [1, 20]}}, when: {mode: std}, at: steps, message: goes up to 20 with mode std}
"""


def model_file_text(spec: ModelSpec, command: str, source: Mapping[str, str]) -> str:
    """The file of a spec: `command` runs the model, `source` says where the spec came from (url, date, sha256)."""
    content = dict(spec.content)
    heading = {"model": content.pop("model"), "command": command}
    lines = [_HEAD.format(model=spec.model_id), *(f"# {clean_text(note, 300)}" for note in spec.notes)]
    fields = content.pop("fields")
    for key, value in (heading | content).items():
        lines.append(f"{key}: {yaml_scalar(value)}")
    lines.append("source:")
    lines += [f"  {key}: {yaml_scalar(value)}" for key, value in source.items()]
    lines.append("fields:" if fields else "fields: []")
    lines += _fields(fields, "", "  ", spec.remarks)
    return "\n".join([*lines, "", _RULES.rstrip()]) + "\n"


def _fields(fields: list[dict[str, Any]], prefix: str, indent: str, remarks: Mapping[str, str]) -> Iterator[str]:
    for field in fields:
        path = f"{prefix}{field['name']}"
        first, *rest = _members(field, path, remarks)
        yield f"{indent}- {first}"
        yield from (f"{indent}  {line}" for line in rest)


def _members(field: Mapping[str, Any], path: str, remarks: Mapping[str, str]) -> Iterator[str]:
    """The keys of one field, with the remark about it behind its kind."""
    last = [key for key in ("fields", "item") if key in field]
    for key in (*(key for key in field if key not in last), *last):
        value = field[key]
        if key == "fields":
            yield "fields:"
            yield from _fields(value, f"{path}.", "  ", remarks)
        elif key == "item":
            yield "item:"
            yield from (f"  {line}" for line in _members(value, path, remarks))
        else:
            has_remark = key == "kind" and path in remarks and value != "list"
            remark = f"  # {clean_text(remarks[path], 200)}" if has_remark else ""
            yield f"{key}: {_value(value)}{remark}"


def _value(value: object) -> str:
    """A value on one line."""
    if isinstance(value, list):
        return f"[{', '.join(_flow(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
    return yaml_scalar(value)


def _flow(value: object) -> str:
    """A value within brackets, where a comma would end it."""
    text = yaml_scalar(value)
    return f'"{text}"' if isinstance(value, str) and not text.startswith('"') and not text.isalnum() else text
