"""The keys of a job file as JSON Schema: what they hold and what they are for. Knows no law, no parameter by name."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.jobs.naming import DEFAULT_TEMPLATE, FIELDS
from kirin_cli.jobs.templates import IDENTIFIER
from kirin_cli.spec.fields import Field, Schema
from kirin_cli.spec.interpolated import any_of
from kirin_cli.spec.model import Model

FREE: Final[Schema] = {"patternProperties": {"^x-": {}}, "additionalProperties": False}
_TEXT: Final[Schema] = {"type": "string", "pattern": r"\S"}
OUTPUT: Final[Schema] = {
    "description": "Where the videos go.",
    "type": ["object", "null"],
    "properties": {
        "dir": {**_TEXT, "description": "Folder, relative to the job file."},
        "name": {
            **_TEXT,
            "description": f"File name; fields are {', '.join(f'{{{name}}}' for name in FIELDS)}.",
            "default": DEFAULT_TEMPLATE,
        },
    },
    **FREE,
}
_NAME: Final[Schema] = {**_TEXT, "description": "Name of the job, unique in the file; files are called after it."}
_PARAMS: Final[Schema] = {"description": "Parameters of the model.", "type": ["object", "null"]}
_TAKE: Final[Schema] = {
    "description": "How many videos to make of it.",
    "default": 1,
    **any_of({"type": "integer", "minimum": 1}, sure=False),
}
_TAGS: Final[Schema] = {
    "description": "Words to choose jobs by: --tag.",
    "anyOf": [_TEXT, {"type": "array", "items": _TEXT}, {"type": "null"}],
}
_VARS: Final[Schema] = {
    "description": "Values for ${name}; --set replaces them.",
    "type": ["object", "null"],
    "propertyNames": {"pattern": f"^{IDENTIFIER.pattern}$"},
}
_FOREACH: Final[Schema] = {
    "description": "A job for each row, its values in ${row.column}: a file (CSV, JSON lines, YAML) or a list.",
    "anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": {"type": "object"}}],
}
_ENTRIES: Final[Schema] = {"type": "array", "items": {"type": "object", "minProperties": 1}}
_INCLUDE: Final[Schema] = {"description": "Values to add to combinations, or combinations to add.", **_ENTRIES}
_EXCLUDE: Final[Schema] = {"description": "Combinations to leave out: those with all these values.", **_ENTRIES}


def document_keys(models: Iterable[Model]) -> dict[str, Schema]:
    """The keys of a file; those of a single job stand at its top."""
    models = tuple(models)
    job = {
        "name": _NAME,
        "model": _model(models),
        "params": _PARAMS,
        "output": definition("output"),
        "matrix": _matrix(models),
        "exclude": _EXCLUDE,
        "include": _INCLUDE,
        "foreach": _FOREACH,
        "take": _TAKE,
        "tags": _TAGS,
    }
    defaults = {**{name: job[name] for name in ("model", "output", "take", "tags")}, "params": _any_params(models)}
    return {
        "version": {"const": 1, "description": "Version of the format."},
        "vars": _VARS,
        "defaults": {
            "description": "What holds for every job that says nothing else.",
            "type": ["object", "null"],
            "properties": defaults,
            **FREE,
        },
        "jobs": {
            "description": "The videos to make.",
            "type": "array",
            "items": {"type": "object", "properties": job, **FREE},
        },
        **job,
    }


def _model(models: Iterable[Model]) -> Schema:
    words = "\n".join(f"{model.id}: {model.help}" for model in models)
    return {"description": words, **any_of({"enum": [model.id for model in models]}, sure=False)}


def _matrix(models: Iterable[Model]) -> Schema:
    """Lists of values by parameter, or by any other name that the job asks for."""
    values = any_of({"type": "array", "minItems": 1}, sure=False)
    helps = {part.name: part.help for model in models for part in model.fields}
    return {
        "description": "A job for every combination of these values; also ${matrix.key}.",
        "type": ["object", "null"],
        "properties": {
            **{name: {"description": words, **values} for name, words in helps.items()},
            "exclude": _EXCLUDE,
            "include": _INCLUDE,
        },
        "patternProperties": {"^x-": {}},
        "additionalProperties": values,
    }


def _any_params(models: Iterable[Model]) -> Schema:
    """The parameters of all models, each as any model takes it."""
    found: dict[str, list[tuple[Field, Schema]]] = {}
    for model in models:
        for part in model.fields:
            known = found.setdefault(part.name, [])
            if part not in [other for other, _ in known]:
                known.append((part, definition(f"{model.id}/properties/{part.name}")))
    return {
        "description": "Parameters for every job whose model has them.",
        "type": ["object", "null"],
        "properties": {name: {"anyOf": [where for _, where in known]} for name, known in found.items()},
        "additionalProperties": False,
    }


def definition(name: str) -> Schema:
    """A reference to a definition of the schema."""
    return {"$ref": f"#/definitions/{name}"}
