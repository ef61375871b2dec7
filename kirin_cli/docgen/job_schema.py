"""JSON Schema (draft-07) of a whole job file, from the models' own schemas. Knows no parameter by name."""

from collections.abc import Iterable
from typing import Final

from kirin_cli.docgen.editor_schema import adapt_to_editors, join_by_owner
from kirin_cli.docgen.parameter_schema import (
    definition,
    each_job,
    in_defaults,
    parameter_definitions,
    parameters_of_jobs,
    requires,
)
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE, FIELDS
from kirin_cli.jobs.job import JOB_KEYS
from kirin_cli.jobs.placeholders import IDENTIFIER
from kirin_cli.json_text import format_json
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import NULL, Field, Schema, any_of
from kirin_cli.modelspec.model import Model

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
    "description": "How many videos to make of it (default 1).",
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
    "description": "A job for each row, its values in ${row.column}: a table (CSV, TSV, JSON lines, YAML), a glob of "
    "files (${row.path}, ${row.stem}), or a list (of plain values: ${row.value}).",
    "anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": {"type": ["object", "string", "number", "boolean"]}}],
}
_IF: Final[Schema] = {
    "description": "The job is left out unless this holds: A == B, A != B, or a word that is neither empty nor false.",
    "type": ["string", "boolean", "null"],
}
_ENTRIES: Final[Schema] = {"type": "array", "items": {"type": "object", "minProperties": 1}}
_INCLUDE: Final[Schema] = {"description": "Values to add to combinations, or combinations to add.", **_ENTRIES}
_FILES: Final[Schema] = {
    "description": "Files whose vars and defaults hold here too, under the own ones.",
    "anyOf": [_TEXT, {"type": "array", "items": _TEXT}],
}
_EXTRA: Final[Schema] = {
    "description": "Parameters that this version does not know: sent as they are, unchecked.",
    "type": ["object", "null"],
}
_EXCLUDE: Final[Schema] = {"description": "Combinations to leave out: those with all these values.", **_ENTRIES}


def document_keys(models: Iterable[Model]) -> dict[str, Schema]:
    """The keys of a file; those of a single job stand at its top."""
    models = tuple(models)
    job = {
        "name": _NAME,
        "model": {
            "description": "\n".join(f"{model.id}: {model.help}" for model in models),
            **any_of({"enum": [model.id for model in models]}, sure=False),
        },
        "params": _PARAMS,
        "output": definition("output"),
        "matrix": _matrix(models),
        "exclude": _EXCLUDE,
        "include": _INCLUDE,
        "foreach": _FOREACH,
        "if": _IF,
        "take": _TAKE,
        "tags": _TAGS,
        "extra_params": _EXTRA,
    }
    defaults = {**job, "params": _any_params(models)}
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
        "include": {**_FILES, "anyOf": [_TEXT, {"type": "array", "items": _TEXT}, _ENTRIES]},
    }


def _matrix(models: Iterable[Model]) -> Schema:
    """Lists of values by parameter, or by any other name that the job asks for."""
    values = any_of({"type": "array", "minItems": 1}, sure=False)
    helps = {field.name: field.help for model in models for field in model.fields}
    return {
        "description": "A job for every combination of these values; also ${matrix.key}.",
        "type": ["object", "null"],
        "properties": {
            **{name: {"description": text, **values} for name, text in helps.items()},
            "exclude": _EXCLUDE,
            "include": _INCLUDE,
        },
        "patternProperties": {"^x-": {}},
        "additionalProperties": values,
    }


def _any_params(models: Iterable[Model]) -> Schema:
    """The parameters of all models, each as any model takes it."""
    variants: dict[str, list[tuple[Model, Field]]] = {}
    for model in models:
        for field in model.fields:
            variants.setdefault(field.name, []).append((model, field))
    return {
        "description": "Parameters for every job whose model has them.",
        "type": ["object", "null"],
        "properties": {name: _any_field(owners) for name, owners in variants.items()},
        "additionalProperties": False,
    }


def _any_field(owners: list[tuple[Model, Field]]) -> Schema:
    """A parameter as any of its models takes it; of words all that any of them knows."""
    fields = [field for _, field in owners]
    variants = [field.schema() for field in fields]
    if all(variant.keys() == {"enum"} for variant in variants):
        words = [word for variant in variants for word in variant["enum"]]  # type: ignore[attr-defined]
        variants = [{"enum": list(dict.fromkeys(words))}]
    schemas = [variant for number, variant in enumerate(variants) if variant not in variants[:number]]
    defaults = {field.default for field in fields}
    default = {"default": fields[0].default} if len(defaults) == 1 and None not in defaults else {}
    help_text = join_by_owner((model.id, field.describe()) for model, field in owners)
    return {"description": help_text, **default, **any_of(*schemas, NULL, sure=False)}


_SINGLE_KEYS: Final = tuple(key for key in JOB_KEYS if key != "output")


def job_file_text(models: Iterable[Model] = MODELS.values()) -> str:
    """The schema as JSON to read, the same every time, without a newline at its end."""
    return format_json(job_file_schema(models))


def job_file_schema(models: Iterable[Model] = MODELS.values()) -> Schema:
    """The schema of one document of a job file."""
    return adapt_to_editors(_document_schema(tuple(models)))


def _document_schema(models: tuple[Model, ...]) -> Schema:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "description": "A job file of kirin: the videos to make.",
        "type": "object",
        "properties": document_keys(models),
        **FREE,
        "allOf": [
            {
                "if": requires("jobs"),
                "then": {"properties": {**dict.fromkeys(_SINGLE_KEYS, False), "include": _FILES}},
            },
            {"anyOf": [requires(key) for key in ("jobs", "model", "params", "matrix", "include", "foreach")]},
            {
                "if": {"not": {"anyOf": [in_defaults("model", {"type": "string"}), requires("include")]}},
                "then": each_job(requires("model")),
            },
            parameters_of_jobs(models),
        ],
        "definitions": {
            "output": OUTPUT,
            **parameter_definitions(models),
        },
    }
