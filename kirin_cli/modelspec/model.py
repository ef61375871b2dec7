"""A model: its fields and rules as data, and what follows from them. Knows no particular model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from kirin_cli.modelspec.containers import ListField, check_fields, object_schema
from kirin_cli.modelspec.fields import AnyValue, CheckContext, Field, Schema
from kirin_cli.modelspec.notes import Note
from kirin_cli.modelspec.pricing import Pricing
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.request import PresenceView, RequestView, Undecidable
from kirin_cli.modelspec.rules import AnyRule
from kirin_cli.modelspec.types import InspectMedia, Problem, ResultKind

NO_TEXTS: Final[Mapping[str, str]] = {}
BY_EVERY_CHOICE: Final = Pricing()
MODEL_NAME: Final = "model"
"""The member of a request that names its model: no parameter, not one that is sent unchecked either (rule A1)."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A request after its check: `values` as they are sent (media as MediaFile), meaningful where there is no error."""

    values: dict[str, object]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What forbids sending."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


class Model(Record, kw_only=True):
    """One model of the service.

    `documented_under` names the object that holds the parameters in the documented body ("" for none);
    `error_codes` explains the codes of the model's reference page; `pricing` says what decides the price;
    `examples` are command lines that work; `notes` are what a user needs to know besides. `references` has the list
    that a word means in the prompt: with `image` and `image_list`, <<<image_1>>> is the first item of that.
    `absent` says what to do in place of parameters that only other models have. `result` is what it makes.
    """

    id: str
    command: str
    help: str
    fields: tuple[Field, ...]
    rules: tuple[AnyRule, ...] = ()
    documented_under: str = ""
    error_codes: Mapping[str, str] = NO_TEXTS
    pricing: Pricing = BY_EVERY_CHOICE
    examples: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    references: Mapping[str, str] = NO_TEXTS
    absent: Mapping[str, str] = NO_TEXTS
    result: ResultKind = "video"

    def check(self, params: Mapping[str, object], inspect: InspectMedia) -> CheckResult:
        """Hold `params` against every field and rule; all problems come at once."""
        context = CheckContext(inspect)
        values = check_fields(self.fields, params, "", context)
        for name in _list_names(self.fields):
            if values.get(name) == []:
                del values[name]
        whole, sized = not context.problems, context.media_sized
        rules = _applicable_rules(self, *values, sized=sized) if whole else self.rules
        self._apply_rules(rules, RequestView(self.fields, values, whole=whole, sized=sized), context.problems)
        return CheckResult(values, tuple(context.problems))

    def _apply_rules(self, rules: Iterable[AnyRule], request: RequestView, problems: list[Problem]) -> None:
        for rule in rules:
            breaches = rule.problems(request)
            problems += breaches
            if rule.drop_field and breaches:
                for breach in breaches:
                    _drop(request.values, breach.path)
                rest = RequestView(self.fields, request.values, whole=request.whole, sized=request.sized)
                self._apply_rules(self.rules[self.rules.index(rule) + 1 :], rest, problems)
                return

    def schema(self) -> Schema:
        """JSON Schema (draft-07) of `params`, with the cross-field rules."""
        schemas = [schema for rule in self.rules if (schema := rule.schema(self.fields)) is not None]
        return object_schema(self.fields) | ({"allOf": schemas} if schemas else {})

    def field_named(self, name: str) -> Field:
        """The top-level field called `name`; KeyError where there is none."""
        return {field.name: field for field in self.fields}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return _field_names(self.fields)


@cache
def _field_names(fields: tuple[Field, ...]) -> tuple[str, ...]:
    return tuple(field.name for field in fields)


@cache
def _list_names(fields: tuple[Field, ...]) -> tuple[str, ...]:
    """Which of them a list may be given for."""
    return tuple(field.name for field in fields if isinstance(field, ListField | AnyValue))


@lru_cache(maxsize=1024)  # most of thousands of jobs give the same parameters
def _applicable_rules(model: Model, *names: str, sized: bool) -> tuple[AnyRule, ...]:
    """The rules that a request which gives just these parameters may break, by their values or by what is given."""
    view = PresenceView(model.fields, dict.fromkeys(names), whole=True, sized=sized)
    return tuple(rule for rule in model.rules if _may_apply(rule, view))


def _may_apply(rule: AnyRule, view: PresenceView) -> bool:
    try:
        return bool(rule.problems(view))
    except Undecidable:
        return True


def _drop(values: dict[str, object], path: str) -> None:
    name, _, inner = path.partition(".")
    below = values.get(name)
    if inner and isinstance(below, dict):
        _drop(below, inner)
    else:
        values.pop(name, None)
