"""JSON Schema (draft-07) of a whole job file, from the models' own schemas. Knows no parameter by name."""

from collections.abc import Iterable, Iterator
from typing import Final

from kirin_cli.docgen.editor_schema import HIDDEN, adapt_to_editors, forbid, hide_members, join_by_owner
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE, FIELDS
from kirin_cli.jobs.job import JOB_KEYS
from kirin_cli.jobs.placeholders import IDENTIFIER
from kirin_cli.json_text import format_json
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import NULL, Field, Schema, any_of
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.request import RequestView
from kirin_cli.modelspec.rules import AnyRule
from kirin_cli.modelspec.text import join_and


def _requires(name: str) -> Schema:
    return {"required": [name]}


def _has(name: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: schema | HIDDEN}}


def _in_defaults(name: str, schema: Schema) -> Schema:
    return _has("defaults", _has(name, schema))


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


def definition(name: str) -> Schema:
    """A reference to a definition of the schema."""
    return {"$ref": f"#/definitions/{name}"}


_ALONE: Final = "alone"
_OVER_DEFAULTS: Final = "over_defaults"
_GIVES_PARAMS: Final = [
    _in_defaults("params", {"minProperties": 1}),
    *(_in_defaults(name, {}) for name in ("matrix", "include", "foreach")),
]
"""Defaults that set parameters of jobs."""
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
                "if": _requires("jobs"),
                "then": {"properties": {**dict.fromkeys(_SINGLE_KEYS, False), "include": _FILES}},
            },
            {"anyOf": [_requires(key) for key in ("jobs", "model", "params", "matrix", "include", "foreach")]},
            {
                "if": {"not": {"anyOf": [_in_defaults("model", {"type": "string"}), _requires("include")]}},
                "then": _each_job(_requires("model")),
            },
            {
                "if": {"anyOf": [*_GIVES_PARAMS, _requires("include")]},
                "then": {"allOf": [_by_model(models, _OVER_DEFAULTS), *map(_asks_over_defaults, models)]},
                "else": _by_model(models, _ALONE),
            },
        ],
        "definitions": {
            "output": OUTPUT,
            **{f"job.{form}": _named_model(models, form) for form in (_ALONE, _OVER_DEFAULTS)},
            **{f"sets.{name}": _sets(name) for name in sorted({name for model in models for name in model.names})},
            **{name: schema for model in models for name, schema in _definitions(model, models).items()},
        },
    }


def _by_model(models: Iterable[Model], form: str) -> Schema:
    """Every job's parameters fit its model, which may stand in the defaults."""
    inherited = [_each_that_inherits(model, definition(f"{model.id}.{form}")) for model in models]
    return {"allOf": [_each_job(definition(f"job.{form}")), *inherited]}


def _each_that_inherits(model: Model, schema: Schema) -> Schema:
    """What holds for every job whose model is that of the defaults."""
    inherits = {"if": {"not": _requires("model")}, "then": schema}
    return {"if": _in_defaults("model", {"const": model.id}), "then": _each_job(inherits)}


def _asks_over_defaults(model: Model) -> Schema:
    """What the model asks for, of its jobs in a file whose defaults give nothing of it."""
    checks: list[Schema] = []
    for number, (names, _) in enumerate(_asks(model)):
        asked = definition(f"{model.id}.asks.{number}")
        own = _each_job({"if": _has("model", {"const": model.id}), "then": asked})
        given = [*map(_in_any_defaults, names), _in_defaults("foreach", {}), _requires("include")]
        checks.append({"if": {"anyOf": given}, "else": {"allOf": [own, _each_that_inherits(model, asked)]}})
    return {"allOf": checks}


def _in_any_defaults(name: str) -> Schema:
    """A file whose defaults set the parameter, in all jobs or in some."""
    return {"anyOf": [_in_defaults("params", _requires(name)), _has("defaults", definition(f"sets.{name}"))]}


def _named_model(models: Iterable[Model], form: str) -> Schema:
    """A job whose parameters fit the model that it names itself."""
    by_model = ((_has("model", {"const": model.id}), definition(f"{model.id}.{form}")) for model in models)
    return {"allOf": [{"if": named, "then": job} for named, job in by_model]}


def _definitions(model: Model, models: Iterable[Model]) -> dict[str, Schema]:
    """The model's parameters, and its jobs in a file without and in one with defaults for parameters."""
    whole, foreign = model.schema(), _foreign_parameters(model, models)
    own = whole["properties"]
    assert isinstance(own, dict)  # noqa: S101  (so it is made)
    params, asks = definition(f"{model.id}.params"), list(_asks(model))
    alone = [definition(f"{model.id}.asks.{number}") for number in range(len(asks))]
    return {
        model.id: {"type": ["object", "null"], "properties": own | foreign, "additionalProperties": False},
        f"{model.id}.params": _each_parameter(model, foreign),
        **{f"{model.id}.asks.{number}": schema for number, (_, schema) in enumerate(asks)},
        f"{model.id}.{_ALONE}": {"allOf": [params, *alone, *_rules(model, _ALONE)]},
        f"{model.id}.{_OVER_DEFAULTS}": {"allOf": [params, *_rules(model, _OVER_DEFAULTS)]},
    }


def _foreign_parameters(model: Model, models: Iterable[Model]) -> Schema:
    """The parameters that other models have, each refused with the names of those."""
    owners: dict[str, list[str]] = {}
    for other in models:
        for name in other.names:
            owners.setdefault(name, []).append(other.id)
    others = {name: ids for name, ids in owners.items() if name not in model.names}
    return {
        name: forbid(f"{name} is no parameter of {model.id}; {join_and(ids)} {'has' if len(ids) == 1 else 'have'} it")
        for name, ids in others.items()
    }


def _each_parameter(model: Model, foreign: Schema) -> Schema:
    """What a job's parameters are each for itself; in a job with a matrix, those that it leaves alone."""
    known = dict.fromkeys(model.names, True) | foreign
    names: Schema = {"type": ["object", "null"], "properties": known, "additionalProperties": False}
    each = {name: definition(f"{model.id}/properties/{name}") for name in model.names}
    own = [
        _unless_set([name], {"properties": {"params": {"properties": {name: each[name]}}}}, asks=False) for name in each
    ]
    return {
        "if": {"anyOf": [_requires("matrix"), _requires("include")]},
        "then": {"properties": {"params": names}, "allOf": own},
        "else": {"properties": {"params": definition(model.id)}},
    }


def _rules(model: Model, form: str) -> Iterator[Schema]:
    """What the rules ask of the parameters that a job gives, each unless the job's matrix has a say in it."""
    for rule in model.rules:
        schema = rule.schema(model.fields)
        if schema is None or (form == _ALONE and _is_asking(rule, model)):
            continue
        names = sorted(set(_members(schema)))
        if form == _OVER_DEFAULTS:
            schema = _unless_in_defaults(schema, sure=False)
        checked: Schema = {"properties": {"params": {"if": {"type": "object"}, "then": hide_members(schema), **HIDDEN}}}
        yield _unless_set(names, checked, asks=False)


def _is_asking(rule: AnyRule, model: Model) -> bool:
    """Whether the rule asks something of a request with nothing in it."""
    return any(problem.severity == "error" for problem in rule.problems(RequestView(model.fields, {})))


def _asks(model: Model) -> Iterator[tuple[list[str], Schema]]:
    """The parameters without which a request is refused, one of the first list each, with what a job must have."""
    for field in model.fields:
        if field.required:
            params: Schema = {"type": "object", "required": [field.name]}
            yield [field.name], _unless_set([field.name], _has("params", params), asks=True)
    for rule in model.rules:
        schema = rule.schema(model.fields)
        if schema is not None and _is_asking(rule, model):
            names = sorted(set(_members(schema)))
            yield names, _unless_set(names, _has("params", {"type": "object", **hide_members(schema)}), asks=True)


def _members(schema: Schema) -> Iterator[str]:
    """The parameters that a rule's schema is about."""
    for keyword, value in schema.items():
        if keyword in {"properties", "required"} and isinstance(value, dict | list):
            yield from value
        elif isinstance(value, dict | list):
            for inner in value if isinstance(value, list) else [value]:
                yield from _members(inner) if isinstance(inner, dict) else ()


def _unless_set(names: list[str], schema: Schema, *, asks: bool) -> Schema:
    """The schema of a job, but for one whose matrix sets one of the parameters.

    Where it `asks` for a parameter, nor for one of whose rows a column may set it.
    """
    rows = [_requires("foreach")] if asks else []
    return {"if": {"anyOf": [*rows, *(definition(f"sets.{name}") for name in names)]}, "else": schema}


def _sets(name: str) -> Schema:
    """A job whose matrix sets the parameter, in all combinations or in some."""
    some: Schema = {"type": "array", "contains": _requires(name)}
    matrix: Schema = {"type": "object", "anyOf": [_requires(name), _has("include", some)]}
    return {"anyOf": [_has("matrix", matrix), _has("include", some)]}


def _unless_in_defaults(schema: Schema, *, sure: bool) -> Schema:
    """A rule's schema where a parameter that is not given is not known: it may come from the defaults.

    `sure` asks for what holds whatever the defaults give, its opposite for what may hold with some of them.
    """
    changed: Schema = {}
    for keyword, value in schema.items():
        match value:
            case dict() if keyword == "properties":
                changed |= {keyword: value} | ({"required": [*value]} if sure else {})
            case dict():
                changed[keyword] = _unless_in_defaults(value, sure=keyword == "if" or (keyword == "not" and not sure))
            case list() if keyword != "required":
                changed[keyword] = [_unless_in_defaults(inner, sure=sure) for inner in value]
    return changed


def _each_job(schema: Schema) -> Schema:
    """What holds for every job: for the items of `jobs`, or else for the file, which is the job."""
    return {"if": _requires("jobs"), "then": {"properties": {"jobs": {"items": schema, **HIDDEN}}}, "else": schema}
