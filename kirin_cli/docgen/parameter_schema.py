"""JSON Schema of a job's parameters: what its model takes, asks for and rules, whatever defaults and a matrix give.

Knows no parameter by name.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from kirin_cli.docgen.editor_schema import HIDDEN, forbid
from kirin_cli.modelspec.fields import Schema
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.request import RequestView
from kirin_cli.modelspec.rules import Rule
from kirin_cli.modelspec.text import join_and

_OBJECT: Final[Schema] = {"type": "object"}
_ALONE: Final = "alone"
_OVER_DEFAULTS: Final = "over_defaults"


def requires(name: str) -> Schema:
    """A mapping that has the key."""
    return {"required": [name]}


def _has(name: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: schema | HIDDEN}}


def in_defaults(name: str, schema: Schema) -> Schema:
    """A file whose defaults have the key, and for it this."""
    return _has("defaults", _has(name, schema))


def definition(name: str) -> Schema:
    """A reference to a definition of the schema."""
    return {"$ref": f"#/definitions/{name}"}


_GIVES_PARAMS: Final = [
    in_defaults("params", {"minProperties": 1}),
    *(in_defaults(name, {}) for name in ("matrix", "include", "foreach")),
]
"""Defaults that set parameters of jobs."""


def parameters_of_jobs(models: Iterable[Model]) -> Schema:
    """Every job's parameters fit its model, with what the defaults of the file give or without."""
    models = tuple(models)
    return {
        "if": {"anyOf": [*_GIVES_PARAMS, requires("include")]},
        "then": {"allOf": [_by_model(models, _OVER_DEFAULTS), *map(_asks_over_defaults, models)]},
        "else": _by_model(models, _ALONE),
    }


def parameter_definitions(models: Iterable[Model]) -> dict[str, Schema]:
    """The definitions that `parameters_of_jobs` refers to, by their names."""
    models = tuple(models)
    return {
        **{f"job.{form}": _named_model(models, form) for form in (_ALONE, _OVER_DEFAULTS)},
        **{f"sets.{name}": _sets(name) for name in sorted({name for model in models for name in model.names})},
        **{name: schema for model in models for name, schema in _definitions(model, models).items()},
    }


def _by_model(models: Iterable[Model], form: str) -> Schema:
    """Every job's parameters fit its model, which may stand in the defaults."""
    inherited = [_each_that_inherits(model, definition(f"{model.id}.{form}")) for model in models]
    return {"allOf": [each_job(definition(f"job.{form}")), *inherited]}


def _each_that_inherits(model: Model, schema: Schema) -> Schema:
    """What holds for every job whose model is that of the defaults."""
    inherits = {"if": {"not": requires("model")}, "then": schema}
    return {"if": in_defaults("model", {"const": model.id}), "then": each_job(inherits)}


def _asks_over_defaults(model: Model) -> Schema:
    """What the model asks for, of its jobs in a file whose defaults give nothing of it."""
    checks: list[Schema] = []
    for number, (names, _) in enumerate(_asks(model)):
        asked = definition(f"{model.id}.asks.{number}")
        own = each_job({"if": _has("model", {"const": model.id}), "then": asked})
        given = [*map(_in_any_defaults, names), in_defaults("foreach", {}), requires("include")]
        checks.append({"if": {"anyOf": given}, "else": {"allOf": [own, _each_that_inherits(model, asked)]}})
    return {"allOf": checks}


def _in_any_defaults(name: str) -> Schema:
    """A file whose defaults set the parameter, in all jobs or in some."""
    return {"anyOf": [in_defaults("params", requires(name)), _has("defaults", definition(f"sets.{name}"))]}


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
        "if": {"anyOf": [requires("matrix"), requires("include")]},
        "then": {"properties": {"params": names}, "allOf": own},
        "else": {"properties": {"params": definition(model.id)}},
    }


def _rules(model: Model, form: str) -> Iterator[Schema]:
    """What the rules ask of the parameters that a job gives, each unless the job's matrix has a say in it."""
    for rule, schema in _rule_schemas(model):
        if form == _ALONE and _is_asking(rule, model):
            continue
        names = sorted(set(_members(schema)))
        checked = _explain(rule, _unless_in_defaults(schema, sure=False) if form == _OVER_DEFAULTS else schema)
        yield _unless_set(names, {"properties": {"params": {"if": _OBJECT, "then": checked, **HIDDEN}}}, asks=False)


def _rule_schemas(model: Model) -> Iterator[tuple[Rule, Schema]]:
    for rule in model.rules:
        if isinstance(rule, Rule) and (schema := rule.schema(model.fields)) is not None:
            yield rule, schema


def _explain(rule: Rule, schema: Schema) -> Schema:
    """The schema of a rule, with the rule's own sentence where it is broken, at the parameter that it is about."""
    name, text = rule.paths[0].partition(".")[0], f"{rule.paths[0]} {rule.message} [{rule.rule}]"
    return {"if": schema, "else": {"required": [name], "errorMessage": text, "properties": {name: forbid(text)}}}


def _is_asking(rule: Rule, model: Model) -> bool:
    """Whether the rule asks something of a request with nothing in it."""
    return any(problem.severity == "error" for problem in rule.problems(RequestView(model.fields, {})))


def _asks(model: Model) -> Iterator[tuple[list[str], Schema]]:
    """The parameters without which a request is refused, one of the first list each, with what a job must have."""
    for field in model.fields:
        if field.required:
            yield [field.name], _unless_set([field.name], _has("params", _OBJECT | requires(field.name)), asks=True)
    for rule, schema in _rule_schemas(model):
        if _is_asking(rule, model):
            names = sorted(set(_members(schema)))
            yield names, _unless_set(names, _has("params", _OBJECT | _explain(rule, schema)), asks=True)


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
    rows = [requires("foreach")] if asks else []
    return {"if": {"anyOf": [*rows, *(definition(f"sets.{name}") for name in names)]}, "else": schema}


def _sets(name: str) -> Schema:
    """A job whose matrix sets the parameter, in all combinations or in some."""
    some: Schema = {"type": "array", "contains": requires(name)}
    matrix: Schema = {"type": "object", "anyOf": [requires(name), _has("include", some)]}
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


def each_job(schema: Schema) -> Schema:
    """What holds for every job: for the items of `jobs`, or else for the file, which is the job."""
    return {"if": requires("jobs"), "then": {"properties": {"jobs": {"items": schema, **HIDDEN}}}, "else": schema}
