"""The catalog: the service's list of models and their parameters, made from the spec. Knows no sockets."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import AnyValue, Choice, Field, Number, NumberChoice, Text
from kirin_cli.modelspec.model import Model
from kirin_cli.sandbox.http_handler import bad_request, not_found

VENDOR: Final = "kirin"
DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 100
MEDIA: Final = ("image", "video")
JSON_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("number", "integer", "boolean", "object"), ""),
    "list": "array",
}
AGENT_PROMPT: Final = (
    "POST {endpoint} with {{'model': '{id}', 'input': [{{'params': {{...}}}}]}} and a Bearer key. "
    "Then GET the same path with /task/ID until it is completed or failed; the video is at output[0].content[0].url."
)


def models_page(query: Mapping[str, str], all_models: Mapping[str, Model]) -> dict[str, object]:
    """One page of the models; `query` may hold page, page_size, type and keywords. ErrorReply 400 for no numbers."""
    page, size = _number(query, "page", 1), min(_number(query, "page_size", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE)
    kind = query.get("type", "").lower()
    models = [model for model in map(all_models.get, _usable_ids(all_models)) if model and kind in {"", model.result}]
    keywords = query.get("keywords", "").lower().split()
    entries = [_entry(m) for m in models if all(word in f"{m.id} {m.help}".lower() for word in keywords)]
    return _wrapped(
        {
            "models": entries[(page - 1) * size : page * size],
            "total": len(entries),
            "page": page,
            "page_size": size,
            "total_pages": -(-len(entries) // size),
        }
    )


def _usable_ids(models: Mapping[str, Model]) -> Iterator[str]:
    """The ids of the models, but for those whose files make no sense."""
    for model_id in models:
        with suppress(UsageError):
            models[model_id]
            yield model_id


def model_spec(model_id: str, endpoint: str, models: Mapping[str, Model]) -> dict[str, object]:
    """The parameters of one model, which is asked for at the absolute URL `endpoint`. ErrorReply 404."""
    model = models.get(model_id) if model_id in _usable_ids(models) else None
    if not model:
        raise not_found(f"model {model_id} not found")
    return _wrapped(
        {
            "model_id": model.id,
            "name": model.id,
            "vendor": VENDOR,
            "type": model.result,
            "api": {"endpoint": endpoint, "method": "POST", "headers": {}},
            "parameters": [_parameter(field) for field in model.fields],
            "agent_prompt": AGENT_PROMPT.format(endpoint=endpoint, id=model.id),
        }
    )


def _wrapped(data: Mapping[str, object]) -> dict[str, object]:
    return {"status": {"code": 200, "message": "ok"}, "data": data}


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text)):
        raise bad_request(400, f"{name} must be a whole number from 1")
    return int(text)


def _entry(model: Model) -> dict[str, object]:
    kinds = {field.kind for field in _all_fields(model.fields)}
    return {
        "id": model.id,
        "name": model.id,
        "type": model.result,
        "description": model.help,
        "input_modalities": ["text", *(kind for kind in MEDIA if kind in kinds)],
        "output_modalities": [model.result],
    }


def _all_fields(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from _all_fields(_members(field))


def _members(field: Field) -> tuple[Field, ...]:
    group = field.item if isinstance(field, ListField) else field
    return group.fields if isinstance(group, ObjectField) else ()


def _parameter(field: Field) -> dict[str, object]:
    children = [_parameter(member) for member in _members(field)]
    return {
        "name": field.name,
        "type": _json_type(field),
        "required": field.required,
        "description": field.help,
        "constraints": {name: bound for name, bound in _constraints(field).items() if bound is not None},
        **({"children": children} if children else {}),
    }


def _json_type(field: Field) -> str:
    if isinstance(field, NumberChoice):
        return "integer" if all(option.lstrip("-").isdigit() for option in field.options) else "number"
    if isinstance(field, AnyValue):
        return field.json_type or "any"
    return JSON_TYPES.get(field.kind, "string") or field.kind


def _constraints(field: Field) -> dict[str, object]:
    bounds: dict[str, object] = {"default": field.default}
    if isinstance(field, Choice):
        bounds["enum"] = list(field.options)
    elif isinstance(field, Number):
        bounds |= {"min": field.minimum, "max": field.maximum}
    elif isinstance(field, Text):
        bounds |= {"min_length": field.min_length or None, "max_length": field.max_length}
    elif isinstance(field, ListField):
        bounds["max_items"] = field.max_items
    return bounds
