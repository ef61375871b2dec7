"""JSON Schema (draft-07) of a whole job file, from the models' own schemas. Knows no parameter by name.

It refuses nothing that the program accepts, so that an editor underlines only what is wrong; one exception: a default
that no model takes is underlined even where every job replaces it.

Where a file has `defaults.params`, a parameter that a job does not give may come from there. So in such a file nothing
is required of the jobs, and of the laws that is left which the job's own parameters break for sure.
"""

from collections.abc import Iterable
from typing import Final

from kirin_cli.derive.pretty import pretty
from kirin_cli.jobs.naming import DEFAULT_TEMPLATE, FIELDS
from kirin_cli.models import MODELS
from kirin_cli.spec.fields import Field, Schema
from kirin_cli.spec.medium import look_nowhere
from kirin_cli.spec.model import Model

_ALONE: Final = "alone"
_OVER_DEFAULTS: Final = "over_defaults"
_FREE: Final[Schema] = {"patternProperties": {"^x-": {}}, "additionalProperties": False}
_TEXT: Final[Schema] = {"type": "string", "pattern": r"\S"}
_OUTPUT: Final[Schema] = {
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
    **_FREE,
}
_NAME: Final[Schema] = {**_TEXT, "description": "Name of the job, unique in the file; files are called after it."}
_PARAMS: Final[Schema] = {"description": "Parameters of the model.", "type": ["object", "null"]}


def job_file_text(models: Iterable[Model] = MODELS.values()) -> str:
    """The schema as JSON to read, the same every time, without a newline at its end."""
    return pretty(job_file_schema(models))


def job_file_schema(models: Iterable[Model] = MODELS.values()) -> Schema:
    """The schema of one document of a job file."""
    models = tuple(models)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Kirin job file",
        "type": "object",
        "properties": _keys(models),
        **_FREE,
        "allOf": [
            {"if": _given("jobs"), "then": {"properties": dict.fromkeys(("name", "model", "params"), False)}},
            {"anyOf": [_given("jobs"), _given("model"), _given("params")]},
            {"if": {"not": _in_defaults("model", {"type": "string"})}, "then": _each_job(_given("model"))},
            {
                "if": _in_defaults("params", {"minProperties": 1}),
                "then": _by_model(models, _OVER_DEFAULTS),
                "else": _by_model(models, _ALONE),
            },
        ],
        "definitions": {
            "output": _OUTPUT,
            **{f"job.{form}": _own(models, form) for form in (_ALONE, _OVER_DEFAULTS)},
            **{name: schema for model in models for name, schema in _definitions(model).items()},
        },
    }


def _keys(models: Iterable[Model]) -> dict[str, Schema]:
    """The keys of a file; those of a single job stand at its top."""
    models = tuple(models)
    job = {"name": _NAME, "model": _model(models), "params": _PARAMS, "output": _definition("output")}
    defaults = {"model": job["model"], "params": _any_params(models), "output": job["output"]}
    return {
        "version": {"const": 1, "description": "Version of the format."},
        "defaults": {
            "description": "What holds for every job that says nothing else.",
            "type": ["object", "null"],
            "properties": defaults,
            **_FREE,
        },
        "jobs": {
            "description": "The videos to make.",
            "type": "array",
            "items": {"type": "object", "properties": job, **_FREE},
        },
        **job,
    }


def _model(models: Iterable[Model]) -> Schema:
    words = "\n".join(f"{model.id}: {model.help}" for model in models)
    return {"description": words, "enum": [model.id for model in models]}


def _any_params(models: Iterable[Model]) -> Schema:
    """The parameters of all models, each as any model takes it."""
    found: dict[str, list[tuple[Field, Schema]]] = {}
    for model in models:
        for part in model.fields:
            known = found.setdefault(part.name, [])
            if part not in [other for other, _ in known]:
                known.append((part, _definition(f"{model.id}/properties/{part.name}")))
    return {
        "description": "Parameters for every job whose model has them.",
        "type": ["object", "null"],
        "properties": {name: {"anyOf": [where for _, where in known]} for name, known in found.items()},
        "additionalProperties": False,
    }


def _by_model(models: Iterable[Model], form: str) -> Schema:
    """Every job's parameters fit its model, which may stand in the defaults."""
    inherited = [
        {
            "if": _in_defaults("model", {"const": model.id}),
            "then": _each_job({"if": {"not": _given("model")}, "then": _definition(f"{model.id}.{form}")}),
        }
        for model in models
    ]
    return {"allOf": [_each_job(_definition(f"job.{form}")), *inherited]}


def _own(models: Iterable[Model], form: str) -> Schema:
    """A job whose parameters fit the model that it names itself."""
    by_model = ((_has("model", {"const": model.id}), _definition(f"{model.id}.{form}")) for model in models)
    return {"allOf": [{"if": named, "then": job} for named, job in by_model]}


def _definitions(model: Model) -> dict[str, Schema]:
    """The model's parameters, and its jobs in a file without and in one with defaults for parameters."""
    whole = model.schema()
    laws = whole.pop("allOf", [])
    required = whole.pop("required")
    assert isinstance(laws, list)  # noqa: S101  (so a model writes its schema)
    params = _definition(model.id)
    alone = _has("params", {"type": "object", "required": required, "allOf": [params, *laws]})
    if not model.check({}, look_nowhere).errors:
        alone = {"anyOf": [{"properties": {"params": {"type": "null"}}}, alone]}
    rest = [{"if": {"type": "object"}, "then": _unless_given_below(law, sure=False)} for law in laws]
    return {
        model.id: whole | {"type": ["object", "null"]},
        f"{model.id}.{_ALONE}": alone,
        f"{model.id}.{_OVER_DEFAULTS}": {"properties": {"params": {"allOf": [params, *rest]}}},
    }


def _definition(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _unless_given_below(schema: Schema, *, sure: bool) -> Schema:
    """A law's schema where a parameter that is not given is not known: it may come from the defaults.

    `sure` asks for what holds whatever the defaults give, its opposite for what may hold with some of them.
    """
    changed: Schema = {}
    for word, part in schema.items():
        match part:
            case dict() if word == "properties":
                changed |= {word: part} | ({"required": [*part]} if sure else {})
            case dict():
                changed[word] = _unless_given_below(part, sure=word == "if" or (word == "not" and not sure))
            case list() if word != "required":
                changed[word] = [_unless_given_below(each, sure=sure) for each in part]
    return changed


def _given(name: str) -> Schema:
    return {"required": [name]}


def _has(name: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: schema}}


def _in_defaults(name: str, schema: Schema) -> Schema:
    return _has("defaults", _has(name, schema))


def _each_job(schema: Schema) -> Schema:
    """What holds for every job: for the items of `jobs`, or else for the file, which is the job."""
    return {"if": _given("jobs"), "then": {"properties": {"jobs": {"items": schema}}}, "else": schema}
